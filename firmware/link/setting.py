"""Moving a Clock: what happens once a day or less. Loaded when it is needed (rarely.py)."""

import time

from micropython import const

from firmware.link.clock import calendar
from firmware.tic import fields

_DAY = const(86400)
_CLOSE = const(100)  # ms that an answer over a network may be off
_STEP = const(5000)  # ms beyond which the clock steps


def number(year, month, day) -> int:
    """Days since 2000-01-01 of a date of 2000 to 2099."""
    return fields.day(b" %02d%02d%02d" % (year - 2000, month, day))


def recall(clock) -> None:
    """Ask the RTC."""
    year, month, day, _, hour, minute, second = clock.rtc.datetime()[:7]
    clock.set(number(year, month, day) * _DAY + hour * 3600 + minute * 60 + second, "rtc")


def move(clock, utc, source, age, off, doubtful) -> bool:
    """A source is `off` ms ahead of the clock: believe it, or not yet."""
    step = abs(off) > _STEP
    said = time.ticks_add(clock.ticks_ms(), -age)
    if step and doubtful:
        before, clock.doubt = clock.doubt, (utc, said)
        if before is None:
            return False
        passed = time.ticks_diff(said, before[1])
        if not passed or abs((utc - before[0]) * 1000 - passed) > 2000:
            return False
    elif not step and source == "ntp" and abs(off) <= _CLOSE:
        return True
    now = clock.base
    if step:
        clock.base = utc
        clock.at = said
    else:
        clock.at = time.ticks_add(clock.at, -off)
    utc = clock.utc()
    if clock.rtc and source != "rtc":
        year, month, day, hour, minute, second, weekday = calendar(utc)
        clock.rtc.datetime((year, month, day, weekday, hour, minute, second, 0))
    if step:
        clock.source = source
        for listener in clock.listeners:
            listener(now, utc)
    return True


def summer(utc) -> tuple:
    """utc at which the year of utc begins, its summer time, its winter, and the next year."""
    year = calendar(utc)[0]
    march, october = number(year, 3, 31), number(year, 10, 31)
    return (
        number(year, 1, 1) * _DAY,
        (march - (march - 1) % 7) * _DAY + 3600,  # day 1 of 2000 was a Sunday
        (october - (october - 1) % 7) * _DAY + 3600,
        (number(year, 12, 31) + 1) * _DAY,
    )
