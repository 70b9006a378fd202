"""What happens to the energy once an hour or less: another day, another meter, the state in flash.

Functions over an Energy, loaded when they are needed (rarely.py).
"""

import binascii
import json
import os
import struct

from micropython import const

from firmware.energy import CLOCK, LAST, LOST, MONTH, NEW, SPLIT, TODAY, TOTAL, YESTERDAY
from firmware.link.clock import calendar

_GAP = const(300)  # s between two looks that count as one
_DAYS = const(31)  # over which energy is shared out at most
_DAY = const(86400)
_FEW = const(12)  # rows that may stay though they are of no use any more


def meet(energy, serial, contract, utc) -> bool:
    """The first look since the start, at another meter or contract, or after time ran backwards.

    False if there is no use in looking.
    """
    if energy.day is None:
        energy.day = energy.clock.day(utc)
        energy.at = energy.since = utc
    elif utc < energy.at:
        if energy.clock.source in ("degraded", "rtc"):
            return False  # as good as no time at all
        step(energy, energy.at, utc)
    meter = binascii.crc32(serial) if serial else energy.meter
    known = energy.meter or meter
    if energy.contract != contract or known != meter:
        for key in list(energy.rows):
            energy.flags |= LOST
            row = energy.rows[key]
            row[LAST] = None
            if len(energy.rows) > _FEW and not row[TODAY] + row[YESTERDAY] + row[MONTH]:
                energy.rows.pop(key)
        energy.zero = False
    else:
        energy.zero = contract == "standard" and bool(energy.rows)
    energy.contract = contract
    energy.meter = meter
    energy.serial = serial
    return True


def step(energy, before, after) -> None:
    """The clock was wrong: what it called `before` is `after`."""
    if energy.day is None or before is None:
        return
    start = energy.clock.midnight(energy.day)
    middle = start + (before - start) // 2 if before > start else before
    day = energy.clock.day(middle + after - before)
    energy.at += after - before
    if day != energy.day and day != energy.day - 1:  # a day that is over stays over
        energy.flags |= CLOCK
        energy.day = day


def moved(ledger, minute, before, after):
    """The clock is known (before: None), or was wrong: place what is pending. -> minute, placed"""
    shift = after // 60 - (ledger.ticks_ms() // 60_000 if before is None else before // 60)
    ledger.history.first += shift
    ledger.history.placed = True
    step(ledger.energy, before, after)
    return minute if minute is None else minute + shift


def share(energy, utc) -> None:
    """One midnight or more since the last look: end those days, and give each its part."""
    rows = energy.rows.values()
    midnight = energy.clock.midnight
    today = energy.clock.day(utc)
    flag = SPLIT if utc - energy.at > _GAP and any(row[NEW] for row in rows) else 0
    if today - energy.day > _DAYS:
        _end(energy, today - _DAYS)
        energy.at = midnight(energy.day)
    energy.flags |= flag
    while energy.day < today:
        end = midnight(energy.day + 1)
        for row in rows:
            part = row[NEW] * (end - energy.at) // (utc - energy.at)
            row[TODAY] += part
            row[NEW] -= part
        energy.at = end
        _end(energy, energy.day + 1)
        energy.flags |= flag


def _end(energy, following):
    """The day is over, and another one begins."""
    rows = energy.rows
    energy.history.day(energy.day, energy.flags, [(key, rows[key][TODAY]) for key in rows])
    new_month = calendar(energy.day * _DAY)[1] != calendar(following * _DAY)[1]
    for row in rows.values():
        today = row[TODAY]
        row[YESTERDAY] = today
        row[MONTH] = 0 if new_month else row[MONTH] + today
        row[TOTAL] += today
        row[TODAY] = 0
    energy.before = energy.flags
    energy.flags = 0
    energy.day = following


def save(energy) -> None:
    """Write the state: a power cut leaves the old one or the new one. What the flash says to it is
    told by the history.
    """
    if energy.day is None:
        return
    beside = energy.path + ".tmp"
    try:
        with open(beside, "wb") as file:
            file.write(_packed(energy))
        os.rename(beside, energy.path)
    except OSError as error:
        energy.history.error = error


def suspend(energy, history) -> bytes:
    """The state, and the minutes that are pending (at most 1 KB)."""
    pending = b""
    if history.placed and history.count:
        pending = struct.pack("<I", history.first) + bytes(history.pending[: history.count])
    return _packed(energy) + b"%08x" % binascii.crc32(pending) + pending


def resume(energy, history, kept) -> None:
    """Take up the state in flash, and what suspend() gave if that is newer."""
    try:
        with open(energy.path, "rb") as file:
            _unpack(energy, file.read())
    except OSError:  # the first start
        try:
            os.mkdir(energy.path.rpartition("/")[0])
        except OSError:
            pass  # it is there; whatever else is wrong is told when something is written
    line, _, pending = kept.partition(b"\n")
    _unpack(energy, line)
    if len(pending) > 12 and _whole(pending):
        history.first = struct.unpack_from("<I", pending, 8)[0]
        history.count = len(pending) // 4 - 3
        for i in range(history.count):
            history.pending[i] = struct.unpack_from("<i", pending, 4 * i + 12)[0]
        history.placed = True


def _packed(energy) -> bytes:
    """The state as a line of JSON behind its checksum."""
    text = json.dumps([energy.meter, energy.contract, energy.at, energy.since, energy.day,
                       energy.flags, energy.before, energy.rows]).encode()
    return b"%08x%s\n" % (binascii.crc32(text), text)


def _unpack(energy, line):
    """Take it back, if it is whole and newer than what there is."""
    line = line.rstrip()
    if not _whole(line):
        return
    state = json.loads(line[8:])
    if state[2] > energy.at:
        (energy.meter, energy.contract, energy.at, energy.since, energy.day, energy.flags,
         energy.before, energy.rows) = state[:8]


def _whole(data) -> bool:
    """Whether data begins with the checksum of the rest of it."""
    return data[:8] == b"%08x" % binascii.crc32(data[8:])
