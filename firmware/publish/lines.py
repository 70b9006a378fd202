"""A reading in InfluxDB's line protocol. Loaded for it, and forgotten.

    tic,device=winky-0a1b2c[,site=home] apparent_va=540i,load_percent=6i,period_now="hc"
    tic,device=winky-0a1b2c[,site=home],period=hc index_wh=4000123i

One line for what is known, then one for each index, whose period is a tag. The fields are keys of
the model (tic/model.py) that are worth a curve, and of the books (figures.py) those of today and
of now; or the labels of the meter, "+" in them as "_"; or both. A field keeps its type:

    integer    every whole number
    float      euros, and the tangent phi of PME-PMI (TGPHI_s, TGPHI_i): always, even if whole
    boolean    true or false
    string     everything else; not sent to VictoriaMetrics, which has numbers only

Quantities of PME-PMI are in W, Wh, varh, VAh, as they are in the model. The times of values that
the meter dates, its own date, identifiers and what never changes are left out, and so is whatever
is not known.
"""

from firmware.rarely import load
from firmware.tic import fields
from firmware.tic.catalogue import IDENTITY, TEXT

# Of the model: texts that are sent, and numbers that are not.
_TEXTS = b" mode contract period period_name colour tomorrow cutoff notice next_change_period "
_OTHERS = b" year phases supplier_index operator_index "
_FIGURES = " energy_today_wh energy_yesterday_wh energy_month_wh "


def escape(text) -> bytes:
    """Text as a measurement, a tag's key or its value."""
    escaped = b""
    for c in text.encode():
        if c in b" ,=":
            escaped += b"\\"
        escaped += b"/" if c == 0x5C else b" " if c < 0x20 else bytes((c,))
    return escaped


def write(influx, writer, now) -> None:
    """Write a reading without its time; nothing if there is nothing to say. Full without room."""
    line = _Line(writer, influx.series)
    if influx.labels:
        _labels(influx, line, now)
    if not influx.model or not influx.store.mode:
        return
    meter, texts = influx.books.meter, influx.texts
    for key, value in load("tic.model").members(meter, False):
        if isinstance(value, bytes):
            if texts and b" %s " % key in _TEXTS:
                line.text(b"period_now" if key == b"period" else key, value)
        elif not _left_out(key):
            line.value(key, value)
    books = influx.books
    found = load("figures").figures(books.ledger, meter, books.cost) if books.ledger else ()
    for key, value in found:
        if key[:6] == "energy" and f" {key} " not in _FIGURES:
            continue
        if isinstance(value, str):  # euros
            line.key(key.encode())
            writer.write(value.encode())
        else:
            line.value(key.encode(), value)
    for key, _, wh in meter.periods():
        line = _Line(writer, influx.series + b",period=" + escape(key))
        line.value(b"index_wh", wh)


def _left_out(key):
    """A number of the model that makes no curve, or that stands elsewhere."""
    if key[:7] == b"period_" and key[-3:] == b"_wh" and key != b"period_wh":
        return True
    return b"curve_" in key or b" %s " % key in _OTHERS


def _labels(influx, line, now):
    store, policy = influx.store, influx.policy
    for slot in store.slots():
        if not policy.selects(slot, now):
            continue
        value, kind = policy.value(slot).strip(), store.kind(slot)
        if not value:
            continue
        label = store.label(slot).replace(b"+", b"_")
        if kind == IDENTITY or not store.numeric(slot):
            if kind in (IDENTITY, TEXT) or not store.unit(slot):
                if influx.texts:
                    line.text(label, value)
            else:
                line.value(label, fields.quantity(value))
        else:
            line.number(label, value)


class _Line:
    """One line, begun with its first field."""

    def __init__(self, writer, series):
        self._writer = writer
        self._begin = (b"\n" if writer.at else b"") + series + b" "

    def key(self, key) -> None:
        """What stands before a value."""
        writer = self._writer
        writer.write(self._begin)
        self._begin = b","
        writer.write(key)
        writer.write(b"=")

    def value(self, key, value) -> None:
        """A whole number, true or false."""
        self.key(key)
        self._writer.write(str(value).lower().encode())
        if value is not True and value is not False:
            self._writer.write(b"i")

    def text(self, key, value) -> None:
        """A string: escaped as in JSON."""
        self.key(key)
        self._writer.text(value)

    def number(self, label, value) -> None:
        """Decimal text; nothing if it is not one after all."""
        tangent = label[:5] == b"TGPHI"
        if tangent:
            value = value.replace(b",", b".")
        writer = self._writer
        at, begin = writer.at, self._begin
        self.key(label)
        if not writer.number(value):
            writer.at, self._begin = at, begin
        elif not tangent:
            writer.write(b"i")
