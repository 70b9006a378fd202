"""What the meter counts: energies by index, maxima, ten-minute voltages, points of the load curve.

Energy is accumulated exactly in W times ms and counted out in whole Wh, one by one, on the index
in use: so the sum of the supplier's indexes is the total, to the unit, and so is the operator's.
"""

import math
import random

from . import civil

_WH = 3_600_000                 # W times ms in one Wh
_B = 0.008                      # filter of SMAX*, one step a second (54E)
CURVE = 1800                    # seconds between two points of the load curve


class Maximum:
    """Highest value of the filtered apparent power, since midnight and the day before."""

    def __init__(self, value: int, when: str, before: int, when_before: str):
        self.value, self.when = value, when
        self.before, self.when_before = before, when_before
        self._y = float((value // 2) ** 2)

    def hold(self, s: int, seconds: int, t: int) -> None:
        """`s` VA held for `seconds` whole seconds up to UTC second `t`."""
        x = float(s * s)
        self._y = x + (self._y - x) * (1 - _B) ** seconds
        reached = int(math.sqrt(self._y))
        if reached > self.value:
            self.value, self.when = reached, civil.horodate(t)

    def midnight(self, t: int) -> None:
        """A new day begins: today's value becomes yesterday's."""
        self.before, self.when_before = self.value, self.when
        self.value, self.when = int(math.sqrt(self._y)), civil.horodate(t)


class Registers:
    """The energies, maxima and means of one meter with `phases` phases."""

    def __init__(self, seed: int, phases: int, share: tuple, operators: int, limit: int,
                 start: int):
        """`share` by supplier index; `operators`: its indexes in use; `limit` VA; `start` s."""
        draw = random.Random(f"{seed} registers").randrange
        total = draw(2_000_000, 60_000_000)
        self.supplier = [int(total * part) for part in share] + [0] * (10 - len(share))
        self.total = sum(self.supplier)
        self.operator = [self.total // operators] * operators + [0] * (4 - operators)
        self.operator[0] += self.total - sum(self.operator)
        self.injected = draw(100_000, 9_000_000)
        self.reactive = [draw(100_000, 3_000_000) for _ in range(4)]
        self.withdrawn_acc = self.injected_acc = 0      # W times ms, below one Wh
        self._reactive_acc = [0] * 4
        self.apparent = self._apparent_acc = 0          # VAh since the start: PME-PMI
        day = start - (start + civil.offset(start)) % 86400
        self.maxima = []                # total, then each phase where there are three
        self.injection = self._maximum(draw, limit, day, start)
        for n in range(phases + (phases == 3)):
            self.maxima.append(self._maximum(draw, limit if n == 0 else limit // 3, day, start))
        self.voltages = [236] * phases          # UMOY, closed at `averaged`
        self.averaged = civil.horodate(start - start % 600)
        self._volts = [0] * phases
        self._since = start * 1000
        point = start - start % CURVE
        # (horodate, W) of the last two points, withdrawal then injection
        self.curve = [(civil.horodate(point), draw(90, limit // 3)),
                      (civil.horodate(point - CURVE), draw(90, limit // 3))]
        self.curve_in = [(civil.horodate(point), 0), (civil.horodate(point - CURVE), 0)]
        self._curve_acc, self._curve_since = [0, 0], start * 1000
        self.yesterday_peak = draw(limit // 2, limit)       # PMAX of historique, VA
        self._today_peak = 0

    @staticmethod
    def _maximum(draw, limit: int, day: int, start: int) -> Maximum:
        now = day + draw(max(1, start - day))
        before = day - draw(1, 86000)
        return Maximum(draw(limit // 3, limit * 3 // 4), civil.horodate(now),
                       draw(limit // 2, limit), civil.horodate(before))

    def hold(self, begin: int, end: int, p: list, q: list, u: list, s: list, tariff) -> None:
        """Powers held from `begin` to `end`, in ms: p W, q var, u V, s VA signed, by phase."""
        ms = end - begin
        power, reactive = sum(p), sum(q)
        if power >= 0:
            self.withdrawn_acc += power * ms
            self._curve_acc[0] += power * ms
            counted, self.withdrawn_acc = divmod(self.withdrawn_acc, _WH)
            if counted:
                self.total += counted
                self.supplier[tariff.index - 1] += counted
                self.operator[tariff.operator - 1] += counted
        else:
            self.injected_acc -= power * ms
            self._curve_acc[1] -= power * ms
            counted, self.injected_acc = divmod(self.injected_acc, _WH)
            self.injected += counted
        quadrant = (0 if reactive >= 0 else 3) if power >= 0 else (1 if reactive >= 0 else 2)
        self._reactive_acc[quadrant] += abs(reactive) * ms
        counted, self._reactive_acc[quadrant] = divmod(self._reactive_acc[quadrant], _WH)
        self.reactive[quadrant] += counted
        for n, volts in enumerate(u):
            self._volts[n] += volts * ms
        total = sum(s)
        counted, self._apparent_acc = divmod(self._apparent_acc + abs(total) * ms, _WH)
        self.apparent += counted
        self._today_peak = max(self._today_peak, total)
        seconds = end // 1000 - begin // 1000
        if seconds:
            t = end // 1000
            self.maxima[0].hold(max(0, total), seconds, t)
            self.injection.hold(max(0, -total), seconds, t)
            if len(s) == 3:
                for maximum, phase in zip(self.maxima[1:], s):
                    maximum.hold(max(0, phase), seconds, t)

    def ten_minutes(self, t: int) -> None:
        """UTC second `t` is a multiple of 600: close what ends here."""
        ms = t * 1000
        if ms > self._since:
            self.voltages = [total // (ms - self._since) for total in self._volts]
            self.averaged = civil.horodate(t)
            self._volts, self._since = [0] * len(self._volts), ms
        if t % CURVE == 0 and ms > self._curve_since:
            lasted, when = ms - self._curve_since, civil.horodate(t)
            self.curve = [(when, self._curve_acc[0] // lasted), self.curve[0]]
            self.curve_in = [(when, self._curve_acc[1] // lasted), self.curve_in[0]]
            self._curve_acc, self._curve_since = [0, 0], ms
        if (t + civil.offset(t)) % 86400 == 0:
            for maximum in self.maxima + [self.injection]:
                maximum.midnight(t)
            self.yesterday_peak, self._today_peak = self._today_peak, 0
