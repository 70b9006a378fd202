"""The admin password: chosen, proven, and kept as a salted slow hash. Loaded when it is needed.

PBKDF2-HMAC-SHA256 (RFC 8018), as many rounds as this chip does in a second and a half when the
password is chosen. That is far fewer than a server does: README, Safety.

Wrong passwords cost a wait of 1, 2, 4 ... 300 seconds, the same for everybody, since addresses are
free. Whoever is logged in does not notice it.

The file is {"salt", "rounds", "hash", "sessions": [hash of a cookie, ...]}, in hexadecimal.
"""

import asyncio
import json
import os
import time
from hashlib import sha256

from micropython import const

from firmware.portal.sessions import Later, digest

_SHORTEST = const(8)  # characters
_LONGEST = const(64)  # bytes: a block of SHA-256
_BUDGET = const(1500)  # ms of hashing when a password is chosen
_ROUNDS = const(2000)  # at least
_SLICE = const(15)  # ms of hashing until the others have their turn
_WAIT = const(300)  # s, the longest
_CALM = const(3600)  # s without a wrong password after which they are forgotten
_SESSIONS = const(4)
_WRONG = "wrong password"


def restore(sessions) -> None:
    """The sessions of before the restart; each has its whole time again."""
    try:
        known = _read(sessions)["sessions"]
        sessions.open = [[bytes.fromhex(text), sessions.seconds()] for text in known[-_SESSIONS:]]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # nobody is logged in


async def login(sessions, password):
    """-> (cookie, token). ValueError in words, or Later."""
    await verify(sessions, password)
    return _enter(sessions, _read(sessions))


async def choose(sessions, new, old=None):
    """-> (cookie, token). ValueError in words, Later, or OSError: then nothing has changed."""
    if not isinstance(new, str) or len(new) < _SHORTEST or len(new.encode()) > _LONGEST:
        raise ValueError(f"a password has {_SHORTEST} characters or more, up to {_LONGEST} bytes")
    if sessions.set:
        await verify(sessions, old)
    _begin(sessions)
    try:
        salt = os.urandom(16)
        rounds, key = await derive(new.encode(), salt)
    finally:
        sessions.busy = False
    before, sessions.open = sessions.open, []
    try:
        return _enter(sessions, {"salt": salt.hex(), "rounds": rounds, "hash": key.hex()})
    except OSError:
        sessions.open = before
        raise


async def verify(sessions, password) -> None:
    """ValueError in words if it is not the password, Later if it is not looked at."""
    if not isinstance(password, str) or not 0 < len(password.encode()) <= _LONGEST:
        raise ValueError(_WRONG)
    record = _read(sessions)
    _begin(sessions)
    try:
        salt = bytes.fromhex(record["salt"])
        _, key = await derive(password.encode(), salt, record["rounds"])
    finally:
        sessions.busy = False
    now = sessions.seconds()
    # Hashes of the two are compared, which tells nothing by the time it takes.
    if digest(key.hex()) != digest(record["hash"]):
        if now - sessions.until > _CALM:
            sessions.failures = 0
        sessions.failures += 1
        sessions.until = now + min(_WAIT, 1 << min(sessions.failures - 1, 9))
        raise ValueError(_WRONG)
    sessions.failures = sessions.until = 0


def logout(sessions, cookie) -> None:
    """End the session of a cookie."""
    known = digest(cookie)
    sessions.open = [entry for entry in sessions.open if entry[0] != known]
    _write(sessions, _read(sessions))


async def derive(password, salt, rounds=None) -> tuple:
    """(rounds, 32 bytes) by PBKDF2-HMAC-SHA256, in slices; rounds None: as many as the chip can.

    Its first block: no more is needed.
    """
    key = password + bytes(64 - len(password))
    inner, outer = bytes([c ^ 0x36 for c in key]), bytes([c ^ 0x5C for c in key])
    last = sha256(outer + sha256(inner + salt + b"\0\0\0\1").digest()).digest()
    inner, outer = bytearray(inner + last), bytearray(outer + last)
    total, done, spent = int.from_bytes(last, "big"), 1, 0
    began = time.ticks_ms()
    while done != rounds:
        inner[64:] = last
        outer[64:] = sha256(inner).digest()
        last = sha256(outer).digest()
        total ^= int.from_bytes(last, "big")
        done += 1
        passed = time.ticks_diff(time.ticks_ms(), began)
        if passed >= _SLICE:
            spent += passed
            if rounds is None and spent >= _BUDGET and done >= _ROUNDS:
                break
            await asyncio.sleep_ms(1)
            began = time.ticks_ms()
    return done, total.to_bytes(32, "big")


def _begin(sessions):
    """One password at a time, and none while there is a wait."""
    left = sessions.until - sessions.seconds()
    if left > 0 or sessions.busy:
        raise Later(max(1, left))
    sessions.busy = True


def _enter(sessions, record):
    """Open a session, the oldest makes room; the record is written with it."""
    cookie = os.urandom(16).hex()
    while len(sessions.open) >= _SESSIONS:
        sessions.open.pop(0)
    sessions.open.append([digest(cookie), sessions.seconds()])
    _write(sessions, record)
    sessions.set = True
    return cookie, sessions.token(cookie)


def _read(sessions) -> dict:
    """The record. ValueError in words if there is none that can be used."""
    try:
        with open(sessions.path) as file:
            record = json.load(file)
        if bytes.fromhex(record["salt"]) and record["rounds"] > 0 and record["hash"].encode():
            return record
    except OSError:
        raise ValueError("no password has been chosen")
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise ValueError(f"{sessions.path} is damaged: restore the factory state")


def _write(sessions, record):
    """Beside the old one, which it then replaces."""
    record["sessions"] = [entry[0].hex() for entry in sessions.open]
    beside = sessions.path + ".tmp"
    with open(beside, "w") as file:
        json.dump(record, file)
    os.rename(beside, sessions.path)
