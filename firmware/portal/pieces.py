"""What several answers write."""


def iso(clock, utc):
    """Local time with its offset, 2026-07-21T09:34:12+02:00; None for None."""
    if utc is None or not clock:
        return None
    year, month, day, hour, minute, second, _ = clock.local(utc)
    offset = clock.offset(utc) // 3600
    return f"{year}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}+{offset:02d}:00"


def event(clock, utc, key, facts) -> dict:
    """An event as the pages know it."""
    told = {"at": iso(clock, utc), "event": key}
    told.update(facts)
    return told


def age(store, now):
    """Seconds since the meter said something; None if it has not."""
    least = None
    for slot in store.slots():
        ms = store.age(slot, now)
        least = ms if least is None else min(ms, least)
    return None if least is None else least // 1000
