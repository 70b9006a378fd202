"""What is published, written straight into a buffer: the JSON of a frame and of anything else.

A frame is one object, a member for each label. A value that is a plain number is a JSON number
without its leading zeros; any other, and an identifier, is a string without the spaces around it.
A group that carries a horodate is an object, {"value":3112,"at":"2026-07-21T09:34:12+02:00"};
DATE, which is nothing but a horodate, is that string alone. A horodate without a season has no
offset: it is local time. One from a meter whose clock is degraded adds "degraded":true to its
object, and DATE adds the member "DATE_degraded":true to the frame. Dates of PME-PMI are local
time too.

Loops over many bytes are viper: a slice assignment would make garbage for each piece, and moves
the whole rest of a bytearray. The others are not: native code is three to six times as large as
bytecode, and lies in the same memory.
"""

import io
import json

import micropython

from firmware.tic import moments
from firmware.tic.catalogue import IDENTITY


class Full(Exception):
    """The buffer has no room for what is being written."""


@micropython.viper
def copy(to: ptr8, at: int, data: ptr8, start: int, end: int) -> int:
    """Copy data[start:end] to to[at:], lowest byte first; where it ends. Checks nothing."""
    while start < end:
        to[at] = data[start]
        start += 1
        at += 1
    return at


@micropython.viper
def _escape(to: ptr8, at: int, data: ptr8, start: int, end: int) -> int:
    """The same as the inside of a JSON string; a control character becomes a space."""
    while start < end:
        c = data[start]
        if c == 0x22 or c == 0x5C:
            to[at] = 0x5C
            at += 1
        to[at] = c if c >= 0x20 else 0x20
        start += 1
        at += 1
    return at


def _number(data) -> int:
    """Where the number begins in decimal text, behind its minus and leading zeros; -1 if JSON
    knows no such number.
    """
    start, end = 0, len(data)
    if end and data[0] == 0x2D:
        start = 1
    if not data.isdigit():
        left = 0  # digits since the beginning, or since the point
        point = False
        for i in range(start, end):
            c = data[i]
            if c == 0x2E and left and not point:
                point = True
                left = 0
            elif 0x30 <= c <= 0x39:
                left += 1
            else:
                return -1
        if not left:
            return -1
    while start + 1 < end and data[start] == 0x30 and data[start + 1] != 0x2E:
        start += 1
    return start


def _iso(to, at, horodate) -> int:
    """A horodate (TIC.md 5) as ISO 8601: 25 characters, 19 without a season."""
    to[at] = 0x32
    to[at + 1] = 0x30
    at += 2
    marks = b"--T:: "
    i = 1
    while i < 13:
        to[at] = horodate[i]
        to[at + 1] = horodate[i + 1]
        to[at + 2] = marks[i >> 1]
        at += 3
        i += 2
    season = horodate[0]
    if season == 0x20:
        return at - 1
    to[at - 1] = 0x2B
    to[at] = 0x30
    to[at + 1] = 0x32 if season == 0x45 or season == 0x65 else 0x31
    to[at + 2] = 0x3A
    to[at + 3] = 0x30
    to[at + 4] = 0x30
    return at + 5


class Writer(io.IOBase):
    """Writes into buffer[at:limit]. Every method raises Full if that has no room.

    What is written begins at start, and is what umqtt takes for bytes of that length.
    """

    def __init__(self, buffer):
        self.buffer = buffer
        self.at = self.start = 0
        self.limit = len(buffer)

    def __len__(self):
        return self.at - self.start

    def write(self, data) -> int:
        """Bytes as they are; how many. (What json.dump() wants of a stream.)"""
        n = len(data)
        if self.at + n > self.limit:
            raise Full
        self.at = copy(self.buffer, self.at, data, 0, n)
        return n

    def text(self, data) -> None:
        """A JSON string of bytes in UTF-8."""
        at = self.at
        n = len(data)
        if at + 2 * n + 2 > self.limit:
            raise Full
        self.buffer[at] = 0x22
        at = _escape(self.buffer, at + 1, data, 0, n)
        self.buffer[at] = 0x22
        self.at = at + 1

    def number(self, data) -> bool:
        """Decimal text as a JSON number; false, and nothing written, if it is not one."""
        if self.at + len(data) > self.limit:
            raise Full
        start = _number(data)
        if start < 0:
            return False
        at = self.at
        if data[0] == 0x2D:
            self.buffer[at] = 0x2D
            at += 1
        self.at = copy(self.buffer, at, data, start, len(data))
        return True

    def moment(self, horodate) -> None:
        """A horodate, which has 13 characters, as a JSON string."""
        at = self.at
        if at + 27 > self.limit:
            raise Full
        self.buffer[at] = 0x22
        at = _iso(self.buffer, at + 1, horodate)
        self.buffer[at] = 0x22
        self.at = at + 1

    def json(self, item) -> None:
        """Anything json.dump() takes."""
        json.dump(item, self, separators=(",", ":"))  # pyright: ignore[reportCallIssue]

    def frame(self, store, policy, now, head=b"{") -> bool:
        """The current labels that are fresh and for this destination; false if there are none.

        It begins with `head`, which may hold members and a comma.
        """
        mark = head
        for slot in store.slots():
            if policy.selects(slot, now):
                self.write(mark)
                mark = b","
                value, at = policy.value(slot), store.horodate(slot)
                number = store.numeric(slot) and store.kind(slot) != IDENTITY
                self.member(store.label(slot), value, at, number)
        if mark is head:
            return False
        self.write(b"}")
        return True

    def member(self, label, value, horodate, number) -> None:
        """A label with its value, and its horodate if it has one; number: the value is one."""
        self.text(label)
        if horodate is None:
            self.write(b":")
            self._value(value, number)
            return
        degraded = moments.degraded(horodate)
        if value:
            self.write(b':{"value":')
            self._value(value, number)
            self.write(b',"at":')
            self.moment(horodate)
            self.write(b',"degraded":true}' if degraded else b"}")
            return
        self.write(b":")
        self.moment(horodate)
        if degraded:
            self.write(b',"')
            self.write(label)
            self.write(b'_degraded":true')

    def _value(self, value, number):
        if number and self.number(value):
            return
        if len(value) == moments.DATE_PMEPMI and moments.valid_date(value):
            value = moments.iso_date(value).encode()
        self.text(value.strip())
