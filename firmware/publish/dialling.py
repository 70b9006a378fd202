"""Reaching a server: a connection opened within a deadline, and errors in words.

Needed once for each connection, so it is loaded for that and forgotten (firmware/rarely.py).

asyncio.open_connection() is not used: it resolves the name each time, which holds the loop, has no
deadline, and reports a refused connection as an open one. Here a name is looked up at the first
connection, and again only after repeated failures.
"""

import asyncio
import errno
import select
from time import ticks_add, ticks_diff

from micropython import const

from firmware.rarely import load

_LOOK = const(20)  # ms between two looks at a connection that is being made
_STALE = const(2)  # failures after which a name is looked up again

_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection cut",
    errno.ECONNABORTED: "connection cut",
    errno.ENOTCONN: "connection cut",
    32: "connection cut",  # EPIPE, which MicroPython does not name
    errno.ETIMEDOUT: "no answer in time",
    -0x7280: "connection cut",  # mbedTLS: without a word
    errno.ENOMEM: "no memory for the connection",
    errno.EHOSTUNREACH: "no way to the server",
    101: "no way to the server",  # ENETUNREACH on Linux,
    114: "no way to the server",  # and on the ESP32
}


def words(error) -> str:
    """What went wrong, for the owner to read. Never holds what was sent or received."""
    if isinstance(error, OSError):
        reason = error.args[0] if error.args else 0  # a number, or a text of our own
        if isinstance(reason, str):
            return reason
        if reason < 0 and reason not in _WORDS:
            reason = load("publish.securing").fault(reason)
            if isinstance(reason, str):
                return reason
        return _WORDS.get(reason, f"network error {reason}")
    return f"{type(error).__name__}: {error}"[:80]


async def open(dialler, host, port):
    """A connected non-blocking stream, for a Dialler. OSError if there is none in time."""
    network = dialler.network
    if dialler.tls is not None:
        securing = load("publish.securing")
        prepared = await securing.prepare(dialler)
    kind, address = await _resolve(dialler, network, host, port)
    stream = network.socket(*kind)
    try:
        stream.setblocking(False)
        await _connect(stream, address, dialler.ticks_ms, dialler.deadline)
        secured = stream
        if dialler.tls is not None:
            secured = await securing.handshake(dialler, prepared, stream, host)
    except BaseException:
        dialler.failures += 1
        stream.close()
        raise
    dialler.failures = 0
    return secured


async def _resolve(dialler, network, host, port):
    """((family, type, protocol), address); the name is looked up if it is time for that."""
    server, found = dialler.known
    if server != (host, port):
        found = None
    if found is None or dialler.failures >= _STALE:
        dialler.failures = 0
        try:
            address = await dialler.find(host) if dialler.find else host
            try:
                first = network.getaddrinfo(address, port, 0, network.SOCK_STREAM)[0]
            except OSError:
                raise OSError(f"name not found: {host}")
            found = (first[:3], first[-1])
        except OSError:
            if found is None:
                raise  # or else the old address serves
        dialler.known = ((host, port), found)
    return found


async def _connect(stream, address, ticks_ms, deadline):
    try:
        stream.connect(address)
    except OSError as error:
        if error.errno != errno.EINPROGRESS:
            raise
    poll = select.poll()
    poll.register(stream, select.POLLOUT)
    stop = ticks_add(ticks_ms(), deadline)
    while True:
        for _, event in poll.ipoll(0):
            if event & (select.POLLERR | select.POLLHUP):
                stream.read(1)  # raises the reason
                raise OSError(errno.ECONNREFUSED)
            return
        if ticks_diff(stop, ticks_ms()) <= 0:
            raise OSError(errno.ETIMEDOUT)
        await asyncio.sleep_ms(_LOOK)
