"""An accelerated month: the meter and its truth, the gateway's process, and what it should find.

What is expected is calculated from the registers of the simulated meter alone. Of the gateway only
its rules are known: it looks at each frame from the second one after a start on (DATE must be
said twice), keeps the state of each full hour and the power of each full half hour over a power
cut, and shares out by time what a power cut leaves between two days.
"""

import datetime
import json
import random
import struct
import subprocess
from collections import defaultdict, namedtuple
from decimal import ROUND_HALF_UP, Decimal

from tools.simulator import civil
from tools.simulator.meter import Meter

UTC_2000 = 946684800
KINDS = ("minute", "ten", "day")
TICKS = 1 << 30             # period of the board's ticks, in ms

# What the gateway saw: UTC second, its local day, that of the second before, number of the meter,
# {key: Wh}.
Look = namedtuple("Look", "t day end meter wh")


class House:
    """A load in W and var on three phases, and a roof; constant for some minutes."""

    def __init__(self, seed: int, start: int):
        self._random = random.Random(f"{seed} month")
        self.contact = False
        self.next = start * 1000 + 17_000
        self.p, self.q, self.u = [100, 60, 40], [10, -20, 5], [233, 236, 239]

    def step(self) -> None:
        """The load changes."""
        draw = self._random.randrange
        hour = civil.local(self.next // 1000).hour
        for phase in range(3):
            watts = draw(40, 400) + (draw(1200, 3200) if draw(7) == 0 else 0)
            self.p[phase] = watts + (900 if self.contact and phase == 2 else 0)
            self.q[phase] = draw(-30, watts // 2)
        if 9 <= hour < 18:
            self.p[1] -= draw(300, 3500)
        self.u = [draw(228, 243) for _ in range(3)]
        self.next += draw(120, 900) * 1000


class Month:
    """A simulated Tempo producer with three phases, and a gateway that reads a frame a minute."""

    def __init__(self, plan: tuple, gateway: "Gateway", seed: int = 5):
        """`plan`: local times, the first of them the start."""
        self.plan = plan
        self.t = civil.epoch(plan[0])
        self.gateway = gateway
        self.looks = []         # of the gateway, in order, as far as it remembers them
        self.power = {}         # minute -> VA, as far as the gateway remembers it
        self._house = House(seed, self.t)
        self._meters = 0
        self._frames = 0        # since the gateway was started
        self._before = None     # (minute, VA) of the frame before
        self.swap(seed)

    def swap(self, seed: int) -> None:
        """Another meter, which has counted nothing yet."""
        self.meter = Meter("standard", "tempo", 3, True, seed, self.t)
        self.meter._house = self._house
        if self._meters:
            registers = self.meter.registers
            registers.supplier, registers.operator = [0] * 10, [0] * 4
            registers.total = registers.injected = 0
        self._meters += 1
        self._new = 0 if self._meters > 1 else None

    def frame(self) -> None:
        """The gateway reads a frame, now."""
        meter = self.meter
        self.gateway.frame(self.t, meter.encode(meter.frame()))
        self._frames += 1
        minute, total = self.t // 60, sum(meter.s)
        if self._before is not None:
            self.power[self._before[0]] = self._before[1]
        self._before = minute, total
        if self._new is not None:
            self._new += 1
            if self._new < 3:   # another serial number must come three times
                return
            self._new = None
        if self._frames >= 2:
            wh = {str(n): wh for n, wh in enumerate(meter.registers.supplier, 1) if wh}
            wh["injected"] = meter.registers.injected
            self.looks.append(Look(self.t, ordinal(self.t), ordinal(self.t - 1), self._meters, wh))

    def run(self, until: str, each=None) -> None:
        """A frame at each minute, up to that local time; each() is called at 20:00 of each day."""
        end = civil.epoch(until)
        while self.t < end:
            self.meter.advance(60)
            self.t += 60
            self.frame()
            if each and civil.local(self.t).strftime("%H%M") == "2000":
                each()

    def power_cut(self, until: str) -> None:
        """The gateway has no power until then; the meter goes on."""
        self.gateway.stop()
        saved = [look.t // 3600 for look in self.looks]
        while len(saved) > 1 and saved[-1] == saved[-2]:
            saved.pop()
            self.looks.pop()    # the state in flash is that of the first look of the hour
        half_hour = self.t // 1800 * 30
        for minute in [m for m in self.power if m >= half_hour]:
            self.power.pop(minute)
        end = civil.epoch(until)
        self.meter.advance(end - self.t)
        self.t = end
        self._frames, self._before = 0, None
        self.gateway.start(self.t)
        self.frame()

    def days(self) -> dict:
        """{ordinal of the local day: {key: Wh}} counted so far."""
        found = defaultdict(lambda: defaultdict(int))
        start = before = self.looks[0]
        for look in self.looks[1:]:
            other = look.meter != before.meter
            if other or before.day != start.day or before.day != look.end:
                self._count(found, start, before)
                if not other and before.day != look.end:
                    self._count(found, before, look)
                start = look if other or before.day != look.end else before
            before = look
        self._count(found, start, before)
        return found

    @staticmethod
    def _count(found, before, after):
        """What was used from one look to another, by day; shared out by time over a midnight."""
        for key, index in after.wh.items():
            wh, begin = index - before.wh.get(key, 0), before.t
            for day in range(before.day, after.end):
                midnight = civil.utc(day + 1)
                part = wh * (midnight - begin) // (after.t - begin)
                found[day][key] += part
                wh, begin = wh - part, midnight
            found[after.end][key] += wh


class Gateway:
    """The process of month_gateway.py; its ticks begin again after `period` ms."""

    def __init__(self, command: list, period: int, **options):
        self._command, self._period, self._options = command, period, options
        self._process = None

    def start(self, t: int) -> None:
        """The board starts at UTC second t: its ticks begin at 0."""
        self._zero = t
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, **self._options)

    def stop(self) -> None:
        """The power is cut."""
        if self._process:
            self._process.stdin.close()
            assert self._process.stdout.read() == b""
            self._process.stdout.close()
            assert self._process.wait(20) == 0
            self._process = None

    def frame(self, t: int, octets: bytes) -> None:
        """A frame, at UTC second t."""
        ticks = (t - self._zero) * 1000 % self._period
        self._process.stdin.write(struct.pack("<IH", ticks, len(octets)) + octets)
        self._now = ticks

    def report(self) -> dict:
        """What the books say now."""
        self._process.stdin.write(struct.pack("<IH", self._now, 0))
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def rows(self, kind: str, start: int, end: int, step: int) -> list:
        """Rows of the history; start and end in UTC seconds since 1970."""
        self._process.stdin.write(struct.pack("<IH", self._now, 0xFFFF) + struct.pack(
            "<BIII", KINDS.index(kind), start - UTC_2000, end - UTC_2000, step))
        self._process.stdin.flush()
        found = []
        while True:
            row = json.loads(self._process.stdout.readline())
            if row is None:
                return found
            found.append([row[0] + UTC_2000, *row[1:]])


def ordinal(t: int) -> int:
    """The local day of a UTC second."""
    return civil.local(t).toordinal()


def cents(days: dict, prices: dict, subscription: str) -> int:
    """What these days cost, {ordinal: {key: Wh}}: to the cent, in decimal arithmetic."""
    total = Decimal(0)
    for day, energies in days.items():
        when = datetime.date.fromordinal(day)
        month = when.replace(day=1)
        length = ((month + datetime.timedelta(31)).replace(day=1) - month).days
        total += Decimal(subscription) / length
        total += earned(energies, {key: prices[key] for key in energies if key != "injected"})
    return int((total * 100).quantize(Decimal(1), ROUND_HALF_UP))


def earned(energies: dict, prices: dict) -> Decimal:
    """Euros for {key: Wh}, of the keys that have a price."""
    return sum((Decimal(energies.get(key, 0)) / 1000 * Decimal(price)
                for key, price in prices.items()), Decimal(0))
