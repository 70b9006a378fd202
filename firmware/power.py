"""The energy budget of a gateway that lives on its meter alone: read, send, sleep, for how long.

Pure logic: numbers in, a decision out. What it learns from the voltage of the capacitor (what the
meter gives, what a reading and a session cost) stays in the cells of rtcmem.py. Energy is in uJ,
power in uW, voltage in mV, times in s unless it says ms; everything is a small integer.

The rule: what is spent is what the meter gives, a little more above the target voltage and less
below it. With that the period is the shortest that can be paid for; when a session for each
reading is too much, some readings share one, as long as none waits for longer than power_burst.
"""

from micropython import const

from firmware.rtcmem import (
    AFTER,
    AWAKE,
    BURST,
    CHARGING,
    CYCLES,
    DARK,
    ENERGY,
    FAILED,
    FAILURES,
    INCOME,
    LOWEST,
    NIGHT,
    PERIOD,
    READING,
    SENDING,
    SESSIONS,
    SLEEP,
    STATE,
    STAY,
    STAYED,
)

# What wake() decides.
REST = const(0)  # sleep at once
READ = const(1)
REMAIN = const(2)  # a long stay

_READING = const(250_000)  # uJ, for as long as nothing is known
_SENDING = const(800_000)
_INCOME = const(50_000)  # uW
_LEAST = const(2_000)  # uW that may always be spent: the longest period comes before that
_SLOW = const(600)  # s in which what is above the target is spent
_GUARD = const(130)  # mV above the stop threshold at which a session ends: it takes time to end
_FULL = const(100)  # mV below full: the meter could give more than can be measured
_BOOT = const(350)  # ms that the chip takes before our clock runs
_SHORTEST = const(3_000)  # ms of sleep from which something can be learnt
_CHARGE = const(30)  # s to sleep at least while it charges
PAUSE = const(30)  # s after a failure, doubled each time
PATIENCE = const(3_600)  # s: the longest pause; and how long a stay waits for a full capacitor
_NIGHT = const(2)  # doublings of the longest sleep while the meter has no power
_AWAY = const(3)  # failures from which readings are taken less often,
_SPARSE = const(60_000)  # ms


