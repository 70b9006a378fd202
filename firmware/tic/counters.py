"""Counts of what the reader saw, by cause.

A line that is a little too long or an opto-coupler that is a little too slow shows first in these
figures, so every rejected group is counted under one cause and none is dropped in silence.
"""

from array import array

from micropython import const

BYTES = const(0)
FRAMES = const(1)
FRAMES_CUT = const(2)
GROUPS = const(3)
# Causes of rejection, in the order of the sieves that find them.
PARITY = const(4)
CHECKSUM = const(5)
FORMAT = const(6)
UNKNOWN_LABEL = const(7)
WIDTH = const(8)
ALPHABET = const(9)
BACKWARDS = const(10)
JUMP = const(11)
IDENTITY = const(12)
OVERFLOW = const(13)
EOT = const(14)

_NAMES = (
    "bytes frames frames_cut groups parity checksum format unknown_label width alphabet backwards "
    "jump identity overflow eot"
)
_HALF = const(20)  # small ints end at 2**30: a count is kept as high * 2**20 + low


class Counters:
    """Counts since start; `value(index)` gives one."""

    def __init__(self):
        self._low = array("i", bytes(4 * (EOT + 1)))
        self._high = array("i", bytes(4 * (EOT + 1)))

    def add(self, index: int, n: int = 1) -> None:
        """Adds n (0 <= n < 2**20) without allocating, for ten years of bytes."""
        low = self._low[index] + n
        if low >> _HALF:
            self._high[index] += low >> _HALF
            low &= (1 << _HALF) - 1
        self._low[index] = low

    def value(self, index: int) -> int:
        """One count: BYTES, FRAMES ..."""
        return self._low[index] + (self._high[index] << _HALF)

    def all(self) -> dict:
        """All counts by name."""
        return {name: self.value(index) for index, name in enumerate(_NAMES.split())}
