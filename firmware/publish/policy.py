"""When to send, and which labels.

Three ways (setting publish_when): "frame", all of it at each end of a frame; "interval", all of
it every publish_interval seconds; "change", at the end of a frame the labels that changed, and all
of it every publish_interval seconds. An instantaneous value has changed when it moved far enough
from the one sent last: publish_threshold for VA and W, what that makes at 230 V for A, two volts
for V. The clock (DATE) is no change. What is due stays due until it could be sent, so the newest
state goes out after an outage; nothing is repeated while no frame comes.
"""

from array import array
from time import ticks_add, ticks_diff

from micropython import const

from firmware.tic.catalogue import INSTANT

_IDENTIFIERS = (b"ADCO", b"ADS", b"ADSC", b"PRM")
_FRESH = const(60000)  # ms; an older instantaneous value is not sent, an old index still is
_SLOTS = const(64)  # labels at first; grows by as much
_MARK = const(0x3FFFFFFF)

# What is known of a label: bits.
_SENT = const(1)
_HERE = const(2)


class Policy:
    """The choice of one destination over a store."""

    def __init__(self, config, store):
        self._store = store
        self._when = config.get("publish_when")
        self._interval = config.get("publish_interval") * 1000
        self._threshold = config.get("publish_threshold")
        labels = config.get("labels")
        self._only = None if labels == "*" else [one.strip().encode() for one in labels.split(",")]
        self._private = config.get("identifiers") != "send"
        self._frames = store.frames
        self._since = 0
        self._all = True
        self._due = bytearray()  # by slot: 1 if its label is to be sent
        self._known = bytearray()
        self._marks = array("i")  # by slot: store.changed() of what was sent
        self._values = array("i")
        self.frame_due = False

    def resend(self) -> None:
        """A new connection: everything is due at once."""
        self._all = True

    def selects(self, slot) -> bool:
        """Whether this label is for this destination at all."""
        label = self._store.label(slot)
        if self._private and label in _IDENTIFIERS:
            return False
        return self._only is None or label in self._only

    def fresh(self, slot, now) -> bool:
        """Whether its value still says something: an instantaneous one does for a minute."""
        store = self._store
        return store.kind(slot) != INSTANT or store.age(slot, now) < _FRESH

    def look(self, now) -> None:
        """Decide, if a frame has ended since the last look or if everything is due."""
        frames = self._store.frames
        if frames != self._frames or self._all and frames > 1:
            self._frames = frames
            everything = self._everything(now)
            if everything or self._when == "change":
                self._choose(now, everything)

    def next(self) -> int:
        """A slot whose label is due, -1 if there is none."""
        return self._due.find(b"\x01")

    def gone(self, slot) -> bool:
        """The label was sent once, and the meter sends it no more."""
        return not self._known[slot] & _HERE

    def done(self, slot) -> None:
        """Its message is on its way."""
        self._due[slot] = 0
        self._known[slot] = 0 if self.gone(slot) else _HERE | _SENT

    def _everything(self, now) -> bool:
        if self._when == "frame":
            self._all = False
            return True
        if self._all and self._frames < 2:
            return False  # the first frame is seldom whole
        gone = ticks_diff(now, self._since)
        if self._all or not 0 <= gone < 2 * self._interval:
            self._since = now
        elif gone >= self._interval:
            self._since = ticks_add(self._since, self._interval)  # so the mean interval is right
        else:
            return False
        self._all = False
        return True

    def _choose(self, now, everything):
        store, known, due = self._store, self._known, self._due
        for slot in range(len(known)):
            known[slot] &= ~_HERE
        for slot in store.slots():
            if slot >= len(known):
                self._grow(slot)
            if self.selects(slot):
                known[slot] |= _HERE
                if (everything or self._moved(slot)) and self.fresh(slot, now):
                    due[slot] = 1
                    self._note(slot)
                    self.frame_due = True
        for slot in range(len(known)):
            if not known[slot] & _HERE:
                due[slot] = known[slot]  # _SENT: it is to be told that the label has vanished

    def _moved(self, slot) -> bool:
        store = self._store
        if store.changed(slot) & _MARK == self._marks[slot] or store.label(slot) == b"DATE":
            return False
        if store.kind(slot) != INSTANT or not store.numeric(slot):
            return True
        return abs(int(store.value(slot)) - self._values[slot]) >= self._step(store.unit(slot))

    def _step(self, unit) -> int:
        """How far a value must move."""
        if unit == b"A":
            return max(1, self._threshold // 230)
        if unit == b"V":
            return 2
        return self._threshold

    def _note(self, slot):
        store = self._store
        self._marks[slot] = store.changed(slot) & _MARK
        if store.kind(slot) == INSTANT and store.numeric(slot):
            self._values[slot] = int(store.value(slot))

    def _grow(self, slot):
        more = slot + _SLOTS - len(self._known)
        self._due += bytes(more)
        self._known += bytes(more)
        self._marks.extend(array("i", bytes(4 * more)))
        self._values.extend(array("i", bytes(4 * more)))
