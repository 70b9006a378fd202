"""The listener of the owner's pages: what stays in memory while nobody looks at them.

The application, and Microdot with it, are loaded when the first byte of a request arrives, and
forgotten five minutes after the last. Microdot has no deadline, and takes as many connections as
come; so the connections are kept here, and exchange.py reads requests in its place.

Memory is what there is least of. There are a few places; who finds none waits in the system's
queue, which costs nothing, until one is free, or is taken from whoever has been there for a
second without having asked for anything. Requests are answered one at a time, two if the first
takes long; the others have not been read yet.
"""

import asyncio
import gc
import sys
from time import ticks_add, ticks_diff

from micropython import const

from firmware.link.listening import coming, listen
from firmware.log import ERROR
from firmware.portal.connection import BUSY, Connection
from firmware.rarely import load

_PLACES = const(3)  # connections, besides feeds
_ALL = const(6)  # with feeds
_HEAD = const(10000)  # ms for the head of a request
_GRACE = const(1000)  # ms in which a place is safe
_TURNS = const(6)  # of the loop, in which a request that is there has been read
_AT_ONCE = const(2)  # requests that are answered
_SLOW = const(3000)  # ms after which the next may begin
_SHORT = const(300)  # ms, the same while a request is being read
_STUCK = const(9000)  # ms left of the ten seconds in which a piece has to be taken
_SOON = const(10)  # ms
_POLITE = const(300)  # ms for what others are about to send
_LOOK = const(1000)  # ms between two looks at the deadlines
_QUIET = const(300000)  # ms without a request after which the application is forgotten
_GARBAGE = const(1024)  # bytes between two collections while the application is in memory
_RESIDENT = ("server", "sessions", "connection")  # modules that are not


