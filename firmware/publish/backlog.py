"""Readings that wait for a destination, each with its time: the oldest in flash, newer in memory.

Memory is one buffer, the records one after the other; it grows with what waits, since mostly that
is a single reading. When a new one does not fit, the oldest move to flash as one block (spill.py),
or are thrown away and counted if there is none. A reading of
before the clock was known is dated once it is, by the ticks that have passed; until then it stays
in memory and is not given.

    record    length of the body, utc or -1 - seconds of our own (4 bytes, signed), body

All little-endian.
"""

import os
from struct import pack_into, unpack_from

from micropython import const

from firmware.publish.payload import copy
from firmware.rarely import load

HEAD = const(6)
_TICKS = const(0x3FFFFFFF)  # the period of ticks: 12.4 days
_LITTLE = const(1024)  # bytes of memory at first, and more at a time
BLOCK = const(4092)  # bytes of records in a block of flash; its checksum makes 4096


class Backlog:
    """size: bytes of memory at most; clock: link.clock.Clock; flash: (folder, most bytes) or None.

    `dropped`: readings that were thrown away, the oldest first. `error`: what the flash said last.
    What waits in flash is found again after a restart.
    """

    def __init__(self, size, clock, flash=None):
        self.dropped = 0
        self.error = ""
        self._clock = clock
        self._flash = flash or ()
        self._spill = None  # the part in flash, while there is something in it
        self._size = size
        self._little = _LITTLE  # bytes of memory while little waits: room for any reading
        self._data = b""
        self._tail = 0  # end of the last record in memory
        self._count = 0  # records in memory
        self._at = self._given = 0  # bytes and records in memory that the walk has given
        self._lent = False  # somebody may be reading the record given last
        self._undated = False  # there are records without a time
        self._seconds = 0  # of our own, counted by the ticks since
        self._since = clock.ticks_ms()
        self._resize(self._little)
        if flash and _filled(flash[0]):
            self._open()

    def __len__(self):
        return self._count + (self._spill.count if self._spill else 0)

    def add(self, body):
        """Keep a reading of now: bytes, or anything like it. -> its utc, None if it has none"""
        utc = self._date()
        need = HEAD + len(body)
        try:
            if need > min(BLOCK, self._size):
                raise MemoryError
            while self._little < need:
                self._little *= 2
            self._room(need)
        except MemoryError:
            self.dropped += 1
            return None
        if utc is None:
            self._undated = True
        at = self._tail
        pack_into("<Hi", self._data, at, len(body), -1 - self._seconds if utc is None else utc)
        self._tail = copy(self._data, at + HEAD, body, 0, len(body))
        self._count += 1
        return utc

    def rewind(self) -> None:
        """The walk begins again, at the oldest."""
        self._at = self._given = 0
        self._lent = False
        if self._spill:
            self._spill.rewind()

    def next(self):
        """(seconds since 2000, memoryview of the body) of the reading that follows, or None.

        What is in the view stays until next(), rewind() or drop() is called; add() may be.
        """
        if self._spill:
            found = self._spill.next()
            self._ask()
            if found:
                return found
        self._date()
        if self._at == self._tail:
            return None
        size, utc = unpack_from("<Hi", self._data, self._at)
        if utc < 0:
            return None  # and so are all that follow
        self._lent = True
        start = self._at + HEAD
        self._at = start + size
        self._given += 1
        return utc, self._data[start : self._at]

    def drop(self) -> None:
        """All that next() has given since rewind() is where it should be."""
        self._lent = False
        if self._spill:
            self._spill.drop()
            self._ask()
            if not self._spill.count:
                self._spill = None
        self._forget(self._at, self._given)
        if not self._tail and len(self._data) > self._little:
            self._resize(self._little)

    def close(self) -> None:
        """Before a restart: what is in memory goes to flash, if there is one."""
        self._lent = False
        while self._tail and self._put():
            pass

    def _room(self, need):
        """Make room in memory for so many bytes."""
        while self._tail + need > len(self._data):
            wider = max(self._little, len(self._data) + _LITTLE)
            if not self._resize(wider) and not self._put():
                if not self._tail:
                    raise MemoryError
                self._forget(HEAD + self._data[0] + (self._data[1] << 8), 1)
                self.dropped += 1

    def _resize(self, size) -> bool:
        """Have so many bytes of memory; false if there are no more, or not to be had."""
        size = min(size, self._size)
        if size == len(self._data):
            return False
        try:
            data = memoryview(bytearray(size))
        except MemoryError:
            return False
        copy(data, 0, self._data, 0, self._tail)
        self._data = data
        self._lent = False  # whoever reads a record keeps the old one
        return True

    def _put(self) -> bool:
        """Move the oldest in memory to flash, a block at most; false if they cannot go there."""
        if not self._flash or self._date() is None:
            return False
        if not self._spill:
            self._open()
        self._own()
        at = count = 0
        while at < self._tail:
            after = at + HEAD + self._data[at] + (self._data[at + 1] << 8)
            if after > BLOCK:
                break
            at = after
            count += 1
        given = min(self._given, count)
        kept = self._spill.write(self._data[:at], count, min(self._at, at), given)
        self._ask()
        if kept:
            self._forget(at, count)
        return kept

    def _forget(self, size, count):
        """Remove the oldest from memory."""
        self._own()
        copy(self._data, 0, self._data, size, self._tail)
        self._tail -= size
        self._count -= count
        self._at = max(0, self._at - size)
        self._given = max(0, self._given - count)

    def _own(self):
        """Records are about to move: whoever reads one keeps the old buffer."""
        if self._lent:
            self._data = memoryview(bytearray(self._data))
            self._lent = False

    def _date(self):
        """utc, or None; what has waited for the time gets it."""
        now = self._clock.ticks_ms()
        passed = (now - self._since & _TICKS) // 1000
        self._seconds += passed
        self._since = self._since + passed * 1000 & _TICKS
        utc = self._clock.utc()
        if self._undated and utc is not None:
            self._undated = False
            at = 0
            while at < self._tail:
                size, when = unpack_from("<Hi", self._data, at)
                if when < 0:
                    pack_into("<Hi", self._data, at, size, utc - self._seconds - 1 - when)
                at += HEAD + size
        return utc

    def _open(self):
        """The part in flash."""
        self._spill = load("publish.spill").Spill(*self._flash)
        self._ask()

    def _ask(self):
        """What the flash has to say."""
        self.error = self._spill.error
        self.dropped += self._spill.dropped
        self._spill.dropped = 0


def _filled(folder) -> bool:
    """Whether something waits there."""
    try:
        for _ in os.ilistdir(folder):
            return True
    except OSError:
        pass  # there is no such folder
    return False
