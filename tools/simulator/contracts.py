"""The five contracts: which index counts when, in which words, and what is announced for tomorrow.

Every switch falls on a multiple of ten minutes, so the meter asks for a Tariff on that grid only.
Calendars are drawn from the seed: the same seed gives the same coloured days.
Codes: Enedis-NOI-CPT_54E 6.2 (STGE, PJOURF+1, RELAIS) and ERDF-NOI-CPT_02E (OPTARIF, PTEC).
"""

import random
from collections import namedtuple

from . import civil

NAMES = ("base", "hchp", "ejp", "tempo", "multi")
UNUSED = "NONUTILE"
_TEMPO, _OPEN, _CLOSE = 0x4000, 0x8000, 0xC000

# What the meter needs to know at one instant.  Times are UTC seconds; peaks = [(n, start, end)]
# known by now; contact is True when the dry contact is closed; colours: 0 none, 1 blue, 2 white,
# 3 red.
Tariff = namedtuple("Tariff", "index operator contact ltarf ptec today tomorrow notice peak peaks"
                              " njourf njourf1 pjourf1 ppointe peak_soon")


def profile(plan: list) -> str:
    """The 98 characters of PJOURF+1 or PPOINTE for [(minutes, action word)]."""
    blocks = [f"{m // 60:02}{m % 60:02}{word:04X}" for m, word in plan]
    return " ".join(blocks + [UNUSED] * (11 - len(blocks)))


class Contract:
    """One price all day.  The other contracts change the attributes and the few methods below."""

    name = "base"
    ngtf = "      BASE      "
    optarif = "BASE"
    ltarf = ("      BASE      ",)
    ptec = ("TH..",)                # by index, historique
    indexes = ("BASE",)             # historique label of each index, in order of emission
    emitted = (1,)                  # index behind each of those labels
    off_peak = ()                   # indexes during which the water heater may run
    share = (1.0,)                  # of the energy counted before the start, by index
    operators = 1                   # the grid operator's indexes in use

    def __init__(self, seed: int):
        self._seed = seed
        self._calendar = {}
        self.hours = random.Random(f"{seed} hours").choice((
            ((1320, 360),), ((130, 490), (880, 1000)), ((90, 450), (750, 870)), ((1410, 450),)))

    def draw(self, day: int) -> float:
        """A number in 0..1 that belongs to this day."""
        if day not in self._calendar:
            self._calendar[day] = random.Random(f"{self._seed} {self.name} {day}").random()
        return self._calendar[day]

    def plan(self, day: int) -> list:
        """[(minutes, action word)] of a day, mobile peaks not regarded."""
        return [(0, _OPEN | 1)]

    def number(self, day: int) -> int:
        """The number of the day's profile, NJOURF."""
        return 0

    def peak_of(self, day: int) -> tuple:
        """(n, start, end, plan, announced) of the mobile peak that begins this day, or None."""
        return None

    def colour(self, day: int) -> int:
        """Colour of the day that begins at 06:00: Tempo only."""
        return 0

    def operator(self, index: int, month: int) -> int:
        """The grid operator's index, 1..4."""
        return 1

    def _off_peak_plan(self, low: int, high: int) -> list:
        """The plan of a day with the seed's off-peak hours, contact closed in them."""
        actions = []
        for begin, end in self.hours:
            actions += [(begin, _CLOSE | low), (end, _OPEN | high)]
        actions.sort()
        if actions[0][0]:
            actions.insert(0, (0, actions[-1][1]))
        return actions

    def state(self, t: int) -> Tariff:
        """Everything the contract says at UTC second `t`."""
        when = civil.local(t)
        day = when.toordinal()
        minute = when.hour * 60 + when.minute
        word = [w for m, w in self.plan(day) if m <= minute][-1]
        peaks, running, notice, soon, ppointe = [], 0, 0, 0, None
        for first in (day - 1, day, day + 1, day + 2):
            peak = self.peak_of(first)
            if peak is None or not peak[4] <= t < peak[2]:
                continue
            n, start, end, actions = peak[:4]
            if all(n != known[0] for known in peaks):
                peaks.append((n, start, end))
            if t >= start:
                running = n
                wall = minute if first == day else minute + 1440
                word = [w for m, w in actions if m <= wall][-1]
            elif not notice:
                notice, soon = n, start
                ppointe = profile([(m % 1440, w) for m, w in actions])
        index = word & 0xF
        today = self.colour(day if minute >= 360 else day - 1)
        known = minute >= 660 or minute < 360
        tomorrow = self.colour(day + 1 if minute >= 660 else day) if known else 0
        contact = (index in self.off_peak if word & _CLOSE == _TEMPO else word & _CLOSE == _CLOSE)
        return Tariff(index, self.operator(index, when.month), contact, self.ltarf[index - 1],
                      self.ptec[index - 1], today, tomorrow, notice, running, sorted(peaks),
                      self.number(day), self.number(day + 1), profile(self.plan(day + 1)),
                      ppointe, soon)


