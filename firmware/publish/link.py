"""Reaching a server: a connection opened within a deadline, and errors in words.

asyncio.open_connection() is not used: it resolves the name each time, has no deadline, and reports
a refused connection as an open one. What still holds the loop here is getaddrinfo() for a name
(MicroPython has no other): once at the first connection, and again only after repeated failures.
A numeric address is never looked up.
"""

import asyncio
import errno
import select
import socket
from time import ticks_add, ticks_diff

from micropython import const

_LOOK = const(20)  # ms between two looks at a connection that is being made
_STALE = const(2)  # failures after which a name is looked up again

_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection cut",
    errno.ECONNABORTED: "connection cut",
    errno.ENOTCONN: "connection cut",
    32: "connection cut",  # EPIPE, which MicroPython does not name
    errno.ETIMEDOUT: "no answer in time",
    errno.EHOSTUNREACH: "no way to the server",
    101: "no way to the server",  # ENETUNREACH on Linux,
    114: "no way to the server",  # and on the ESP32
}


def words(error) -> str:
    """What went wrong, for the owner to read. Never holds what was sent or received."""
    if isinstance(error, OSError):
        reason = error.args[0] if error.args else 0  # a number, or a text of our own
        return reason if isinstance(reason, str) else _WORDS.get(reason, f"network error {reason}")
    return f"{type(error).__name__}: {error}"[:80]


class Dialler:
    """Opens connections to one server at a time, and remembers where its name leads.

    network is the socket module or a stand-in in a test.
    """

    def __init__(self, ticks_ms, deadline_ms=10000, network=socket):
        self._ticks_ms = ticks_ms
        self._deadline = deadline_ms
        self._network = network
        self._server = None
        self._address = None
        self._failures = 0

    async def open(self, host, port):
        """A connected non-blocking socket. OSError if there is none in time."""
        kind, address = self._resolve(host, port)
        stream = self._network.socket(*kind)
        try:
            stream.setblocking(False)
            await self._connect(stream, address)
        except BaseException:
            self._failures += 1
            stream.close()
            raise
        self._failures = 0
        return stream

    def _resolve(self, host, port):
        """((family, type, protocol), address); blocks for a name that is not known yet."""
        if (host, port) != self._server:
            self._server = (host, port)
            self._address = None
        if self._address is None or self._failures >= _STALE:
            self._failures = 0
            try:
                found = self._network.getaddrinfo(host, port, 0, self._network.SOCK_STREAM)[0]
                self._address = (found[:3], found[-1])
            except OSError:
                pass  # the old address serves as long as there is one
            if self._address is None:
                raise OSError(f"name not found: {host}")
        return self._address

    async def _connect(self, stream, address):
        try:
            stream.connect(address)
        except OSError as error:
            if error.errno != errno.EINPROGRESS:
                raise
        poll = select.poll()
        poll.register(stream, select.POLLOUT)
        deadline = ticks_add(self._ticks_ms(), self._deadline)
        while True:
            for _, event in poll.ipoll(0):
                if event & (select.POLLERR | select.POLLHUP):
                    stream.read(1)  # raises the reason
                    raise OSError(errno.ECONNREFUSED)
                return
            if ticks_diff(deadline, self._ticks_ms()) <= 0:
                raise OSError(errno.ETIMEDOUT)
            await asyncio.sleep_ms(_LOOK)
