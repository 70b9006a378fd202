"""The labels that have arrived: each has a slot, a small number, and its line of the catalogue."""

from array import array

from micropython import const

from firmware.tic import catalogue

_AGAIN = const(64)  # mark: PME-PMI repeats the label in its second block, and this is that one
_SPACE = const(0x20)
_LINE = const(0x0A)
_NUMBERS = b"dn"


class Labels:
    """Slots in order of first arrival, for one mode at a time.

    `kind`, `alphabet`, `width`, `marks`: by slot, as in the catalogue (letters by their code).
    `mode`: its number; `table`: its lines of the catalogue.
    """

    def __init__(self, slots: int):
        self.kind = bytearray(slots)
        self.alphabet = bytearray(slots)
        self.width = bytearray(slots)
        self.marks = bytearray(slots)
        self._code = array("H", bytes(2 * slots))  # where its code stands in the table
        self.begin(catalogue.UNKNOWN)

    def begin(self, mode: int) -> None:
        """No label has arrived in this mode yet."""
        self.count = 0
        self.mode = mode
        self.table = catalogue.table(mode)

    def find(self, label: bytes, again: bool = False) -> int:
        """Slot of a label that has arrived before in this mode, else -1; `again`: the one of a
        label that the second block repeats.
        """
        code = catalogue.find(self.mode, label)
        for slot in range(self.count):
            if self._code[slot] == code and bool(self.marks[slot] & _AGAIN) == again:
                return slot
        return -1

    def add(self, label: bytes, again: bool = False) -> int:
        """A new slot, -1 when the catalogue has no such label or all slots are taken."""
        at = catalogue.find(self.mode, label)
        slot = self.count
        if at < 0 or slot >= len(self.kind):
            return -1
        table = self.table
        marks = _AGAIN if again else 0
        self._code[slot] = at
        self.kind[slot] = table[at]
        self.alphabet[slot] = table[at + 1]
        width = 0
        at += 2
        while table[at] > _SPACE:
            mark = catalogue.MARKS.find(table[at:at + 1])
            if mark < 0:
                width = width * 10 + table[at] - 0x30
            else:
                marks |= 1 << mark
            at += 1
        self.width[slot] = width
        self.marks[slot] = marks
        self.count = slot + 1
        return slot

    def name(self, slot: int) -> bytes:
        """The label; with _2 behind it when PME-PMI repeats it in its second block."""
        table = self.table
        end = self._code[slot] - 1
        label = table[table.rfind(b"\n", 0, end) + 1:end]
        return label + b"_2" if self.marks[slot] & _AGAIN else label

    def unit_at(self, slot: int) -> int:
        """Where the unit stands in `table`, up to the end of the line."""
        table = self.table
        at = self._code[slot]
        while table[at] > _SPACE:
            at += 1
        return at if table[at] == _LINE else at + 1

    def unit(self, slot: int) -> bytes:
        """b"Wh", b"VA" ...; empty without unit."""
        at = self.unit_at(slot)
        return self.table[at:self.table.find(b"\n", at)]

    def numeric(self, slot: int) -> bool:
        """Whether the values are plain decimal numbers."""
        digits = self.alphabet[slot] in _NUMBERS and self.width[slot]
        return bool(digits) and self.kind[slot] != catalogue.IDENTITY
