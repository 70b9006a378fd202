"""How far each destination is with the readings that wait, in RTC memory.

A reading waits until all destinations have it; of the oldest, one may have some already: its mark.
One that fails is left alone for a while, longer each time, while the others go on.
"""

from micropython import const

from firmware.power import PATIENCE, PAUSE
from firmware.rtcmem import MARKS, NOTED, SPILLED

_NAMES = ("mqtt", "influx", "post")
# Of the cells of each: readings it has, failures in a row, no try before that time.
_TRIES = const(1)
_LATER = const(2)


class Marks:
    """names: of the destinations that are set; cells: of rtcmem.Memory."""

    def __init__(self, names, cells):
        self.names = names
        self._cells = cells
        for name in _NAMES:
            if name not in names:
                at = self._at(name)
                cells[at] = cells[at + _TRIES] = cells[at + _LATER] = 0

    def _at(self, name) -> int:
        return MARKS + 3 * _NAMES.index(name)

    def of(self, name) -> int:
        """How many of the oldest it has. What was thrown away meanwhile is not among them."""
        cells = self._cells
        lost = cells[SPILLED] - cells[NOTED]
        if lost:
            cells[NOTED] = cells[SPILLED]
            for one in _NAMES:
                at = self._at(one)
                cells[at] = max(0, cells[at] - lost)
        return cells[self._at(name)]

    def due(self, now, waiting) -> list:
        """The destinations that lack some of the readings that wait, and may be tried."""
        cells = self._cells
        return [name for name in self.names
                if self.of(name) < waiting and now >= cells[self._at(name) + _LATER]]

    def least(self, names) -> int:
        """How many all of these destinations have."""
        return min(map(self.of, names))

    def took(self, name, count) -> None:
        """It has taken so many more."""
        cells, at = self._cells, self._at(name)
        cells[at] += count
        cells[at + _TRIES] = cells[at + _LATER] = 0

    def failed(self, name, now, chance) -> None:
        """It is left alone until a pause has passed; chance: as of Power.tries()."""
        cells, at = self._cells, self._at(name)
        cells[at + _TRIES] += 1
        pause = min(PAUSE << min(cells[at + _TRIES], 8), PATIENCE)
        cells[at + _LATER] = now + pause + pause * chance // 1024

    def drop(self, readings) -> None:
        """What all have waits no longer."""
        count = min(self.least(self.names), len(readings))
        if count:
            readings.drop(count)
            for name in self.names:
                self._cells[self._at(name)] -= count

    def shift(self, seconds) -> None:
        """The clock was wrong by so much."""
        for name in self.names:
            self._cells[self._at(name) + _LATER] += seconds