class Power:
    """told: a dict of the settings power_...; cells: of rtcmem.Memory."""

    def __init__(self, told, cells):
        self._told = told
        self._cells = cells
        self._capacity = told["power_capacity"]
        self._then = 0  # energy at the last look
        self._stop = self.energy(told["power_stop"] + _GUARD)

    def energy(self, millivolts) -> int:
        """uJ in the capacitor at a voltage."""
        return self._capacity * (millivolts * millivolts // 2000)

    def wake(self, now, capacitor, line, slept, button=False) -> int:
        """REST, READ or REMAIN. line: mV, None if it is not known; slept: a deep sleep of ours has
        ended by itself; button: somebody asks for a long stay.
        """
        told, cells = self._told, self._cells
        self._then = energy = self.energy(capacitor)
        self._seen(capacitor)
        if slept and cells[SLEEP] >= _SHORTEST:
            self._earned(energy - cells[ENERGY], cells[SLEEP], capacitor)
        state = cells[STATE]
        if line is not None and line < told["power_line_critical"]:
            state |= DARK
            cells[NIGHT] += 1
        elif line is None or line >= told["power_line_low"]:
            state &= ~DARK
            cells[NIGHT] = 0
        if capacitor <= told["power_stop"]:
            state |= CHARGING
        elif capacitor >= told["power_start"]:
            state &= ~CHARGING
        cells[STATE] = state
        if state & (CHARGING | DARK):
            return REST
        if self._remains(now, energy, capacitor, button):
            cells[STATE] |= STAY
            cells[STAYED] = now
            return REMAIN
        if energy - self._stop < 2 * (cells[READING] or _READING):
            return REST
        cells[CYCLES] += 1
        return READ

    def _remains(self, now, energy, capacitor, button) -> bool:
        told = self._told
        if capacitor < told["power_start"]:
            return False
        over = self._overdue(now)
        full = self.energy(told["power_full"] - 3 * _FULL)
        return button or over >= 0 and (energy >= full or over > PATIENCE)

    def _overdue(self, now) -> int:
        """s since a long stay was due; negative before."""
        hours = self._told["power_stay_every"]
        return now - self._cells[STAYED] - hours * 3600 if hours else -1

    def _earned(self, gain, ms, capacitor):
        """What came in while it slept."""
        cells = self._cells
        # 1/64 s, so that the numbers stay small.
        income = max(1, gain // (ms * 64 // 1000) * 64)
        if capacitor >= self._told["power_full"] - _FULL:
            income = max(income, cells[INCOME])
        cells[INCOME] = (3 * cells[INCOME] + income) // 4 if cells[INCOME] else income

    def _spent(self, cell, capacitor, ms):
        """What a part of the cycle has cost, by the voltage before and after."""
        cells = self._cells
        energy = self.energy(capacitor)
        cost = max(1, self._then - energy + cells[INCOME] // 1000 * ms)
        self._then = energy
        self._seen(capacitor)
        cells[cell] = (3 * cells[cell] + cost) // 4 if cells[cell] else cost

    def _seen(self, capacitor):
        cells = self._cells
        if not cells[LOWEST] or capacitor < cells[LOWEST]:
            cells[LOWEST] = capacitor

    def read(self, capacitor, ms, whole=True) -> None:
        """A reading, or a try, took so long and left that voltage."""
        if whole or self._cells[READING]:  # the first try may look for the rate
            self._spent(READING, capacitor, ms)
        self._plan()

    def sends(self, now, capacitor, waiting, oldest, full=False) -> bool:
        """Whether a session is due, and can be paid for: `waiting` readings, the oldest of that
        time; full: there is no room for more.
        """
        told, cells = self._told, self._cells
        if not waiting or now < cells[AFTER] or capacitor < told["power_start"]:
            return False
        if self.energy(capacitor) < self._stop + self._need():
            return False
        late = now - oldest + cells[PERIOD] // 1000 > told["power_burst"]
        return full or waiting >= cells[BURST] or late

    def _need(self) -> int:
        """uJ above the stop threshold with which a session begins: half more than one costs."""
        need = (self._cells[SENDING] or _SENDING) * 3 // 2
        # A small capacitor may not hold that: then as much as it holds.
        return min(need, self.energy(self._told["power_full"] - 2 * _FULL) - self._stop)

    def enough(self, capacitor) -> bool:
        """Whether a session, or a stay, may go on."""
        self._seen(capacitor)
        return capacitor > self._told["power_stop"] + _GUARD

    def tries(self, now, chance=0) -> None:
        """A session begins. It counts as failed until sent() says otherwise: what ends it may be
        a reset. chance: 0 to 255, so that a street does not come back at the same second.
        """
        cells = self._cells
        cells[FAILED] += 1
        cells[FAILURES] += 1
        pause = min(PAUSE << min(cells[FAILURES], 8), PATIENCE)
        cells[AFTER] = now + pause + pause * chance // 1024

    def more(self, capacitor) -> bool:
        """Whether a session may send what has waited for long, too."""
        return 2 * capacitor > self._told["power_start"] + self._told["power_stop"]

    def sent(self, capacitor, ms, usual=True) -> None:
        """It has delivered something, took so long and left that voltage; usual: not much more
        than a session has as a rule.
        """
        cells = self._cells
        if usual or not cells[SENDING]:
            self._spent(SENDING, capacitor, ms)
        cells[AWAKE] = ms
        cells[SESSIONS] += 1
        cells[FAILED] -= 1
        cells[FAILURES] = cells[AFTER] = 0

    def _plan(self):
        """How often to read, and how many readings to a session."""
        told, cells = self._told, self._cells
        fixed = told["power_period"] * 1000
        least = fixed or told["power_shortest"] * 1000
        power = cells[INCOME] or _INCOME
        reading, sending = cells[READING] or _READING, cells[SENDING] or _SENDING
        target = max(self.energy(told["power_target"]), self._stop + self._need() + reading)
        surplus = self._then - target
        power = max(_LEAST, power - power // 16 + surplus // _SLOW)
        if self._then >= self.energy(told["power_full"] - _FULL):
            power = 1_000_000
        readings = 1
        while True:
            period = max(least, (reading + sending // readings) // (power // 1000))
            if period <= least or (readings + 1) * period > told["power_burst"] * 1000:
                break
            readings += 1
        if cells[FAILURES] >= _AWAY:
            period = max(period, _SPARSE)
        cells[PERIOD] = fixed or min(period, told["power_longest"] * 1000)
        cells[BURST] = readings

    def rest(self, now, capacitor, awake) -> int:
        """ms to sleep, after `awake` ms."""
        told, cells = self._told, self._cells
        cells[ENERGY] = energy = self.energy(capacitor)
        self._seen(capacitor)
        longest = told["power_longest"] * 1000
        if cells[STATE] & DARK:
            ms = longest << min(cells[NIGHT], _NIGHT)
        elif capacitor <= told["power_critical"]:
            ms = longest
        elif cells[STATE] & CHARGING:
            lack = self.energy(told["power_start"]) - energy
            ms = lack // max(1, (cells[INCOME] or _INCOME) // 1000)
            ms = min(max(ms, _CHARGE * 1000), longest)
        else:
            period = cells[PERIOD] or told["power_shortest"] * 1000
            if self._overdue(now) >= 0:
                period = min(2 * period, longest)  # saves for the long stay
            ms = max(period - awake - _BOOT, 500)
        cells[SLEEP] = ms
        return ms
