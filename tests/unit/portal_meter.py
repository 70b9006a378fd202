"""For the tests of the portal: a gateway of stand-ins around a real store and model."""

import time

from books import utc
from frames import frame, group
from portal import Gateway

from firmware.link.clock import Clock
from firmware.tic.decoder import Decoder
from firmware.tic.meter import Meter
from firmware.tic.store import Store

GROUPS = (
    ("ADSC", "041961120162"), ("DATE", "e260721093412", ""), ("NGTF", "H PLEINE/CREUSE "),
    ("LTARF", " HEURE  PLEINE  "), ("EAST", "003971026"), ("EASF01", "002296119"),
    ("EASF02", "001674907"), ("EAIT", "000012345"), ("IRMS1", "010"), ("URMS1", "236"),
    ("PREF", "09"), ("SINSTS", "02360"), ("SINSTI", "00000"),
    ("SMAXSN", "E260721073412", "03112"), ("PRM", "12590441986008"),
    ("MSG1", 'SAY "AH" \\ OH                   '),
    ("NTARF", "02"),
)


class Figures:
    """Derived quantities, energy and history, of which nothing is known."""

    def __init__(self):
        self.derived = self.energy = self
        self.rows = {}
        self.flags = 0
        self.active_w = 2100
        self.before = self.power_factor = self.mean_minute = self.mean_ten = None
        self.injection_va = None

    def wh(self, key, span):
        return 1234 if key is None else None


class Books:
    cost = None

    def __init__(self, store):
        self.meter = Meter(store)
        self.ledger = Figures()


def gateway(model=True):
    """A gateway that has read two frames of a standard meter."""
    found = Gateway()
    found.store = store = Store()
    decoder = Decoder(store)
    for _ in range(3):
        decoder.feed(frame(*(group(*fields) for fields in GROUPS)), time.ticks_ms())
    found.clock = Clock(time.ticks_ms)
    found.clock.set(utc("E2607210934"), "ntp")
    if model:
        found.books = Books(store)
    return found
