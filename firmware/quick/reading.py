"""One reading of the meter, as soon as it is whole, with the radio off.

What the meter said last is played to the decoder first, as if it had just come. So a value is
judged by the one before as in the gateway that never sleeps, and each label is known that has to
come: the reading is whole when all of them have, wherever in the frame it began.
"""

import time

import micropython
from micropython import const

from firmware.rtcmem import MODE, RATE
from firmware.tic import counters as count
from firmware.tic.decoder import CHUNK, Decoder
from firmware.tic.store import Store

_RATES = (9600, 1200)
_TRY = const(2000)  # ms at a rate until another is tried
_SILENT = const(4500)  # ms without a byte: the meter has no power, or the wire has gone
_LONGEST = const(10_000)  # ms: four frames of a meter in historique
_FRAMES = const(3)  # after which it is as whole as it will be: what was held back is confirmed
_LOOK = const(20)  # ms between two looks at the UART
_STANDARD = const(2)
_TICKS = const(0x3FFFFFFF)


@micropython.viper
def _even(octets: ptr8, n: int):
    """Seven bits as they are on the wire: bit 7 makes the number of ones even."""
    i = 0
    while i < n:
        c = int(octets[i])
        octets[i] = c | (0x6996 >> ((c ^ c >> 4) & 15) & 1) << 7
        i += 1


def frame(lines, standard, checked) -> bytearray:
    """The frame that says these lines; checked: with its parity."""
    out = bytearray(b"\x02")
    for line in lines:
        if not standard:
            # _2: of the second block of PME-PMI
            line = line.replace(b"_2\t", b"\t").replace(b"\t", b" ")
        total = sum(line) + (9 if standard else 0)
        out += b"\n%s%s%c\r" % (line, b"\t" if standard else b" ", (total & 0x3F) + 0x20)
    out.append(0x03)
    if checked:
        _even(out, len(out))
    return out


class Reader:
    """One reading. memory: rtcmem.Memory; before: lines of the reading before; slept: ms since."""

    def __init__(self, memory, before, slept, ticks_ms=time.ticks_ms, sleep_ms=time.sleep_ms):
        self._cells = memory.cells
        self._ticks_ms = ticks_ms
        self._sleep_ms = sleep_ms
        self._store = Store()
        self._decoder = Decoder(self._store)
        self._known = []
        self.began = ticks_ms()
        self._before = before
        self._then = self.began - slept - 1 & _TICKS

    def _play(self, lines, then):
        """What the meter said last, at the tick `then`. What it says now waits in the UART."""
        cells, decoder = self._cells, self._decoder
        octets = frame(lines, cells[MODE] == _STANDARD, cells[RATE] > 0)
        for at in range(0, len(octets), CHUNK):
            piece = octets[at : at + CHUNK]
            decoder.room[: len(piece)] = piece
            decoder.decode(len(piece), then)
        decoder.settle()
        self._known = list(self._store.slots())

    def take(self, line, going) -> bool:
        """Read from a Line until it is whole; whether it is. going(): whether there is the charge
        to go on.
        """
        cells, store, ticks_ms = self._cells, self._store, self._ticks_ms
        rate = abs(cells[RATE]) or line.load()
        tried = 1 if rate == _RATES[1] else 0
        silent = True
        while True:
            uart = line.open(rate or _RATES[tried & 1])
            try:
                if self._before:
                    self._play(self._before, self._then)
                    self._before = None
                self._frames = store.counters.value(count.FRAMES)
                self._refused = self._rejected()
                groups = store.counters.value(count.GROUPS)
                opened = ticks_ms()
                while True:
                    passed = time.ticks_diff(ticks_ms(), self.began)
                    if passed > (_SILENT if silent else _LONGEST) or not going():
                        return False
                    if self._hear(uart):
                        silent = False
                        if self._whole():
                            self._note(rate or _RATES[tried & 1])
                            return True
                    if time.ticks_diff(ticks_ms(), opened) > _TRY:
                        self._decoder.settle()
                        if store.counters.value(count.GROUPS) == groups:
                            break
            finally:
                uart.deinit()
            self._decoder.reset()
            rate = 0
            tried += 1

    def _hear(self, uart) -> bool:
        n = uart.readinto(self._decoder.room)
        if n:
            self._decoder.decode(n, self._ticks_ms())
        if n != CHUNK:  # a full chunk: more is waiting
            self._sleep_ms(_LOOK)
        return bool(n)

    def _whole(self) -> bool:
        store = self._store
        if self._known and all(map(self.heard, self._known)):
            return True
        frames = store.counters.value(count.FRAMES) - self._frames
        return frames >= _FRAMES or frames > 0 and self._rejected() == self._refused

    def _rejected(self) -> int:
        """Groups that were damaged or are held back."""
        self._decoder.settle()
        value = self._store.counters.value
        return sum(value(cause) for cause in range(count.PARITY, count.EOT + 1))

    def heard(self, slot) -> bool:
        """Whether a label has come in this reading."""
        return self._store.age(slot, self._ticks_ms()) <= self._ticks_ms() - self.began & _TICKS

    def _note(self, rate):
        self._decoder.settle()
        cells = self._cells
        cells[RATE] = -rate if self._decoder.parity() is False else rate
        cells[MODE] = self._store.mode

    def lines(self, only, omit) -> list:
        """What has come, without the labels to omit; of the labels `only`, if one of them has."""
        store, lines = self._store, []
        slots = [slot for slot in store.slots() if self.heard(slot)]
        chosen = [slot for slot in slots if store.label(slot) in only] or slots
        for slot in chosen:
            label = store.label(slot)
            if label not in omit:
                at = store.horodate(slot)
                value = store.value(slot)
                lines.append(label + b"\t" + (value if at is None else at + b"\t" + value))
        return lines
