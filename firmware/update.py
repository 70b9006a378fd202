"""An update: from a stream into the slot that is not running, whole or not at all.

The bundle (tools/dist.py) is the manifest and then the files. Nothing of the slot is touched
before the manifest is whole, fits this board, and its signature is right; it is kept in the root
meanwhile, as app.new. Each file is checked as it comes and once more from the flash. The manifest
comes into the slot last, and boot.py believes in no slot without one. One buffer holds whatever
is read: memory does not depend on the bundle. What checks the manifest (manifest.py) and what
writes the files (filling.py) are in memory one after the other.

Loaded for an update.
"""

import os

from micropython import const

from firmware.rarely import load

_SIZE = const(1280)  # bytes of the buffer, and so of a line: a signature by a key of 4096 bits
_MANIFEST = "app.new"


class Update:
    """source.readinto(view) -> bytes that came, 0 at the end: a coroutine. confirmed: see
    Manifest; reading: whether the meter is heard.

    `size`: bytes of its files, `done`: of them so far.
    """

    def __init__(self, source, confirmed="", reading=False, board=None):
        self.done = self.size = 0
        self.buffer = bytearray(_SIZE)
        self._source = source
        self._confirmed = confirmed
        self._reading = reading
        self._start = self._end = 0  # what is in the buffer and has not been used
        self._board = board

    async def run(self) -> str:
        """Take it all, and have it tried at the next start. -> its version

        ValueError (words, what confirms it) if it is refused, and nothing is changed; OSError or
        EOFError if the flash or the sender fails, and the free slot is empty.
        """
        slots = load("slots")
        slot, trying = slots.free(), slots.trying()
        slots = None
        if trying:
            raise refused("this version has not proven itself yet: try again in some minutes")
        try:
            version, room = await self._head()
            self._board = None
            filling = load("filling")
            filling.make_room(slot, room)
            try:
                await filling.fill(self, slot, _MANIFEST)
            except BaseException:
                filling.remove(slot)
                raise
            filling = None
            os.rename(_MANIFEST, slot + "/manifest")
            load("migrating").keep()
            load("slots").propose(slot, self._reading)
            if hasattr(os, "sync"):
                os.sync()
        finally:
            load("slots").remove(_MANIFEST)
        return version

    async def _head(self):
        """The manifest, into the flash. -> its version, bytes of flash that the files need"""
        module = load("manifest")
        board = self._board or module.Board(load("slots").running())
        manifest = module.Manifest(board, self._confirmed)
        with open(_MANIFEST, "wb") as file:
            while not manifest.whole:
                line = await self._line()
                manifest.line(line)
                file.write(line)
                file.write(b"\n")
        self.size = manifest.size
        return manifest.version, manifest.room

    async def _line(self):
        """The next line, without its end."""
        while True:
            at = self.buffer.find(b"\n", self._start, self._end)
            if at >= 0:
                line = bytes(memoryview(self.buffer)[self._start : at])
                self._start = at + 1
                return line
            view = memoryview(self.buffer)
            left = self._end - self._start
            view[:left] = bytes(view[self._start : self._end])
            self._start, self._end = 0, left
            if left == _SIZE:
                raise refused("this is no update of this gateway")
            n = await self._source.readinto(view[left:])
            if not n:
                raise refused("the file is cut off")
            self._end += n

    async def piece(self, most):
        """The next bytes, at most so many: a view of the buffer that is good until the next call.
        """
        if self._start == self._end:
            self._start = 0
            self._end = await self._source.readinto(memoryview(self.buffer))
            if not self._end:
                raise refused("the file is cut off")
        start = self._start
        self._start = min(self._end, start + most)
        return memoryview(self.buffer)[start : self._start]

    async def end(self) -> None:
        """There is to be nothing more, and the buffer is free."""
        if self._start != self._end or await self._source.readinto(memoryview(self.buffer)):
            raise refused("there is more in the file than it says")


def refused(words):
    """An update that nothing can make good."""
    return ValueError(words, "")
