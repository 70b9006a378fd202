"""The third sieve: is a value that passed parity and checksum possible, and is it plausible?

A checksum of six bits lets one damaged group in 64 through, and parity is blind to two flipped
bits of one character. So a value must also have the width and the alphabet of its label, an index
must not go backwards nor advance by more than the subscribed power allows, and what hardly ever
changes (serial number, contract) must be seen to change more than once. On a line that shows
damage, registers and texts must come twice as well.

Nothing true is lost for good: what is held back is accepted once it was confirmed.
"""

from array import array

import micropython
from micropython import const

from firmware.tic import counters as count
from firmware.tic import moments
from firmware.tic.catalogue import (
    AT_MOST,
    CONTRACT,
    DATED,
    IDENTITY,
    INDEX,
    INSTANT,
    MAXIMUM,
    ONCE,
    PHASE,
)
from firmware.tic.decoder import HORODATE, HORODATE_END, VALUE, VALUE_END

_CONFIRM = const(3)  # frames that must agree on a new serial number, contract or index
_REPEAT = const(2)  # the same for registers and texts while the line shows damage
_NOISY = const(20_000)  # ms after damage during which the line counts as noisy
_TICKS = const(0x3FFFFFFF)  # the period of ticks
_SLACK = const(60_000)  # ms of full power that an index may be ahead of its time
_MOST = const(36_000)  # VA, the largest subscription of a Linky

_DIGITS = const(0x64)  # d
_DATE = const(0x74)  # t
_QUANTITY = const(0x71)  # q


def _number(text, start, end) -> int:
    """The decimal number written there (at most 9 digits)."""
    n = 0
    while start < end:
        n = n * 10 + text[start] - 0x30
        start += 1
    return n


@micropython.viper
def _fingerprint(text: ptr8, start: int, end: int) -> int:
    """A fingerprint of 30 bits, to recognise the same text again."""
    n = 5381
    while start < end:
        n = (n * 33 ^ int(text[start])) & 0x3FFFFFFF
        start += 1
    return n


def _possible(text, start, end, alphabet) -> bool:
    """True when every character belongs to the alphabet (a letter of the catalogue)."""
    while start < end:
        c = text[start]
        start += 1
        if 0x30 <= c <= 0x39:
            continue
        upper = 0x41 <= c <= 0x5A
        if alphabet == 0x68 and upper and c <= 0x46:  # h
            continue
        if alphabet == 0x63 and (upper or 0x28 <= c <= 0x3F):  # c
            continue
        if alphabet == 0x62 and (upper or c == 0x20):  # b
            continue
        # x: what one flipped bit makes of a space or of a bracket is left out.
        if alphabet == 0x78 and 0x20 <= c <= 0x7A and c != 0x60:
            continue
        if alphabet == 0x6E and 0x2C <= c <= 0x2E:  # n
            continue
        return False
    return True


def _quantity(text, start, end, table, unit) -> bool:
    """True for a number with its unit: 35kW, -0.5kW, 34TkW (T: a truncated point). The unit stands
    in the table at `unit`; * allows any letters.
    """
    if start < end and text[start] == 0x2D:
        start += 1
    first = start
    while start < end and (0x30 <= text[start] <= 0x39
                           or start > first and (text[start] == 0x2E or text[start] == 0x2C)):
        start += 1
    if start == first:
        return False
    if start < end and text[start] == 0x54:
        start += 1
    if table[unit] == 0x2A:
        first = start
        while start < end:
            if not 0x41 <= text[start] & 0x5F <= 0x5A:
                return False
            start += 1
        return end > first
    while start < end and text[start] == table[unit]:
        start += 1
        unit += 1
    return start == end and table[unit] == 0x0A


