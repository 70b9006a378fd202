"""What the meter says, for metrics.py: through its model, or else a few labels."""

import time

from micropython import const

from firmware.portal import pieces

_FRESH = const(60)  # s
_PHASES = ("1", "2", "3")


def series(gateway, _family):
    """The lines of each metric; _family() writes one."""
    age = pieces.age(gateway.store, time.ticks_ms())
    if age is None or age > _FRESH:
        return
    meter, number = gateway.books and gateway.books.meter, _label(gateway.store)

    def model(key, label):
        return meter.get(key) if meter else number(label)

    va = model("apparent_va", b"PAPP")
    if va is None and not meter:
        va = number(b"SINSTS")
    yield from _family("tic_apparent_power_voltamperes", "gauge", "Drawn.", [("", va)])
    if meter:
        yield from _family("tic_apparent_power_phase_voltamperes", "gauge", "Drawn, by phase.",
                           [(f'phase="{n}"', meter.apparent(int(n))) for n in _PHASES
                            if meter.phases == 3])
        yield from _family("tic_minute_power_watts", "gauge", "Mean of the last minute.",
                           [("", meter.minute_w)])
        yield from _family("tic_load_ratio", "gauge", "Drawn, of what is subscribed.",
                           [("", _hundredth(meter.load_percent))])
    yield from _family("tic_injected_power_voltamperes", "gauge", "Injected.",
                       [("", model("injected_va", b"SINSTI"))])
    yield from _family("tic_voltage_volts", "gauge", "By phase.",
                       [(f'phase="{n}"', model("voltage_v_" + n, b"URMS" + n.encode()))
                        for n in _PHASES])
    currents = []
    for n in _PHASES:
        amperes = model("current_a_" + n, b"IRMS" + n.encode())
        if amperes is None and not meter:
            amperes = number(b"IINST" + n.encode())
        currents.append((f'phase="{n}"', amperes))
    if not meter and currents[0][1] is None:
        currents[0] = 'phase="1"', number(b"IINST")
    yield from _family("tic_current_amperes", "gauge", "By phase.", currents)
    indexes = []
    if meter:
        indexes = [(f'index="{key}"', wh) for key, _, wh in meter.periods()]
    else:
        store = gateway.store
        for slot in store.slots():
            label = str(store.label(slot), "ascii")
            if store.kind(slot) == 0x49 and store.unit(slot) == b"Wh" and label not in "EAIT EAST":
                if store.numeric(slot):
                    indexes.append((f'index="{label}"', int(store.value(slot))))
    yield from _family("tic_energy_active_import_watt_hours_total", "counter",
                       "Withdrawn, by index.", indexes)
    yield from _family("tic_energy_active_export_watt_hours_total", "counter", "Injected.",
                       [("", model("injected_wh", b"EAIT"))])


def _label(store):
    def number(label):
        slot = store.find(label)
        return int(store.value(slot)) if slot >= 0 else None

    return number


def _hundredth(percent):
    return None if percent is None else f"{percent // 100}.{percent % 100:02d}"
