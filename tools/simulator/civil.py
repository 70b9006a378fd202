"""Civil time of mainland France: UTC seconds to local dates, and the meter's horodate.

Winter is UTC+1, summer UTC+2, changed at 01:00 UTC on the last Sundays of March and October.
"""

import datetime
import functools

_EPOCH = datetime.date(1970, 1, 1).toordinal()


def _last_sunday(year: int, month: int) -> int:
    day = datetime.date(year, month, 31)
    return day.toordinal() - (day.weekday() + 1) % 7


@functools.lru_cache(maxsize=64)
def _summer(year: int) -> tuple:
    """First and last second (UTC, end excluded) of summer time in a year."""
    return tuple((_last_sunday(year, month) - _EPOCH) * 86400 + 3600 for month in (3, 10))


def offset(t: int) -> int:
    """Seconds to add to UTC: 3600 in winter, 7200 in summer."""
    first, last = _summer(datetime.date.fromordinal(_EPOCH + t // 86400).year)
    return 7200 if first <= t < last else 3600


def local(t: int) -> datetime.datetime:
    """The civil date and time (naive) of a UTC second."""
    days, seconds = divmod(t + offset(t), 86400)
    day = datetime.date.fromordinal(_EPOCH + days)
    minutes, second = divmod(seconds, 60)
    return datetime.datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, second)


def utc(ordinal: int, minutes: int = 0) -> int:
    """The UTC second of a local day (an ordinal), `minutes` after midnight by the clock."""
    wall = (ordinal - _EPOCH) * 86400 + minutes * 60
    t = wall - 3600
    return wall - 7200 if offset(wall - 7200) == 7200 else t


def epoch(text: str) -> int:
    """UTC second of a local "2026-01-20 18:00:00"."""
    when = datetime.datetime.fromisoformat(text)
    seconds = when.hour * 3600 + when.minute * 60 + when.second
    return utc(when.toordinal()) + seconds


def horodate(t: int, degraded: bool = False) -> str:
    """SAAMMJJhhmmss: H winter, E summer, small letters when the meter's clock is unsure."""
    letter = "E" if offset(t) == 7200 else "H"
    return (letter.lower() if degraded else letter) + stamp(t)


def stamp(t: int) -> str:
    """AAMMJJhhmmss, local."""
    d = local(t)
    return (f"{d.year % 100:02}{d.month:02}{d.day:02}"
            f"{d.hour:02}{d.minute:02}{d.second:02}")
