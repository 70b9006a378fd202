"""The raw TIC over TCP: what the line says, to whoever connects, as a serial port would give it.

The characters have seven bits, as a port in 7E1 hands them over. They go through one ring, in
which each client has a place of its own: who falls behind by more than the ring is cut, and
nobody waits for him. What clients send is read and forgotten.

The reader of the line knows nothing of it: the stream that it reads is wrapped in one that keeps a
copy, while somebody listens and the meter is being read.
"""

import asyncio

import micropython
from micropython import const

from firmware.local.server import Server

_RING = const(2048)  # bytes, 2 s at 9600 baud, besides what the system buffers
_COUNT = const(0x3FFFFFFF)
_ROOM = const(32)


@micropython.viper
def _copy(ring: ptr8, at: int, data: ptr8, n: int):
    """Put n characters of data into the ring from at on, their seven bits."""
    i = 0
    while i < n:
        ring[(at + i) & (_RING - 1)] = data[i] & 127
        i += 1


class RawTic(Server):
    """reading(): not None while the meter is being read.

    `accepted`: clients so far; `bytes`: what they took.
    """

    def __init__(self, port, reading, ticks_ms, seconds):
        Server.__init__(self, port, ticks_ms, seconds)
        self.bytes = 0
        self._reading = reading
        self._ring = bytearray(_RING)
        self._at = 0  # bytes that came, and begin again with the ticks; each place is one of them
        self._news = asyncio.Event()
        self._pump: asyncio.Task | None = None

    def status(self) -> dict:
        """For the topic gateway and the pages."""
        status = Server.status(self)
        status["bytes"] = self.bytes
        return status

    def tap(self, open_uart):
        """The same as open_uart(rate), whose streams are heard here."""
        return lambda rate: _Tap(open_uart(rate), self)

    def heard(self, data, n) -> None:
        """n bytes came from the line, fewer than the ring holds."""
        if self.open and self._reading() is not None:
            _copy(self._ring, self._at, data, n)
            self._at = self._at + n & _COUNT
            self._news.set()
            self._news.clear()

    async def run(self) -> None:
        """Serve until cancelled."""
        self._pump = pump = asyncio.create_task(self._push())
        try:
            await Server.run(self)
        finally:
            pump.cancel()

    def look(self) -> None:
        """What was not taken at once is offered again."""
        if self._pump.done():
            raise OSError("nothing is sent any more")
        self._news.set()
        self._news.clear()

    async def serve(self, client) -> None:
        """Hear it out until it goes."""
        client.at = self._at
        self.accepted += 1
        forgotten = bytearray(_ROOM)
        while await client.stream.readinto(forgotten) != 0:
            pass

    async def _push(self):
        """Give each client what it takes; cut who is too slow."""
        ring = memoryview(self._ring)
        while True:
            await self._news.wait()
            for client in list(self.open):
                try:
                    self._give(client, ring)
                except OSError:
                    self.end(client)

    def _give(self, client, ring):
        while True:
            left = self._at - client.at & _COUNT
            if left > _RING:  # some of it has been written over
                self.end(client)
            if not left or left > _RING:
                return
            start = client.at & (_RING - 1)
            n = client.stream.s.write(ring[start : min(start + left, _RING)])
            if not n:
                return  # it has enough for now
            client.at = client.at + n & _COUNT
            self.bytes += n
            self.success = self.seconds()


class _Tap:
    """A stream whose bytes somebody else hears as well."""

    def __init__(self, stream, ear):
        self._stream = stream
        self._ear = ear

    def readinto(self, room):
        """As that of the stream."""
        n = self._stream.readinto(room)
        if n:
            self._ear.heard(room, n)
        return n

    def deinit(self):
        """Likewise."""
        self._stream.deinit()
