"""The books as a whole: frame by frame, before and after the time is known."""

import gc
import os
import sys

from books import Meter, utc

from firmware import rarely
from firmware.energy import TODAY
from firmware.history import DAY, MINUTE
from firmware.ledger import Ledger
from firmware.link.clock import Clock, calendar

_count = 0


class Store:
    """A store that holds DATE and nothing else."""

    def __init__(self):
        self.date = None
        self.late = 0

    def find(self, label):
        return 0 if label == b"DATE" and self.date else -1

    def horodate(self, slot):
        return self.date

    def age(self, slot, now):
        return self.late


class Scene:
    """A ledger over a meter whose power is a minute's number."""

    def __init__(self, start, dated=True, folder=None):
        global _count
        _count += 1
        self.folder = folder or f"ledger{_count}"
        self.store = Store()
        self.meter = Meter(_1=1000)
        self.now = start
        self.dated = dated
        self.start()

    def start(self, kept=b""):
        self.ticks = 12_345
        self.clock = Clock(lambda: self.ticks)
        self.ledger = Ledger(self.store, self.meter, self.clock, lambda: self.ticks, self.folder,
                             kept)
        self.energy, self.history = self.ledger.energy, self.ledger.history

    def frames(self, count, seconds=2, wh=0):
        for _ in range(count):
            self.now += seconds
            self.ticks += seconds * 1000
            if self.dated:
                t = self.now + self.clock.offset(self.now)
                y, month, d, h, minute, s, _ = calendar(t)
                letter = b"E" if t - self.now == 7200 else b"H"
                self.store.date = b"%s%02d%02d%02d%02d%02d%02d" % (letter, y - 2000, month, d, h,
                                                                  minute, s)
            self.meter.wh["_1"] += wh
            self.meter.apparent_va = self.now // 60 % 5000
            self.ledger.frame()

    def minutes(self, first, last):
        return list(self.history.rows(MINUTE, first, last, 0))


def test_minutes_and_energy():
    start = utc("H2601201000")
    scene = Scene(start - 2)
    scene.frames(1801)
    assert scene.clock.utc() == scene.now == start + 3600
    rows = scene.minutes(start, start + 3600)
    # A frame's power holds until the next one.
    assert rows == [(start + 60 * n, (start // 60 + n) % 5000) for n in range(60)]
    assert scene.energy.wh("1", TODAY) == 0
    scene.frames(31, wh=1)
    assert scene.energy.wh("1", TODAY) == 30
    assert scene.ledger.derived.mean_minute == (start // 60 + 60) % 5000


def test_each_frame_counts_before_midnight():
    scene = Scene(utc("H2601202350") - 1)
    scene.frames(271)
    scene.frames(15, wh=1)
    scene.frames(14, wh=10)
    assert scene.now == utc("H2601210000") - 1
    scene.frames(40)
    days = list(scene.history.rows(DAY, scene.now - 86400, scene.now, 1))
    assert [sums for _, _, sums in days] == [{"1": 155}]
    assert scene.energy.wh("1", TODAY) == 0


def test_time_comes_late():
    start = utc("H2601201000")
    scene = Scene(start, dated=False)
    scene.frames(20 * 30)
    assert scene.clock.utc() is None and scene.history.count == 20
    assert scene.energy.day is None
    scene.clock.set(scene.now, "ntp")
    scene.frames(5 * 30, wh=1)
    rows = scene.minutes(start - 99, scene.now)
    assert [at for at, _ in rows] == list(range(start // 60 * 60, scene.now - 59, 60))
    # Before, a minute was one of the ticks: up to half of the next one is in it.
    assert all(abs(va - at // 60 % 5000) <= 1 for at, va in rows)
    assert scene.energy.wh("1", TODAY) in range(118, 151)
    assert scene.history.dropped == 0


def test_close_and_suspend_keep_what_is_pending():
    scene = Scene(utc("H2601201000"))
    scene.frames(17 * 30, wh=1)
    pending = scene.history.count
    assert pending >= 15
    kept = rarely.load("days").suspend(scene.energy, scene.history)
    rows = scene.minutes(utc("H2601200959"), scene.now)
    used = scene.energy.wh("1", TODAY)
    scene.start(kept)
    assert scene.minutes(utc("H2601200959"), scene.now) == rows
    assert scene.energy.wh("1", TODAY) == used
    scene.frames(60, wh=1)
    rows = scene.minutes(utc("H2601200959"), scene.now)
    used = scene.energy.wh("1", TODAY)
    scene.ledger.close()
    scene.start(kept)  # older than what is in flash
    assert scene.energy.wh("1", TODAY) == used
    scene.start()
    assert scene.history.count == 0
    assert scene.minutes(utc("H2601200959"), scene.now) == rows
    assert scene.energy.wh("1", TODAY) == used


def test_a_step_of_the_clock():
    scene = Scene(utc("H2601201000"))
    scene.frames(300, wh=1)
    scene.dated, scene.store.date = False, None
    scene.clock.set(scene.now + 600, "ntp")
    scene.now += 600
    used = scene.energy.wh("1", TODAY)
    scene.frames(300, wh=1)
    rows = scene.minutes(utc("H2601200959"), scene.now)
    # What was pending happened ten minutes later than was thought.
    first = utc("H2601201010")
    assert [at for at, _ in rows] == list(range(first, first + 1200, 60))
    assert [va - at // 60 % 5000 for at, va in rows] == [-10] * 10 + [0] * 10
    assert used + 269 < scene.energy.wh("1", TODAY) < used + 331


def test_nothing_rare_stays():
    scene = Scene(utc("H2601202355"))
    scene.frames(400, wh=1)
    scene.minutes(scene.now - 900, scene.now)
    for name in ("days", "ring", "past", "setting"):
        assert name not in sys.modules


def test_a_quiet_frame_makes_no_garbage():
    scene = Scene(utc("H2601201000"))
    scene.frames(40)
    ledger, ticks = scene.ledger, scene.ticks
    scene.ledger.frame()
    gc.collect()
    before = gc.mem_alloc()
    for _ in range(10):
        ledger.frame()
    used = gc.mem_alloc() - before
    assert scene.ticks == ticks and used < 10 * 100, used


def test_no_flash():
    scene = Scene(utc("H2601202330"), folder="/no/such/place")
    scene.frames(60 * 30, wh=1)
    assert scene.history.error is not None and scene.history.dropped
    assert scene.energy.wh("1", TODAY) > 0
    assert "no" not in os.listdir("/")
