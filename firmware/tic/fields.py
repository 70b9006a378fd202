"""What stands inside a value: horodates, dates of PME-PMI, bits of STGE and RELAIS.

Values are bytes as the meter sent them (bytes, bytearray or memoryview). The checks and the bit
readers allocate nothing; only the conversions to text do.

A horodate is 13 characters SAAMMJJhhmmss (Enedis-NOI-CPT_54E v3): S is H in winter (UTC+1), E in
summer (UTC+2), h or e the same from a clock that ran out of reserve and was not set since, space
where no season applies (DPMx, FPMx). PME-PMI dates are JJ/MM/AA hh:mm:ss, 17 characters, without
season (ERDF-NOI-CPT_02E v4). AA is a year of 2000 to 2099.
"""

from micropython import const

HORODATE = const(13)
DATE_PMEPMI = const(17)
_BAD = const(100)
_SUMMER = b"Ee"
_DAYS = b"\x1f\x1c\x1f\x1e\x1f\x1e\x1f\x1f\x1e\x1f\x1e\x1f"


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


def iso(horodate) -> str:
    """A valid horodate as ISO 8601, 2026-07-21T09:34:12+02:00; no offset without a season."""
    h = str(horodate, "ascii")
    season = h[0]
    offset = "" if season == " " else "+02:00" if season in "Ee" else "+01:00"
    return f"20{h[1:3]}-{h[3:5]}-{h[5:7]}T{h[7:9]}:{h[9:11]}:{h[11:13]}{offset}"


def iso_date(date) -> str:
    """A valid date of PME-PMI as ISO 8601, local time without an offset."""
    d = str(date, "ascii")
    return f"20{d[6:8]}-{d[3:5]}-{d[0:2]}T{d[9:]}"


def seconds(horodate) -> int:
    """Seconds from 2000-01-01 00:00 UTC to a valid horodate; without a season, local seconds.

    A small integer on the board until January 2034 (946684800 more for the Unix time).
    """
    year = _two(horodate, 1)
    month = _two(horodate, 3)
    days = year * 365 + (year + 3) // 4 + _two(horodate, 5) - 1
    if month > 2 and year % 4 == 0:
        days += 1
    while month > 1:
        month -= 1
        days += _DAYS[month - 1]
    hours = days * 24 + _two(horodate, 7)
    if horodate[0] != 0x20:
        hours -= 2 if horodate[0] in _SUMMER else 1
    return hours * 3600 + _two(horodate, 9) * 60 + _two(horodate, 11)


def stge(value, low: int, count: int) -> int:
    """The count (1 to 4) bits of STGE that begin at bit low; value is its 8 hexadecimal digits.

    Reads one digit or two, never the whole register: 32 bits are not a small integer there.
    """
    at = 7 - low // 4
    bits = int(chr(value[at]), 16)
    if at:
        bits |= int(chr(value[at - 1]), 16) << 4
    return bits >> low % 4 & (1 << count) - 1


def relay(value, number: int) -> bool:
    """True when relay number (1 the real contact, 2 to 8 virtual) of RELAIS is closed."""
    return bool(int(value) >> number - 1 & 1)


def _two(buf, at) -> int:
    """The number written by two digits, or _BAD."""
    tens = buf[at] - 0x30
    units = buf[at + 1] - 0x30
    return tens * 10 + units if 0 <= tens <= 9 and 0 <= units <= 9 else _BAD


def _day(buf, day, month, year) -> bool:
    """True when the two digits at each of the three places are a day of the calendar."""
    month = _two(buf, month)
    day = _two(buf, day)
    year = _two(buf, year)
    if year == _BAD or not 1 <= month <= 12 or not 1 <= day:
        return False
    return day <= _DAYS[month - 1] or month == 2 and day == 29 and year % 4 == 0


def _time(buf, at, step) -> bool:
    """True when hours, minutes and seconds stand at, at + step and at + 2 step."""
    return _two(buf, at) < 24 and _two(buf, at + step) < 60 and _two(buf, at + 2 * step) < 60
