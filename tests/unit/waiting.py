"""For tests of what waits for a destination: a clock that the test moves, readings by number."""

import time

_DAY = 86400


class Clock:
    """What a backlog asks of link.clock.Clock."""

    def __init__(self, utc=None):
        self.now = utc
        self._ticks = time.ticks_add(0, -40_000)  # they begin again within the test

    def ticks_ms(self):
        return self._ticks

    def utc(self):
        return self.now

    def go(self, seconds):
        for part in range(0, seconds, _DAY):  # ticks_add() adds no more than 6 days
            self._ticks = time.ticks_add(self._ticks, min(_DAY, seconds - part) * 1000)
        if self.now is not None:
            self.now += seconds


def body(number, size=100):
    """A reading: its number, and anything."""
    text = b"%d " % number
    return text + bytes((number * 31 + i) & 0xFF for i in range(size - len(text)))


def number(view):
    """The number of a reading; it is what body() made of it."""
    text = bytes(view)
    found = int(text.split(b" ")[0])
    assert text == body(found, len(text)), text
    return found


def given(kept, most=1000):
    """[(time, number)] of what next() gives."""
    found = []
    while len(found) < most:
        one = kept.next()
        if one is None:
            break
        found.append((one[0], number(one[1])))
    return found


def numbers(kept, most=1000):
    """The numbers alone, from the beginning."""
    kept.rewind()
    return [one[1] for one in given(kept, most)]
