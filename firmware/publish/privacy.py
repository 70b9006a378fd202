"""What a destination may see: of identifiers, and of labels. Loaded for it, at start (rarely.py).

Identifiers are what names the meter or its owner: serial number, PRM, and the texts that the
operator writes (MSG1, MSG2). With identifiers = hash a stand-in is sent for each: the same for the
same value of the same gateway, for as long as it is not reset to the factory state, and for nobody
to turn back: the first 16 hexadecimal digits of SHA-256 over a random salt and the value.
"""

from binascii import hexlify
from hashlib import sha256

from firmware.tic import catalogue

_MANY = 8  # stand-ins that are kept, so that they are not worked out at each frame


def shown(config):
    """What becomes of identifiers: True, they are sent; False, they are left out; or a function
    that makes bytes of a value into those of its stand-in.
    """
    choice, salt = config.get("identifiers"), config.get("identifiers_salt").encode()
    if choice != "hash" or not salt:
        return choice == "send"
    known = {}

    def mask(value):
        found = known.get(value)
        if not found:
            if len(known) == _MANY:
                known.clear()
            found = known[value] = hexlify(sha256(salt + value).digest())[:16]
        return found

    return mask


def listed(labels, mode) -> bytes:
    """A list, b",LABEL,LABEL,", as it counts in a mode: b"" if it names no label of it."""
    for label in labels.split(b","):
        for name in (label, label[:-2] if label[-2:] == b"_2" else b"?"):
            if catalogue.find(mode, name) >= 0:
                return labels
    return b""
