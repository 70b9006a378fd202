"""All readings that wait: the newest in RTC memory, and what had no room there in flash.

What RTC memory holds goes to flash as one block (publish/spill.py), which a power cut harms no
other of. Loaded when RTC memory is full, when the charge goes, and while something is in flash.

    a block's record    flags (1): 1 the first reading was delivered before, 2 the clock was right,
                        the mode of the meter by 4; then readings as in readings.py
"""

from struct import pack

from micropython import const

from firmware.publish.spill import Spill
from firmware.quick.readings import walk
from firmware.rtcmem import CLOCK, FIRST, FLASH, KEPT, MODE, SHIFT, SKIP, SPILLED

_FOLDER = "asleep"
_HELD = const(1)
_RIGHT = const(2)


class Waiting:
    """readings: those in RTC memory; size: bytes of flash. As Readings, but for what it says."""

    def __init__(self, memory, readings, size):
        self._memory = memory
        self._cells = memory.cells
        self._readings = readings
        self._size = size
        self._spill = Spill(_FOLDER, size)
        self._count()

    def __len__(self):
        return max(0, self._cells[FLASH] - self._cells[SKIP]) + len(self._readings)

    def _count(self):
        cells, spill = self._cells, self._spill
        if spill.dropped:
            cells[SPILLED] += max(0, spill.dropped - cells[SKIP])
            cells[SKIP] = spill.dropped = 0
        cells[FLASH] = spill.count
        if not spill.count:
            cells[SKIP] = 0

    def move(self) -> bool:
        """Everything in RTC memory to flash; False if that failed or there is nothing."""
        memory, cells, readings = self._memory, self._cells, self._readings
        count = len(readings)
        if not count:
            return False
        flags = cells[KEPT] * _HELD | (cells[CLOCK] > 0) * _RIGHT | cells[MODE] << 2
        body = bytes((flags,)) + memory.readings
        kept = self._spill.write((pack("<Hi", len(body), cells[FIRST]), body), count)
        if kept:
            readings.drop(count)
        self._count()
        return kept

    def _batch(self, found):
        """Iterate over (time or None, lines, mode) of a block."""
        first, body = found
        flags, cells = body[0], self._cells
        first += 0 if flags & _RIGHT else cells[SHIFT]
        known = flags & _RIGHT or cells[SHIFT] and cells[CLOCK] > 0
        held = flags & _HELD
        for time, lines, _ in walk(body[1:], first, []):
            if not held:
                yield time if known else None, lines, flags >> 2
            held = 0

    def each(self, skip=0):
        """Iterate over (time, None if it is not known, lines, mode), the oldest first, but for so
        many.
        """
        spill = Spill(_FOLDER, self._size)  # of its own: two may walk at once
        skip += self._cells[SKIP]
        skip -= spill.skip(skip)
        found = self._step(spill)
        while found:
            for one in self._batch(found):
                if skip:
                    skip -= 1
                else:
                    yield one
            found = self._step(spill)
        yield from self._readings.each(skip)

    def _step(self, spill):
        """The block that a walk comes to; what was damaged on the way counts as lost."""
        found = spill.next()
        self._spill.count -= spill.dropped
        self._spill.dropped += spill.dropped
        spill.dropped = 0
        return found

    def drop(self, count) -> None:
        """The oldest so many are delivered."""
        cells, spill = self._cells, self._spill
        spill.rewind()
        found = spill.next() if count else None
        while found and count:
            left = sum(1 for _ in self._batch(found)) - cells[SKIP]
            if count < left:
                cells[SKIP] += count
                self._count()
                return
            count -= left
            cells[SKIP] = 0
            spill.drop()
            found = spill.next()
        self._count()
        self._readings.drop(count)
