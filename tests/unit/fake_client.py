"""A client of the portal without a socket, and a clock that stands until it is moved."""

import asyncio
import time


class Ticks:
    """Milliseconds that the test counts."""

    now = -5000  # they begin again within the test

    def __call__(self):
        return time.ticks_add(0, self.now)


class Log:
    """Keeps the lines."""

    def __init__(self):
        self.lines = []

    def add(self, level, text):
        self.lines.append((level, text))


class Client:
    """The stream of a connection. `sent`: what came back; `stuck`: the client does not read."""

    def __init__(self, data=b"", step=0, stuck=False, peer=("192.168.4.2", 50000)):
        self.s = self
        self._data = memoryview(data)  # what is still to come, without copies
        self.step = step  # bytes that come at once, 0 for all
        self.ended = False
        self.closed = False
        self.stuck = stuck
        self.sent = b""
        self.pieces = 0
        self.longest = 0
        self.peer = peer
        self._news = asyncio.Event()

    @property
    def left(self):
        return len(self._data)

    def give(self, data):
        self._data = memoryview(bytes(self._data) + data)
        self._news.set()

    def end(self):
        self.ended = True
        self._news.set()

    async def _wait(self):
        while not self.left and not self.ended:
            self._news.clear()
            await self._news.wait()
        await asyncio.sleep_ms(0)

    async def read(self, n):
        await self._wait()
        data, self._data = bytes(self._data[:n]), self._data[n:]
        return data

    async def readinto(self, buffer):
        await self._wait()
        n = min(len(buffer), self.left, self.step or 1 << 20)
        buffer[:n] = self._data[:n]
        self._data = self._data[n:]
        return n

    def write(self, data):
        if self.closed:
            raise OSError(9)
        self.sent += bytes(data)
        self.pieces += 1
        self.longest = max(self.longest, len(data))

    async def drain(self):
        await asyncio.sleep_ms(0)
        while self.stuck:
            await asyncio.sleep_ms(1)

    def setblocking(self, on):
        assert not on

    def close(self):
        self.closed = True

    @property
    def status(self):
        """The status of the answer, 0 if there was none."""
        return int(self.sent.split(b" ")[1]) if self.sent else 0
