"""The energy model: a capacitor, a meter that feeds it, and the firmware's own power.py.

Runs in MicroPython:  micropython model.py '{"capacity": 1.5, ...}'  -> one JSON object.
Time jumps from event to event. Every figure comes from assumptions.txt; a case changes some.
"""

import json
import math
import random
import sys
from array import array

from firmware.power import READ, REMAIN, Power
from firmware.rtcmem import SLEEP, STATE, STAY, STAYED

_DAY = 86400
_CELLS = 32
_STEP = 0.2  # s between two looks at the charge, as in quick/cycle.py


def settings(path) -> dict:
    """The defaults of the settings power_..., from the firmware's table."""
    told = {}
    with open(path) as table:
        for line in table:
            words = line.split()
            if words and words[0].startswith("power_"):
                told[words[0]] = int(words[3])
    return told


class Off(Exception):
    """The regulator has given up: the chip is without power."""


class Supply:
    """What the meter gives: constant, with short pauses, and one night without."""

    def __init__(self, a, draw):
        self._draw = draw
        self._watts = a["supply_mw"] / 1000 * a["charger_efficiency"]
        self._gap = _DAY / a["supply_pauses_a_day"] if a["supply_pauses_a_day"] else 1e12
        self._mean = a["supply_pause_s"]
        start = a["night_day"] * _DAY
        self._night = start, start + a["night_hours"] * 3600
        self._next = self._pause(0)

    def _pause(self, now):
        start = now - math.log(1 - self._draw.random()) * self._gap
        return start, start - math.log(1 - self._draw.random()) * self._mean

    def dark(self, now) -> bool:
        """Whether the meter is off."""
        return self._night[0] <= now < self._night[1]

    def joules(self, now, seconds) -> float:
        """What comes in from now on."""
        end = now + seconds
        lost = 0
        while self._next[1] <= end:
            lost += self._next[1] - max(now, min(self._next[0], self._next[1]))
            self._next = self._pause(self._next[1])
        if self._next[0] < end:
            lost += end - max(now, self._next[0])
        from_, to = self._night
        lost = max(lost, min(end, to) - max(now, from_))
        return max(0, seconds - lost) * self._watts


class Board:
    """The capacitor and what is taken from it. `now`: s; `spent`: J by phase."""

    def __init__(self, a, supply):
        self.a = a
        self.now = 0.0
        self.spent = {}
        self.lowest = self.drawn = 9.9  # V, since it was first charged; while it read or sent
        self.started = False
        self.supply = supply
        self._half = a["capacity"] / 2
        self._full = self._half * (a["capacitor_full_mv"] / 1000) ** 2
        self._floor = a["regulator_floor_mv"] / 1000
        self._leak = (a["capacitor_leak_ua"] + a["regulator_quiescent_ua"]) / 1e6
        self.joules = 0.0

    def volts(self) -> float:
        return math.sqrt(max(0, self.joules) / self._half)

    def run(self, name, seconds, milliamperes, peak=0) -> None:
        """A phase; Off if the voltage, with its dips, does not last."""
        before = self.volts()
        used = (milliamperes / 1000 + self._leak) * before * seconds
        self.joules = min(self._full, self.joules + self.supply.joules(self.now, seconds) - used)
        self.now += seconds
        self.spent[name] = self.spent.get(name, 0) + used
        after = self.volts()
        lowest = min(before, after) - (peak or milliamperes) / 1000 * self.a["capacitor_esr_ohm"]
        if milliamperes >= 1:
            if after >= self.a["started"]:
                self.started = True
            if self.started:
                self.lowest = min(self.lowest, lowest)
                if name not in ("start", "import"):
                    self.drawn = min(self.drawn, lowest)
            if lowest < self._floor:
                raise Off

    def off(self) -> None:
        """Without the chip, until the regulator starts again."""
        start = self.a["regulator_start_mv"] / 1000
        while self.volts() < start:
            used = self._leak * self.volts() * 10
            self.joules = min(
                self._full, self.joules + self.supply.joules(self.now, 10) - used)
            self.now += 10


