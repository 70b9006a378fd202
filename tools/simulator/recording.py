"""A recording of a meter, played again: what it is, at which rate, cut into frames."""

import re

from .frames import checksum
from .wire import strip

_PAUSE = (0.0167, 0.0334)       # s between two frames, both documents


def _valid(octets: bytes) -> tuple:
    """(groups valid as standard, as historique or PME-PMI) among the first 200 kB."""
    counts = [0, 0]
    for body in re.split(b"[\\r\\n\x02\x03]", strip(octets[:200_000])):     # CR may have become LF
        if len(body) < 4:
            continue
        if body[-2] == 9 and checksum(body[:-1]) == body[-1]:
            counts[0] += 1
        elif body[-2] == 32 and checksum(body[:-2]) == body[-1]:
            counts[1] += 1
    return tuple(counts)


def recognise(octets: bytes) -> str:
    """The mode of a recording, from its content; ValueError if no group is valid."""
    standard, other = _valid(octets)
    if not standard and not other:
        raise ValueError("no group with a valid checksum")
    if standard > other:
        return "standard"
    plain = strip(octets)
    return "pmepmi" if b"\nMESURES1 " in plain or b"\nMESURES2 " in plain else "historique"


class Recording:
    """Plays like a meter: `mode`, and pieces(), again from the start when it ends (`loop`)."""

    def __init__(self, octets: bytes, draw, loop: bool = True):
        """`draw`: a random.Random for the pauses, which a recording does not hold."""
        self.mode = recognise(octets)
        self.parity = False             # recordings hold none: replayed as they are
        self.report = {}
        self._octets, self._draw, self._loop = octets, draw, loop

    def pieces(self, rate: int):
        """Yield (bytes, seconds of rest after them, True at the end of a frame)."""
        while True:
            start = 0
            while start < len(self._octets):
                end = self._octets.find(b"\x03", start) + 1 or len(self._octets)
                yield self._octets[start:end], self._draw.uniform(*_PAUSE), True
                start = end
            if not self._loop:
                return


class Performance:
    """A simulated meter on the line: its frames, one after the other, for ever.

    `rest` is the pause in s after each group: 0 in most meters, 0.021 in slow ones (Sagemcom).
    """

    parity = True

    def __init__(self, meter, draw, rest: float = 0.0):
        self.meter, self._draw, self._rest = meter, draw, rest
        self.report = {}

    @property
    def mode(self) -> str:
        """The meter's mode now."""
        return self.meter.mode

    def pieces(self, rate: int):
        """Yield (bytes, seconds of rest after them, True at the end of a frame)."""
        meter = self.meter
        while True:
            pause = self._draw.uniform(*_PAUSE)
            lasts = meter.octets * 10 / rate + meter.groups * self._rest + pause
            frame = meter.frame_during(lasts)
            octets = meter.encode(frame)
            self.report = {"time": meter.time, "groups": len(frame), "power": sum(meter.s),
                           "index": meter.registers.total}
            if not self._rest:
                yield octets, pause, True
                continue
            parts = octets.split(b"\r")
            for part in parts[:-2]:
                yield part + b"\r", self._rest, False
            yield parts[-2] + b"\r" + parts[-1], pause, True
