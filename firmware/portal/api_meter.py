"""GET /api/labels: what the meter sends. GET /api/meter: what it means, and the energy."""

import json
import time

from micropython import const

from firmware.rarely import load
from firmware.tic import moments
from firmware.tic.catalogue import IDENTITY, MODES

_PIECE = const(1024)
_KINDS = {"I": "index", "P": "instant", "M": "maximum", "R": "register", "T": "text"}


def _owner(request):
    """Whether who asks may see what identifies the meter."""
    return not request.app.private or request.app.guard.user(request)


def get_labels(request):
    """Each current label, in the order in which they came first."""
    pieces = load("portal.pieces")
    parts = _labels(request.app.gateway.store, _owner(request), pieces.borrow("tic.fields"))
    return pieces.gather(parts), pieces.JSON


def _labels(store, owner, fields):
    now, mode = time.ticks_ms(), store.mode
    ages = [store.age(slot, now) for slot in store.slots()]
    age = min(ages) // 1000 if ages else None
    yield json.dumps({"mode": MODES[mode], "age": age})[:-1] + ', "labels":['
    comma = ""
    for slot in store.slots():
        if store.mode != mode:
            break  # the slots have other labels now
        kind = store.kind(slot)
        label = {
            "label": str(store.label(slot), "ascii"),
            "unit": str(store.unit(slot), "ascii"),
            "kind": _KINDS.get(chr(kind), "identity"),
            "age": store.age(slot, now) // 1000,
        }
        if kind == IDENTITY and not owner:
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


def get_meter(request):
    """The model of the meter and the figures of the books."""
    pieces = load("portal.pieces")
    return pieces.gather(_meter(request, pieces)), pieces.JSON


def _meter(request, pieces):
    gateway = request.app.gateway
    books = gateway.books
    yield '{"meter":'
    if books and gateway.store.mode:
        sheaf = Sheaf()
        books.meter.write_json(sheaf, _owner(request))
        yield from sheaf.parts()
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


class Sheaf:
    """Collects what is written in pieces that are small enough to find room."""

    def __init__(self):
        self.pieces = []
        self._at = _PIECE

    def write(self, data) -> None:
        """Bytes as they are."""
        start = 0
        while start < len(data):
            if self._at == _PIECE:
                self.pieces.append(bytearray(_PIECE))
                self._at = 0
            n = min(len(data) - start, _PIECE - self._at)
            memoryview(self.pieces[-1])[self._at : self._at + n] = data[start : start + n]
            self._at += n
            start += n

    def text(self, data) -> None:
        """A JSON string of bytes in UTF-8."""
        self.write(json.dumps(str(data, "utf-8")).encode())

    def parts(self):
        """What was written, piece by piece."""
        yield from self.pieces[:-1]
        if self.pieces:
            yield memoryview(self.pieces[-1])[: self._at]
