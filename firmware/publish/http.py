"""A client of HTTP/1.1 (RFC 9112) over a connected non-blocking stream, for small answers.

Loaded for a request and forgotten. A request is written from pieces, so that nothing is built as a
whole; of an answer only its status, and what it says of the connection and of a pause, are kept,
and of an error the first words. The rest is skipped, so that the connection can be kept; if that
would take too long it is not kept.
"""

import asyncio
from time import ticks_add, ticks_diff

from micropython import const

LATE = "the server does not answer"
_LOOK = const(20)  # ms between two looks
_BUFFER = const(256)  # bytes read at once; a longer line is cut
_HEAD = const(8192)  # bytes of a head at most
_SKIP = const(4096)  # bytes of a body that are read so that the connection can be kept
_WORDS = const(160)  # bytes of an error that are kept


def alive(stream) -> bool:
    """Whether an idle connection can still be used: closed it is not, and nothing has come."""
    try:
        return stream.readinto(bytearray(1)) is None
    except OSError:
        return False


async def exchange(stream, parts, ticks_ms, deadline) -> "Answer":
    """Write a request, given in pieces, and read the answer to it.

    deadline: ms for the stream to take anything, and for the whole of the answer. OSError with
    words if one passes, if the connection ends, or if what comes is not HTTP.
    """
    answer = Answer(stream, ticks_ms, deadline)
    try:
        for part in parts:
            await _write(stream, part, ticks_ms, deadline)
    except OSError as error:
        # A server that refuses may say so, and close, before it has read everything.
        if error.args[:1] == (LATE,) or not await answer.early():
            raise
        await answer.read()
        answer.keep = False
        return answer
    await answer.read()
    return answer


async def _write(stream, data, ticks_ms, deadline):
    data = memoryview(data)
    stop = ticks_add(ticks_ms(), deadline)
    while data:
        taken = stream.write(data)
        if taken:
            data = data[taken:]
            stop = ticks_add(ticks_ms(), deadline)
        elif ticks_diff(stop, ticks_ms()) <= 0:
            raise OSError(LATE)
        else:
            await asyncio.sleep_ms(_LOOK)


class Answer:
    """`status`; `keep`: the connection may be used again; `wait`: s, if it says so; `words`: the
    beginning of the body if it is no success.
    """

    def __init__(self, stream, ticks_ms, deadline):
        self.status = self.wait = 0
        self.keep = True
        self.words = b""
        self._stream = stream
        self._ticks_ms = ticks_ms
        self._stop = ticks_ms()
        self._deadline = deadline
        self._data = bytearray(_BUFFER)
        self._at = self._end = 0
        self._taken = 0  # bytes of the head
        self._left = -1  # bytes of the body, -1: to the end of the connection
        self._chunked = False

    async def early(self) -> bool:
        """Whether the beginning of an answer has come already."""
        try:
            n = self._stream.readinto(self._data)
        except OSError:
            return False
        self._end = n or 0
        return self._end > 0

    async def read(self) -> None:
        """Read the answer to its end."""
        self._stop = ticks_add(self._ticks_ms(), self._deadline)
        while self.status < 200:  # 100 Continue and the like precede the answer
            await self._head()
        if self.status in (204, 304):
            self._left = 0
        try:
            await self._body()
        except (OSError, ValueError):
            self.keep = False  # it is an answer all the same

    async def _head(self):
        line = await self._line()
        if line[:7] != b"HTTP/1." or not line[9:12].isdigit() or line[9:10] == b"0":
            raise OSError("what answers is not a web server")
        self.status = int(line[9:12])
        self.keep = line[7:8] != b"0"
        self._left = -1
        while True:
            line = await self._line()
            if not line:
                return
            name, _, value = line.partition(b":")
            name, value = name.lower(), value.strip().lower()
            if name == b"content-length" and value.isdigit():
                self._left = int(value[:9])
            elif name == b"transfer-encoding":
                self._chunked = value != b"identity"
            elif name == b"connection":
                self.keep = value != b"close" and (self.keep or value == b"keep-alive")
            elif name == b"retry-after" and value.isdigit():
                self.wait = int(value[:6])

    async def _body(self):
        if self._chunked:
            skipped = 0
            while skipped <= _SKIP:
                size = int((await self._line()).partition(b";")[0], 16)
                if size <= 0:
                    while await self._line():  # trailers
                        pass
                    return
                skipped += size
                if skipped <= _SKIP:
                    await self._skip(size)
                    await self._line()
            self.keep = False
        elif self._left >= 0:
            if self._left > _SKIP:
                self.keep = False
            await self._skip(min(self._left, _SKIP))
        else:
            self.keep = False
            if self.status >= 300:
                await self._skip(_SKIP)

    async def _skip(self, size):
        """Go past so many bytes of the body."""
        while size:
            if self._at == self._end:
                await self._fill()
            at = self._at
            n = min(size, self._end - at)
            if self.status >= 300:
                room = min(n, _WORDS - len(self.words))
                self.words += bytes(self._data[at : at + room])
            self._at = at + n
            size -= n

    async def _line(self):
        """The next line without its end, cut to what the buffer holds."""
        line = b""
        while True:
            at = self._data.find(b"\n", self._at, self._end)
            end = self._end if at < 0 else at
            if len(line) < _BUFFER:
                line += bytes(self._data[self._at : end])
            self._taken += end - self._at + 1
            if self._taken > _HEAD + 2 * _SKIP:
                raise OSError("the server's answer has no end")
            if at >= 0:
                self._at = at + 1
                return line.rstrip(b"\r")
            await self._fill()

    async def _fill(self):
        """More of it, into the empty buffer."""
        self._at = self._end = 0
        while True:
            n = self._stream.readinto(self._data)
            if n:
                self._end = n
                return
            if n == 0:
                raise OSError("the server closed the connection")
            if ticks_diff(self._stop, self._ticks_ms()) <= 0:
                raise OSError(LATE)
            await asyncio.sleep_ms(_LOOK)
