"""Domoticz: one device of the kind P1 Smart Meter (energy), over domoticz/in. Loaded for it.

svalue is USAGE1;USAGE2;RETURN1;RETURN2;CONS;PROD: Wh off peak and otherwise, Wh injected, W. A
contract without off peak has all in the first. A meter that does not count injection has 0 there,
for ever. While an index that belongs to it is missing, or would go back, nothing is sent; one that
stays back is believed in the end, as it is by the books.
"""

from firmware.rarely import load

_CALM = 8  # frames after which all labels have come
_CONFIRM = 20  # messages


def write(shape, topic, writer) -> bool:
    """Write the message; false if there is none."""
    meter, derived = shape.books.meter, shape.books.ledger.derived
    low = load("publish.tasmota").low
    total, power = meter.withdrawn_wh, derived.active_w
    if power is None:
        power = meter.apparent_va
    if total is None or power is None or shape.store.frames < _CALM:
        return False
    off_peak = 0
    for key, _, wh in meter.periods():
        if low(meter, key):
            off_peak += wh
    if not off_peak and meter.contract in ("hchp", "tempo"):
        return False  # it has not come yet
    usage = (off_peak, total - off_peak) if off_peak else (total, 0)
    injected = meter.injected_wh or 0
    now = usage + (injected,)
    # What an index may begin anew with.
    whose = meter.mode, meter.contract_name, meter.serial
    if shape.last and shape.last[0] == whose and shape.last[2] < _CONFIRM:
        if [1 for before, one in zip(shape.last[1], now) if one < before]:
            shape.last[2] += 1
            return False
    shape.last = [whose, now, 0]
    values = now + (0, power, meter.injected_va or 0)
    text = ";".join([str(value) for value in values])
    writer.write(b'{"idx":%d,"nvalue":0,"svalue":"%s"}' % (shape.idx, text.encode()))
    return True

