"""A real store and model that have read a standard meter."""

import time

from frames import frame, group

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
    """The books of a store: its model, and figures."""

    cost = None

    def __init__(self, store):
        self.meter = Meter(store)
        self.ledger = Figures()


class Known:
    """What a destination asks a gateway for, after three frames of these groups."""

    def __init__(self, groups=GROUPS, make=group):
        self.store = Store()
        self.books = Books(self.store)
        decoder = Decoder(self.store)
        for _ in range(3 if groups else 0):
            decoder.feed(frame(*(make(*fields) for fields in groups)), time.ticks_ms())
