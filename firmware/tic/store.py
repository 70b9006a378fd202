"""The last valid value of each label: what was sent, when, and what changed.

Values live in one block of memory that is allocated at start, so a changed value costs no heap.
Labels come and go (notices, overloads, contracts): a label is *current* while the meter still
sends it.
"""

from array import array

import micropython
from micropython import const

from firmware.tic import catalogue
from firmware.tic import counters as count
from firmware.tic.catalogue import CONTRACT, DATED, IDENTITY, INDEX, OVERLOAD
from firmware.tic.counters import Counters
from firmware.tic.decoder import HORODATE, HORODATE_END, LABEL_END, VALUE, VALUE_END
from firmware.tic.labels import Labels
from firmware.tic.sieve import Sieve

_SLOTS = const(80)  # standard has 74 labels, of which a meter sends 71 at most
_ARENA = const(1152)  # all values of PME-PMI at their longest fill 1117
_SWITCH = const(3)  # groups of another mode that must come in a row before it is believed
_LATE = const(12)  # whole frames without a label, damaged or not, until it counts as gone
_EVENTS = const(8)
_DATE = const(13)  # characters of a horodate, which stands in front of its value
_TICKS = const(0x3FFFFFFF)  # the period of ticks, and of the frame numbers
_OLD = const(0x20000000)  # ms, half of that: 6.2 days
_HT = const(9)


@micropython.viper
def _put(arena: ptr8, at: int, text: ptr8, start: int, end: int) -> int:
    """Copies text[start:end] to the arena; returns 1 when that changed anything."""
    changed = 0
    while start < end:
        if arena[at] != text[start]:
            arena[at] = text[start]
            changed = 1
        at += 1
        start += 1
    return changed


