"""What stands inside a value: quantities of PME-PMI, bits of STGE, horodates as time.

Values are bytes as the meter sent them (bytes, bytearray or memoryview). The bit readers allocate
nothing; the conversions to text do. What is needed at each frame stands in moments.py.
"""

from firmware.tic.moments import DAYS, two

_SUMMER = b"Ee"


def iso(horodate) -> str:
    """A valid horodate as ISO 8601, 2026-07-21T09:34:12+02:00; no offset without a season."""
    h = str(horodate, "ascii")
    season = h[0]
    offset = "" if season == " " else "+02:00" if season in "Ee" else "+01:00"
    return f"20{h[1:3]}-{h[3:5]}-{h[5:7]}T{h[7:9]}:{h[9:11]}:{h[11:13]}{offset}"


def seconds(horodate) -> int:
    """Seconds from 2000-01-01 00:00 UTC to a valid horodate; without a season, local seconds.

    A small integer on the board until January 2034 (946684800 more for the Unix time).
    """
    seconds = day(horodate) * 86400 + minute(horodate) * 60 + two(horodate, 11)
    if horodate[0] != 0x20:
        seconds -= 7200 if horodate[0] in _SUMMER else 3600
    return seconds


def day(horodate) -> int:
    """Days from 2000-01-01 to the local day of a valid horodate."""
    year = two(horodate, 1)
    month = two(horodate, 3)
    days = year * 365 + (year + 3) // 4 + two(horodate, 5) - 1
    if month > 2 and year % 4 == 0:
        days += 1
    while month > 1:
        month -= 1
        days += DAYS[month - 1]
    return days


def minute(horodate) -> int:
    """Minutes on the clock since local midnight, 0 to 1439."""
    return two(horodate, 7) * 60 + two(horodate, 9)


def stge(value, low: int, count: int) -> int:
    """The count (1 to 4) bits of STGE that begin at bit low; value is its 8 hexadecimal digits.

    Reads one digit or two, never the whole register: 32 bits are not a small integer there.
    """
    at = 7 - low // 4
    bits = _digit(value[at])
    if at:
        bits |= _digit(value[at - 1]) << 4
    return bits >> low % 4 & (1 << count) - 1


def _digit(c) -> int:
    """What a hexadecimal digit is worth. Not by chr(c), which is a name, in memory for good."""
    return (c & 15) + 9 * (c >> 6)


def collapse(value) -> str:
    """A text without the spaces around it, and single spaces inside: meters pad the same words
    in different ways.
    """
    return " ".join(str(value, "ascii").split())


def quantity(value) -> int:
    """A number with its unit (PME-PMI) in W, VA, Wh ...: 35kW -> 35000, 2669Wh -> 2669."""
    number = 0
    scale = 1000 if b"k" in value else 1
    point = False
    for c in value:
        if 0x30 <= c <= 0x39:
            if point:
                if scale < 10:
                    break  # beyond the unit
                scale //= 10
            number = number * 10 + c - 0x30
        elif c == 0x2E or c == 0x2C:
            point = True
        elif c != 0x2D:
            break
    return -number * scale if value[0] == 0x2D else number * scale
