"""The books: clock, derived quantities, energy and history, kept up to date frame by frame.

Before a deep sleep, days.suspend(ledger.energy, ledger.history) is what RTC memory should keep.
"""

from micropython import const

from firmware import rarely
from firmware.derive import Derived
from firmware.energy import Energy
from firmware.history import History

_HOUR = const(3600)
_LAST_MINUTE = const(3540)  # of an hour: midnight may follow


class Ledger:
    """store, meter: of firmware.tic; kept: what days.suspend() gave, or empty."""

    def __init__(self, store, meter, clock, ticks_ms, folder="history", kept=b""):
        self._store = store
        self._meter = meter
        self._clock = clock
        self.ticks_ms = ticks_ms
        self._minute = None  # that runs, of the clock or of the ticks
        self.derived = Derived()
        self.history = History(clock, folder)
        self.energy = Energy(clock, folder, self.history)
        rarely.load("days").resume(self.energy, self.history, kept)
        clock.listeners.append(self._step)

    def frame(self) -> None:
        """To be called at each end of frame."""
        now = self.ticks_ms()
        store, clock = self._store, self._clock
        slot = store.find(b"DATE")
        if slot >= 0:
            clock.hear(store.horodate(slot) or store.value(slot), store.age(slot, now))
        self.derived.frame(self._meter, now)
        utc = clock.utc()
        minute = (now // 1000 if utc is None else utc) // 60
        over = minute != self._minute
        if over:
            if self._minute is not None:
                self.history.minute(self._minute, self.derived.minute(), utc is not None)
            self._minute = minute
        if utc is not None and (over or utc % _HOUR >= _LAST_MINUTE):
            self.energy.look(self._meter, utc)

    def _step(self, before, after):
        """The clock is known, or was wrong."""
        self._minute = rarely.load("days").moved(self, self._minute, before, after)

    def close(self) -> None:
        """Write all that is still in memory: before a restart."""
        self.history.flush()
        rarely.load("days").save(self.energy)
