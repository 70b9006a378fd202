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
_SLOTS = const(16)  # what is kept by slot grows by so many

# What is known of a label: bits. A slot keeps its label for ever.
_SENT = const(1)  # told, and not told since that it has vanished
_HERE = const(2)  # among the labels of the meter at the last look
_WAS = const(4)  # at the look before
_MINE = const(8)  # for this destination,
_OTHER = const(16)  # or not; none of both before it was looked at


class Policy:
    """The choice of one destination over a store."""

    def __init__(self, config, store):
        self._store = store
        self._when = config.get("publish_when")
        self._interval = config.get("publish_interval") * 1000
        self._threshold = config.get("publish_threshold")
        labels = config.get("labels")
        self._only = None if labels == "*" else labels.replace(" ", "").encode().split(b",")
        self._private = config.get("identifiers") != "send"
        self._frames = store.frames
        self._since = 0
        self._all = True
        self._due = bytearray()  # by slot: 1 if its label is to be sent
        self._known = bytearray()
        self._last = array("i")  # the instantaneous value sent last, where changes count
        self._sequence = 0  # of the store, when it was looked at last
        self.frame_due = False

    def resend(self) -> None:
        """A new connection: everything is due at once."""
        self._all = True

    def selects(self, slot, now) -> bool:
        """Whether this label is for this destination, and its value still says something."""
        store, known = self._store, self._known
        if slot >= len(known) or not known[slot] & _MINE:
            return False
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
        if self.gone(slot):
            self._known[slot] &= ~_SENT
        else:
            self._known[slot] |= _SENT

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
            self._since = ticks_add(now, self._interval - gone)  # so the mean interval is right
        else:
            return False
        self._all = False
        return True

    def _choose(self, now, everything):
        store, known, due = self._store, self._known, self._due
        changes = self._when == "change"
        for slot in range(len(known)):
            known[slot] = known[slot] & ~(_HERE | _WAS) | (known[slot] & _HERE) << 1
        for slot in store.slots():
            if slot >= len(known):
                more = bytes(slot + _SLOTS - len(known))
                due.extend(more)
                known.extend(more)
                if changes:
                    self._last.extend(array("i", [0] * len(more)))
            if not known[slot]:
                label, only = store.label(slot), self._only
                other = self._private and label in _IDENTIFIERS or only and label not in only
                known[slot] = _OTHER if other else _MINE
            known[slot] |= _HERE
            if self.selects(slot, now) and (everything or self._moved(slot)):
                due[slot] = 1
                self.frame_due = True
                if changes and store.kind(slot) == INSTANT:
                    self._last[slot] = self._amount(slot)
        self._sequence = store.sequence
        for slot in range(len(known)):
            if not known[slot] & _HERE:
                due[slot] = known[slot] & _SENT  # it is to be told that the label has vanished

    def _moved(self, slot) -> bool:
        """Whether the label has to be sent because of what it says now."""
        store = self._store
        if not self._known[slot] & _WAS:
            return True
        if ticks_diff(store.changed(slot), self._sequence) <= 0:
            return False
        if store.kind(slot) != INSTANT:
            return store.label(slot) != b"DATE"
        amount, last = self._amount(slot), self._last[slot]
        if amount < 0 or last < 0:
            return True
        unit, step = store.unit(slot), self._threshold
        if unit == b"A":
            step = max(1, step // 230)
        elif unit == b"V":
            step = 2
        return abs(amount - last) >= step

    def _amount(self, slot) -> int:
        """The value as a whole number, -1 if it is none: PME-PMI has fractions, and units."""
        value = self._store.value(slot)
        return int(value) if value.isdigit() else -1
