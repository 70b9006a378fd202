"""Secrets of our own: the access point's password, a salt. Loaded when one is made."""

import os

# 32 letters and digits that are not taken for another, on paper or on a screen.
_LETTERS = b"abcdefghjkmnpqrstuvwxyz23456789+"


def password(length=12, random=os.urandom) -> str:
    """A random one; each letter is worth five bits, nearly."""
    letters = b""
    while len(letters) < length:
        c = _LETTERS[random(1)[0] & 31]
        if c != 0x2B:  # the + only fills the table
            letters += bytes((c,))
    return letters.decode()
