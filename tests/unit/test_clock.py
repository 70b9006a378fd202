"""The clock: legal time by its rule, and what the meter, a network and the RTC say of the time."""

import time

from firmware.link.clock import UNIX, Clock, calendar
from firmware.tic import fields


def horodate(text):
    """utc of SAAMMJJhhmmss."""
    return fields.seconds(text)


WINTER = horodate(b"H260120180000")


class Board:
    """Ticks that the test moves, and an RTC."""

    def __init__(self, start=0, rtc=None):
        self.ticks = start
        self.rtc = rtc
        self.steps = []
        self.clock = Clock(lambda: self.ticks, self if rtc else None)
        self.clock.listeners.append(lambda *step: self.steps.append(step))

    def wait(self, ms):
        self.ticks = time.ticks_add(self.ticks, ms)

    def datetime(self, now=None):
        if now is None:
            return self.rtc
        self.rtc = now

    def hear(self, text, age=0):
        self.clock.hear(text, age)
        return self.clock.utc()


def said(utc, letter=None):
    """The horodate of a meter whose clock is right."""
    offset = 7200 if letter in ("E", "e") else 3600
    y, month, d, h, minute, s, _ = calendar(utc + offset)
    return b"%s%02d%02d%02d%02d%02d%02d" % (letter or "H", y % 100, month, d, h, minute, s)


def known(start=0):
    """A board that has heard its meter."""
    board = Board(start)
    board.hear(said(WINTER))
    board.wait(1000)
    assert board.hear(said(WINTER + 1)) == WINTER + 1
    del board.steps[:]
    return board


def test_calendar_agrees_with_the_system():
    for day in range(0, 13000, 17):
        then = calendar(day * 86400 + day)
        now = time.gmtime(day * 86400 + day + (UNIX if time.gmtime(0)[0] == 1970 else 0))
        assert tuple(then) == tuple(now[:7])
        text = b" %02d%02d%02d%02d%02d%02d" % ((then[0] - 2000,) + tuple(then[1:6]))
        assert fields.seconds(text) == day * 86400 + day
    assert calendar(0) == (2000, 1, 1, 0, 0, 0, 5)


def test_changes_of_hour():
    clock = Clock(lambda: 0)
    spring = horodate(b"H260329020000")  # 01:00 UTC, the last Sunday of March
    assert clock.offset(spring - 1) == 3600 and clock.offset(spring) == 7200
    assert clock.local(spring - 1)[3:6] == (1, 59, 59)
    assert clock.local(spring)[3:6] == (3, 0, 0)
    autumn = horodate(b"E261025030000")
    assert clock.offset(autumn - 1) == 7200 and clock.offset(autumn) == 3600
    assert clock.local(autumn - 1)[3:6] == (2, 59, 59)
    assert clock.local(autumn)[3:6] == (2, 0, 0)
    assert autumn == horodate(b"H261025020000")
    # The dates of the directive, as printed in the calendars of these years.
    days = {2024: (31, 27), 2025: (30, 26), 2026: (29, 25), 2027: (28, 31), 2028: (26, 29),
            2032: (28, 31), 2037: (29, 25)}
    for year in days:
        for month, day in zip((3, 10), days[year]):
            change = horodate(b"H%02d%02d%02d020000" % (year - 2000, month, day))
            before, after = clock.offset(change - 1), clock.offset(change)
            assert (before, after) == ((3600, 7200) if month == 3 else (7200, 3600)), year


