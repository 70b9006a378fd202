"""Reading the history: rows of any span and resolution, in constant memory.

Only imported when somebody asks. A file is open no longer than it takes to read a piece of it, so
a ring may go on while its rows are read.
"""

import binascii
import struct
from array import array

from micropython import const

from firmware import rarely
from firmware.history import (
    COARSE,
    DAY,
    EXACT,
    HEAD,
    MARK,
    MINUTE,
    MISSING,
    NONE,
    TAIL,
    ring,
)
from firmware.link.clock import calendar

_PIECE = const(512)  # bytes, more than any block
_DAY = const(86400)
MONTH = 0  # step of energy by calendar month


def rows(history, kind, start, end, step):
    """Rows of the span from start to end (excluded) in utc, in order of time.

    MINUTE, TEN: (utc, mean VA) for each `step` seconds from start on, where there are samples.
    DAY: (utc of its midnight, flags, {key: Wh}) for each `step` days from the day of start on, or
    for each calendar month (step MONTH), as far as they lie in the span; only days that are over.
    """
    if kind == DAY:
        return _energy(history, start, end, step)
    return _power(history, kind, start, end, step)


def _power(history, kind, start, end, step):
    unit = 60 if kind == MINUTE else 600
    step = max(step, unit)
    start -= start % unit
    row = total = count = 0
    for slot, va in _samples(history, kind, start // unit, (end - 1) // unit):
        at = (slot * unit - start) // step
        if at != row and count:
            yield start + row * step, (total + count // 2) // count
            total = count = 0
        row = at
        total += va
        count += 1
    if count:
        yield start + row * step, (total + count // 2) // count


def _samples(history, kind, first, last):
    """(slot, VA) of each sample there is, in order of time."""
    for base, path in _files(history, kind, first, last):
        for slot, _, values in _blocks(path):
            slot += base
            for at in range(0, len(values), 2):
                va = struct.unpack_from("<h", values, at)[0]
                if first <= slot <= last and va != MISSING:
                    first = slot + 1
                    more = max(0, abs(va) - EXACT) * (COARSE - 1)
                    yield slot, va + more if va >= 0 else va - more
                slot += 1
    if history.placed:
        unit = 1 if kind == MINUTE else 10
        ten = rarely.load("ring").ten if unit == 10 else None
        for slot in range(history.first // unit, (history.first + history.count - 1) // unit + 1):
            if first <= slot <= last:
                # What is written while somebody takes his time over the rows is not here any more.
                at = slot - history.first
                va = ten(history, slot) if ten else NONE
                if not ten and 0 <= at < history.count:
                    va = history.pending[at]
                if va != NONE:
                    yield slot, va


def _energy(history, start, end, step):
    clock = history.clock
    first, last = clock.day(start), clock.day(end - 1)
    begin, flags, sums = None, 0, {}
    for day, energies in _days(history, first, last):
        if step == MONTH:
            this = day + 1 - calendar(day * _DAY)[2]
        else:
            this = day - (day - first) % step
        if this != begin:
            if begin is not None:
                yield clock.midnight(begin), flags, sums
            begin, flags, sums = this, 0, {}
        flags |= energies[0]
        at = 1
        while at < len(energies):
            key = str(energies[at + 1 : at + 1 + energies[at]], "ascii")
            at += 1 + energies[at]
            sums[key] = sums.get(key, 0) + struct.unpack_from("<I", energies, at)[0]
            at += 4
    if begin is not None:
        yield clock.midnight(begin), flags, sums


def _days(history, first, last):
    """(day, its block) in order. A day that was written again, after a power cut at midnight,
    counts as it was written last.
    """
    span = ring(DAY)[1]
    places = array("H", [0] * span)
    for base, path in _files(history, DAY, first, last):
        for slot in range(span):
            places[slot] = 0
        for slot, at, _ in _blocks(path):
            if slot < span:
                places[slot] = at + 1
        for slot in range(span):
            if places[slot] and first <= base + slot <= last:
                for _, _, block in _blocks(path, places[slot] - 1):
                    yield base + slot, block
                    break


def _files(history, kind, first, last):
    """(first slot, path) of the files that can hold these slots."""
    letter, span, keep = ring(kind)
    end = last // span
    for number in range(max(first // span, end - keep), end + 1):
        yield number * span, f"{history.folder}/{letter}{number}"


def _blocks(path, start=0):
    """(slot, place in the file, payload) of each whole block; the payload holds until the next."""
    buffer = bytearray(_PIECE)
    view = memoryview(buffer)
    at = 1
    while at:
        try:
            with open(path, "rb") as file:
                file.seek(start)
                read = file.readinto(buffer)
        except OSError:
            return
        at = 0
        while at + HEAD + TAIL <= read:
            end = at + HEAD + buffer[at + 1]
            if buffer[at] == MARK:
                if end + TAIL > read == _PIECE:
                    break
                check = binascii.crc32(view[at:end]) & 0xFFFF
                if end + TAIL <= read and buffer[end] | buffer[end + 1] << 8 == check:
                    yield (buffer[at + 2] | buffer[at + 3] << 8, start + at,
                           view[at + HEAD : end])
                    at = end + TAIL
                    continue
            at += 1
        start += at
