"""The listener of the owner's pages: what stays in memory while nobody looks at them.

The application, and Microdot with it, are loaded when the first byte of a request arrives, and
forgotten five minutes after the last. Microdot has no deadline, and takes as many connections as
come; so the connections are kept here, and exchange.py reads requests in its place.

A newcomer for whom there is no room takes the place of whoever has been waiting longest without
having asked for anything; if all have, it is told to come back.
"""

import asyncio
import gc
import sys
from time import ticks_add, ticks_diff

from micropython import const

from firmware import rarely
from firmware.log import ERROR

_PLACES = const(6)  # connections, besides feeds
_ALL = const(10)  # with feeds
_HEAD = const(10000)  # ms for the head of a request
_LOOK = const(1000)  # ms between two looks at the deadlines
_QUIET = const(300000)  # ms without a request after which the application is forgotten
_RESIDENT = ("server", "sessions")  # modules that are not
_BUSY = b"HTTP/1.0 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
_LATE = b"HTTP/1.0 408 Too slow\r\nContent-Length: 0\r\n\r\n"


class Connection:
    """A client. `due`: the tick at which it is cut, None for never. `asked`: there is a request
    that is being answered. `feed`: it is to last, and has a place of its own.
    """

    late = asked = told = feed = False

    def __init__(self, stream, task, due):
        self.stream = stream
        self.task = task
        self.due = due

    def cut(self, words=_LATE) -> None:
        """End it, and say why if nothing has been said yet."""
        self.late = True
        if not self.told:
            _say(self.stream, words)
        self.task.cancel()


class Server:
    """load() -> the Microdot application. say(words, level) is told what goes wrong.
    wanted(): whether to listen at all.

    `open`: the connections; `served` and `refused`: requests, and connections that found no room.
    """

    def __init__(self, port, load, ticks_ms, say, wanted=lambda: True):
        self.open = []
        self.served = self.refused = 0
        self.ticks_ms = ticks_ms
        self._say = say
        self._port = port
        self._load = load
        self._wanted = wanted
        self._app = self._exchange = None
        self._last = 0  # tick of the last request

    async def run(self) -> None:
        """Listen while it is wanted, until cancelled. OSError if the port is taken."""
        while True:
            while not self._wanted():
                await asyncio.sleep_ms(_LOOK)
            listener = await asyncio.start_server(self._serve, "0.0.0.0", self._port)
            try:
                while self._wanted():
                    await asyncio.sleep_ms(_LOOK)
                    self.look()
            finally:
                listener.close()
                for connection in self.open:
                    connection.cut(_BUSY)
                self._forget()

    def look(self) -> None:
        """Cut whoever is late; forget the application if nobody needs it."""
        now = self.ticks_ms()
        for connection in self.open:
            if connection.due is not None and ticks_diff(now, connection.due) > 0:
                connection.cut()
        if self._app and not self.open and ticks_diff(now, self._last) > _QUIET:
            self._forget()

    async def _serve(self, stream, _):
        """One connection, one request."""
        connection = None
        try:
            if self._room():
                due = ticks_add(self.ticks_ms(), _HEAD)
                connection = Connection(stream, asyncio.current_task(), due)
                self.open.append(connection)
                await self._answer(connection)
            else:
                self.refused += 1
                _say(stream, _BUSY)
        except asyncio.CancelledError:
            if not connection or not connection.late:
                raise
        except (OSError, EOFError):
            pass  # the client went away
        except Exception as error:  # nothing that comes from outside ends more than itself
            self._say(f"page: {type(error).__name__}: {error}", ERROR)
        finally:
            if connection:
                self.open.remove(connection)
            stream.s.close()

    def _room(self):
        """There is a place for one more, or somebody leaves theirs."""
        counted = [connection for connection in self.open if not connection.feed]
        if len(counted) < _PLACES and len(self.open) < _ALL:
            return True
        for connection in counted:
            if not connection.asked and not connection.late:
                connection.cut(_BUSY)
                return True
        return False

    async def _answer(self, connection):
        first = await connection.stream.read(1)
        if not first:
            return
        self._last = self.ticks_ms()
        if not self._app:
            gc.collect()
            try:
                self._exchange = rarely.load("portal.exchange")
                self._app = self._load()
            except Exception:
                _say(connection.stream, _BUSY)
                self._forget()
                raise
        app, exchange = self._app, self._exchange
        self.served += 1
        await exchange.answer(self, connection, app, first)
        self._last = self.ticks_ms()

    def _forget(self):
        self._app = self._exchange = None
        package = sys.modules["firmware.portal"]
        for name in list(sys.modules):
            parent, _, last = name.rpartition(".")
            if parent == "firmware.portal" and last not in _RESIDENT:
                delattr(package, last)
                del sys.modules[name]
        sys.modules.pop("microdot", None)
        gc.collect()


def _say(stream, words):
    """Send this if it can be sent at once."""
    try:
        stream.s.write(words)
    except OSError:
        pass
