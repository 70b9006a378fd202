"""What the meter says only at times, and is needed longer: kept in memory and handed to flash.

- Names of the indexes of standard mode: LTARF names the index of NTARF, one at a time.
- Indexes of PME-PMI: only the one of the current period is sent.
- The profile of a day: PJOURF+1 announces it the day before and is silent about today.

A frame is no snapshot: at a switch it may hold the new number beside the old name, or the old
period beside the new index. So the meter is looked at every few frames, and what one look sees is
believed when the next still sees the same period.

`memory` keeps one dict of plain JSON: load() -> dict, empty when there is none, and save(dict),
called when something was learnt: a few times a day.
"""

from micropython import const

from firmware.tic import fields

_EVERY = const(8)  # frames between two looks
_CALM = const(5)  # minutes around midnight in which PJOURF+1 may be of either day
_DAY = const(1440)


class Learnt:
    """`known`: {"1": "HEURE CREUSE"}, or {"hph": Wh} of PME-PMI, of the contract `contract`.
    `days`: the profiles of today and tomorrow by number of the local day since 2000, as text.
    """

    def __init__(self, meter, store, memory):
        kept = memory.load() if memory else {}
        self._meter = meter
        self._store = store
        self._memory = memory
        self.contract = kept.get("contract")
        self.known = kept.get("known", {})
        self.days = kept.get("days", {})
        self._looked = 0
        self._key = self._what = None  # of the last look

    def look(self) -> None:
        """To be called at each end of frame. Raises what `memory.save` raises."""
        meter = self._meter
        if self._store.frames - self._looked < _EVERY:
            return
        self._looked = self._store.frames
        contract, key = meter.contract_name, meter.period
        what = meter.period_wh or meter.sent(b"LTARF")
        if not contract or not key or not what:
            return
        if not isinstance(what, int):
            what = fields.collapse(what)
        news = False
        if contract != self.contract:
            self.forget()
            self.contract = contract
        elif key != self._key:
            news = self._key
        elif what == self._what or isinstance(what, int):
            news = isinstance(what, str) and self.known.get(key) != what
            self.known[key] = self._what
        self._key = key
        self._what = what
        if (self._announced() or news) and self._memory:
            kept = {"contract": contract, "known": self.known, "days": self.days}
            self._memory.save(kept)

    def forget(self) -> None:
        """Another meter: nothing of this is true any more."""
        self.contract = self._key = None
        self.known = {}
        self.days = {}

    def _announced(self):
        """Keeps the profile of tomorrow; whether it is news."""
        date, profile = self._meter.date, self._meter.sent(b"PJOURF+1")
        if not profile or not date or not _CALM <= fields.minute(date) < _DAY - _CALM:
            return False
        day = fields.day(date)
        profile = str(profile, "ascii").split(" N")[0]
        if self.days.get(str(day + 1)) == profile:
            return False
        self.days = {str(day): self.days.get(str(day)), str(day + 1): profile}
        return True
