"""Stand-ins for the store, the source and the settings: their interface, nothing behind it."""

import asyncio
import time

from firmware.tic import catalogue


class Counters:
    """Counts by cause, set by the test."""

    def __init__(self):
        self.counts = {"frames": 0, "checksum": 0}

    def all(self):
        return self.counts


class FakeStore:
    """A store whose labels the test puts and takes away."""

    def __init__(self):
        self.frames = 0
        self.sequence = 0
        self.mode = 2
        self.epoch = 0
        self.counters = Counters()
        # By slot: label, value, horodate, kind, unit, numeric, changed, seen, here.
        self.groups = []

    def put(self, label, value, horodate=None, kind=None, unit=b"", numeric=None, now=None):
        """The meter sent this group. Kind and number are guessed from the value if not given."""
        if numeric is None:
            numeric = value.isdigit()
        if kind is None:
            kind = catalogue.INDEX if numeric else catalogue.TEXT
        if now is None:
            now = time.ticks_ms()
        slot = self.find(label, True)
        if slot < 0:
            slot = len(self.groups)
            self.groups.append([label, None, None, kind, unit, numeric, 0, now, True])
        group = self.groups[slot]
        if (group[1], group[2]) != (value, horodate):
            self.sequence += 1
            group[6] = self.sequence
        group[1], group[2], group[7], group[8] = value, horodate, now, True
        return slot

    def begin(self, mode):
        """The meter is in another mode: other labels, in the same slots."""
        self.mode = mode
        self.epoch += 1
        self.groups = []

    def drop(self, label):
        """The meter sends this label no more."""
        self.groups[self.find(label)][8] = False

    def end_frame(self):
        self.frames += 1
        self.counters.counts["frames"] += 1

    def slots(self):
        for slot in range(len(self.groups)):
            if self.groups[slot][8]:
                yield slot

    def find(self, label, gone=False):
        for slot in range(len(self.groups)):
            if self.groups[slot][0] == label and (gone or self.groups[slot][8]):
                return slot
        return -1

    def label(self, slot):
        return self.groups[slot][0]

    def value(self, slot):
        return self.groups[slot][1]

    def horodate(self, slot):
        return self.groups[slot][2]

    def kind(self, slot):
        return self.groups[slot][3]

    def unit(self, slot):
        return self.groups[slot][4]

    def numeric(self, slot):
        return self.groups[slot][5]

    def changed(self, slot):
        return self.groups[slot][6]

    def age(self, slot, now):
        return time.ticks_diff(now, self.groups[slot][7])


class FakeSource:
    """A source that ends a frame when it is told to."""

    def __init__(self, store):
        self.store = store
        self.frame = asyncio.Event()

    def end_frame(self):
        self.store.end_frame()
        self.frame.set()
        self.frame.clear()

    def status(self):
        return {"state": "reading", "rate": 9600, "mode": "standard"}


class FakeConfig:
    """Settings with their defaults, and what the test wants otherwise."""

    def __init__(self, **changes):
        self._values = {
            "mqtt_host": "127.0.0.1",
            "mqtt_port": 1883,
            "mqtt_user": "",
            "mqtt_password": "",
            "mqtt_client_id": "",
            "mqtt_base": "tic",
            "mqtt_qos": 0,
            "mqtt_keepalive": 60,
            "mqtt_retain_labels": False,
            "mqtt_labels": True,
            "mqtt_frame": True,
            "meter_interval": 30,
            "site": "",
            "publish_when": "frame",
            "publish_interval": 30,
            "publish_threshold": 50,
            "labels": "*",
            "identifiers": "omit",
            "identifiers_salt": "",
        }
        self._values.update(changes)

    def get(self, key):
        return self._values[key]


def standard(store, power=1234, index=21849106, clock=0):
    """A frame of a single-phase standard meter, some labels of each kind."""
    instant = catalogue.INSTANT
    store.put(b"ADSC", b"041776199277", None, catalogue.IDENTITY)
    store.put(b"VTIC", b"02")
    store.put(b"DATE", b"", b"E2607210934%02d" % clock, catalogue.TEXT)
    store.put(b"NGTF", b"     TEMPO      ")
    store.put(b"EAST", b"%09d" % index, None, catalogue.INDEX, b"Wh")
    store.put(b"URMS1", b"237", None, instant, b"V")
    store.put(b"SINSTS", b"%05d" % power, None, instant, b"VA")
    store.put(b"SMAXSN", b"03112", b"E260721093412", catalogue.MAXIMUM, b"VA")
    store.put(b"SMAXSN-1", b"09562", b"e260720085118", catalogue.MAXIMUM, b"VA")
    store.put(b"DPM1", b"00", b" 260722060000", catalogue.TEXT)
    store.put(b"MSG1", b'PAS "DE"        \\MESSAGE        ')
    store.put(b"NJOURF+1", b"00")
    store.put(b"PRM", b"07361794479930", None, catalogue.IDENTITY)
