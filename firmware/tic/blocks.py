"""The two blocks of a PME-PMI frame: a label that the second repeats gets a slot of its own."""

from micropython import const

_BELIEVED = const(3)  # frames in a row that must repeat a label
_NUMBERS = const(0x3FFFFFFF)  # the period of frame numbers


class Blocks:
    """Loaded for PME-PMI only."""

    def __init__(self, store, labels):
        self._store = store
        self._labels = labels
        self._mesures2 = -1  # slot of the label that begins the second block
        self._twice = 0  # frames in a row that repeat a label, up to this one
        self._twice_in = 0

    def slot(self, slot: int, label: bytes) -> int:
        """The slot for a label that has just come, of which `slot` is the one of the first block.

        Bytes that were lost can make one frame of two, and look like a repetition: only what comes
        frame after frame is believed.
        """
        store = self._store
        if label == b"MESURES2":
            self._mesures2 = slot
        twin = self._labels.find(label, True)
        second = self._mesures2 >= 0 and store.arrived(self._mesures2)
        if store.arrived(slot):
            if store.number != self._twice_in:
                follows = store.number == self._twice_in + 1 & _NUMBERS
                self._twice = self._twice + 1 if follows else 1
                self._twice_in = store.number
            if twin < 0 and second and self._twice >= _BELIEVED:
                twin = store.add(label, True)
        elif not second:
            return slot
        return twin if twin >= 0 else slot
