"""Horodates and dates as they are sent: are they possible, and what they say as text.

Values are bytes as the meter sent them (bytes, bytearray or memoryview). The checks allocate
nothing.

A horodate is 13 characters SAAMMJJhhmmss (Enedis-NOI-CPT_54E v3): S is H in winter (UTC+1), E in
summer (UTC+2), h or e the same from a clock that ran out of reserve and was not set since, space
where no season applies (DPMx, FPMx). PME-PMI dates are JJ/MM/AA hh:mm:ss, 17 characters, without
season (ERDF-NOI-CPT_02E v4). AA is a year of 2000 to 2099.
"""

from micropython import const

HORODATE = const(13)
DATE_PMEPMI = const(17)
_BAD = const(100)
DAYS = b"\x1f\x1c\x1f\x1e\x1f\x1e\x1f\x1f\x1e\x1f\x1e\x1f"  # of each month


def valid(buf, start: int = 0) -> bool:
    """True when the 13 characters of buf from start are a possible horodate."""
    return (
        len(buf) >= start + HORODATE
        and buf[start] in b"HEhe "
        and _day(buf, start + 5, start + 3, start + 1)
        and _time(buf, start + 7, 2)
    )


def valid_date(buf, start: int = 0) -> bool:
    """True when the 17 characters of buf from start are a possible date of PME-PMI."""
    return (
        len(buf) >= start + DATE_PMEPMI
        and buf[start + 2] == 0x2F
        and buf[start + 5] == 0x2F
        and buf[start + 8] == 0x20
        and buf[start + 11] == 0x3A
        and buf[start + 14] == 0x3A
        and _day(buf, start, start + 3, start + 6)
        and _time(buf, start + 9, 3)
    )


def degraded(horodate) -> bool:
    """True when the meter says that the clock behind this horodate is not to be trusted."""
    return horodate[0] in b"he"


def iso_date(date) -> str:
    """A valid date of PME-PMI as ISO 8601, local time without an offset."""
    d = str(date, "ascii")
    return f"20{d[6:8]}-{d[3:5]}-{d[0:2]}T{d[9:]}"


def two(buf, at) -> int:
    """The number written by two digits, or _BAD."""
    tens = buf[at] - 0x30
    units = buf[at + 1] - 0x30
    return tens * 10 + units if 0 <= tens <= 9 and 0 <= units <= 9 else _BAD


def _day(buf, day, month, year) -> bool:
    """True when the two digits at each of the three places are a day of the calendar."""
    month = two(buf, month)
    day = two(buf, day)
    year = two(buf, year)
    if year == _BAD or not 1 <= month <= 12 or not 1 <= day:
        return False
    return day <= DAYS[month - 1] or month == 2 and day == 29 and year % 4 == 0


def _time(buf, at, step) -> bool:
    """True when hours, minutes and seconds stand at, at + step and at + 2 step."""
    return two(buf, at) < 24 and two(buf, at + step) < 60 and two(buf, at + 2 * step) < 60
