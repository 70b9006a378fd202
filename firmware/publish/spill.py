"""The part of a backlog that is in flash: a ring of blocks, each a file that is written once.

A file is as large as a block of the flash, so LittleFS erases one block for it and copies none.
Its name is its number and how many records it holds, number * 1000 + records: the folder alone
tells what waits and in which order, and there is nothing else to keep up to date. A block that a
power cut left unfinished is no file yet, or fails its CRC: it is removed when it is reached, its
records counted as dropped. The others are never touched.

    block    CRC-32 of the records (little-endian), records as in backlog.py

How much of the oldest block was delivered is known in memory only: after a power cut while it is
being sent, up to a block is sent once more.

Wear: a reading of 600 bytes every 30 s fills 480 blocks a day. On 2 MB that are half full, the
block that is erased most reaches the 100 000 cycles of usual flash after 100 years without a
broker: tests/unit/test_spill.py counts, on LittleFS in memory.
"""

import os
from binascii import crc32
from struct import pack, unpack

from micropython import const

from firmware.publish.backlog import HEAD

_SIZE = const(4096)  # bytes of flash that a block takes
_SHARE = const(4)  # of what is free, one part at most
_MANY = const(1000)  # more than the records in a block
_CRC = const(4)
_PIECE = const(256)  # bytes that are read at once to verify a block


class Spill:
    """folder: where the files are; size: bytes that they may take.

    `count`: records that wait; `dropped`: those thrown away since somebody set it to 0; `error`:
    what the flash said last.
    """

    def __init__(self, folder, size):
        self.error = ""
        self.dropped = self.count = 0
        self._folder = folder
        self._blocks = 0  # files
        self._held = -1  # number of the block that is being read,
        self._name = 0  # its name,
        self._end = 0  # and how many bytes of records it has
        last = -1
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there, or writing will say what is wrong
        for name in self._names():
            self.count += name % _MANY
            self._blocks += 1
            last = max(last, name // _MANY)
        self._next = last + 1  # number of the block that is written next
        self._limit = min(size, self._room()) // _SIZE
        # The oldest block, of which some may have been delivered: number, bytes, records.
        self._first = self._from = self._gone = 0
        self.rewind()

    def write(self, pieces, count, given=0) -> bool:
        """Append a block of so many records, in pieces (bytes). The walk has given some already:
        the first pieces then, each a record.

        False if it could not be kept.
        """
        while self._blocks >= self._limit:
            if self._limit < 2 or not self._discard():
                self.error = self.error or "no room in flash"
                return False
        number = self._next
        while not self._kept(number * _MANY + count, pieces):
            if not self._discard():
                return False
        if number == self._number:
            self._at, self._index = sum(len(one) for one in pieces[:given]), given
            if given == count:
                self._pass()
        self._next += 1
        self._blocks += 1
        self.count += count
        self.error = ""
        return True

    def rewind(self) -> None:
        """The walk begins again, at the oldest."""
        self._number, self._at, self._index = self._first, self._from, self._gone

    def next(self):
        """As Backlog.next(); None behind the last."""
        while True:
            if self._held != self._number:
                name = self._find(self._number)
                if name < 0:
                    self._number = self._next
                    self._at = self._index = 0
                    return None
                if name // _MANY != self._number:
                    self._number = name // _MANY
                    self._at = self._index = 0
                self._name = name
            found = self._record()
            if found:
                return found
            self._held = -1
            if not self._remove(self._name):
                self._pass()

    def skip(self, most) -> int:
        """Go past blocks that hold so many records at most, all together, unread; how many those
        are.
        """
        passed = 0
        while True:
            name = self._find(self._number)
            if name < 0 or passed + name % _MANY > most:
                return passed
            passed += name % _MANY
            self._number = name // _MANY
            self._pass()

    def drop(self) -> None:
        """All that next() has given since rewind() is where it should be."""
        name = self._find(0)
        while 0 <= name < self._number * _MANY:
            if not self._remove(name, False):
                return
            name = self._find(0)
        self.count -= self._index - self._gone
        self._first, self._from, self._gone = self._number, self._at, self._index

    def _pass(self):
        """The walk goes on with the next block."""
        self._number += 1
        self._at = self._index = 0

    def _discard(self) -> bool:
        """Throw away the oldest block; false if there is none."""
        name = self._find(0)
        if name < 0:
            return False
        walked = name // _MANY == self._number
        if not self._remove(name):
            return False
        if walked:
            self._pass()
        return True

    def _remove(self, name, lost=True) -> bool:
        """Remove a block; lost: what was left of it counts as dropped."""
        try:
            os.remove(self._path(name))
        except OSError as error:
            self.error = str(error)
            return False
        count = name % _MANY
        if name // _MANY == self._first:
            count -= self._gone
            self._from = self._gone = 0
        self.count -= count
        self._blocks -= 1
        if lost:
            self.dropped += count
        return True

    def _kept(self, name, pieces) -> bool:
        """Write a file; false, and nothing of it is left, if the flash does not take it."""
        found = 0
        for piece in pieces:
            found = crc32(piece, found)
        try:
            with open(self._path(name), "wb") as file:
                file.write(pack("<I", found & 0xFFFFFFFF))
                for piece in pieces:
                    file.write(piece)
            return True
        except OSError as error:
            self.error = str(error)
        try:
            os.remove(self._path(name))
        except OSError:
            pass  # it was never there
        return False

    def _record(self):
        """The record that follows in a block, whose sum is verified at the first; None if it is
        damaged.
        """
        try:
            with open(self._path(self._name), "rb") as file:
                if self._held != self._number:
                    self._end = _whole(file)
                    self._held = self._number
                if self._at + HEAD > self._end:
                    return None
                file.seek(_CRC + self._at)
                size, utc = unpack("<Hi", file.read(HEAD))
                body = memoryview(file.read(size))
        except OSError as error:
            self.error = str(error)
            return None
        self._at += HEAD + size
        self._index += 1
        if self._at >= self._end:
            self._pass()
        return utc, body

    def _find(self, least):
        """The oldest block whose number is not below least, by its name; -1 if there is none."""
        found = -1
        for name in self._names():
            if name >= least * _MANY and (found < 0 or name < found):
                found = name
        return found

    def _names(self):
        """Iterate over the names of all blocks."""
        try:
            for name, *_ in os.ilistdir(self._folder):
                if name.isdigit():
                    yield int(name)
        except OSError as error:
            self.error = str(error)

    def _path(self, name) -> str:
        return f"{self._folder}/{name}"

    def _room(self) -> int:
        """Bytes that all blocks may take, those that are there included."""
        try:
            found = os.statvfs(self._folder)
        except OSError as error:
            self.error = str(error)
            return 0
        return (found[1] * found[3] + self._blocks * _SIZE) // _SHARE


def _whole(file) -> int:
    """Bytes of records in a block, 0 if it is damaged."""
    size, found = 0, 0
    wanted = file.read(_CRC)
    piece = bytearray(_PIECE)
    n = file.readinto(piece)
    while n:
        found = crc32(memoryview(piece)[:n], found)
        size += n
        n = file.readinto(piece)
    return size if pack("<I", found & 0xFFFFFFFF) == wanted else 0
