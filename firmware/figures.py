"""The books as flat figures, for topics, pages and other destinations: one name each, everywhere.

active_w, power_factor (thousandths), mean_minute_va, mean_ten_minutes_va, injection_estimate_va;
for each span of today, yesterday, month, total (since the first look):
    energy_<span>_wh            withdrawn, all periods together
    energy_<span>_<key>_wh      by key of the period, and injected
    energy_<span>_doubt         today, yesterday: true if some of it is an estimate or was missed
    cost_<span>, earned_<span>  in euros, not for total
cost_hour: euros an hour at the power of now. What is unknown is left out.
"""

from firmware.energy import MONTH, TODAY, TOTAL, YESTERDAY

_SPANS = (("today", TODAY), ("yesterday", YESTERDAY), ("month", MONTH), ("total", TOTAL))


def write(books, writer, head) -> bool:
    """Write them as an object that begins with head; false if there are none."""
    mark = head
    for key, value in figures(books.ledger, books.meter, books.cost):
        writer.write(mark)
        mark = b","
        writer.text(key.encode())
        writer.write(b":")
        writer.write(str(value).lower().encode())
    if mark is head:
        return False
    writer.write(b"}")
    return True


def figures(ledger, meter, cost=None):
    """(key, value) of each figure that is known: an integer, true, or for euros text ("1.05")."""
    derived, energy = ledger.derived, ledger.energy
    yield from _known("active_w", derived.active_w)
    yield from _known("power_factor", derived.power_factor)
    yield from _known("mean_minute_va", derived.mean_minute)
    yield from _known("mean_ten_minutes_va", derived.mean_ten)
    yield from _known("injection_estimate_va", derived.injection_va)
    for word, span in _SPANS:
        yield from _known(f"energy_{word}_wh", energy.wh(None, span))
        for key in energy.rows:
            yield from _known(f"energy_{word}_{key}_wh", energy.wh(key, span))
        if span == TODAY and energy.flags or span == YESTERDAY and energy.before:
            yield f"energy_{word}_doubt", True
        if cost and span != TOTAL:
            yield from _known(f"cost_{word}", _euros(cost.cents(span), 2))
            yield from _known(f"earned_{word}", _euros(cost.earned(span), 2))
    if cost:
        watts = meter.apparent_va if derived.active_w is None else derived.active_w
        yield from _known("cost_hour", _euros(cost.hour(meter.period, watts), 5))


def _known(key, value):
    if value is not None:
        yield key, value


def _euros(amount, decimals):
    """An integer amount as text with so many decimals."""
    if amount is None:
        return None
    text = str(amount)
    text = "0" * (decimals + 1 - len(text)) + text
    return f"{text[:-decimals]}.{text[-decimals:]}"