class Sieve:
    """Judges groups; keeps what it holds back.

    `power`: subscribed power in VA, 0 while it is unknown; whoever knows it writes it here.
    `confirmed`: the last value judged is a change that had been held back before.
    """

    def __init__(self, labels, stamps, counters):
        slots = len(stamps) // 2
        self._labels = labels
        self._stamps = stamps  # of the decoder
        self._counters = counters
        self._last = array("i", bytes(4 * slots))  # accepted number, or fingerprint
        self._held = array("i", bytes(4 * slots))  # what waits for confirmation
        self._times = bytearray(slots)  # 0: nothing is known; else 1, and how often that came
        self._frame = array("H", bytes(2 * slots))  # in which the label was accepted before that
        self._damage = 0
        self._damaged_at = 0
        self._noisy = False
        self.power = 0
        self.confirmed = False

    def forget(self) -> None:
        """There is nothing to compare with any more: another meter."""
        for slot in range(len(self._times)):
            self._times[slot] = 0

    def judge(self, slot: int, text, fields, now: int) -> int:
        """0 when the group may be stored, else the cause of its rejection."""
        labels = self._labels
        kind = labels.kind[slot]
        alphabet = labels.alphabet[slot]
        width = labels.width[slot]
        marks = labels.marks[slot]
        self.confirmed = False
        start = fields[VALUE]
        end = fields[VALUE_END]
        dated = marks & DATED
        if bool(dated) != bool(fields[HORODATE_END]):
            return count.FORMAT
        if dated and (fields[HORODATE_END] - fields[HORODATE] != moments.HORODATE
                      or not moments.valid(text, fields[HORODATE])):
            return count.FORMAT
        size = end - start
        if size != width and not (marks & AT_MOST and 0 < size < width):
            return count.WIDTH
        if alphabet == _QUANTITY:
            if not _quantity(text, start, end, labels.table, labels.unit_at(slot)):
                return count.ALPHABET
        elif alphabet == _DATE:
            if not moments.valid_date(text, start):
                return count.ALPHABET
        elif not _possible(text, start, end, alphabet):
            return count.ALPHABET
        if kind == INDEX and alphabet == _DIGITS:
            return self._index(slot, _number(text, start, end), now)
        if marks & PHASE and _number(text, start, end) > 3 * (self.power or _MOST) // 2 + 3000:
            return count.JUMP  # some three-phase meters send 70 kVA at a few hundred VA
        if kind == INSTANT or kind == MAXIMUM or marks & ONCE:
            return 0  # may differ in every frame
        return self._steady(slot, kind, marks, _fingerprint(text, start, end), now)

    def _index(self, slot, number, now) -> int:
        ahead = number - self._last[slot]
        since = now - self._stamps[2 * slot] & _TICKS
        if not self._times[slot] or 0 <= ahead <= self._most(since):
            return self._accept(slot, number)
        again = 0 <= number - self._held[slot] <= self._most(0)
        if self._hold(slot, number, again) < _CONFIRM:
            return count.BACKWARDS if ahead < 0 else count.JUMP
        self.confirmed = True
        return self._accept(slot, number)

    def _most(self, since) -> int:
        """Wh that can have passed in `since` ms, generously: twice the subscribed power."""
        return 2 * (self.power or _MOST) * ((since + _SLACK) // 1000) // 3600 + 2

    def _steady(self, slot, kind, marks, fingerprint, now) -> int:
        if not self._times[slot] or fingerprint == self._last[slot]:
            return self._accept(slot, fingerprint)
        times = self._hold(slot, fingerprint, fingerprint == self._held[slot])
        if kind == IDENTITY or marks & CONTRACT:
            if times < _CONFIRM:
                return count.IDENTITY
            self.confirmed = True
        elif times < _REPEAT and self.noisy(now):
            return count.IDENTITY
        return self._accept(slot, fingerprint)

    def _hold(self, slot, value, again) -> int:
        """Holds a value back; returns how often it came in a row."""
        frame = self._stamps[2 * slot + 1] & 0xFFFF
        if not again or frame != self._frame[slot]:
            self._frame[slot] = frame
            self._times[slot] = 1
        self._times[slot] += 1
        self._held[slot] = value
        return self._times[slot] - 1

    def _accept(self, slot, value) -> int:
        self._times[slot] = 1
        self._last[slot] = value
        return 0

    def noisy(self, now: int) -> bool:
        """Whether groups were damaged lately."""
        value = self._counters.value
        damage = value(count.PARITY) + value(count.CHECKSUM) + value(count.FORMAT)
        if damage != self._damage:
            self._damage = damage
            self._damaged_at = now
            self._noisy = True
        elif self._noisy and now - self._damaged_at & _TICKS >= _NOISY:
            self._noisy = False
        return self._noisy
