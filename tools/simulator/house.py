"""The load behind the meter: appliances that switch, a voltage that wanders, the sun on the roof.

Power is constant between two events, so energy can be integrated exactly.  Times are milliseconds
(UTC); p in W and q in var, whole numbers, one of each per phase; p < 0 injects.
"""

import heapq
import math
import random

from . import civil

# name, W, power factor, seconds on, seconds off, chance to start by hour of the day (0..9)
_APPLIANCES = (
    ("fridge", 110, 0.85, (500, 900), (900, 2100), "999999999999999999999999"),
    ("screens", 150, 0.92, (1800, 7200), (900, 3600), "310000236433445544678864"),
    ("lights", 160, 0.95, (600, 5400), (600, 2400), "200001554221112223678873"),
    ("kettle", 1900, 1.0, (90, 200), (1200, 4000), "000001477322311254432211"),
    ("hob", 1400, 1.0, (12, 60), (10, 200), "000000100023720000268200"),
    ("oven", 2100, 1.0, (40, 300), (60, 240), "000000000012410000147300"),
    ("washer", 1800, 0.97, (600, 1300), (2500, 9000), "100000023444322222333221"),
    ("radiator", 900, 1.0, (120, 900), (120, 700), "555556666544444455667765"),
    ("radiator 2", 700, 1.0, (120, 800), (120, 900), "444455666533333344566654"),
)


class House:
    """Events in order of time: `next` is the time of the coming one, `step()` lets it happen."""

    def __init__(self, seed: int, phases: int, limit: int, producer: bool, start: int,
                 scale: int = 1):
        """`limit`: W a phase that careful people stay below; `scale`: 1 a home, 12 a workshop."""
        self._random = random.Random(f"{seed} house")
        self._limit, self._scale, self._phases = limit, scale, phases
        self.p, self.q = [0] * phases, [0] * phases
        self.u = [236] * phases
        self.contact = False            # the meter's dry contact: starts the water heater
        self._heat_left = 0
        self._on = {}
        self._cloud = 0.8
        self._queue = []
        places = list(range(len(_APPLIANCES)))
        self._random.shuffle(places)
        for n, appliance in enumerate(_APPLIANCES):
            soon = 20_000 if n % 2 else 900_000         # ms: somebody is at home already
            self._plan(start + self._random.randrange(soon), n, self._appliance, appliance,
                       places[n] % phases)
        for phase in range(phases):
            self._plan(start, 20 + phase, self._standby, phase)
            self._plan(start, 30 + phase, self._voltage, phase)
        self._plan(start + 600_000, 40, self._water, phases - 1)
        self._plan(start + self._random.randrange(5_400_000), 41, self._overload, 0)
        if producer:
            self._plan(start, 42, self._sun, 0)
        self.next = start
        while self.next <= start:
            self.step()

    def _plan(self, t: int, n: int, *what) -> None:
        heapq.heappush(self._queue, (t, n, what))

    def _set(self, name: str, phase: int, p: int, q: int = 0) -> None:
        old_p, old_q = self._on.pop(name, (0, 0))
        if p or q:
            self._on[name] = p, q
        self.p[phase] += p - old_p
        self.q[phase] += q - old_q

    def step(self) -> None:
        """Let the event planned for `next` happen."""
        t, n, what = heapq.heappop(self._queue)
        again = what[0](t, *what[1:])
        if again:
            self._plan(t + again, n, *what)
        self.next = self._queue[0][0]

    def boost(self, t: int, watts: int, seconds: float, phase: int = 0) -> None:
        """Add a load from millisecond `t` on: for tests of alerts."""
        self._set("boost", phase, watts)
        self._plan(t + int(seconds * 1000), 50, self._end_boost, phase)
        self.next = self._queue[0][0]

    def _end_boost(self, t: int, phase: int) -> int:
        self._set("boost", phase, 0)
        return 0

    def _between(self, seconds: tuple) -> int:
        return self._random.randrange(seconds[0] * 1000, seconds[1] * 1000)

    def _room(self, phase: int, watts: int) -> bool:
        return self.p[phase] + watts <= self._limit

    def _appliance(self, t: int, appliance: tuple, phase: int) -> int:
        name, watts, factor, on, off, hours = appliance
        watts *= self._scale
        if name in self._on:
            self._set(name, phase, 0)
            return self._between(off)
        chance = int(hours[civil.local(t // 1000).hour])
        if self._random.random() * 9 > chance or not self._room(phase, watts):
            return self._between(off)
        watts = watts * self._random.randrange(92, 106) // 100
        self._set(name, phase, watts, round(watts * math.tan(math.acos(factor))))
        return self._between(on)

    def _standby(self, t: int, phase: int) -> int:
        """What is never off; its capacitors make q negative.  Gives the display its flicker."""
        draw = self._random.randrange
        base = draw(60, 140) if phase == 0 else draw(5, 50)
        self._set(f"standby {phase}", phase, base * self._scale, draw(-45, 10) * self._scale)
        return draw(1500, 9000) if phase == 0 else draw(5000, 30000)

    def _voltage(self, t: int, phase: int) -> int:
        draw = self._random.randrange
        self.u[phase] = min(244, max(227, self.u[phase] + draw(-1, 2)))
        return draw(5000, 60000)

    def _water(self, t: int, phase: int) -> int:
        """The water heater: at most three hours of contact, then warm until the contact opens."""
        watts = 2200 * self._scale
        if not self.contact:
            self._heat_left = 18
            self._set("water", phase, 0)
        elif "water" in self._on:
            self._heat_left -= 1
            if not self._heat_left:
                self._set("water", phase, 0)
        elif self._heat_left and self._room(phase, watts):
            self._set("water", phase, watts)
        return 600_000

    def _overload(self, t: int, phase: int) -> int:
        """Now and then somebody switches on too much, for a minute or two: 16..35 % above."""
        if "too much" in self._on:
            self._set("too much", phase, 0)
            return self._between((5400, 14400))
        wanted = self._limit * self._random.randrange(125, 146) // 100
        self._set("too much", phase, max(100, wanted - self.p[phase]))
        return self._between((50, 150))

    def _sun(self, t: int, phase: int) -> int:
        when = civil.local(t // 1000)
        day = when.timetuple().tm_yday
        half = 5.0 + 2.5 * math.cos((day - 172) * math.tau / 365)
        hours = when.hour + when.minute / 60 + when.second / 3600 - 13
        height = math.cos(hours / half * math.pi / 2) if abs(hours) < half else 0.0
        self._cloud = min(1.0, max(0.25, self._cloud + self._random.uniform(-0.06, 0.065)))
        watts = int((4800 if self._phases == 3 else 3300) * height * self._cloud) * self._scale
        self._set("sun", phase, -watts, watts // 40)
        return self._between((5, 25)) if watts else 300_000
