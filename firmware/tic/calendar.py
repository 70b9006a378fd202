"""Day profiles, PJOURF+1 and PPOINTE: at what time which index counts, and what changes next.

A profile has up to 11 blocks HHMMSSSS with one space between them, NONUTILE when unused. SSSS is a
word of 16 bits in hexadecimal (Enedis-NOI-CPT_54E): bits 0-3 the index (1 to 10, else the index
stays), bits 4-10 the virtual contacts 1 to 7, bits 14-15 the dry contact (1 as Tempo says, 2 open,
3 close).

HHMM is decimal on most meters and hexadecimal on some; the document does not say. A profile is
read in the way in which its times are times and grow; when both are possible, in the one that
gives eight hours off peak, which is what French contracts have; else as decimal.

Loaded for a moment, when Meter is asked for what changes next.
"""

from micropython import const

from firmware.tic import fields

DAY = const(1440)  # minutes
_BLOCK = const(9)
_OFF_PEAK = const(480)
_DAWN = const(360)  # a day of Tempo begins at 06:00
_COLOURED = const(6)  # indexes of Tempo
_LATE = const(30)  # minutes after the time of its profile that a meter may still wait
_UNKNOWN = const(4)  # colour


def blocks(profile):
    """(minutes after midnight, action word) of each block; none when the times make no sense."""
    decimal = _off_peak(profile, 10)
    base = 10
    if decimal != _OFF_PEAK:
        other = _off_peak(profile, 16)
        if decimal < 0 or other == _OFF_PEAK:
            base = 16 if other >= 0 else 0
    return _blocks(profile, base) if base else ()


def _blocks(profile, base):
    """The blocks with times in this base. Raises ValueError when they are not."""
    before = -1
    for at in range(0, len(profile), _BLOCK):
        if profile[at] == 0x4E:  # NONUTILE
            break
        hours = int(profile[at:at + 2], base)
        minute = int(profile[at + 2:at + 4], base)
        if hours > 23 or minute > 59 or hours * 60 + minute <= before:
            raise ValueError
        before = hours * 60 + minute
        yield before, int(profile[at + 4:at + 8], 16)


def _off_peak(profile, base):
    """Minutes on index 1 when the times are read in this base, -1 when they cannot be."""
    total = before = 0
    low = 0
    try:
        for minute, action in _blocks(profile, base):
            total += (minute - before) * low
            before, low = minute, 1 if action & 15 == 1 else 0
    except ValueError:
        return -1
    return total + (DAY - before) * low


def index(action: int) -> int:
    """The index that counts from this action on, 0 when it leaves the index as it is."""
    number = action & 15
    return number if number <= 10 else 0


def profile(meter, tomorrow: bool):
    """The profile of today or of tomorrow, None if it is not known.

    PJOURF+1 is the profile of tomorrow. The one of today is what was announced yesterday; when
    nobody heard it, PJOURF+1 serves if today and tomorrow have the same number (NJOURF).
    """
    announced = meter.sent(b"PJOURF+1")
    if tomorrow:
        return announced
    date = meter.date
    known = announced and date and meter.learnt.days.get(str(fields.day(date)))
    if known:
        return known.encode()
    return announced if meter.sent(b"NJOURF") == meter.sent(b"NJOURF+1") else None


def next_change(meter):
    """(minutes after today's midnight, key of the period or None), None when nothing is known.

    1440 and more: tomorrow. A mobile peak begins and ends at times of its own; what follows one is
    not known.
    """
    today, date, current = profile(meter, False), meter.date, meter.period
    if not today or not date or not current:
        return None
    now = fields.minute(date)
    tempo = meter.contract == "tempo" and int(current) <= _COLOURED
    colour = None
    if tempo:
        # Of the day that begins at the next dawn. Before dawn no meter knows what comes after it:
        # then tomorrow is what begins there, or nothing and today has changed at midnight.
        colour = meter.bits(26, 2) or now < _DAWN and meter.bits(24, 2) or _UNKNOWN
    elif meter.peak:
        end = meter.get(f"peak_to_{meter.peak}")
        return (_minutes(end, date), None) if end else None
    found = _change(meter, today, now, current, colour)
    start = not tempo and meter.peak_notice and meter.get(f"peak_from_{meter.peak_notice}")
    if start:
        minute = _minutes(start, date)
        if now < minute <= (found[0] if found else 2 * DAY):
            plan = meter.sent(b"PPOINTE") or b""
            return minute, _running(plan, minute % DAY)[1]
    return found


def _change(meter, today, now, current, colour):
    """The first block of today and tomorrow behind which another period counts."""
    at, running = _running(today, now)
    if running and _key(int(running), now, current, now, colour) != current:
        # The meter has not switched yet, or follows another profile.
        return (at, None if colour else running) if now - at < _LATE else None
    base = 0
    for plan in (today, profile(meter, True) or b""):
        for minute, action in blocks(plan):
            minute += base
            if minute > now and index(action):
                key = _key(index(action), minute, current, now, colour)
                if key != current:
                    return minute, key
        base = DAY
    return None


def _running(plan, when):
    """(minute, key) of the block that counts at a minute; (0, None) before the first."""
    found = 0, None
    for minute, action in blocks(plan):
        if minute <= when and index(action):
            found = minute, str(index(action))
    return found


def _key(number, minute, current, now, colour):
    """The period that an index of a profile means. Under Tempo (`colour` is not None) it is only 1
    off peak or 2, and the colour that of the day that runs, or of the next.
    """
    if not colour or number > 2:
        return str(number)
    if (minute - _DAWN) // DAY == (now - _DAWN) // DAY:
        return str((int(current) - 1 & 6) + number)
    return None if colour == _UNKNOWN else str(2 * colour - 2 + number)


def _minutes(horodate, date):
    """Minutes from the midnight of `date` to a horodate."""
    return (fields.day(horodate) - fields.day(date)) * DAY + fields.minute(horodate)
