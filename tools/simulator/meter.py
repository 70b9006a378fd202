"""A simulated meter: a house behind it, registers that count, and the frames it would send.

    meter = Meter("standard", "tempo", phases=3, producer=True, seed=7)
    frame = meter.frame()           # [(label, horodate or None, data)], the state now
    octets = meter.encode(frame)    # seven-bit, STX to ETX
    meter.advance(1.25)             # simulated seconds

The same arguments give the same frames for ever.  `mode` may be changed between two frames.
"""

import math
import random

from . import civil, contracts, frames, historique, pmepmi, standard
from .house import House
from .registers import Registers

MODES = ("historique", "standard", "pmepmi")
RATES = {"historique": 1200, "standard": 9600, "pmepmi": 9600}
_START = "2026-01-20 17:55:00"
_SHORT_MESSAGES = ("COUPURE 14H-15H ", "VISITE TECHNICIE", "TEST MESSAGE 2  ")


class Meter:
    """A Linky, an older meter (`linky=False`, historique only) or a PME-PMI."""

    def __init__(self, mode: str = "standard", contract: str = "base", phases: int = 1,
                 producer: bool = False, seed: int = 1, start=_START, linky: bool = True):
        """`start`: UTC seconds, or local "2026-01-20 17:55:00"."""
        if mode not in MODES or contract not in contracts.NAMES or phases not in (1, 3):
            raise ValueError(f"no such meter: {mode}, {contract}, {phases} phases")
        shop = mode == "pmepmi"
        draw = random.Random(f"{seed} meter")
        self.mode, self.phases, self.producer, self.linky = mode, phases, producer, linky
        self.degraded = False           # the clock is unsure: small season letter, STGE bit 16
        self.contract = contracts.contract("hchp" if shop else contract, seed)
        if shop:
            self.phases, self.producer, self.contract.hours = 3, False, pmepmi.TRADITIONAL
        kind = 36 if shop else ((63 if phases == 3 else 62) if linky else 30)
        number = draw.randrange(100_000, 999_999)
        self.serial = f"{draw.choice((2, 3, 4)):02}{draw.randrange(16, 25):02}{kind}{number}"
        self.prm = f"{draw.randrange(10 ** 13, 10 ** 14)}"
        self.pref = 120 if shop else draw.choice((12, 18) if phases == 3 else (6, 9))
        self.isousc = self.pref * 5 // self.phases      # A: PREF in VA / 200 V
        self.imax = [self.isousc * 9 // 10] * self.phases
        self.message, self.short_message = standard.NO_MESSAGE, None
        t = civil.epoch(start) if isinstance(start, str) else int(start)
        self._ms = t * 1000
        self._random = random.Random(f"{seed} messages")
        self._msg2_at = t + self._random.randrange(30, 600)
        self._house = House(seed, self.phases, self.pref * 930 // self.phases, self.producer,
                            self._ms, 12 if shop else 1)
        self.registers = Registers(seed, self.phases, self.contract.share,
                                   self.contract.operators, self.pref * 1000, t)
        self.workshop = pmepmi.Workshop(self.registers, t, self.pref * 1000) if shop else None
        self.tariff = self.contract.state(t)
        self._grid = (t - t % 600 + 600) * 1000
        self._shorts = 0                # short frames still to send before a long one
        self._over = False              # a phase is above the subscription, since _excess at least
        self._excess = -10 ** 9         # UTC second of the last excess
        self.p = self.q = self.u = self.s = self.amps = None
        self.groups, self.octets = 40, 900      # of the last frame encoded: how long one lasts
        self._measure()

    @property
    def time(self) -> int:
        """The meter's clock: UTC seconds."""
        return self._ms // 1000

    def _measure(self) -> None:
        """Powers and currents out of the house: p W, q var, u V, s VA (negative: injected)."""
        house = self._house
        house.contact = self.tariff.contact
        if (house.p, house.q, house.u) == (self.p, self.q, self.u):
            return
        self.p, self.q, self.u = house.p[:], house.q[:], house.u[:]
        self.s = [round(math.copysign(math.hypot(p, q), p)) for p, q in zip(self.p, self.q)]
        self.amps = [round(abs(s) / u) for s, u in zip(self.s, self.u)]
        for n, amps in enumerate(self.amps):
            self.imax[n] = max(amps, self.imax[n])
        self._over = max(self.amps) > self.isousc

    def advance(self, seconds: float) -> None:
        """Let simulated time pass (whole milliseconds); energy is integrated exactly."""
        self._run(self._ms + round(seconds * 1000))

    def _run(self, end: int) -> None:
        house, registers = self._house, self.registers
        while self._ms < end:
            until = min(end, house.next, self._grid)
            if until > self._ms:
                registers.hold(self._ms, until, self.p, self.q, self.u, self.s, self.tariff)
                self._ms = until
                if self._over:
                    self._excess = until // 1000
            if until == self._grid:
                t = until // 1000
                registers.ten_minutes(t)
                if self.workshop:
                    self.workshop.ten_minutes(t)
                self.tariff = self.contract.state(t)
                self._grid += 600_000
            while house.next <= until:
                house.step()
            self._measure()

    def boost(self, watts: int, seconds: float, phase: int = 1) -> None:
        """Switch on something big, for tests of alerts."""
        self._house.boost(self._ms, watts, seconds, phase - 1)
        self._measure()

    def frame(self) -> list:
        """The next frame, [(label, horodate or None, data)]: values of now, all at once."""
        if self.mode == "standard":
            self._messages()
            return standard.build(self)
        if self.mode == "pmepmi":
            return pmepmi.build(self)
        if self.phases == 3 and (self._over or self.time - self._excess <= historique.AFTER):
            if self._shorts:
                self._shorts -= 1
                return historique.short(self)
            self._shorts = historique.SHORT
        else:
            self._shorts = 0
        return historique.build(self)

    def _messages(self) -> None:
        """MSG2 goes out in one frame, every now and then."""
        self.short_message = None
        if self.time >= self._msg2_at:
            self.short_message = self._random.choice(_SHORT_MESSAGES)
            self._msg2_at = self.time + self._random.randrange(120, 900)

    def frame_during(self, seconds: float) -> list:
        """A frame as it really leaves: it lasts `seconds`, each value is read when its turn comes.

        The second half is read when half of the time has passed; the rest passes too.
        """
        half = round(seconds * 500)
        frame = self.frame()
        self._run(self._ms + half)
        if self.mode == "standard":
            later = standard.build(self)
            if [g[0] for g in later] == [g[0] for g in frame]:
                middle = [g[0] for g in frame].index("PREF")
                frame[middle:] = later[middle:]
        self._run(self._ms + round(seconds * 1000) - half)
        return frame

    def encode(self, frame: list) -> bytes:
        """The frame's bytes, seven-bit, from STX to ETX, with this mode's separators and sums."""
        octets = frames.encode(frame, self.mode == "standard")
        self.groups, self.octets = len(frame), len(octets)
        return octets
