"""A listener with a few places, beneath Modbus TCP and the raw TIC.

Each connection has a task of its own and a tick at which it is cut; who finds no place is turned
away at once, unless somebody may have to leave (Modbus). Nothing is kept of whoever has gone.
"""

import asyncio
import errno
from time import ticks_add, ticks_diff

from micropython import const

from firmware.link.listening import coming, listen
from firmware.rarely import load

_PLACES = const(4)
_LOOK = const(1000)  # ms between two looks at the deadlines
_SOON = const(10)  # ms


class Client:
    """A connection. `due`: the tick at which it is cut, None for never."""

    due = None
    at = 0  # for the server's use
    task: "asyncio.Task | None" = None

    def __init__(self, stream):
        self.stream = stream


class Server:
    """serve(client) of a subclass is one connection's life. seconds() is the uptime.

    `open`: the connections; `accepted`: what was served; `refused`: turned away, or told that it
    cannot be; `cut`: connections that we ended.
    """

    error = ""
    success = None  # when something was served last, in seconds of the uptime
    accepted = refused = cut = 0
    _working = False

    def __init__(self, port, ticks_ms, seconds):
        self.open = []
        self.ticks_ms = ticks_ms
        self.seconds = seconds
        self._port = port

    def status(self) -> dict:
        """For the topic gateway and the pages."""
        return {
            "working": self._working, "clients": len(self.open), "accepted": self.accepted,
            "refused": self.refused, "cut": self.cut, "success": self.success,
            "error": self.error,
        }

    async def run(self) -> None:
        """Serve until cancelled. OSError if the port cannot be had."""
        try:
            listener = listen(self._port)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "in use already" if taken else load("publish.dialling").words(error)
            self.error = f"port {self._port}: {why}"
            raise OSError(self.error)
        task = asyncio.create_task(self._accept(listener))
        self.error = ""
        self._working = True
        try:
            while not task.done():
                await asyncio.sleep_ms(_LOOK)
                self.look()
            await task  # for what ended it
        finally:
            self._working = False
            task.cancel()
            listener.close()
            for client in self.open:
                client.task.cancel()

    def look(self) -> None:
        """Cut whoever is late."""
        now = self.ticks_ms()
        for client in list(self.open):
            if client.due is not None and ticks_diff(now, client.due) > 0:
                self.end(client)

    def end(self, client) -> None:
        """Cut a connection; its place is free at once."""
        if client in self.open:
            self.open.remove(client)
            self.cut += 1
            client.task.cancel()

    def later(self, ms) -> int:
        """The tick so many ms from now."""
        return ticks_add(self.ticks_ms(), ms)

    def leaves(self):
        """A connection that may be cut when somebody else comes and all places are taken."""

    async def serve(self, client) -> None:
        """Serve it until it goes; OSError or EOFError end it as well."""

    async def _accept(self, listener):
        while True:
            await coming(listener)  # type: ignore  # MicroPython awaits generators
            try:
                stream, _ = listener.accept()
            except OSError:  # it has gone again
                await asyncio.sleep_ms(_SOON)
                continue
            stream.setblocking(False)
            self._take(asyncio.StreamReader(stream))

    def _take(self, stream):
        if len(self.open) >= _PLACES:
            client = self.leaves()
            if not client:
                self.refused += 1
                stream.s.close()
                return
            self.end(client)
        client = Client(stream)
        self.open.append(client)
        client.task = asyncio.create_task(self._live(client))

    async def _live(self, client):
        try:
            await self.serve(client)
        except asyncio.CancelledError:
            if client in self.open:
                raise
        except (OSError, EOFError):
            pass  # it went away
        finally:
            if client in self.open:
                self.open.remove(client)
            client.stream.s.close()
