"""Readings that wait for a destination, each with its time: the oldest in flash, newer in memory.

In memory each is an object of its own, so that as much is taken as waits. When a new one does not
fit, the oldest move to flash as one block (spill.py), or are thrown away and counted if there is
none. A reading of before the clock was known is dated once it is, by the ticks that have passed;
until then it stays in memory and is not given.

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
        self._most = size
        self._size = 0  # bytes in memory
        self._records = []  # in memory
        self._given = 0  # records in memory that the walk has given
        self._undated = False  # there are records without a time
        self._seconds = 0  # of our own, counted by the ticks since
        self._since = clock.ticks_ms()
        if flash and _filled(flash[0]):
            self._open()

    def __len__(self):
        return len(self._records) + (self._spill.count if self._spill else 0)

    def add(self, body):
        """Keep a reading of now: bytes, or anything like it. -> its utc, None if it has none"""
        utc = self._date()
        need = HEAD + len(body)
        try:
            if need > min(BLOCK, self._most):
                raise MemoryError
            while self._size + need > self._most:
                self._leave()
            record = self._record(need)
        except MemoryError:
            self.dropped += 1
            return None
        if utc is None:
            self._undated = True
        pack_into("<Hi", record, 0, len(body), -1 - self._seconds if utc is None else utc)
        copy(record, HEAD, body, 0, len(body))
        self._records.append(record)
        self._size += need
        return utc

    def rewind(self) -> None:
        """The walk begins again, at the oldest."""
        self._given = 0
        if self._spill:
            self._spill.rewind()

    def next(self):
        """(seconds since 2000, memoryview of the body) of the reading that follows, or None.

        What is in the view stays.
        """
        if self._spill:
            found = self._spill.next()
            self._ask()
            if found:
                return found
        self._date()
        if self._given == len(self._records):
            return None
        record = self._records[self._given]
        utc = unpack_from("<i", record, 2)[0]
        if utc < 0:
            return None  # and so are all that follow
        self._given += 1
        return utc, memoryview(record)[HEAD:]

    def drop(self) -> None:
        """All that next() has given since rewind() is where it should be."""
        if self._spill:
            self._spill.drop()
            self._ask()
            if not self._spill.count:
                self._spill = None
        self._forget(self._given)

    def close(self) -> None:
        """Before a restart: what is in memory goes to flash, if there is one."""
        while self._records and self._put():
            pass

    def _record(self, size):
        """Memory for a record; older ones make room if there is none. MemoryError if in vain."""
        while True:
            try:
                return bytearray(size)
            except MemoryError:
                if not self._records:
                    raise
                self._leave()

    def _leave(self):
        """The oldest in memory go to flash, or one of them is thrown away."""
        if not self._put():
            self._forget(1)
            self.dropped += 1

    def _put(self) -> bool:
        """Move the oldest in memory to flash, a block at most; false if they cannot go there."""
        if not self._flash or self._date() is None:
            return False
        if not self._spill:
            self._open()
        size = count = 0
        for record in self._records:
            if size + len(record) > BLOCK:
                break
            size += len(record)
            count += 1
        kept = self._spill.write(self._records[:count], count, min(self._given, count))
        self._ask()
        if kept:
            self._forget(count)
        return kept

    def _forget(self, count):
        """Remove the oldest from memory."""
        for record in self._records[:count]:
            self._size -= len(record)
        del self._records[:count]
        self._given = max(0, self._given - count)

    def _date(self):
        """utc, or None; what has waited for the time gets it."""
        now = self._clock.ticks_ms()
        passed = (now - self._since & _TICKS) // 1000
        self._seconds += passed
        self._since = self._since + passed * 1000 & _TICKS
        utc = self._clock.utc()
        if self._undated and utc is not None:
            self._undated = False
            for record in self._records:
                when = unpack_from("<i", record, 2)[0]
                if when < 0:
                    pack_into("<i", record, 2, utc - self._seconds - 1 - when)
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