class Store:
    """The sink of a Decoder, and what everybody reads.

    `frames`: ends of frames seen. `sequence`: grows with every changed value. `counters`: what
    came and what was rejected, by cause.
    """

    def __init__(self):
        self.counters = Counters()
        self.stamps = array("i", bytes(8 * _SLOTS))
        self.epoch = 0
        self.sequence = 0
        self.frames = 0
        self._labels = Labels(_SLOTS)
        self._sieve = Sieve(self._labels, self.stamps, self.counters)
        self._arena = bytearray(_ARENA)
        self._at = array("H", bytes(2 * _SLOTS))
        self._free = 0
        self._size = bytearray(_SLOTS)
        self._changed = array("i", bytes(4 * _SLOTS))
        self._whole = array("i", bytes(4 * _LATE))  # the last whole frames, a ring
        self._turn = 0
        self._clean = self._clean_long = self._clean_before = 0
        self._optarif = -1  # its slot; short three-phase frames leave it out
        self._other = 0  # groups of another mode in a row, up to the frame _other_in
        self._other_in = 0
        self._blocks = None  # of a PME-PMI frame
        self.number = 1  # of the frame that is arriving
        self._events = []

    # What the decoder calls.

    def group(self, slot: int, text, fields, now: int) -> int:
        """Takes a verified group: its slot, or -1 when the third sieve rejects it."""
        if slot < 0:
            slot = self._arrive(bytes(text[:fields[LABEL_END]]), text[fields[LABEL_END]] == _HT)
            if slot < 0:
                self.counters.add(count.UNKNOWN_LABEL)
                return -1
        cause = self._sieve.judge(slot, text, fields, now)
        self.counters.add(cause or count.GROUPS)
        if cause:
            return -1
        if self._sieve.confirmed:
            self._confirm(slot, text, fields)
        self._write(slot, text, fields)
        return slot

    def frame(self, complete: bool, clean: bool, number: int, times: int) -> None:
        """A frame ended (see Decoder)."""
        self.counters.add(count.FRAMES if complete else count.FRAMES_CUT, times)
        self.frames += times
        self.number = number
        if complete:
            self._whole_frame(clean, number)
        self.number = number + 1 & _TICKS

    def _whole_frame(self, clean, number) -> None:
        if clean:
            self._clean = number
        if self._optarif < 0 or self.arrived(self._optarif):
            if clean:
                self._clean_before = self._clean_long
                self._clean_long = number
            self._whole[self._turn] = number
            self._turn = (self._turn + 1) % _LATE

    def _arrive(self, label: bytes, standard: bool) -> int:
        """Slot of a label that the decoder did not expect; -1 when it is unknown."""
        labels = self._labels
        mode = catalogue.mode_of(label, standard, labels.mode)
        if mode == catalogue.UNKNOWN:
            return -1
        if mode != labels.mode:
            if self.number - self._other_in > 1:
                self._other = 0
            self._other_in = self.number
            self._other += 1
            if labels.mode != catalogue.UNKNOWN:
                if self._other < _SWITCH:
                    return -1
                modes = catalogue.MODES
                self._note("mode_changed", {"from": modes[labels.mode], "to": modes[mode]})
            self._begin(mode)
        self._other = 0
        slot = labels.find(label)
        if slot < 0:
            slot = self.add(label, False)
            if label == b"OPTARIF":
                self._optarif = slot
        if self._blocks:
            slot = self._blocks.slot(slot, label)
        return slot

    def _begin(self, mode) -> None:
        """Another mode: other labels, in the same slots."""
        self._labels.begin(mode)
        self._sieve.forget()
        self._sieve.power = 0
        self._optarif = -1
        self._blocks = None
        if mode == catalogue.PMEPMI:
            from firmware.tic.blocks import Blocks

            self._blocks = Blocks(self, self._labels)
        self._free = 0
        self.epoch += 1
        for slot in range(_SLOTS):
            self._size[slot] = 0

    def arrived(self, slot) -> bool:
        """Whether the label has come in the frame that is arriving, `number`."""
        return self.stamps[2 * slot + 1] == self.number

    def add(self, label, again) -> int:
        """A new slot for a label, -1 when there is no room."""
        labels = self._labels
        slot = labels.add(label, again)
        if slot >= 0:
            self._at[slot] = self._free
            self._free += labels.width[slot] + (_DATE if labels.marks[slot] & DATED else 0)
            if self._free > _ARENA:
                self._free = self._at[slot]
                labels.count = slot
                return -1
        return slot

    def _confirm(self, slot, text, fields) -> None:
        """A change that was held back is real: say so."""
        labels = self._labels
        name = labels.name(slot)
        if labels.kind[slot] == IDENTITY:
            # Another meter counts from elsewhere: what was known says nothing about its indexes.
            self._sieve.forget()
            self._note("meter_changed", {})
            return
        key = "index_changed" if labels.kind[slot] == INDEX else "contract_changed"
        new = str(bytes(text[fields[VALUE]:fields[VALUE_END]]), "ascii").strip()
        old = str(self.value(slot), "ascii").strip()
        self._note(key, {"label": str(name, "ascii"), "from": old, "to": new})

    def _note(self, key, facts) -> None:
        if len(self._events) >= _EVENTS:
            self._events.pop(0)
        self._events.append((key, facts))

    def _write(self, slot, text, fields) -> None:
        labels = self._labels
        at = self._at[slot]
        changed = 0
        if labels.marks[slot] & DATED:
            changed = _put(self._arena, at, text, fields[HORODATE], fields[HORODATE_END])
            at += _DATE
        start = fields[VALUE]
        end = fields[VALUE_END]
        size = end - start + 1  # 0 would mean that there is no value yet
        if _put(self._arena, at, text, start, end) or changed or size != self._size[slot]:
            self.sequence = self.sequence + 1 & _TICKS
            self._changed[slot] = self.sequence
            self._size[slot] = size
            if labels.marks[slot] & CONTRACT:
                self._subscribed(slot)

    def _subscribed(self, slot) -> None:
        name = self._labels.name(slot)
        if name == b"PREF":
            self._sieve.power = int(self.value(slot)) * 1000
        elif name == b"ISOUSC":
            self._sieve.power = int(self.value(slot)) * 690  # 230 V, and perhaps three phases

    # What the rest of the gateway reads.

    @property
    def mode(self) -> int:
        """Number of one of catalogue.MODES."""
        return self._labels.mode

    def slots(self):
        """The slots of the current labels, in order of first arrival."""
        for slot in range(self._labels.count):
            if self.current(slot):
                yield slot

    def current(self, slot: int) -> bool:
        """Whether the meter still sends this label."""
        if not self._size[slot]:
            return False
        seen = self.stamps[2 * slot + 1]
        if self._labels.marks[slot] & OVERLOAD and seen < self._clean:
            return False
        return seen >= self._clean_before and seen >= self._whole[self._turn]

    def find(self, label: bytes) -> int:
        """Slot of a current label, else -1."""
        slot = self._labels.find(label)
        return slot if slot >= 0 and self.current(slot) else -1

    def label(self, slot: int) -> bytes:
        """The label; with _2 behind it when PME-PMI repeats it in its second block."""
        return self._labels.name(slot)

    def value(self, slot: int) -> bytes:
        """Exactly as sent, spaces included; empty for DATE."""
        at = self._at[slot] + (_DATE if self._labels.marks[slot] & DATED else 0)
        return bytes(self._arena[at:at + self._size[slot] - 1])

    def horodate(self, slot: int):
        """The 13 characters SAAMMJJhhmmss as bytes, None for a label without horodate."""
        if not self._labels.marks[slot] & DATED:
            return None
        at = self._at[slot]
        return bytes(self._arena[at:at + _DATE])

    def kind(self, slot: int) -> int:
        """INDEX, INSTANT, MAXIMUM, REGISTER, TEXT or IDENTITY of the catalogue."""
        return self._labels.kind[slot]

    def unit(self, slot: int) -> bytes:
        """b"Wh", b"VA" ...; empty without unit."""
        return self._labels.unit(slot)

    def numeric(self, slot: int) -> bool:
        """Whether the value is a plain decimal number."""
        return self._labels.numeric(slot)

    def grow_old(self, now: int) -> None:
        """To be called once in a while: what is older than the ticks can tell stays old."""
        stamps = self.stamps
        for at in range(0, len(stamps), 2):
            if now - stamps[at] & _TICKS > _OLD:
                stamps[at] = now - _OLD & _TICKS

    def age(self, slot: int, now: int) -> int:
        """Milliseconds since the label last arrived, six days at most."""
        return now - self.stamps[2 * slot] & _TICKS

    def changed(self, slot: int) -> int:
        """The `sequence` at which the value last changed."""
        return self._changed[slot]

    def take_event(self):
        """The oldest event not yet taken, (key, facts), or None. Keys: meter_changed, mode_changed
        {from, to}, contract_changed and index_changed {label, from, to}.
        """
        return self._events.pop(0) if self._events else None
