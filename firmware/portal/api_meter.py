"""GET /api/labels: what the meter sends. GET /api/meter: what it means, and the energy."""

import json
import time

from firmware.portal import pieces
from firmware.rarely import load
from firmware.tic import fields, moments
from firmware.tic.catalogue import IDENTITY, MODES

_KINDS = b"Iindex Pinstant Mmaximum Rregister Ttext "
_JSON = {"Content-Type": "application/json"}


def _owner(request):
    """Whether who asks may see what identifies the meter."""
    return not request.app.private or request.app.guard.user(request)


def get(request):
    """Each current label, in the order in which they came first; or what they mean."""
    gateway, owner = request.app.gateway, _owner(request)
    if request.name == "meter":
        return _meter(gateway, owner), _JSON
    return _labels(gateway.store, owner), _JSON


def _labels(store, owner):
    now, mode = time.ticks_ms(), store.mode
    yield json.dumps({"mode": MODES[mode], "age": pieces.age(store, now)})[:-1] + ', "labels":['
    comma = ""
    for slot in store.slots():
        if store.mode != mode:
            break  # the slots have other labels now
        kind = store.kind(slot)
        label = {
            "label": str(store.label(slot), "ascii"),
            "unit": str(store.unit(slot), "ascii"),
            "kind": _kind(kind),
            "age": store.age(slot, now) // 1000,
        }
        if not owner and (kind == IDENTITY or label["label"] in ("MSG1", "MSG2")):
            label["private"] = True
        else:
            label["value"] = str(store.value(slot), "ascii").strip()
        horodate = store.horodate(slot)
        if horodate:
            label["at"] = fields.iso(horodate)
            if moments.degraded(horodate):
                label["degraded"] = True
        yield comma
        yield json.dumps(label)
        comma = ","
    yield "]}"


def _kind(kind):
    at = _KINDS.find(bytes((kind,))) + 1
    return str(_KINDS[at : _KINDS.find(b" ", at)], "ascii") if at else "identity"


def _meter(gateway, owner):
    """The model of the meter and the figures of the books."""
    books = gateway.books
    yield '{"meter":'
    if books and gateway.store.mode:
        head = "{"
        for key, value in load("tic.model").members(books.meter, owner):
            value = str(value, "utf-8") if isinstance(value, bytes) else value
            yield f'{head}"{str(key, "ascii")}":{json.dumps(value)}'
            head = ","
        yield "}"
    else:
        yield "null"
    yield ',"energy":'
    if books:
        head = "{"
        for key, value in load("figures").figures(books.ledger, books.meter, books.cost):
            yield f'{head}"{key}":{str(value).lower()}'
            head = ","
        yield "}" if head == "," else "{}"
    else:
        yield "null"
    yield "}"
