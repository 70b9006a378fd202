"""For the tests of updates: a bundle, and who sends it."""

from hashlib import sha256

from firmware import manifest

FILES = {
    "firmware/__init__.py": b'__version__ = "0.2.0"\n',
    "firmware/portal/app.py": b"# the pages\n" * 40,
    "firmware/gateway.py": bytes(range(256)) * 9,
    "lib/microdot.py": b"",
    "web/index.html.gz": b"\x1f\x8b" + b"page" * 300,
}
# A key for tests, of 1024 bits: it signs nothing that anybody would install.
KEY = int(
    "bf568594e8f6747a45400ef577979188e097832dc46cde9579869dca5da8acb8cdc9215775223dc9"
    "f45f5c5a0f8d556fe0ea77f2f867568527ef9cf1455d9f16954862440103b162846a56e1c28b6b3b"
    "4e1b7370216501afd799476520e3fdbff42597f208709bc615a4f96d56ee1bf56b1b731a7b8a5b71"
    "e02a82e699d86639"
    , 16)
_PRIVATE = int(
    "725bc227483dd54c270bac6525ff5f2a9221bc73a44cf5941d384a22e36ba720254eab30dc7f84b2"
    "a9ee3d024efd482d401ea36682f5308f11597351f90585c92e68afe229c8ef54f627bca2e0b7e955"
    "1a0d4d45004b2499eda22ec8dd032563bd1174a10b1f2059e910af571f073ebb6427298dbf79fdc6"
    "174585913f2f5d01"
    , 16)


class Board:
    """What updates have to fit here."""

    version, family, mpy, key = "0.1.0", "esp32c6", (6, 3, 11), 0

    def __init__(self, **other):
        for name in other:
            setattr(self, name, other[name])


def head(files=FILES, **other):
    """The lines of a manifest but for the signature, as text."""
    told = {"first": "ticgate 1", "version": "0.2.0", "family": "esp32c6 esp32c3",
            "mpy": "6 3 11", "bytes": str(sum(len(data) for data in files.values()))}
    told.update(other)
    lines = [told["first"]]
    lines += [f"{name} {told[name]}" for name in "version family mpy bytes".split()]
    for path in sorted(files):
        digest = sha256(files[path]).digest().hex()
        lines.append(f"file {path} {len(files[path])} {digest}")
    return "\n".join(lines) + "\n"


def make(files=FILES, signature=None, private=False, lines=None, **other):
    """A bundle; private: signed with the key of the tests."""
    text = (lines or head(files, **other)).encode()
    if private:
        signature = sign(text)
    data = text + f"signature {signature or ''}\n".encode()
    return data + b"".join([files[path] for path in sorted(files)])


def sign(text):
    """The signature over a text, hex."""
    n = (len(f"{KEY:x}") + 1) // 2
    block = b"\x00\x01" + b"\xff" * (n - 54) + manifest._INFO + sha256(text).digest()
    return f"{pow(int.from_bytes(block, 'big'), _PRIVATE, KEY):x}"


class Source:
    """Sends this, so many bytes at a time; fails after a number of them."""

    def __init__(self, data, most=100, fails=None):
        self.data = data
        self.at = 0
        self.most = most
        self.fails = fails

    async def readinto(self, view):
        if self.fails is not None and self.at >= self.fails:
            raise EOFError("the sender went away")
        n = min(len(view), self.most, len(self.data) - self.at)
        view[:n] = self.data[self.at : self.at + n]
        self.at += n
        return n
