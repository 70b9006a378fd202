"""Shared by the destinations over HTTP: readings into a backlog, and out of it in requests.

Two things go on side by side. At the end of a frame, when the policy says so, a reading is taken
and put into the backlog, whatever the server does. What waits there is sent, the oldest first,
until the server has said that it took it. The task never waits without a deadline, but for the
network, for something to send, and for the owner after a refusal that would only come again.

The work itself comes and goes: delivery.py and http.py for a request, verdict.py when it failed.
"""

import asyncio
import gc
import random

from micropython import const

from firmware.rarely import load
from firmware.supervisor import pause

_LOOK = const(50)  # ms
_POLITE = const(5000)  # ms while somebody is answered before we send all the same
_LONGEST = const(60000)  # ms between two tries, unless the server asks for more
_MANY = const(64)  # readings in a request at most


class Upload:
    """A destination. A subclass says what is sent, and has dated(body, utc): the pieces of a
    reading with its time, as it goes into a request; takes(status): whether the server has what
    it was sent, by its answer; meaning(status): what any other status says of the settings, or "".

    `server`: (host, port, whether by TLS); `head`: a request up to its Content-Length; `edges`:
    what stands before, between and behind the readings of a request; `secret`: what no error may
    show. policy: a Policy of its own; open_connection(host, port) gives a connected non-blocking
    stream or raises OSError; seconds() is the uptime.
    """

    server = "", 0, False
    head = secret = b""
    edges = b"", b"", b""
    pages = None  # the Server of the pages, if there is one
    up = None  # the Event that is set while there is a network; None: there always is
    deadline = 10000  # ms for an answer, and for the server to take anything at all

    def __init__(self, batch, store, source, backlog, policy, open_connection, clock, seconds):
        self.backlog = backlog
        self.batch = batch
        self.open = open_connection
        self.ticks_ms = clock.ticks_ms
        self.most = _MANY
        self.working = self.stopped = False
        self.accepted = self.refused = self.failures = self.unsent = 0
        self.error = ""
        self.success = None  # uptime
        self.stream = None  # kept open from one request to the next
        self.wait = 0  # s that the server asked for
        self._store = store
        self._source = source
        self._policy = policy
        self._clock = clock
        self._seconds = seconds
        self._utc = None  # of the last reading
        self._news = asyncio.Event()
        self._streak = self._tries = 0
        self._busy = False

    async def run(self) -> None:
        """Take readings and send them; only a cancellation ends it."""
        collector = asyncio.create_task(self._collect())
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while not self.stopped and len(self.backlog) >= self._least():
                    if not await self._send():
                        break
        finally:
            collector.cancel()
            self.close()

    def status(self) -> dict:
        """For the topic gateway and the pages."""
        return load("publish.telling").upload(self)

    def sign(self):
        """A number that changes with each try; None while none is under way that could end."""
        if self._busy and (not self.up or self.up.is_set()):
            return self._tries
        return None

    def retry(self) -> None:
        """Try again, whatever the server said."""
        self.stopped = False
        self._news.set()

    def sample(self):
        """A reading of now, whether one is due or not; None if there is nothing to say."""
        now = self.ticks_ms()
        self._policy.look(now)
        return self.reading(now)

    def reading(self, now):
        """What is known now, in anything like bytes, without its time; None if nothing is."""
        raise NotImplementedError

    def delivered(self, count) -> None:
        """The server has the readings that the walk through the backlog has given."""
        self.backlog.drop()
        self.accepted += count
        self.working = True
        self._streak = 0
        self.success = self._seconds()

    def close(self) -> None:
        """End the connection."""
        stream, self.stream = self.stream, None
        if stream:
            try:
                stream.close()
            except OSError:
                pass  # it was dead already

    def _least(self) -> int:
        """Readings for which it is worth while to begin."""
        return 1 if self._streak else min(self.batch, self.most)

    async def _send(self) -> bool:
        """One request, and the pause that it may cost; false if nothing can be sent yet."""
        while self.pages and self.pages.guest:  # an update: there is no memory for both
            await asyncio.sleep_ms(_LOOK)
        await self._give_way(_POLITE)
        self._busy = True
        try:
            return await load("publish.delivery").deliver(self)
        except Exception as error:
            self.error = load("publish.dialling").words(error)
        finally:
            self._busy = False
            self._tries += 1
        self.close()
        self.working = False
        self.failures += 1
        gc.collect()
        await asyncio.sleep_ms(self._pause())
        return True

    async def _give_way(self, most):
        """Some ms while somebody is answered: memory for that and our work at once is short."""
        while most > 0 and self.pages and self.pages.working():
            most -= _LOOK
            await asyncio.sleep_ms(_LOOK)

    def _pause(self) -> int:
        """Milliseconds until the next try: what the server asked for, else 1 to 60 s."""
        self._streak += 1
        wait = min(pause(self._streak) * 1000, _LONGEST)
        wait = max(wait, self.wait * 1000)
        self.wait = 0
        return wait + random.getrandbits(9)

    async def _collect(self):
        """Take a reading at the end of a frame, when one is due."""
        store, ended, frames = self._store, self._source.frame, 0
        while True:
            while store.frames == frames:
                await ended.wait()
            frames = store.frames
            if frames < 2:
                continue  # it is seldom whole
            await self._give_way(self._policy.wait)
            try:
                self._take(self.ticks_ms())
            except Exception as error:
                self.unsent += 1
                self.error = load("publish.dialling").words(error)

    def _take(self, now):
        policy, utc = self._policy, self._clock.utc()
        policy.look(now)
        # Times are whole seconds: a second reading of the same one would replace the first.
        if not policy.frame_due or utc is not None and utc == self._utc:
            return
        policy.frame_due = False
        self._utc = utc
        body = self.reading(now)
        if body:
            self._utc = self.backlog.add(body) or utc
            self._news.set()
