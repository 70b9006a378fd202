"""What the meter does not say, derived from what it says: means, active power, injection.

Power by frame is held until the next frame comes, for a minute at most. Injected power counts
negative. All of it is integer arithmetic, and remainders are carried on: nothing drifts.
"""

from array import array

from micropython import const

_HOLD = const(60_000)  # ms that a value stands for when no other comes
_WH = const(10)  # Wh that make a power factor
_SHORTEST = const(60_000)  # ms that make one
_LONGEST = const(900_000)  # ms after which two Wh must do
_TEN = const(10)
_MISSING = const(-0x40000000)


class Derived:
    """Call frame() at each end of frame, minute() at the end of each minute. None is unknown.

    `mean_minute`, `mean_ten`: VA over the minute that ended last, and over the last ten. As exact
    as the meter's own values: historique is rounded to 10 VA, standard shows 1 VA; what changes
    between two frames (1 to 2.5 s) goes unseen. Minutes without a frame are left out of the ten.

    `power_factor`: thousandths, active energy by the index over the apparent energy withdrawn in
    the same time: at least 10 Wh and a minute, or what 15 minutes gave, between two steps of the
    index. Its error: a frame at each end (4 % after a minute, less the longer it takes), and half
    of the rounding of the power (5 % of 100 VA in historique, below 1 % from 500 VA on).

    `active_w`: apparent power now by that factor: a mean of the last minutes, so an appliance that
    has just been switched on is taken for one like those before. Without an index that advances
    (0 VA, injection) the factor is the last one known.

    `injection_va`: estimate for a self-consumer whose meter says nothing of injection: power
    withdrawn is 0 although current flows (current by voltage, 230 V where none is sent, less the
    phases that withdraw). Currents are whole amperes: off by up to 115 VA a phase, blind below;
    it is apparent power, so the capacitors of a house at rest can look like a few hundred VA.
    None where the meter counts injection itself.
    """

    def __init__(self):
        self.mean_minute = self.mean_ten = None
        self.power_factor = self.active_w = self.injection_va = None
        self._now = None  # tick of the last frame
        self._seen = False  # in this minute
        self._va = None  # apparent power from it on, injected is negative
        self._sum = 0  # VA ms of this minute
        self._ms = 0
        self._minutes = array("i", [_MISSING] * _TEN)
        self._turn = 0
        self._index = None  # Wh
        self._since = -1  # ms since the step of the index that began this factor, -1 without one
        self._first = 0  # the index then
        self._mvah = 0  # apparent energy since, in mVAh
        self._rest = 0  # and 3600ths of it

    def frame(self, meter, now) -> None:
        """A frame of the meter (tic/meter.py, or numbers under the same names) at tick `now`."""
        withdrawn, injected = meter.apparent_va, meter.injected_va
        if self._now is not None:
            passed = (now - self._now) & 0x3FFFFFFF
            self._hold(passed if passed <= _HOLD else 0)
        self._now = now
        self._seen = True
        self._step(meter.withdrawn_wh)
        self._va = withdrawn if not injected else (withdrawn or 0) - injected
        self.active_w = self.injection_va = None
        if withdrawn is not None and self.power_factor is not None:
            self.active_w = withdrawn * self.power_factor // 1000
        if injected is None and withdrawn is not None and not meter.producer:
            self.injection_va = 0 if withdrawn else self._unseen(meter)

    def minute(self):
        """The minute is over: its mean in VA, None if nothing was seen of it."""
        mean = self._va if self._seen else None
        if self._ms:
            mean = (self._sum + self._ms // 2) // self._ms
        if not self._seen:  # whatever comes next, it is too late to go on from the last frame
            self._now = None
            self._since = -1
        self.mean_minute = mean
        self._sum = self._ms = 0
        self._seen = False
        minutes = self._minutes
        minutes[self._turn] = _MISSING if mean is None else mean
        self._turn = (self._turn + 1) % _TEN
        total = count = 0
        for value in minutes:
            if value != _MISSING:
                total += value
                count += 1
        self.mean_ten = (total + count // 2) // count if count else None
        return mean

    def _hold(self, ms):
        """The power stayed what it was for so long."""
        va = self._va
        if va is None or not ms:
            self._since = -1
            return
        self._sum += va * ms
        self._ms += ms
        if self._since >= 0:
            self._since += ms
            if va > 0:
                mvah, self._rest = divmod(va * ms + self._rest, 3600)
                self._mvah += mvah

    def _step(self, index):
        """The index of all energy withdrawn, None without one."""
        before, self._index = self._index, index
        if index == before or index is None or before is None:
            return
        wh = index - self._first
        if self._since >= 0 and 0 < index - before < 1000:
            enough = wh >= _WH and self._since >= _SHORTEST
            if not enough and not (wh > 1 and self._since >= _LONGEST):
                return
            if self._mvah:
                self.power_factor = min(1000, wh * 1000_000 // self._mvah)
        self._first = index
        self._since = self._mvah = self._rest = 0

    def _unseen(self, meter):
        """VA that must be flowing out, since the meter shows none that flows in."""
        total = 0
        for phase in range(1, (meter.phases or 1) + 1):
            amperes = meter.current(phase)
            if amperes is None:
                return None
            va = meter.apparent(phase) if meter.phases == 3 else 0
            total += -va if va else amperes * (meter.voltage(phase) or 230)
        return max(0, total)
