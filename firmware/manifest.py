"""The manifest of an update (tools/slot.py tells its form), checked line by line as it comes.

Loaded for an update.
"""

import sys
from hashlib import sha256

from micropython import const

import firmware

FIRST = "ticgate 1"
_FILES = const(400)
_PATH = const(80)  # bytes
_BLOCK = const(4096)
_EXPONENT = const(65537)
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/"
_FOLDERS = ("firmware", "lib", "web")
# RFC 8017, 9.2: what stands before a SHA-256 in a signature.
_INFO = b"\x00\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"


class Refused(ValueError):
    """(words, confirm): why an update is not taken; confirm: the word by which the owner can
    have it all the same, "older" or "unsigned", or "".
    """


class Board:
    """What an update has to fit."""

    def __init__(self, slot):
        self.version = firmware.__version__
        esp32 = sys.platform == "esp32"
        self.family = chip(sys.implementation._machine) if esp32 else "simulator"
        format = getattr(sys.implementation, "_mpy", 0)
        self.mpy = format & 255, format >> 8 & 3, format >> 10 & 15
        self.key = 0  # the modulus of who may sign
        try:
            with open(f"{slot}/release.pub" if slot else "release.pub") as file:
                self.key = int(file.read().strip(), 16)
        except (OSError, ValueError):
            pass


def chip(machine) -> str:
    """esp32c6, of "ESP32C6 module with ESP32C6", and of the "ESP32-C6" of 1.29 and later."""
    return machine.split()[-1].lower().replace("-", "")


class Manifest:
    """line() takes one after the other; `whole` after the last. `version`, `size`: bytes of the
    files; `room`: bytes of flash that they need.

    confirmed: the words that the owner has confirmed.
    """

    def __init__(self, board, confirmed=""):
        self._board = board
        self._confirmed = confirmed
        self._hash = sha256()
        self._n = 0  # lines
        self._files = self._sum = 0
        self.whole = False
        self.room = _BLOCK

    def line(self, data) -> None:
        """A line, bytes without their end. Refused says why it will not do."""
        self._n += 1
        if self._n > 5 and data[:9] == b"signature":
            self._signature(data[10:])
            return
        try:
            text = data.decode()
        except ValueError:
            text = ""
        if self._n == 1:
            if text != FIRST:
                raise Refused("this is no update of this gateway", "")
        elif self._n <= 5:
            name = "version family mpy bytes".split()[self._n - 2]
            key, _, value = text.partition(" ")
            if key != name:
                raise _damaged()
            (self._version, self._family, self._mpy, self._bytes)[self._n - 2](value)
        else:
            path, size = entry(text)
            self._files += 1
            self._sum += size
            self.room += (size + _BLOCK - 1) // _BLOCK * _BLOCK
            if not _allowed(path) or self._files > _FILES:
                raise _damaged()
        self._hash.update(data + b"\n")

    def _version(self, value):
        self.version = value
        if older(value, self._board.version) and "older" not in self._confirmed:
            raise Refused(f"version {value} is older than {self._board.version}", "older")

    def _family(self, value):
        if self._board.family not in value.split():
            raise Refused(f"it is for {value}, this board is {self._board.family}", "")

    def _mpy(self, value):
        try:
            version, sub, arch = [int(one) for one in value.split()]
        except ValueError:
            raise _damaged()
        ours = self._board.mpy
        if version and (version != ours[0] or arch and (sub, arch) != ours[1:]):
            told = ".".join([str(one) for one in ours])
            words = f"it is for .mpy {version}.{sub}.{arch}, this MicroPython has {told}"
            raise Refused(words, "")

    def _bytes(self, value):
        if not value.isdigit() or len(value) > 8:
            raise _damaged()
        self.size = int(value)

    def _signature(self, text):
        """The last line, which may be long; nothing of the others has been believed yet but for
        what is refused.
        """
        if self._sum != self.size or not self._files:
            raise _damaged()
        key = self._board.key
        if key:
            if not text and "unsigned" not in self._confirmed:
                raise Refused("it is not signed", "unsigned")
            if text and not signed(self._hash.digest(), text, key):
                raise Refused("its signature is wrong: it was altered, or is somebody else's", "")
        self.whole = True


def entry(text) -> tuple:
    """(path, bytes) of the line of a file, which ends in its SHA-256 in hex."""
    words = text.split(" ")
    if len(words) != 4 or words[0] != "file" or not words[2].isdigit() or len(words[2]) > 7:
        raise _damaged()
    if len(words[3]) != 64:
        raise _damaged()
    return words[1], int(words[2])


def signed(digest, text, key) -> bool:
    """Whether a signature (hex, bytes) is the key's owner's: RSA, PKCS #1 v1.5, SHA-256."""
    try:
        found = int(text, 16)
    except ValueError:
        return False
    if found >= key:
        return False
    found = pow(found, _EXPONENT, key)
    n = (len(f"{key:x}") + 1) // 2
    wanted = b"\x00\x01" + b"\xff" * (n - 22 - 32) + _INFO + digest
    return found.to_bytes(n, "big") == wanted


def older(one, two) -> bool:
    """Whether version one, "1.2.3", comes before two."""
    return _numbers(one) < _numbers(two)


def _numbers(version):
    parts = version.split(".")
    if len(parts) != 3 or not all(part.isdigit() and len(part) < 5 for part in parts):
        raise _damaged()
    return [int(part) for part in parts]


def _allowed(path):
    """It leads to one of our folders, or is the key."""
    parts = path.split("/")
    if not parts[-1] or len(path) > _PATH or any(part in ("", ".", "..") for part in parts):
        return False
    if any(letter not in _LETTERS for letter in path):
        return False
    return path == "release.pub" or len(parts) > 1 and parts[0] in _FOLDERS


def _damaged():
    return Refused("the file is damaged", "")