class Server:
    """load() -> the Microdot application. say(words, level) is told what goes wrong.
    wanted(): whether to listen at all.

    `open`: the connections; `served`: requests; `others`: [(name, Upload)] whose requests need as
    much memory as ours; `guest`: who has our memory for a while, see leave().
    """

    others: "list[tuple]" = []
    guest = None

    def __init__(self, port, load, ticks_ms, say, wanted=lambda: True):
        self.open = []
        self.served = 0
        self.ticks_ms = ticks_ms
        self._say = say
        self._port = port
        self._load = load
        self._wanted = wanted
        self._pages = self._garbage = None  # (exchange.answer, application)
        self._last = 0  # tick of the last request

    async def run(self) -> None:
        """Listen while it is wanted, until cancelled. OSError if the port is taken."""
        while True:
            while not self._wanted():
                await asyncio.sleep_ms(_LOOK)
            listener = listen(self._port)
            task = asyncio.create_task(self._accept(listener))
            try:
                while self._wanted() and not task.done():
                    await asyncio.sleep_ms(_LOOK)
                    self.look()
            finally:
                task.cancel()
                listener.close()
                for connection in self.open:
                    connection.cut(BUSY)
                self._forget()

    def look(self) -> None:
        """Cut whoever is late; forget the application if nobody needs it."""
        now = self.ticks_ms()
        for connection in self.open:
            if connection.due is not None and ticks_diff(now, connection.due) > 0:
                connection.cut()
        if self._pages and not self.open and ticks_diff(now, self._last) > _QUIET:
            self._forget()

    async def turn(self, connection) -> None:
        """Wait until the request of a connection may be worked at."""
        connection.began = connection.due = None
        connection.waits = True
        patience = _POLITE
        while not self.guest and (self._busy() or patience > 0 and self.sending()):
            await asyncio.sleep_ms(_SOON)
            patience -= _SOON
        connection.waits = False
        self._last = connection.began = self.ticks_ms()

    def working(self) -> bool:
        """Whether somebody is being answered."""
        return any(one.began is not None and not one.feed for one in self.open)

    def sending(self) -> bool:
        """Whether a request to a destination is under way: it takes much memory, too."""
        return any(upload.sign() is not None for _, upload in self.others)

    def waited(self) -> bool:
        """Somebody waits for a turn."""
        return any(connection.waits for connection in self.open)

    async def leave(self, guest, connection=None) -> None:
        """Forget the application. Whoever is being answered, but for one connection, has a few
        seconds; feeds are cut. Until `guest` is None again, guest.busy(server, connection) is
        awaited, and answers.
        """
        self.guest = guest
        patience = 2 * _SLOW
        while patience > 0:
            others = [one for one in self.open if (one.began is not None or one.waits)
                      and one is not connection]
            if not others:
                break
            for one in others:
                if not one.late and (one.feed or patience < _SLOW):
                    one.cut(BUSY)
            others = one = None
            await asyncio.sleep_ms(_SOON)
            patience -= _SOON
        self._forget()

    async def _accept(self, listener):
        while True:
            await coming(listener)  # type: ignore  # MicroPython awaits generators
            while self._full():
                await asyncio.sleep_ms(_SOON)
                for _ in range(_TURNS):
                    await asyncio.sleep_ms(0)
                idle = self._full() and self._idle()
                if idle:
                    idle.cut(BUSY)
            try:
                client, address = listener.accept()
            except OSError:  # it has gone again
                await asyncio.sleep_ms(_SOON)
                continue
            client.setblocking(False)
            self._take(asyncio.StreamReader(client), address)

    def _take(self, stream, address):
        connection = Connection(stream, address, ticks_add(self.ticks_ms(), _HEAD))
        connection.task = asyncio.create_task(self._serve(connection))
        self.open.append(connection)

    def _full(self):
        n = sum(not connection.feed for connection in self.open)
        return n >= _PLACES or len(self.open) >= _ALL

    def _idle(self):
        """Who leaves a place, if anybody has to: who has been here longest without a request."""
        for connection in self.open:
            if connection.late:
                break  # it is on its way out
            if connection.feed or connection.asked or connection.waits:
                continue
            due = connection.due
            if due is None or ticks_diff(due, self.ticks_ms()) <= _HEAD - _GRACE:
                return connection
        return None

    def _busy(self):
        """Those at work are enough."""
        now, n = self.ticks_ms(), 0
        for connection in self.open:
            if connection.began is not None and not connection.feed:
                if connection.told and ticks_diff(connection.due, now) < _STUCK:
                    continue  # it is the client who does not read
                n += connection.asked
                short = _SLOW if connection.asked else _SHORT
                if ticks_diff(now, connection.began) < short:
                    return True
        return n >= _AT_ONCE

    async def _serve(self, connection):
        """One connection, one request."""
        try:
            first = await connection.stream.read(1)
            if first and not self.guest:
                await self.turn(connection)
            if first:
                await self._answer(connection, first)
            if connection.lent:
                # Nothing of the application is on the stack any more.
                name, *what = connection.lent
                connection.lent = None
                await load(name).run(self, connection, *what)
        except asyncio.CancelledError:
            if not connection.late:
                raise
        except (OSError, EOFError):
            pass  # the client went away
        except Exception as error:  # nothing that comes from outside ends more than itself
            self._say(f"page: {type(error).__name__}: {error}", ERROR)
        finally:
            self.open.remove(connection)
            connection.stream.s.close()

    async def _answer(self, connection, first):
        """What a coroutine has had in hand stays in memory until its end: hence this one."""
        self.served += 1
        if self.guest:
            connection.began = None
            await self.guest.busy(self, connection)
            return
        answer, app = self._pages or self._open_pages(connection)
        await answer(self, connection, app, first)
        self._last = self.ticks_ms()

    def _open_pages(self, connection):
        gc.collect()
        self._garbage = gc.threshold()
        gc.threshold(_GARBAGE)
        try:
            from firmware.portal.exchange import answer

            self._pages = pages = answer, self._load()
            return pages
        except Exception:
            connection.say(BUSY)
            self._forget()
            raise

    def _forget(self):
        self._pages = None
        if self._garbage is not None:
            gc.threshold(self._garbage)
            self._garbage = None
        package = sys.modules["firmware.portal"]
        for name in list(sys.modules):
            parent, _, last = name.rpartition(".")
            if parent == "firmware.portal" and last not in _RESIDENT:
                delattr(package, last)
                del sys.modules[name]
        sys.modules.pop("microdot", None)
        gc.collect()

