"""An update: from a stream into the slot that is not running, whole or not at all.

The bundle (tools/dist.py) is the manifest and then the files. Nothing of the slot is touched
before the manifest is whole, fits this board, and its signature is right; it is kept in the root
meanwhile, as app.new. Each file is checked as it comes and once more from the flash. The manifest
comes into the slot last, and boot.py believes in no slot without one. One buffer holds whatever
is read: memory does not depend on the bundle.

Loaded for an update.
"""

import asyncio
import os
from hashlib import sha256

from micropython import const

from firmware.rarely import load

_SIZE = const(1280)  # bytes of the buffer, and so of a line: a signature by a key of 4096 bits
_MARGIN = const(65536)  # bytes of flash left for what the gateway writes
_MANIFEST = "app.new"


class Update:
    """source.readinto(view) -> bytes that came, 0 at the end: a coroutine. confirmed: see
    Manifest; reading: whether the meter is heard.

    `size`: bytes that are to come, `done`: of them so far; `version`.
    """

    def __init__(self, source, confirmed="", reading=False, board=None):
        self.done = self.size = 0
        self.version = ""
        self._source = source
        self._confirmed = confirmed
        self._reading = reading
        self._buffer = bytearray(_SIZE)
        self._start = self._end = 0  # what is in it and has not been used
        self._slots = slots = load("slots")
        self._module = load("manifest")
        self._slot = slots.free()
        self._board = board or self._module.Board(slots.running())

    async def run(self) -> str:
        """Take it all, and have it tried at the next start. -> its version

        Refused (words, confirm), and nothing is changed; OSError or EOFError if the flash or the
        sender fails, and the free slot is empty.
        """
        if self._slots.trying():
            raise self._no("this version has not proven itself yet: try again in some minutes")
        try:
            await self._head()
            self._make_room()
            try:
                await self._files()
            except BaseException:
                _remove_tree(self._slot)
                raise
            os.rename(_MANIFEST, self._slot + "/manifest")
            load("migrating").keep()
            self._slots.propose(self._slot, self._reading)
            if hasattr(os, "sync"):
                os.sync()
        finally:
            self._slots.remove(_MANIFEST)
        return self.version

    def _no(self, words):
        return self._module.Refused(words, "")

    async def _head(self):
        """The manifest, into the flash."""
        manifest = self._module.Manifest(self._board, self._confirmed)
        with open(_MANIFEST, "wb") as file:
            while not manifest.whole:
                line = await self._line()
                manifest.line(line)
                file.write(line)
                file.write(b"\n")
        self.version = manifest.version
        self.size = manifest.size
        self._room = manifest.room

    async def _line(self):
        """The next line, without its end."""
        while True:
            at = self._buffer.find(b"\n", self._start, self._end)
            if at >= 0:
                line = bytes(memoryview(self._buffer)[self._start : at])
                self._start = at + 1
                return line
            view = memoryview(self._buffer)
            left = self._end - self._start
            view[:left] = bytes(view[self._start : self._end])
            self._start, self._end = 0, left
            if left == _SIZE:
                raise self._no("this is no update of this gateway")
            n = await self._source.readinto(view[left:])
            if not n:
                raise self._no("the file is cut off")
            self._end += n

    async def _piece(self, most):
        """The next bytes, at most so many: a view that is good until the next call."""
        if self._start == self._end:
            self._start = 0
            self._end = await self._source.readinto(memoryview(self._buffer))
            if not self._end:
                raise self._no("the file is cut off")
        start = self._start
        self._start = min(self._end, start + most)
        return memoryview(self._buffer)[start : self._start]

    def _make_room(self):
        """Empty the free slot, if that makes room enough."""
        free = _free()
        there = _size_of(self._slot)
        old = 0
        if self._slots.running():  # what was installed in the root, before there were slots
            old = _size_of("firmware") + _size_of("web")
        need = self._room + _MARGIN
        if free + there + old < need:
            raise self._no(f"no room: {need // 1024} KB are needed, "
                           f"{(free + there + old) // 1024} KB are there")
        self._slots.remove(self._slot + "/manifest")  # from here on the slot is not whole
        _remove_tree(self._slot)
        if free + there < need:
            _remove_tree("firmware")
            _remove_tree("web")

    async def _files(self):
        made = set()
        _folder(self._slot, made)
        with open(_MANIFEST) as manifest:
            for line in manifest:
                if line[:5] == "file ":
                    await self._file(made, *self._module.entry(line.rstrip("\n")))
        if self._start != self._end or await self._source.readinto(memoryview(self._buffer)):
            raise self._no("there is more in the file than it says")
        self._end = 0
        with open(_MANIFEST) as manifest:
            for line in manifest:
                if line[:5] == "file ":
                    path, size, digest = self._module.entry(line.rstrip("\n"))
                    await self._check(path, size, digest)

    async def _file(self, made, path, size, digest):
        at = path.find("/")
        while at >= 0:
            _folder(f"{self._slot}/{path[:at]}", made)
            at = path.find("/", at + 1)
        total = sha256()
        with open(f"{self._slot}/{path}", "wb") as file:
            while size:
                piece = await self._piece(size)
                file.write(piece)
                total.update(piece)
                size -= len(piece)
                self.done += len(piece)
        if total.digest().hex() != digest:
            raise self._no(f"{path} was altered, or damaged on its way")

    async def _check(self, path, size, digest):
        """What the flash has of it."""
        total, view = sha256(), memoryview(self._buffer)
        with open(f"{self._slot}/{path}", "rb") as file:
            n = file.readinto(view)
            while n:
                total.update(view[:n])
                size -= n
                await asyncio.sleep_ms(0)
                n = file.readinto(view)
        if size or total.digest().hex() != digest:
            raise OSError(f"the flash did not keep {path}")


def _free() -> int:
    """Bytes of flash that nobody uses."""
    told = os.statvfs("/" if os.getcwd() == "/" else ".")
    return told[0] * told[3]


def _folder(path, made):
    """Make a folder, unless it was made."""
    if path not in made:
        made.add(path)
        try:
            os.mkdir(path)
        except OSError:
            pass  # it is there; if not, the file will say so


def _size_of(path) -> int:
    """Bytes of flash that would be free without a folder."""
    total = 0
    try:
        for name, kind, *_ in os.ilistdir(path):
            if kind & 0x4000:
                total += _size_of(f"{path}/{name}")
            else:
                total += (os.stat(f"{path}/{name}")[6] + 4095) // 4096 * 4096
    except OSError:
        pass
    return total


def _remove_tree(path):
    """Remove a folder and all in it, as far as that can be."""
    try:
        for name, kind, *_ in list(os.ilistdir(path)):
            if kind & 0x4000:
                _remove_tree(f"{path}/{name}")
            else:
                os.remove(f"{path}/{name}")
        os.rmdir(path)
    except OSError:
        pass
