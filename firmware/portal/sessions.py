"""Who is logged in. What happens seldom, the password and its slow hash, is in password.py.

A session is a random cookie of 128 bits, of which only a hash is kept, so that neither memory nor
flash holds what would open the door. The token that a write must carry as well is made out of the
cookie: it cannot be had without it, and another site can read neither.
"""

import os
from hashlib import sha256

from micropython import const

from firmware.rarely import load

_IDLE = const(43200)  # s without a request after which a session has ended
_SIZE = const(32)  # characters of a cookie and of a token


class Later(Exception):
    """Not now: too many wrong passwords. Its first argument is the seconds to wait."""


class Sessions:
    """seconds() -> whole seconds that never step back or forth; path: of the file of the password.

    `set`: a password has been chosen. Its file outlives a restart, and so do the sessions.
    """

    def __init__(self, seconds, path="admin.json"):
        self.seconds = seconds
        self.path = path
        self.open = []  # [hash of the cookie, second of the last request], oldest login first
        self.failures = 0  # wrong passwords in a row
        self.until = 0  # second before which no password is looked at
        self.busy = False  # one is being looked at
        try:
            os.stat(path)
            self.set = True
        except OSError:
            self.set = False
        if self.set:
            load("portal.password").restore(self)

    def check(self, cookie, token=None) -> bool:
        """There is such a session, and its token is this one (None: it need not be shown)."""
        if not cookie or len(cookie) != _SIZE:
            return False
        now, known, found = self.seconds(), digest(cookie), False
        for entry in tuple(self.open):
            if now - entry[1] > _IDLE:
                self.open.remove(entry)
            elif entry[0] == known:
                found = token is None or digest(token) == digest(self.token(cookie))
                if found:
                    entry[1] = now
        return found

    def token(self, cookie) -> str:
        """The token that belongs to a cookie."""
        return digest("token" + cookie).hex()

    def choose(self, new, old=None):
        """Await it: set the password (old: the one that is replaced); other sessions end.

        -> (cookie, token) of a session. ValueError in words, Later, OSError of the flash.
        """
        return load("portal.password").choose(self, new, old)

    def login(self, password):
        """Await it: (cookie, token) of a new session. ValueError in words, or Later."""
        return load("portal.password").login(self, password)

    def verify(self, password):
        """Await it: ValueError in words if it is not the password, or Later."""
        return load("portal.password").verify(self, password)

    def logout(self, cookie) -> None:
        """End a session."""
        load("portal.password").logout(self, cookie)


def digest(text) -> bytes:
    """What is kept of a cookie. To compare two of them takes a time that tells nothing of it."""
    return sha256(text.encode()).digest()[:16]
