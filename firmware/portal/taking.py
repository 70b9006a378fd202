"""The rest of POST /api/update and /fetch, when the sender is known and the pages are forgotten.

They give their memory to the update (Server.leave()), so this answers by itself. Loaded for it.
"""

import json
from time import ticks_add

from micropython import const

from firmware.rarely import load

_BODY = const(10000)  # ms for a piece of the body
_WORK = const(60000)  # ms for what the flash does between two, or to hear out who talks on
_PIECE = const(10000)  # ms for the answer to be taken


class Source:
    """A body for who reads it by and by; came: the bytes of it that are there; `left`: how many
    are to come, those included.
    """

    def __init__(self, server, connection, came, length):
        self._server = server
        self._connection = connection
        self._came = came
        self.left = length

    async def readinto(self, view) -> int:
        """Bytes that came into a view, 0 at the end."""
        connection, now = self._connection, self._server.ticks_ms
        n = min(len(view), self.left)
        if self._came:
            n = min(n, len(self._came))
            view[:n] = self._came[:n]
            self._came = self._came[n:]
        elif n:
            connection.due = ticks_add(now(), _BODY)
            n = None
            while n is None:
                n = await connection.stream.readinto(view[: self.left])
            if not n:
                raise EOFError("the sender went away")
        connection.due = ticks_add(now(), _WORK)
        self.left -= n
        return n


async def run(server, connection, gateway, confirmed, body, headers) -> None:
    """Install, and answer. body: (what came of it, its length); None: what is at the owner's
    address. headers: the lines of those that every answer carries.
    """
    source = Source(server, connection, *body) if body else None
    connection.due = None  # the update has deadlines of its own
    status, told = await _install(gateway, confirmed, source, connection)
    told = json.dumps(told).encode()
    connection.due, connection.told = ticks_add(server.ticks_ms(), _PIECE), True
    stream = connection.stream
    stream.write(b"HTTP/1.0 %d %s\r\n%sContent-Length: %d\r\n\r\n%s" % (
        status, "OK" if status == 200 else "N/A", headers, len(told), told))
    await stream.drain()
    if source and source.left:
        # To close now would reset the connection before the answer is read.
        connection.asked = False  # whoever needs its place may have it
        connection.due = ticks_add(server.ticks_ms(), _WORK)
        buffer = bytearray(512)
        while await stream.readinto(buffer):
            pass


async def _install(gateway, confirmed, source, connection):
    """(status, what is told)"""
    try:
        version = await load("installing").install(gateway, source, confirmed, connection)
        return 200, {"version": version, "restart": True}
    except ValueError as refused:
        words, confirm = (refused.args + ("", ""))[:2]
        return 409 if confirm else 400, {"error": words, "confirm": confirm}
    except MemoryError:
        return 503, {"error": "no memory for this now: try again"}
    except (OSError, EOFError):
        if source:
            return 503, {"error": f"{gateway.refused}: nothing changed"}
        return 502, {"error": gateway.refused}
