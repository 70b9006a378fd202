"""When to send, which labels, and what of them may be seen.

Three ways (setting publish_when, or influx_when ...): "frame", all of it at each end of a frame;
"interval", all of it every publish_interval seconds; "change", at the end of a frame the labels
that changed, and all of it every publish_interval seconds. An instantaneous value has changed when
it moved far enough from the one sent last: publish_threshold for VA and W, what that makes at
230 V for A, two volts for V. The clock (DATE) is no change. What is due stays due until it could
be sent, so the newest state goes out after an outage; nothing is repeated while no frame comes.

The setting labels is one list for all modes. A mode of which it names no label sends all of its
labels, so that a meter that is switched at a distance does not fall silent.
"""

from array import array
from time import ticks_add, ticks_diff

from micropython import const

from firmware.rarely import load
from firmware.tic.catalogue import INSTANT

_IDENTIFIERS = b",ADCO,ADSC,ADS,PRM,MSG1,MSG2,"
_SHORT = const(500)
_LONG = const(5000)
_FRESH = const(60000)  # ms; an older instantaneous value is not sent, an old index still is
_SLOTS = const(16)  # what is kept by slot grows by so many

# What is known of a label: bits. A slot keeps its label for ever.
_SENT = const(1)  # told, and not told since that it has vanished
_HERE = const(2)  # among the labels of the meter at the last look
_WAS = const(4)  # at the look before
_MINE = const(8)  # for this destination,
_OTHER = const(16)  # or not; none of both before it was looked at
_MASKED = const(32)  # a stand-in is sent for its value


class Policy:
    """The choice of one destination over a store.

    name: what its settings begin with, <name>_when and <name>_interval; `interval`: that, in ms.
    `wait`: ms for which a reading that is due may be put off.
    `shown`: what becomes of identifiers, as of privacy.shown().
    """

    def __init__(self, config, store, name="publish"):
        self._store = store
        self._when = config.get(name + "_when")
        self.interval = config.get(name + "_interval") * 1000
        self.wait = _SHORT if self._when == "frame" else min(self.interval // 2, _LONG)
        self._threshold = config.get("publish_threshold")
        labels = config.get("labels")
        self._only = b"" if labels == "*" else b",%s," % labels.replace(" ", "").encode()
        self.shown = load("publish.privacy").shown(config)
        self._frames = store.frames
        self._since = 0
        self._all = True
        self._begin()
        self._sequence = 0  # of the store, when it was looked at last

    def _begin(self):
        """Another mode: its labels have the slots of the others."""
        self._epoch = self._store.epoch
        self._due = bytearray()  # by slot: 1 if its label is to be sent
        self._known = bytearray()
        self._last = array("i")  # the instantaneous value sent last, where changes count
        self._listed = None  # the list, as far as it counts in this mode
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

    def value(self, slot) -> bytes:
        """What the destination may see as the value of a label that it gets."""
        value = self._store.value(slot)
        return self.shown(value.strip()) if self._known[slot] & _MASKED else value

    def look(self, now) -> None:
        """Decide, if a frame has ended since the last look or if everything is due."""
        if self._store.epoch != self._epoch:
            self._begin()
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
        if self._all or not 0 <= gone < 2 * self.interval:
            self._since = now
        elif gone >= self.interval:
            self._since = ticks_add(now, self.interval - gone)  # so the mean interval is right
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
                known[slot] = self._judge(store.label(slot))
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

    def _judge(self, label) -> int:
        """Whether a label is for this destination, and whether as it is."""
        if self._listed is None:
            self._listed = self._only
            if self._only:
                self._listed = load("publish.privacy").listed(self._only, self._store.mode)
        name = b",%s," % label
        if self._listed and name not in self._listed:
            return _OTHER
        if self.shown is True or name not in _IDENTIFIERS:
            return _MINE
        return _MINE | _MASKED if self.shown else _OTHER

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
