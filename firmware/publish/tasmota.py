"""The topics of Tasmota with teleinfo, as its dashboards read them: tele/<topic>/...

    SENSOR  {"Time", "METER", "CONTRACT", "ALERT", "RELAY", "CAL"}
    LIVE    {"Time", "METER"}
    TIC     {"TIC": {label: text}}
    LWT     Online

METER: PH ISUB PSUB PMAX; U I P W C (V, A, VA, W, cos phi), by phase with its number; TDAY YDAY
(Wh); PP PTDAY PYDAY of injection. CONTRACT: serial, name, period, color, hour, tday, tmrw, CONSO,
PROD, and each period under its name. RELAY: V1 to V8 the contacts; C1, N1, P1 ... whether an index
counts, its name. CAL: level (1 blue, 2 white, 3 red), hp, and for each half hour of the day
10 * level + hp. What is not known is left out: never 0 for want of knowledge.

Key names: the documented ones of its author's firmware; nothing else is his. Loaded for a message.
"""

import json

from firmware.energy import INJECTED, TODAY, YESTERDAY
from firmware.rarely import load

_COLOURS = {"blue": ("BLEU", 1), "white": ("BLANC", 2), "red": ("ROUGE", 3)}
_PRIVATE = (b"ADCO", b"ADSC", b"ADS", b"PRM", b"MSG1", b"MSG2")
_HALF_HOUR = 30
_HALVES = 48


def write(shape, topic, writer) -> bool:
    """Write the message of a topic; false if there is none."""
    if topic.endswith(b"/LWT"):
        writer.write(b"Online")
        return True
    if not shape.store.mode:
        return False
    if topic.endswith(b"/TIC"):
        writer.write(b'{"TIC":')
        _section(writer, _labels(shape))
        writer.write(b"}")
        return True
    books = shape.books
    writer.write(b"{")
    time = _time(books.meter)
    if time:
        writer.write(b'"Time":"%s",' % time)
    writer.write(b'"METER":')
    _section(writer, _meter(books))
    if topic.endswith(b"/SENSOR"):
        for name, pairs in (
            (b"CONTRACT", _contract(books, shape.identifiers)), (b"ALERT", _alert(books)),
            (b"RELAY", _relay(books.meter)), (b"CAL", _calendar(books.meter)),
        ):
            writer.write(b',"%s":' % name)
            _section(writer, pairs)
    writer.write(b"}")
    return True


def _section(writer, pairs):
    """An object of what is known of the pairs."""
    mark = b"{"
    for key, value in pairs:
        if value is not None:
            writer.write(mark)
            mark = b","
            writer.text(key.encode())
            writer.write(b":")
            # C has decimals, which a float would blur.
            writer.write((value if key == "C" else json.dumps(value)).encode())
    writer.write(b"{}" if mark == b"{" else b"}")


def _time(meter):
    """The meter's clock without its offset, None without one."""
    date = meter.date
    if not date or len(date) != 13:
        return None
    return b"20%s-%s-%sT%s:%s:%s" % tuple([date[n : n + 2] for n in range(1, 13, 2)])


def _labels(shape):
    """(label, text) of what the meter sends."""
    store = shape.store
    for slot in store.slots():
        label, value = store.label(slot), store.value(slot).strip()
        horodate = store.horodate(slot)
        if horodate:
            value = horodate + b" " + value if value else horodate
        if label in _PRIVATE:
            if not shape.identifiers:
                continue
            if shape.identifiers is not True:
                value = shape.identifiers(value)
        yield str(label, "ascii"), str(value, "ascii")


