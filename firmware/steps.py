"""Steps of power: an appliance was switched on or off. Off by default, imported when switched on.

Each step is one event, "power_step":

    va        the size in VA; negative: switched off
    from_va   the level before, the median of three frames; to_va, the level after, likewise.
              Negative while the meter says that it injects
    ago       s since it happened, when the event is told
    w         active power of the step, W: the speed of the index on the level after, less that on
              the level before. Only where this is within 20 % of the step
    power_factor    thousandths, w by va
    phase     1 to 3, of a three-phase meter: the one whose power or current moved most

A level is three frames in a row that agree within half of the smallest step, or 5 % of the power.
Two levels that differ by the smallest step are a step; by less, the level drifts along. What is
between two levels (a motor that starts, a switch in the middle of a frame) is left out, and two
switches within three frames are one. Power that does not settle for 20 frames gives no step.

An event waits for the active power to be known within 10 %, for a minute at most, or until the
next step. Derived.active_w would not do: it takes what has just been switched on for a mean of
what was on before.

Apparent powers add up as vectors: the step of a motor beside a heater is smaller than its own VA,
while active power adds up exactly.

Measured on three simulated days of a house of nine appliances, beside a base load that flickers
by 80 W, a frame every 1.25 s (standard) or 1.9 s (historique, in 10 VA): of 2107 switchings 93 %
and 92 % were found, within 8 s and 25 % (or 80 VA) of their size; the fridge of 130 VA 74 %. 98 %
of the steps told were one of them. What is missed are mostly two at once, and what lasts for less
than three frames. Active power came with 60 % and 50 % of them, half of these within 2.5 %, nine
of ten within 8 %.
"""

from array import array

from micropython import const

_WINDOW = const(3)  # frames that make a level
_RESTLESS = const(20)  # frames without a level until nothing is known of what was before
_GAP = const(15_000)  # ms
_WAIT = const(60_000)  # ms for the active power
_GOOD = const(10)  # % of the step that its active power may be off, not to wait for better
_FAIR = const(20)  # to be told at all
_TICKS = const(0x3FFFFFFF)
_WH = const(3_600_000)  # W ms


class Steps:
    """Call frame() at each end of frame. tell: called with key and figures of each event."""

    def __init__(self, meter, tell, settings):
        self._meter = meter
        self._tell = tell
        self._least = settings["step_va"]
        self._at = None  # tick of the last frame
        self._index = None  # Wh, then
        self._last = array("i", [0] * _WINDOW)  # VA
        self._ticks = array("i", [0] * _WINDOW)
        self._count = 0  # frames since nothing was known
        self._restless = 0
        self._level = None  # VA
        self._phases = None  # VA or A of each, of the level
        # Two steps of the index on this level: Wh and tick of the first, of the last; ms between
        # frames; the level then.
        self._edges = None
        self._frame = 0
        self._waiting = None  # figures of the step that is not told yet
        self._happened = 0
        self._before = None  # (W, how much it may be off) of the level before that step

    def frame(self, now) -> None:
        """A frame has ended at tick `now`."""
        meter = self._meter
        va, injected = meter.apparent_va, meter.injected_va
        if injected:
            va = (va or 0) - injected
        passed = 0 if self._at is None else (now - self._at) & _TICKS
        if va is None or passed > _GAP:
            self._lose(now)
        self._at = now
        if va is None:
            return
        self._frame = passed
        turn = self._count % _WINDOW
        self._last[turn] = va
        self._ticks[turn] = now
        self._count += 1
        index = meter.withdrawn_wh
        edge = index if self._index is not None and index != self._index else None
        self._index = index
        if self._count >= _WINDOW:
            self._settle(now, edge)
        if self._waiting:
            if (now - self._happened) & _TICKS >= _WAIT or self._active(_GOOD) is not None:
                self._flush(now)

    def _settle(self, now, edge):
        """Is there a level, and is it another one?"""
        low, high = min(self._last), max(self._last)
        middle = sum(self._last) - low - high
        if high - low > max(self._least // 2, abs(middle) // 20):
            self._restless += 1
            if self._restless >= _RESTLESS:
                self._lose(now)
            return
        self._restless = 0
        level, self._level = self._level, middle
        phases, self._phases = self._phases, self._by_phase()
        if level is None or abs(middle - level) < self._least:
            if edge is not None:
                self._edge(edge, now)
            return
        self._flush(now)
        self._before = self._watts()
        self._edges = None
        self._happened = self._ticks[self._count % _WINDOW]  # the oldest
        self._waiting = {"va": middle - level, "from_va": level, "to_va": middle}
        if phases and self._phases:
            moves = [abs(after - before) for before, after in zip(phases, self._phases)]
            if max(moves):
                self._waiting["phase"] = moves.index(max(moves)) + 1

    def _lose(self, now):
        """Nothing is known of the level any more."""
        self._flush(now)
        self._count = self._restless = 0
        self._level = self._phases = self._edges = None

    def _by_phase(self):
        meter = self._meter
        if meter.phases != 3:
            return None
        for label in (b"SINSTS%d", b"IINST%d"):
            values = [meter.number(label % n) for n in (1, 2, 3)]
            if None not in values:
                return values
        return None

    def _edge(self, wh, now):
        """The index stepped on a level."""
        edges = self._edges
        if edges and abs(self._level - edges[4]) < self._least and wh > edges[2]:
            edges[2], edges[3] = wh, now
        else:
            self._edges = [wh, now, wh, now, self._level]

    def _watts(self):
        """(active power of the level, how much it may be off), None if it is not known."""
        edges = self._edges
        if not edges or edges[0] == edges[2]:
            return None
        ms = (edges[3] - edges[1]) & _TICKS
        watts = (edges[2] - edges[0]) * _WH // ms
        return watts, watts * self._frame // ms + 1

    def _active(self, percent):
        """Active power of the step that waits, if it is as exact as that."""
        after, step = self._watts(), self._waiting
        if after and step and self._before:
            off = after[1] + self._before[1]
            if off * 100 <= percent * abs(step["va"]):
                return after[0] - self._before[0]
        return None

    def _flush(self, now):
        """Tell the step that waits."""
        facts = self._waiting
        if not facts:
            return
        watts = self._active(_FAIR)
        if watts is not None:
            facts["w"] = watts
            facts["power_factor"] = max(0, min(1000, watts * 1000 // facts["va"]))
        facts["ago"] = ((now - self._happened) & _TICKS) // 1000
        self._waiting = None
        self._tell("power_step", facts)
