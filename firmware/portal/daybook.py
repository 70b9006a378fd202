"""Days of the history with their cost, for export.py: as JSON, and as lines of a table."""

import json

from micropython import const

from firmware.link.clock import UNIX, calendar

_DAY = const(86400)
_CENT = const(1_000_000)  # of 1e-8 euro
_WORDS = ("shared", "missed", "clock")


def rows(gateway, kind, start, end, step):
    """{"kind", "step", "rows"}"""
    off = "" if gateway.books else ',"off":true'
    yield f'{{"kind":"{kind}","step":{step or json.dumps("month")}{off},"rows":['
    comma = ""
    for row in days(gateway, start, end, step) if gateway.books else ():
        yield comma + json.dumps((row[0] + UNIX,) + row[1:])
        comma = ","
    yield "]}"


def table(gateway, kind, start, end, step, mark, iso):
    """The lines of a table of days: energy by key, cost, and what is in doubt."""
    history = gateway.books and gateway.books.ledger.history
    keys = []  # of the columns: they have to be known before the first row
    for _, _, energies in history.rows("day", start, end, 1) if history else ():
        for key in energies:
            if key not in keys:
                keys.append(key)
        yield ""
    keys.sort()
    head = ["day", "withdrawn_wh"] + [key + "_wh" for key in keys]
    yield mark.join(head + ["cost_eur", "earned_eur", "doubt"]) + "\r\n"
    for utc, flags, energies, cents, earned in days(gateway, start, end, step) if history else ():
        yield iso(gateway.clock, utc)[:10]
        drawn = sum(wh for key, wh in energies.items() if key != "injected")
        yield f"{mark}{drawn}"
        for key in keys:
            yield f"{mark}{energies.get(key, 0)}"
        for amount in (cents, earned):
            yield mark
            if amount is not None:
                yield f"{amount // 100}{'.' if mark == ',' else ','}{amount % 100:02d}"
        words = [_WORDS[bit] for bit in range(3) if flags >> bit & 1]
        yield f"{mark}{' '.join(words)}\r\n"


def days(gateway, start, end, step):
    """(utc of its midnight, flags, {key: Wh}, cents or None, cents earned or None) for each `step`
    days, or calendar month (0), as far as they lie in the span.

    Summed up from single days, each of which costs its part of the month's subscription. Sums are
    rounded once.
    """
    known = gateway.books.cost
    prices, subscription = (known.prices, known.subscription) if known else ({}, 0)
    clock, first = gateway.clock, gateway.clock.day(start)
    begin = cost = earned = None
    flags, sums = 0, {}
    for utc, marks, energies in gateway.books.ledger.history.rows("day", start, end, 1):
        day = clock.day(utc + _DAY // 2)
        date = calendar(day * _DAY)[2]
        this = day - (day - first) % step if step else day + 1 - date
        if this != begin:
            if begin is not None:
                yield clock.midnight(begin), flags, sums, _cents(cost), _cents(earned)
            begin, flags, sums = this, 0, {}
            cost = 0 if prices or subscription else None
            earned = 0 if "injected" in prices else None
        flags |= marks
        if cost is not None and subscription:
            length = _length(day - date + 1)
            cost += (subscription * 1000 + length // 2) // length
        for key in energies:
            wh = energies[key]
            sums[key] = sums.get(key, 0) + wh
            price = prices.get(key)
            if key == "injected":
                earned = None if price is None else earned + wh * price
            elif price is None:
                cost = None
            elif cost is not None:
                cost += wh * price
    if begin is not None:
        yield clock.midnight(begin), flags, sums, _cents(cost), _cents(earned)


def _length(first):
    """Days of the month that begins on this day."""
    return 31 - calendar((first + 31) * _DAY)[2] + 1


def _cents(amount):
    return None if amount is None else (amount + _CENT // 2) // _CENT
