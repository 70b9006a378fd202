"""Signatures of releases: RSA, PKCS #1 v1.5, SHA-256 (RFC 8017, 8.2), by the openssl command.

Why RSA: a board checks it with one pow(signature, 65537, modulus), which MicroPython does in C.
3072 bits take 23 million instructions on RV32 and 3 KB of memory for the moment, a fifth of a
second on a C6; 2048 bits take half of that, and are not good for ten years. Nothing else can be
reached from MicroPython: its `tls` checks signatures within a handshake only, hashlib and
cryptolib know none, and Ed25519 in Python would take minutes.

The key is the maintainers', in a file outside of the repository:

    openssl genrsa -out release.pem 3072
"""

import subprocess
from pathlib import Path

from tools.runtime.common import SetupError
from tools.runtime.packages import need

PUBLIC = "release.pub"  # name on the board: the modulus in hex; the exponent is 65537
_LEAST = 2048  # bits
_MOST = 4096  # bits; the board reads a line of 1200 bytes


def modulus(key: Path) -> str:
    """The public half of a key: its modulus, hex."""
    told = _openssl("rsa", "-in", key, "-noout", "-modulus", "-text").decode()
    if "publicExponent: 65537 " not in told:
        raise SetupError(f"KEY={key}: its exponent is not 65537")
    found = told.rpartition("Modulus=")[2].strip().lower()
    if not _LEAST <= 4 * len(found) <= _MOST:
        raise SetupError(f"KEY={key}: {4 * len(found)} bits; {_LEAST} to {_MOST} are allowed")
    return found


def sign(text: bytes, key: Path) -> str:
    """The signature over a text, hex; the same each time."""
    return _openssl("dgst", "-sha256", "-sign", key, text=text).hex()


def _openssl(*arguments, text: bytes = b"") -> bytes:
    need("openssl")
    done = subprocess.run(["openssl", *map(str, arguments)], input=text, capture_output=True)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        raise SetupError(f"openssl {arguments[0]}: {words[-1] if words else done.returncode}")
    return done.stdout