class Life:
    """The gateway on that board, for some days."""

    def __init__(self, a, told, days):
        self.a = a
        self.told = told
        self.days = days
        self.draw = random
        random.seed(a.get("seed", 1))
        self.board = Board(a, Supply(a, random))
        self.readings = {}  # how often so many tenths of a second between two readings,
        self.sent_at = {}  # between two sessions
        self.counts = dict.fromkeys(
            "readings sessions failed stays missed brown_outs starts spilled".split(), 0)
        self.volts = []  # (lowest, highest) of each ten minutes
        self._bin = -1
        self._last = None
        self._sent = None
        self.flash = 0

    def run(self) -> dict:
        board = self.board
        board.joules = 0.5 * self.a["capacity"] * 3.3 ** 2
        board.off()
        end = self.days * _DAY
        while board.now < end:
            self.cells = array("i", [0] * _CELLS)  # RTC memory after a start without power
            self.waiting = []
            slept = False
            try:
                self.cells[STAYED] = int(board.now)
                while board.now < end:
                    ms = self.cycle(slept)
                    board.run("sleep", ms / 1000, self.sleeping)
                    slept = True
            except Off:
                self.counts["brown_outs"] += 1
                board.off()
        return self.result()

    @property
    def sleeping(self):
        return (self.a["sleep_ua"] + self.a["board_sleep_ua"]) / 1000

    def capacitor(self) -> int:
        """What the ADC says, in steps of 2 mV."""
        noise = (random.random() + random.random() + random.random() - 1.5) * 2
        return int(self.board.volts() * 500 + noise * self.a["adc_noise_mv"] / 2) * 2

    def cycle(self, slept) -> int:
        """What quick/cycle.py does; ms to sleep."""
        a, board, cells = self.a, self.board, self.cells
        began = board.now
        self.counts["starts"] += 1
        board.run("start", a["boot_s"] + a["filesystem_s"], a["boot_ma"])
        board.run("import", a["import_s"], a["run_ma"])
        self.note()
        power = Power(self.told, cells)
        if cells[STATE] & STAY:
            cells[STATE] &= ~STAY
            cells[SLEEP] = 0
            self.stay()
            return 500
        now = int(board.now)
        line = 0 if board.supply.dark(board.now) else 9500
        what = power.wake(now, self.capacitor(), line, slept)
        cells[SLEEP] = 0
        if what == REMAIN:
            return 1
        if what == READ:
            self.read(power)
            now = int(board.now)
            waiting = self.waiting
            full = len(waiting) >= a["room_" + a["mode"]] - 2
            oldest = int(waiting[0]) if waiting else now
            if power.sends(now, self.capacitor(), len(waiting), oldest, full):
                self.session(power)
        self.note()
        return power.rest(int(board.now), self.capacitor(), int((board.now - began) * 1000) - 350)

    def read(self, power):
        a, board = self.a, self.board
        began = board.now
        frame = a[f"frame_{a['mode']}_s"]
        while True:
            board.run("read", frame, a["read_ma"])
            if random.random() >= a["again_chance"]:
                break
        power.read(self.capacitor(), int((board.now - began) * 1000))
        if self._last is not None:
            add(self.readings, board.now - self._last)
        self._last = board.now
        self.counts["readings"] += 1
        self.waiting.append(board.now)
        if len(self.waiting) > a["room_" + a["mode"]]:
            self.counts["spilled"] += len(self.waiting)  # to flash
            self.flash += len(self.waiting)
            self.waiting = []

    def session(self, power):
        a, board, wifi = self.a, self.board, self.a["wifi"]
        power.tries(int(board.now), random.getrandbits(8))
        began = board.now
        board.run("wifi", a["wifi_start_s"], a["wifi_start_ma"])
        join = a[f"wifi_join_{wifi}_s"] * math.exp(a["wifi_spread"] * normal())
        failed = random.random() < a[f"wifi_fail_{wifi}"]
        if failed or self.away():
            join, failed = a["deadline_s"], True
        if not self.careful("wifi", join, a["wifi_join_ma"], power) or failed:
            self.counts["failed"] += 1
            return
        trips = a["trips_tls" if a["tls"] else "trips_plain"] * a[f"trip_{wifi}_s"]
        if a["tls"] and not self.careful("tls", a["tls_s"], a["tls_ma"], power):
            self.counts["failed"] += 1
            return
        board.run("send", trips + a["send_s"], a["wifi_send_ma"], a["wifi_peak_ma"])
        power.sent(self.capacitor(), int((board.now - began) * 1000))
        self.counts["sessions"] += 1
        self.flash = max(0, self.flash - a["portion"])
        if self._sent is not None:
            add(self.sent_at, board.now - self._sent)
        self._sent = board.now
        self.waiting = []

    def away(self) -> bool:
        """Whether the network is gone."""
        start, hours = self.a.get("away", (0, 0))
        return start * _DAY <= self.board.now < start * _DAY + hours * 3600

    def careful(self, name, seconds, milliamperes, power) -> bool:
        """A phase that looks at the charge and gives up in time."""
        while seconds > 0:
            step = min(seconds, _STEP)
            self.board.run(name, step, milliamperes, self.a["wifi_peak_ma"])
            seconds -= step
            if not power.enough(self.capacitor()):
                return False
        return True

    def stay(self):
        a, board = self.a, self.board
        self.counts["stays"] += 1
        power = Power(self.told, self.cells)
        for _ in range(self.told["power_stay"] * 2):
            board.run("stay", 0.5, a["stay_ma"], a["wifi_peak_ma"])
            if not power.enough(self.capacitor()):
                break

    def note(self):
        """The voltage, for the plot."""
        volts = round(self.board.volts(), 3)
        at = int(self.board.now // 600)
        if at != self._bin:
            self._bin = at
            self.volts.append((at, volts, volts))
        else:
            self.volts[-1] = at, min(volts, self.volts[-1][1]), max(volts, self.volts[-1][2])

    def result(self) -> dict:
        counts, spent = self.counts, self.board.spent
        n = max(1, counts["readings"])
        return {
            "counts": counts,
            "period": {"median": share(self.readings, 0.5), "95": share(self.readings, 0.95)},
            "session": {"median": share(self.sent_at, 0.5), "95": share(self.sent_at, 0.95)},
            "joules": {name: spent[name] / n for name in spent},
            "each": {name: spent.get(name, 0) for name in spent},
            "lowest": round(self.board.lowest, 3),
            "drawn": round(self.board.drawn, 3),
            "volts": self.volts,
        }


def add(counts, seconds) -> None:
    """Count a span of time, in tenths of a second."""
    tenths = int(seconds * 10 + 0.5)
    counts[tenths] = counts.get(tenths, 0) + 1


def share(counts, part) -> float:
    """Seconds that a part of the spans is not longer than."""
    left = sum(counts.values()) * part
    for tenths in sorted(counts):
        left -= counts[tenths]
        if left <= 0:
            return tenths / 10
    return 0


def normal() -> float:
    """About a standard normal number."""
    return sum(random.random() for _ in range(6)) * 1.414 - 4.243


def assumptions(path) -> dict:
    """{name: value} of assumptions.txt."""
    found = {}
    with open(path) as table:
        for line in table:
            words = line.split()
            if words and words[0] != "#":
                found[words[0]] = float(words[1])
    return found


def main() -> None:
    """One case: a JSON object of what differs from the assumptions, "told" and "days"."""
    case = json.loads(sys.argv[1])
    here = sys.argv[0].rpartition("/")[0]
    a = assumptions(f"{here}/assumptions.txt")
    told = settings(f"{here}/../../firmware/settings.txt")
    told["power_capacity"] = int(case["capacity"] * 1000)
    told.update(case.pop("told", {}))
    days = case.pop("days")
    a.update(case)
    a["started"] = told["power_start"] / 1000
    print(json.dumps(Life(a, told, days).run()))


main()