class OffPeak(Contract):
    """Off-peak and peak hours; the contact is closed off peak."""

    name = "hchp"
    ngtf = "H PLEINE/CREUSE "
    optarif = "HC.."
    ltarf = (" HEURE  CREUSE  ", " HEURE  PLEINE  ")
    ptec = ("HC..", "HP..")
    indexes = ("HCHC", "HCHP")
    emitted = (1, 2)
    off_peak = (1,)
    share = (0.38, 0.62)
    operators = 4

    def plan(self, day: int) -> list:
        return self._off_peak_plan(1, 2)

    def operator(self, index: int, month: int) -> int:
        return index + (2 if month in (11, 12, 1, 2, 3) else 0)


class Ejp(Contract):
    """Normal hours, and mobile peak days from 07:00 to 01:00, announced at 17:00 on the eve."""

    name = "ejp"
    ngtf = "      EJP       "
    optarif = "EJP."
    ltarf = ("HEURES NORMALES ", " POINTE MOBILE  ")
    ptec = ("HN..", "PM..")
    indexes = ("EJPHN", "EJPHPM")
    emitted = (1, 2)
    share = (0.97, 0.03)

    def peak_of(self, day: int) -> tuple:
        when = civil.datetime.date.fromordinal(day)
        if when.month not in (11, 12, 1, 2, 3) or when.weekday() > 4 or self.draw(day) > 0.2:
            return None
        actions = [(420, _OPEN | 2)]
        return (1, civil.utc(day, 420), civil.utc(day + 1, 60), actions,
                civil.utc(day - 1, 1020))


class Tempo(Contract):
    """Six indexes by colour; colour days begin at 06:00; white is mobile peak 1, red 2."""

    name = "tempo"
    ngtf = "     TEMPO      "
    optarif = "BBR("
    ltarf = ("    HC  BLEU    ", "    HP  BLEU    ", "   HC  BLANC    ", "   HP  BLANC    ",
             "   HC  ROUGE    ", "   HP  ROUGE    ")
    ptec = ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")
    indexes = ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR")
    emitted = (1, 2, 3, 4, 5, 6)
    off_peak = (1, 3, 5)
    share = (0.33, 0.5, 0.05, 0.07, 0.02, 0.03)

    def colour(self, day: int) -> int:
        when = civil.datetime.date.fromordinal(day)
        drawn = self.draw(day)
        winter = when.month in (11, 12, 1, 2, 3)
        if winter and when.weekday() < 5 and drawn < 0.21:
            return 3
        if when.weekday() < 6 and drawn < (0.5 if winter else 0.03):
            return 2
        return 1

    def plan(self, day: int) -> list:
        return [(0, _TEMPO | 1), (360, _TEMPO | 2), (1320, _TEMPO | 1)]

    def peak_of(self, day: int) -> tuple:
        colour = self.colour(day)
        if colour == 1:
            return None
        low = 2 * colour - 1
        actions = [(360, _TEMPO | low + 1), (1320, _TEMPO | low)]
        return (colour - 1, civil.utc(day, 360), civil.utc(day + 1, 360), actions,
                civil.utc(day - 1, 660))


class Multi(Contract):
    """A market offer with ten named periods: season, weekend, night, midday, peaks on call."""

    name = "multi"
    ngtf = " Dix  Periodes  "
    optarif = "BASE"
    ltarf = ("Nuit Hiver      ", "Jour Hiver      ", "Pointe Hiver    ", "WE Nuit Hiver   ",
             "WE Jour Hiver   ", "Nuit Ete        ", "Jour Ete        ", "Midi Ete        ",
             "Week-End Ete    ", "  POINTE MOBILE ")
    ptec = ("TH..",) * 10
    off_peak = (1, 4, 6, 8)
    share = (0.14, 0.2, 0.09, 0.06, 0.1, 0.1, 0.14, 0.08, 0.08, 0.01)
    operators = 4

    def number(self, day: int) -> int:
        when = civil.datetime.date.fromordinal(day)
        return 1 + (when.weekday() > 4) + 2 * (4 <= when.month <= 10)

    def plan(self, day: int) -> list:
        night, day_ = ((1, 2), (4, 5), (6, 7), (9, 9))[self.number(day) - 1]
        if night == day_:
            return [(0, _CLOSE | 9), (360, _OPEN | 9)]
        actions = [(0, _CLOSE | night), (360, _OPEN | day_), (1380, _CLOSE | night)]
        if night == 1:
            actions[2:2] = [(480, _OPEN | 3), (600, _OPEN | 2), (1080, _OPEN | 3),
                            (1200, _OPEN | 2)]
        if night == 6:
            actions[2:2] = [(690, _CLOSE | 8), (960, _OPEN | 7)]
        return actions

    def peak_of(self, day: int) -> tuple:
        if self.draw(day) > 0.25:
            return None
        actions = [(1080, _OPEN | 10)]
        return (1 + day % 3, civil.utc(day, 1080), civil.utc(day, 1200), actions,
                civil.utc(day - 2, 720))

    def operator(self, index: int, month: int) -> int:
        winter = month in (11, 12, 1, 2, 3)
        return (1 if index in self.off_peak else 2) + (2 if winter else 0)


_CLASSES = {c.name: c for c in (Contract, OffPeak, Ejp, Tempo, Multi)}


def contract(name: str, seed: int) -> Contract:
    """The contract called `name`, one of NAMES, with its calendar drawn from the seed."""
    return _CLASSES[name](seed)