def test_days_have_23_24_and_25_hours():
    clock = Clock(lambda: 0)
    hours = {23: 0, 24: 0, 25: 0}
    for day in range(9131, 9131 + 3653):  # 2025 to 2034
        begin = clock.midnight(day)
        assert clock.day(begin) == day and clock.day(begin - 1) == day - 1
        assert clock.local(begin)[3:6] == (0, 0, 0)
        hours[(clock.midnight(day + 1) - begin) // 3600] += 1
    assert hours == {23: 10, 24: 3633, 25: 10}


def test_nothing_is_known_until_somebody_says_so():
    board = Board()
    assert board.clock.utc() is None and board.clock.source is None
    assert board.clock.set(WINTER, "ntp")
    assert board.clock.utc() == WINTER and board.clock.source == "ntp"
    assert board.steps == [(None, WINTER)]


def test_the_meter_must_say_it_twice():
    board = Board()
    assert board.hear(said(WINTER)) is None
    assert board.hear(said(WINTER)) is None  # the same group again proves nothing
    board.wait(1500)
    assert board.hear(said(WINTER + 400)) is None
    board.wait(1500)
    assert board.hear(said(WINTER + 402)) == WINTER + 402
    assert board.clock.source == "meter"
    assert board.steps == [(None, WINTER + 402)]


def test_age_is_regarded():
    board = Board()
    board.hear(said(WINTER), 700)
    board.wait(1000)
    assert board.hear(said(WINTER + 1), 700) == WINTER + 1
    board.wait(300)
    assert board.clock.utc() == WINTER + 2
    board.wait(5000)
    assert board.hear(said(WINTER + 1), 6000) == WINTER + 7
    assert len(board.steps) == 1


def test_it_goes_on_by_the_ticks_and_their_period():
    board = known(time.ticks_add(0, -5000))
    for seconds in range(2, 60):
        board.wait(1000)
        assert board.clock.utc() == WINTER + seconds
    for days in range(1, 40):
        for _ in range(24):
            board.wait(3_600_000)
            board.clock.utc()
        assert board.clock.utc() == WINTER + 59 + days * 86400
    assert board.steps == []


def test_small_differences_are_ignored_or_made_up_for_gently():
    board = known()
    before = board.clock.utc()
    for second in range(2, 400):
        board.wait(1000)
        # DATE repeats a second now and then, and skips one.
        now = board.hear(said(WINTER + second + (second % 7 == 0) - (second % 5 == 0)))
        assert now == before + 1
        before = now
    board.wait(1000)
    assert board.hear(said(before + 5)) == before + 5
    before += 5
    board.wait(1000)
    assert board.hear(said(before - 3)) == before + 1  # never backwards: it waits
    for _ in range(4):
        board.wait(1000)
        assert board.clock.utc() == before + 1
    board.wait(1000)
    assert board.clock.utc() == before + 2
    assert board.steps == []


def test_a_step_is_reported_once_it_is_sure():
    board = known()
    board.wait(1000)
    assert board.hear(said(WINTER + 9999)) == WINTER + 2  # a damaged group
    board.wait(1000)
    assert board.hear(said(WINTER + 3)) == WINTER + 3
    board.wait(1000)
    assert board.hear(said(WINTER + 9999)) == WINTER + 4  # not what the one before last said
    board.wait(1000)
    assert board.hear(said(WINTER + 10000)) == WINTER + 10000
    assert board.steps == [(WINTER + 5, WINTER + 10000)]
    board.wait(1000)
    board.hear(said(WINTER + 6))
    board.wait(1000)
    assert board.hear(said(WINTER + 7)) == WINTER + 7
    assert board.steps[1:] == [(WINTER + 10002, WINTER + 7)]


def test_the_better_source_counts():
    board = known()
    clock = board.clock
    assert not clock.set(WINTER + 3000, "rtc") and not clock.set(0, "degraded")
    assert clock.set(WINTER + 30, "ntp") and clock.utc() == WINTER + 30
    board.wait(1000)
    board.hear(said(WINTER))
    board.wait(1000)
    assert board.hear(said(WINTER + 1)) == WINTER + 32 and clock.source == "ntp"
    assert clock.set(WINTER + 31, "ntp", 500)  # an answer over the network is exact
    board.wait(500)
    assert clock.utc() == WINTER + 32
    board.wait(500)
    assert clock.utc() == WINTER + 32
    board.wait(500)
    assert clock.utc() == WINTER + 33
    for _ in range(25):
        board.wait(3_600_000)
        board.clock.utc()
    now = board.clock.utc()
    board.hear(said(now + 100))
    board.wait(1000)
    assert board.hear(said(now + 101)) == now + 101 and clock.source == "meter"


def test_a_degraded_meter_is_heard_when_nobody_else_is():
    board = Board()
    for second in range(3):
        board.hear(b"h1901010000%02d" % second)
        board.wait(1000)
    assert board.clock.source == "degraded"
    assert board.clock.utc() == horodate(b"H190101000003")
    for second in range(3):
        board.hear(said(WINTER + second))
        board.wait(1000)
    assert board.clock.source == "meter" and board.clock.utc() == WINTER + 3
    for second in range(90):
        board.hear(b"h1901010000%02d" % (second % 60))
        board.wait(3_600_000)
    assert board.clock.source == "meter" and board.clock.utc() == WINTER + 3 + 90 * 3600


def test_impossible_times_are_not_believed():
    board = Board()
    for text in (b"h0001010000", b"H9912312359", b"H0001010000"):
        for second in range(3):
            board.hear(text + b"%02d" % second)
            board.wait(1000)
    assert not board.clock.set(0, "ntp") and not board.clock.set(3155760000, "ntp")
    assert board.clock.utc() is None


def test_rtc():
    board = Board(rtc=(2000, 1, 1, 5, 0, 0, 7, 0))
    assert board.clock.utc() is None
    board.clock.set(WINTER, "ntp")
    assert board.rtc == (2026, 1, 20, 1, 17, 0, 0, 0)
    again = Board(rtc=(2026, 1, 20, 1, 17, 0, 9, 0))
    assert again.clock.utc() == WINTER + 9 and again.clock.source == "rtc"
    again.hear(said(WINTER + 10))
    again.wait(1000)
    assert again.hear(said(WINTER + 11)) == WINTER + 10  # near enough
    assert again.clock.source == "meter" and again.rtc == (2026, 1, 20, 1, 17, 0, 9, 0)
    again.clock.set(WINTER + 90, "ntp")
    assert again.rtc == (2026, 1, 20, 1, 17, 1, 30, 0)


def test_legal_time_without_a_season():
    spring, autumn = horodate(b"H260329020000"), horodate(b"H261025020000")
    for change in (spring, autumn):
        board = Board()
        board.clock.set(change - 5 * 3600, "degraded")
        del board.steps[:]
        for minute in range(600):
            utc = change + (minute - 300) * 60
            wall = calendar(utc + board.clock.offset(utc))
            text = b" %02d%02d%02d%02d%02d%02d" % ((wall[0] - 2000,) + tuple(wall[1:6]))
            if minute % 2:  # PME-PMI
                text = b"%02d/%02d/%02d %02d:%02d:%02d" % (
                    tuple(wall[2:3]) + (wall[1], wall[0] - 2000) + tuple(wall[3:6]))
            assert board.hear(text) == utc
            board.wait(60_000)
        assert board.steps == []
    board = Board()
    board.hear(b"15/07/26 12:00:00")
    board.wait(1000)
    assert board.hear(b"15/07/26 12:00:01") == horodate(b"E260715120001")
    assert board.clock.source == "degraded"


def test_nobody_asks_for_more_than_a_week():
    board = known()
    for _ in range(8):
        board.wait(86_400_000)
    board.wait(1500)
    assert board.clock.utc() == WINTER + 8 * 86400 + 2
    board.wait(500)
    assert board.clock.utc() == WINTER + 8 * 86400 + 3
