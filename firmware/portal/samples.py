"""Power of the history, for export.py: as JSON, and as lines of a table."""

from firmware.link.clock import UNIX


def rows(gateway, kind, start, end, step):
    """{"kind", "step", "rows"}"""
    off = "" if gateway.books else ',"off":true'
    yield f'{{"kind":"{kind}","step":{step}{off},"rows":['
    comma = ""
    for utc, va in _power(gateway, kind, start, end, step):
        yield f"{comma}[{utc + UNIX},{va}]"
        comma = ","
    yield "]}"


def table(gateway, kind, start, end, step, mark, iso):
    """The lines of a table."""
    yield f"time{mark}mean_va\r\n"
    for utc, va in _power(gateway, kind, start, end, step):
        yield f"{iso(gateway.clock, utc)}{mark}{va}\r\n"


def _power(gateway, *span):
    books = gateway.books
    return books.ledger.history.rows(*span) if books else ()
