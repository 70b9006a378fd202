"""History on the board: power by minute for a day, by ten minutes for 60 days, energy by day for
five years.

Power is the mean apparent power in VA, injected counts negative. Time is UTC throughout, so the
changes of hour do not show. Minutes are gathered in memory and written every half hour, with their
means over ten minutes (ring.py): that half hour is what a power cut can take. Energy is not
gathered (energy.py); a day is written when it is over.

Samples of before the clock was known are placed once it is, the last half hour of them; earlier
ones are dropped and counted.
"""

from array import array

from micropython import const

from firmware import rarely

MINUTE, TEN, DAY = "minute", "ten", "day"
BATCH = const(30)  # minutes
NONE = const(-0x40000000)  # a minute of which nothing was seen

# What is in a file (ring.py): each block has a head, which begins with a mark, and a tail.
MARK = const(0xA5)
HEAD = const(4)
TAIL = const(2)
MISSING = const(-0x8000)
EXACT = const(16384)  # VA
COARSE = const(16)
# Letter of its files, slots in one of them, files that are kept: one more than the span needs.
_RINGS = "minute m 720 3 ten t 1008 10 day d 64 30"


def ring(kind) -> tuple:
    """(letter, slots, files) of a kind of history."""
    cells = _RINGS.split()
    at = cells.index(kind)
    return cells[at + 1], int(cells[at + 2]), int(cells[at + 3])


class History:
    """folder: where the files are. `dropped`: samples that found no place. `error`: what the flash
    said last, None if it took all.
    """

    def __init__(self, clock, folder):
        self.clock = clock
        self.folder = folder
        self.dropped = 0
        self.error = None
        self.pending = array("i", [0] * BATCH)  # VA
        self.count = 0
        self.first = 0  # minute of the first of them, by the clock or by the ticks
        self.placed = False  # by the clock

    def minute(self, minute, va, placed) -> None:
        """The mean of a minute (None: nothing was seen); placed: its number is the clock's."""
        if placed != self.placed:
            self.flush()
            self.placed = placed
        gap = minute - self.first - self.count
        if not self.count or not 0 <= gap <= BATCH:
            self.flush()
            self.first = minute
            gap = 0
        while gap >= 0:
            if self.count == BATCH:
                self.flush(1)
            self.pending[self.count] = NONE if gap or va is None else va
            self.count += 1
            gap -= 1
        if placed and (minute + 1) % BATCH == 0:
            self.flush()

    def flush(self, least=BATCH) -> None:
        """Write what is pending; without a time, forget at least so many of it."""
        if self.count:
            rarely.load("ring").flush(self, least)

    def day(self, day, flags, energies) -> None:
        """The energy of a day that is over, [(key, Wh)]."""
        rarely.load("ring").energy(self, day, flags, energies)

    def rows(self, kind, start, end, step):
        """Rows of a span, streamed: see past.py."""
        return rarely.load("past").rows(self, kind, start, end, step)
