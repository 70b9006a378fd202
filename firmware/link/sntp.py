"""One question to a time server (SNTP, RFC 4330 and RFC 5905). Loaded for it (rarely.py)."""

import asyncio
import os
import select
import socket
from time import ticks_diff

from micropython import const

_PORT = const(123)
_LENGTH = const(48)  # bytes of a packet
_DEADLINE = const(3000)  # ms for an answer
_SLOWEST = const(2000)  # ms there and back: the time could be off by half of that
_LOOK = const(10)  # ms
_ASK = const(0x23)  # version 4, mode 3: a client
_SERVER = const(4)
_UNSYNCHRONISED = const(3)  # leap indicator
_WORST = const(15)  # stratum; 16 knows no time
_SLOWLY = const(3600)  # s to wait when the server says RATE
_NEVER = const(86400)  # s when it says that it does not want us
_EPOCH = 3155673600  # s from 1900 to 2000
_ERA = 1 << 32  # s: then the seconds of NTP begin again, in 2036 for the first time


async def ask(ntp) -> int:
    """Set ntp.clock by the server of an Ntp. -> ms there and back; OSError in words.

    ntp.server is looked up when it is None, and kept for the next time.
    """
    if ntp.server is None:
        host, _, port = ntp.host.partition(":")
        address = await ntp.find(host) if ntp.find else host
        try:
            ntp.server = socket.getaddrinfo(address, int(port or _PORT))[0][-1]
        except (OSError, ValueError):
            raise OSError(f"name not found: {host}")
    from time import ticks_ms

    stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        stream.setblocking(False)
        # Where the answer repeats our time we send a random number: it proves that it answers us.
        query = bytes((_ASK,)) + bytes(39) + os.urandom(8)
        try:
            stream.connect(ntp.server)
            sent = ticks_ms()
            stream.send(query)
        except OSError:
            raise OSError("no way to the time server")
        poll = select.poll()
        poll.register(stream, select.POLLIN)
        while True:
            came = ticks_ms()
            if ticks_diff(came, sent) > _DEADLINE:
                raise OSError("no answer from the time server")
            for _ in poll.ipoll(0):
                try:
                    reply = stream.recv(_LENGTH + 1)
                except OSError:
                    raise OSError("no time server there")
                if reply[24:32] == query[40:] and len(reply) >= _LENGTH:
                    return _heard(ntp, reply, ticks_diff(came, sent), came, ticks_ms)
            await asyncio.sleep_ms(_LOOK)
    finally:
        stream.close()


def _heard(ntp, reply, passed, came, ticks_ms) -> int:
    """Believe an answer to our question that came `passed` ms after it, at the tick `came`."""
    stratum = reply[1]
    if reply[0] & 7 != _SERVER:
        raise OSError("that is no time server")
    if not stratum:  # the kiss of death: it says why in four letters
        code = "".join(chr(octet) for octet in reply[12:16] if 65 <= octet <= 90)
        ntp.wait = _SLOWLY if code == "RATE" else _NEVER
        raise OSError(f"the time server sent us away: {code}")
    out = _time(reply, 40)
    if stratum > _WORST or reply[0] >> 6 == _UNSYNCHRONISED or not out[2]:
        raise OSError("the time server does not know the time")
    inside = _time(reply, 32)
    there = passed - ((out[0] - inside[0]) * 1000 + out[1] - inside[1])  # ms on the way
    if out[0] < inside[0] or not 0 <= there + 1 <= _SLOWEST:
        raise OSError("the time server was too slow")
    age = out[1] + max(0, there) // 2
    if ntp.clock:
        ntp.clock.set(out[0], "ntp", age + ticks_diff(ticks_ms(), came))
    return passed


def _time(reply, at) -> tuple:
    """(seconds since 2000, ms beyond them, whether it is one) of the eight bytes at `at`."""
    seconds = int.from_bytes(reply[at : at + 4], "big")
    milliseconds = (reply[at + 4] << 8 | reply[at + 5]) * 1000 >> 16
    known = any(reply[at : at + 8])
    if not seconds >> 31:
        seconds += _ERA
    return seconds - _EPOCH, milliseconds, known