def _meter(books):
    meter, derived, energy = books.meter, books.ledger.derived, books.ledger.energy
    phases, subscribed, factor = meter.phases, meter.subscribed_va, derived.power_factor
    yield "PH", phases
    if subscribed and phases:
        yield "ISUB", subscribed // (200 * phases)
    yield "PSUB", subscribed
    yield "PMAX", subscribed
    volts, amperes = [], []
    for n in range(1, (phases or 0) + 1):
        volt, ampere, va = meter.voltage(n), meter.current(n), meter.apparent(n)
        volts.append(volt)
        amperes.append(ampere)
        yield f"U{n}", volt
        yield f"I{n}", ampere
        yield f"P{n}", va
        yield f"W{n}", None if va is None or factor is None else va * factor // 1000
    if volts and None not in volts:
        yield "U", sum(volts) // phases
    if amperes and None not in amperes:
        yield "I", sum(amperes)
    yield "P", meter.apparent_va
    yield "W", derived.active_w
    yield "C", None if factor is None else f"{factor // 1000}.{factor % 1000 // 10:02d}"
    yield "YDAY", energy.wh(None, YESTERDAY)
    yield "TDAY", energy.wh(None, TODAY)
    if meter.injected_wh is not None:
        yield "PP", meter.injected_va
        yield "PYDAY", energy.wh(INJECTED, YESTERDAY)
        yield "PTDAY", energy.wh(INJECTED, TODAY)


def _contract(books, identifiers):
    meter = books.meter
    serial = meter.serial
    if serial and identifiers:
        yield "serial", str(serial if identifiers is True else identifiers(serial), "ascii")
    yield "name", meter.contract_name
    yield "period", meter.period and _name(meter.period, meter.period_name)
    colour = _COLOURS.get(meter.colour)
    yield "color", colour and colour[0]
    off = _off_peak(meter, meter.period, meter.period_name)
    yield "hour", None if off is None else "HC" if off else "HP"
    yield "tday", colour and colour[0]
    tomorrow = _COLOURS.get(meter.tomorrow)
    yield "tmrw", tomorrow and tomorrow[0]
    yield "CONSO", meter.withdrawn_wh
    for key, name, wh in meter.periods():
        yield _name(key, name), wh
    yield "PROD", meter.injected_wh


def _name(key, name):
    """What a period is called: HC BLEU, whichever word for it the meter has told so far."""
    name = name or key
    if len(name) == 4 and name[2] == "J" and name[3] in "BWR":
        return name[:2] + (" BLEU", " BLANC", " ROUGE")["BWR".find(name[3])]
    return name


def low(meter, key):
    """Whether a period is off peak by its key, None if that does not tell."""
    if not key:
        return None
    if key.isdigit():
        return int(key) % 2 == 1 if meter.contract in ("hchp", "tempo") else None
    return key[:2] == "hc"


def _off_peak(meter, key, name):
    """The same, by what the meter calls it if need be."""
    found = low(meter, key)
    if found is None and name:
        name = name.upper()
        found = name[:2] == "HC" or "CREUSE" in name
    return found


def _alert(books):
    state = books.alerts.state
    yield "Load", int(bool(state[0] or state[1]))
    yield "Volt", int(bool(state[2] or state[3]))
    yield "Preavis", int(bool(state[6]))


def _relay(meter):
    relays = meter.sent(b"RELAIS")
    if relays:
        for n in range(8):
            yield f"V{n + 1}", int(relays) >> n & 1
    n = 0
    for key, name, _ in meter.periods():
        n += 1
        yield f"C{n}", int(key == meter.period)
        yield f"N{n}", _name(key, name)


def _calendar(meter):
    colour = _COLOURS.get(meter.colour)
    off = _off_peak(meter, meter.period, meter.period_name)
    if off is None:
        return
    yield "level", colour[1] if colour else 1
    yield "hp", int(not off)
    module = load("tic.calendar")
    for name, tomorrow in (("tday", False), ("tmrw", True)):
        profile = module.profile(meter, tomorrow)
        halves = profile and _halves(meter, module, profile)
        if halves:
            yield name, halves


def _halves(meter, module, profile):
    """{number of the half hour: 10 * level + hp}, None if the profile makes no sense."""
    changes = []
    for minute, action in module.blocks(profile):
        number = module.index(action)
        if number:
            level = (number + 1) // 2 if meter.contract == "tempo" else 1
            key = str(number)
            off = _off_peak(meter, key, meter.name_of(key))
            changes.append((minute, 10 * level + (not off)))
    if not changes:
        return None
    halves = {}
    for half in range(_HALVES):
        halves[half] = changes[-1][1]  # what counts since the evening before
        for minute, value in changes:
            if minute <= half * _HALF_HOUR:
                halves[half] = value
    return halves
