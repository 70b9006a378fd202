"""Energy by day and period, counted from the meter's indexes.

The indexes carry everything: energy is what an index has advanced since it was looked at last, so
nothing is lost while the gateway restarts, sleeps or is without power. What can be unknown is the
day to which it belongs:

- between two looks on the same day: that day;
- over a midnight: shared out among the days by time (the sum stays exact). After more than a few
  minutes those days are marked SPLIT: their parts are an estimate. After more than a month the
  last 31 days get it all;
- while the clock is unknown nothing is counted; once it is known the look is as after a gap;
- when the clock makes a step, the day keeps its energy and changes its date (CLOCK).

Another meter, mode or (in historique) contract counts from elsewhere: its indexes are a new
beginning, and the day is marked LOST, as is the day of the first look of all. An index that runs
backwards, or faster than the power allows, must do so for ten looks before it is a new beginning.

Keys are those of Meter.periods(), and INJECTED. All energies are integers, in Wh.
What happens once an hour or less is in days.py, which is loaded for it.
"""

from micropython import const

from firmware import rarely

INJECTED = "injected"
# Spans, and positions in a row: what the index was, Wh of each span, Wh since the last look.
LAST = const(0)
TODAY = const(1)
YESTERDAY = const(2)
MONTH = const(3)  # of the days that are over
TOTAL = const(4)  # likewise, since the first look
NEW = const(5)

# What is wrong with the energy of a day.
SPLIT = const(1)  # shared out over a midnight by time
LOST = const(2)  # some of it was not seen
CLOCK = const(4)  # the clock was wrong

_HOUR = const(3600)
_CONFIRM = const(10)  # looks
_LINKY = const(36_000)  # VA, its largest subscription
_SITE = const(1_000_000)  # VA, of a PME-PMI
_SLACK = const(1000)  # Wh: power may pass the subscription for a while
_ROWS = const(24)


class Energy:
    """`day`: number of today, None before the first look. `since`: utc of the first look.

    `flags`, `before`: SPLIT, LOST, CLOCK of today and of yesterday; the latter None if yesterday
    was not seen. `rows`: {key: [...]}, for days.py. history: takes the days that are over.
    """

    def __init__(self, clock, folder, history):
        self.clock = clock
        self.path = f"{folder}/energy"
        self.history = history
        self.rows = {}
        self.day = self.since = self.before = None
        self.flags = LOST
        self.at = 0  # utc of the last look
        self.meter = self.contract = self.serial = None  # whose rows these are
        self.zero = False  # an index that appears was 0 before
        self._odd = 0  # looks in a row at which an index was not believed
        self._saved = None  # hour

    def look(self, meter, utc) -> None:
        """Take what the indexes have advanced; at least once a minute, and around midnight.

        To be called when a frame is complete.
        """
        mode, contract, serial = meter.mode, meter.contract, meter.serial
        if mode == "unknown" or contract is None and mode == "historique":
            return
        contract = f"{mode} {contract}" if mode == "historique" else mode
        if contract != self.contract or serial and serial != self.serial or utc < self.at:
            if not rarely.load("days").meet(self, serial, contract, utc):
                return
            self._saved = None
        power = _SITE if mode == "pmepmi" else meter.subscribed_va or _LINKY
        most = 2 * power * (utc - self.at) // _HOUR + _SLACK
        odd = 0
        for key, _, wh in meter.periods():
            odd |= self._take(key, wh, most)
        self.zero = False
        if meter.injected_wh is not None:
            odd |= self._take(INJECTED, meter.injected_wh, most)
        self.zero = mode == "standard"
        self._odd = self._odd + 1 if odd else 0
        if self.clock.day(utc) > self.day:
            rarely.load("days").share(self, utc)
        for row in self.rows.values():
            row[TODAY] += row[NEW]
            row[NEW] = 0
        self.at = utc
        if utc // _HOUR != self._saved:
            self._saved = utc // _HOUR
            rarely.load("days").save(self)

    def _take(self, key, wh, most) -> int:
        """What an index has advanced; 1 if it is not believed."""
        row = self.rows.get(key)
        if row is None:
            if len(self.rows) >= _ROWS:
                return 0
            row = self.rows[key] = [0 if self.zero and wh <= most else wh, 0, 0, 0, 0, 0]
        last = wh if row[LAST] is None else row[LAST]
        if not 0 <= wh - last <= most:
            if self._odd < _CONFIRM:
                return 1
            self.flags |= LOST
            last = wh
        row[NEW] = wh - last
        row[LAST] = wh
        return 0

    def wh(self, key, span):
        """Wh of a period, or of all together (key None: what was withdrawn), in TODAY, YESTERDAY,
        MONTH or TOTAL; None if it is unknown.
        """
        if span == YESTERDAY and self.before is None:
            return None
        total = None
        for name in self.rows:
            if name == key or key is None and name != INJECTED:
                row = self.rows[name]
                total = (total or 0) + row[span] + (row[TODAY] if span >= MONTH else 0)
        return total
