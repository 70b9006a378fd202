"""A gateway's books, fed with frames through a pipe: run by MicroPython, in its flash's folder.

From standard input: ticks (4 bytes, little-endian), length (2 bytes), a frame. Length 0 asks for
a report, a line of JSON; 0xFFFF for rows of the history, kind (1 byte: minute, ten, day), start,
end and step (4 bytes each) follow: a line each, null at last. At the end of the input the process
ends, as by a power cut.
"""

import json
import struct
import sys

from firmware.cost import Cost
from firmware.energy import INJECTED, MONTH, TODAY, TOTAL, YESTERDAY
from firmware.history import DAY
from firmware.ledger import Ledger
from firmware.link.clock import Clock
from firmware.tic.decoder import Decoder
from firmware.tic.meter import Meter
from firmware.tic.store import Store

_SPANS = (("today", TODAY), ("yesterday", YESTERDAY), ("month", MONTH), ("total", TOTAL))


class Gateway:
    """The parts that keep the books, and the ticks of the board."""

    def __init__(self, prices, subscription):
        self.ticks = 0
        self.store = Store()
        self.decoder = Decoder(self.store)
        self.meter = Meter(self.store)
        self.clock = Clock(lambda: self.ticks)
        self.ledger = Ledger(self.store, self.meter, self.clock, lambda: self.ticks)
        self.cost = Cost(self.ledger.energy, prices, subscription)
        self.events = []

    def frame(self, ticks, data):
        self.ticks = ticks
        self.decoder.feed(data, ticks)
        self.ledger.frame()
        event = self.store.take_event()
        while event:
            self.events.append(event[0])
            event = self.store.take_event()

    def report(self):
        energy, cost, history = self.ledger.energy, self.cost, self.ledger.history
        told = {"utc": self.clock.utc(), "day": energy.day, "flags": energy.flags,
                "before": energy.before, "events": self.events, "dropped": history.dropped,
                "error": history.error and str(history.error)}
        for name, span in _SPANS:
            told[name] = {key: energy.wh(key, span) for key in energy.rows}
            if span != TOTAL:
                told[f"{name}_cents"] = cost.cents(span), cost.earned(span)
        told["withdrawn"] = energy.wh(None, TODAY)
        told["injected"] = energy.wh(INJECTED, TODAY)
        print(json.dumps(told))

    def rows(self, kind, start, end, step):
        for row in self.ledger.history.rows(kind, start, end, step):
            print(json.dumps(row))
        print("null")


def read(size):
    """So many bytes of standard input, less at its end."""
    data = b""
    while len(data) < size:
        more = sys.stdin.buffer.read(size - len(data))
        if not more:
            break
        data += more
    return data


def main(prices, subscription):
    gateway = Gateway(prices, subscription)
    while True:
        head = read(6)
        if len(head) < 6:
            return
        ticks, size = struct.unpack("<IH", head)
        if size == 0:
            gateway.report()
        elif size == 0xFFFF:
            kind, start, end, step = struct.unpack("<BIII", read(13))
            gateway.rows(("minute", "ten", DAY)[kind], start, end, step)
        else:
            gateway.frame(ticks, read(size))


main(sys.argv[1], sys.argv[2])
