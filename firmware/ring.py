"""Writing the history: rings of blocks in flash, a file for each span of time.

Blocks are appended. LittleFS copies the 4 KB block of flash to which it appends, so a file stays
near that size and is written to rarely. A file is never changed otherwise, and its name tells what
span of time it holds: there is nothing to keep up to date, and nothing to repair.

Wear: with the state of energy (days.py) 121 blocks of flash are erased a day, which LittleFS
spreads over those that are free. On 2 MB that are half full, the block that is erased most reaches
the 100 000 cycles of usual flash after 150 years: tests/support/month_wear.py counts them. After
five years the files take 200 to 350 KB.

    block    0xA5, n, slot (2 bytes, from the beginning of the file's span), n bytes, CRC-16

All little-endian. A block that a power cut left unfinished fails its CRC; readers look for the
next one behind its mark. Slots are minutes, ten minutes or days since 2000. Samples of power are
VA in 16 bits: exact up to 16 kVA, then in steps of 16 VA. A day is its flags, and for each key
that counted its length, the key, and the Wh in 32 bits.
"""

import binascii
import os
import struct

from firmware.history import (
    COARSE,
    DAY,
    EXACT,
    MARK,
    MINUTE,
    MISSING,
    NONE,
    TEN,
    ring,
)


def flush(history, least) -> None:
    """Write the minutes that are pending, and their means over ten minutes.

    Without a time they have no place: forget at least so many of them.
    """
    at = 0
    span = ring(MINUTE)[1]
    while history.placed and at < history.count:
        first = history.first + at
        end = min(history.count, at + span - first % span)  # a block lies within one file
        tens = range(first // 10, (history.first + end - 1) // 10 + 1)
        _samples(history, MINUTE, first, history.pending[at:end])
        _samples(history, TEN, tens[0], [ten(history, slot) for slot in tens])
        at = end
    if not history.placed:
        at = min(least, history.count)
        history.dropped += at
    history.first += at
    history.count -= at
    for i in range(history.count):
        history.pending[i] = history.pending[i + at]


def energy(history, day, flags, energies) -> None:
    """Write a day, [(key, Wh)]; what is 0 is left out."""
    payload = bytes((flags,))
    for key, wh in energies:
        if wh:
            payload += bytes((len(key),)) + key.encode() + struct.pack("<I", wh)
    _block(history, DAY, day, payload)


def ten(history, slot) -> int:
    """The mean of what is pending of these ten minutes, or NONE."""
    total = count = 0
    for minute in range(10 * slot, 10 * slot + 10):
        at = minute - history.first
        if 0 <= at < history.count and history.pending[at] != NONE:
            total += history.pending[at]
            count += 1
    return (total + count // 2) // count if count else NONE


def _samples(history, kind, slot, values):
    payload = b""
    for va in values:
        size = abs(va)
        if size >= EXACT:
            size = min(EXACT + (size - EXACT) // COARSE, -MISSING - 1)
        payload += struct.pack("<h", MISSING if va == NONE else size if va >= 0 else -size)
    _block(history, kind, slot, payload)


def _block(history, kind, slot, payload):
    """Append a block; what the flash does not take is dropped."""
    letter, span, keep = ring(kind)
    number = slot // span
    path = f"{history.folder}/{letter}{number}"
    block = struct.pack("<BBH", MARK, len(payload), slot % span) + payload
    try:
        _make_room(history.folder, path, letter, number, keep)
        with open(path, "ab") as file:
            file.write(block + struct.pack("<H", binascii.crc32(block) & 0xFFFF))
        history.error = None
    except OSError as error:
        history.dropped += 1
        history.error = error


def _make_room(home, path, letter, number, keep):
    """Before a new file: remove what is farthest from it, a wrong clock's or the oldest."""
    try:
        os.stat(path)
        return
    except OSError:
        pass
    files = [int(name[1:]) for name, *_ in os.ilistdir(home) if name[:1] == letter]
    while len(files) >= keep:
        oldest = max(files, key=lambda other: abs(other - number))
        os.remove(f"{home}/{letter}{oldest}")
        files.remove(oldest)
