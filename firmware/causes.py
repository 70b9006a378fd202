"""What alerts.py needs now and then: which labels it reads, and the figures behind an event."""

from firmware.tic import fields

_NAMES = (
    "overload", "overload_near", "voltage_low", "voltage_high", "peak", "injection",
    "peak_notice", "tomorrow_known", "period_changed",
)
_LASTING = 6
_PASSING = (b"PEJP", b"ADPS", b"ADIR1", b"ADIR2", b"ADIR3"), (), (b"PREAVIS",)
_MARKS = (b"PTEC", b"DEMAIN"), (b"NTARF", b"STGE"), (b"PTCOUR1",)
_FIGURES = (
    ("load_percent", "apparent_va", "minute_w", "subscribed_va", "subscribed_w", "current_a_1",
     "current_a_2", "current_a_3"),
    ("load_percent", "apparent_va", "minute_w", "subscribed_va", "subscribed_w"),
    ("voltage_v_1", "voltage_v_2", "voltage_v_3"),
    ("voltage_v_1", "voltage_v_2", "voltage_v_3"),
    (),
    ("injected_va",),
    (),
    (),
    (),
)


def name(n) -> str:
    """The name of a state."""
    return _NAMES[n]


def prepare(alerts) -> None:
    """Find the slots of what is to be read: loads [(slot, what is 100 %)], volts, fed (injection),
    marks (texts and bits); passing: labels that come and go.
    """
    store, meter = alerts.store, alerts.meter
    if not store.mode:
        return
    alerts.passing = _PASSING[store.mode - 1]
    alerts.marks = _slots(store, _MARKS[store.mode - 1])
    alerts.volts = _slots(store, (b"URMS1", b"URMS2", b"URMS3"))
    alerts.fed = store.find(b"SINSTI")
    va, amperes = meter.subscribed_va, meter.number(b"ISOUSC")
    alerts.loads = loads = []
    for label, whole in (
        (b"IINST1", amperes), (b"IINST2", amperes), (b"IINST3", amperes), (b"PAPP", va),
        (b"SINSTS", va), (b"SINSTS1", va and va // 3), (b"SINSTS2", va and va // 3),
        (b"SINSTS3", va and va // 3), (b"SINST1", va), (b"PA1MN", meter.subscribed_w),
    ):
        slot = store.find(label)
        if slot >= 0 and whole:
            loads.append((slot, whole))


def _slots(store, labels):
    found = [store.find(label) for label in labels]
    return [slot for slot in found if slot >= 0]


def states(alerts, watched):
    """(name, whether it is so) of each state that this meter can be in, or of meter_silent.

    watched: bits of those that are on, by their number; meter_silent has the number 7.
    """
    meter = alerts.meter
    peaks = meter.contract in ("ejp", "tempo", "other")
    there = (
        meter.overload is not None, alerts.loads or alerts.passing, alerts.volts, alerts.volts,
        peaks, alerts.state[5] is not None, peaks,
    )
    for n in range(len(there)):
        if there[n] and watched >> n & 1:
            yield _NAMES[n], bool(alerts.state[n])
    if watched >> len(there) & 1:
        yield "meter_silent", alerts.silent


def write(alerts, watched, writer, head) -> bool:
    """Write them as an object that begins with head; false if there are none."""
    mark = head
    for key, so in states(alerts, watched):
        writer.write(mark)
        mark = b","
        writer.text(key.encode())
        writer.write(b":true" if so else b":false")
    if mark is head:
        return False
    writer.write(b"}")
    return True


def news(alerts, n, before, value, seconds) -> None:
    """Tell that a state is no longer what it was, for `seconds`, before."""
    meter, key = alerts.meter, _NAMES[n]
    facts = {}
    if n < _LASTING:
        if value:
            key += "_begins"
        else:
            key += "_ends"
            facts["seconds"] = seconds
        if key[:4] == "peak":
            facts["number"] = value or before
    elif not value:
        return  # a notice or a colour that is over
    elif key == "peak_notice":
        facts["number"] = value
        for end in ("from", "to"):
            at = meter.get(f"peak_{end}_{value}")
            if at and value != meter.peak:  # or they are those of the peak that runs
                facts[end] = fields.iso(at)
    elif key == "tomorrow_known":
        facts["colour"] = value
    else:
        facts.update({"from": before, "to": value})
        for fact, figure in (("name", meter.period_name), ("colour", meter.colour)):
            if figure:
                facts[fact] = figure
    for figure in _FIGURES[n]:
        known = alerts.load if figure == "load_percent" else meter.get(figure)
        if known is not None:
            facts[figure] = known
    alerts.tell(key, facts)
