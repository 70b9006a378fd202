"""What time it is: from the meter or from a network, and French legal time by its rule.

Time is "utc": whole seconds since 2000-01-01 00:00 UTC, a small integer on the board until 2034.
The epoch of the system (2000 on the board, 1970 on a PC) shows nowhere else: the RTC is read and
set by its calendar, and between two settings the ticks count.

Legal time of mainland France: UTC+1, and UTC+2 from 01:00 UTC of the last Sunday of March to 01:00
UTC of the last Sunday of October (directive 2000/84/EC). Overseas meters: not known.

utc() never runs backwards but in a step. A source that is up to five seconds off moves the clock
gently; beyond that it is a step, which the listeners are told. What moves the clock is in
setting.py, which is loaded for it.
"""

import time

from micropython import const

from firmware import rarely
from firmware.tic import fields, moments

UNIX = 946684800  # s from 1970 to 2000

# Worst first. The RTC was set by a better one before a reset or a sleep; a degraded clock of the
# meter lost its time and found nobody to ask since, and so is heard only when there is none else.
SOURCES = ("degraded", "rtc", "meter", "ntp")
_METER = const(2)
_DAY = const(86400)
_STALE = const(86400)  # s after which a source that is silent gives way to a lesser one
_FIRST = const(473385600)  # 2015, the first Linky: a clock that starts at an epoch knows nothing
_LAST = const(1893456000)  # 2060: the board's calendar ends in 2068
_GENTLE = const(10_000)  # ms, more than any gentle move
_TICKS = const(0x3FFFFFFF)  # the period of ticks on the board
_NEAR = const(1500)  # ms: DATE is a whole second, and repeats or skips one now and then


def calendar(seconds) -> tuple:
    """(year, month, day, hour, minute, second, weekday: Monday is 0) of seconds since 2000."""
    if time.gmtime(0)[0] == 1970:
        seconds += UNIX
    return time.gmtime(seconds)[:7]


class Clock:
    """ticks_ms: the ticks of the board; rtc: machine.RTC() or None.

    `source`: where the time is from: meter, ntp, rtc, degraded; None while it is unknown.
    `listeners`: each called with utc before (None: unknown) and after a step.
    """

    def __init__(self, ticks_ms, rtc=None):
        self.listeners = []
        self.source = None
        self.ticks_ms = ticks_ms
        self.rtc = rtc
        self.base = None  # utc at the tick `at`
        self.at = ticks_ms()
        self._heard = 0
        self.doubt = None  # what a source said that is not believed yet, and when
        self._summer = 0, 0, 0, 0  # a year, and in it summer time, from to
        if rtc:
            rarely.load("link.setting").recall(self)

    def utc(self):
        """Seconds since 2000-01-01 00:00 UTC; None while the time is not known."""
        if self.base is not None:
            now = self.ticks_ms()
            passed = time.ticks_diff(now, self.at)
            if passed < -_GENTLE:
                passed &= _TICKS  # nobody has asked for more than six days
            if passed > 0:  # not so for as long as a gentle move backwards takes
                self.base += passed // 1000
                self.at = time.ticks_add(now, -(passed % 1000))
        return self.base

    def hear(self, said, age=0) -> None:
        """DATE of the meter, received `age` ms ago: a horodate, or a date of PME-PMI (legal time).

        What differs from what is known by a step must be said twice.
        """
        if len(said) == moments.DATE_PMEPMI:
            said = b" " + said[6:8] + said[3:5] + said[:2] + said[9:11] + said[12:14] + said[15:]
        utc = fields.seconds(said)
        if said[0] == 0x20:
            utc -= self.offset(utc - 7200 if self.base is None else self.base)
        self.set(utc, "meter" if said[0] in b"HE" else "degraded", age, True)

    def set(self, utc, source, age=0, doubtful=False) -> bool:
        """It was utc `age` ms ago, says a source (meter, ntp, rtc, degraded): True if believed.

        A doubtful one must say twice what makes a step.
        """
        if not _FIRST <= utc < _LAST:
            return False
        now = self.utc()
        off = _DAY * 1000
        if now is not None:
            rank = SOURCES.index(source)
            if rank < SOURCES.index(self.source):
                if rank < _METER or now - self._heard < _STALE:
                    return False
            off = min(_DAY, max(-_DAY, utc - now)) * 1000 + age
            off -= time.ticks_diff(self.ticks_ms(), self.at)
        if abs(off) > _NEAR or source == "ntp":
            if not rarely.load("link.setting").move(self, utc, source, age, off, doubtful):
                return False
        self.doubt = None
        self.source = source
        self._heard = self.utc()
        return True

    def offset(self, utc) -> int:
        """Seconds that legal time is ahead of UTC: 3600 or 7200."""
        if not self._summer[0] <= utc < self._summer[3]:
            self._summer = rarely.load("link.setting").summer(utc)
        return 7200 if self._summer[1] <= utc < self._summer[2] else 3600

    def local(self, utc) -> tuple:
        """calendar() by legal time."""
        return calendar(utc + self.offset(utc))

    def day(self, utc) -> int:
        """Number of the local day, since 2000-01-01."""
        return (utc + self.offset(utc)) // _DAY

    def midnight(self, day) -> int:
        """utc at which a local day begins."""
        wall = day * _DAY
        return wall - self.offset(wall - 7200)
