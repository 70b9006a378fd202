"""Readings that wait in RTC memory: each as what changed since the one before.

A reading is a list of lines as bytes, LABEL<HT>value or LABEL<HT>horodate<HT>value, in the order
of the frame. A record:

    0  length of all of it (2)      2  seconds since the record before (3)
    5  bytes of the lines, each with LF behind it; or, if the first byte is 0, changes: number of
       the line, bytes kept of what was there, number of new bytes, the new bytes.
       Kept 255: the line has not come this time; what it said before stays for the next.

The first record stays when it was delivered (cell KEPT): the next is compared with it, and so is
what the meter says (quick.py).
"""

from micropython import const

from firmware.rtcmem import CLOCK, FIRST, KEPT, LAST, MODE

_GONE = const(255)
_HEAD = const(5)
_LONGEST = const(0xFFFFFF)  # s between two records


def full(lines) -> bytes:
    """The body of a record that stands alone."""
    return b"\n".join(lines) + b"\n"


def chosen(lines, names) -> list:
    """Those of the labels `names`, if one of them has come; else all."""
    found = [line for line in lines if line[: line.find(b"\t")] in names]
    return found or lines


def changes(lines, before):
    """The body that makes lines of those before; None if there is a new label among them."""
    body = bytearray(1)
    at = 0  # in lines: both are in the same order
    for number, old in enumerate(before):
        if at == len(lines) or not lines[at].startswith(old[: old.find(b"\t") + 1]):
            body += bytes((number, _GONE, 0))
            continue
        new = lines[at]
        at += 1
        if new != old:
            kept = 0
            while kept < min(len(new), len(old)) and new[kept] == old[kept]:
                kept += 1
            body += bytes((number, kept, len(new) - kept))
            body += new[kept:]
    return body if before and at == len(lines) else None


def apply(body, state) -> list:
    """Change the lines `state` by a record's body; -> those of them that have come."""
    if body[0]:
        state[:] = bytes(body[: len(body) - 1]).split(b"\n")
        return list(state)
    came, at = list(state), 1
    while at < len(body):
        number, kept, n = body[at : at + 3]
        at += 3
        if kept == _GONE:
            came[number] = None
        else:
            came[number] = state[number] = state[number][:kept] + bytes(body[at : at + n])
        at += n
    return [line for line in came if line]


def _head(body, passed) -> bytes:
    return (len(body) + _HEAD).to_bytes(2, "little") + passed.to_bytes(3, "little")


def walk(data, time, state):
    """Iterate over (time, lines, where its record ends) of the records in data."""
    at = 0
    while at < len(data):
        end = at + (data[at] | data[at + 1] << 8)
        time += data[at + 2] | data[at + 3] << 8 | data[at + 4] << 16
        yield time, apply(memoryview(data)[at + _HEAD : end], state), end
        at = end


class Readings:
    """memory: rtcmem.Memory. `state`: the newest value of each line."""

    def __init__(self, memory):
        self._memory = memory
        self.state = []
        self._count = 0
        for _ in walk(memory.readings, 0, self.state):
            self._count += 1

    def __len__(self):
        """How many wait."""
        return self._count - self._memory.cells[KEPT]

    def add(self, time, lines) -> bool:
        """A reading taken at that time; False if there is no room for it."""
        memory = self._memory
        cells = memory.cells
        body = changes(lines, self.state) or full(lines)
        if memory.room() < len(body) + _HEAD:
            return False
        if not self._count:
            cells[FIRST] = cells[LAST] = time
        passed = min(max(time - cells[LAST], 0), _LONGEST)
        cells[LAST] += passed
        memory.readings += _head(body, passed) + body
        apply(body, self.state)
        self._count += 1
        return True

    def oldest(self, skip=0) -> int:
        """When the oldest that waits was taken, but for so many."""
        cells = self._memory.cells
        skip += cells[KEPT]
        for time, _, _ in walk(self._memory.readings, cells[FIRST], []):
            if not skip:
                return time
            skip -= 1
        return cells[LAST]

    def each(self, skip=0):
        """Iterate over (time, None if it is not known, lines, mode) of those that wait, the oldest
        first, but for so many.
        """
        cells = self._memory.cells
        skip, right = skip + cells[KEPT], cells[CLOCK] > 0
        for time, lines, _ in walk(self._memory.readings, cells[FIRST], []):
            if skip:
                skip -= 1
            else:
                yield time if right else None, lines, cells[MODE]

    def drop(self, count) -> None:
        """The oldest so many are delivered."""
        memory, cells, state = self._memory, self._memory.cells, []
        count += cells[KEPT]
        if not count:
            return
        walked = walk(memory.readings, cells[FIRST], state)
        while count:
            time, _, end = next(walked)
            count -= 1
        rest = memory.readings[end:]
        body = full(state)
        memory.readings = bytearray(_head(body, 0) + body + rest)
        cells[FIRST] = time
        cells[KEPT] = 1
        self._count = 0
        for _ in walk(memory.readings, 0, []):
            self._count += 1

    def shift(self, seconds) -> None:
        """The clock was wrong by so much."""
        self._memory.cells[FIRST] += seconds
        self._memory.cells[LAST] += seconds
