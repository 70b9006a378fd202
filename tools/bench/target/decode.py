"""Runs on RV32 in QEMU: counts what the firmware's decoder spends on a stream in /rom.

Standard output: one JSON object. With -icount each run gives the same figures.
"""

import gc
import json
from array import array

import rvbench

from firmware.tic.counters import Counters
from firmware.tic.decoder import LABEL_END, Decoder
from firmware.tic.store import Store

_SLOTS = 128


class Sink:
    """The least a decoder can work for: it numbers the labels and accepts every value."""

    epoch = 0

    def __init__(self):
        self.counters = Counters()
        self.stamps = array("i", bytes(8 * _SLOTS))
        self._slots = {}

    def group(self, slot, text, fields, now):
        """The slot of a group's label."""
        if slot < 0:
            label = bytes(text[: fields[LABEL_END]])
            slot = self._slots.get(label, -1)
            if slot < 0 and len(self._slots) < _SLOTS:
                slot = self._slots[label] = len(self._slots)
        return slot

    def frame(self, complete, clean, number, times):
        """Nobody waits for it."""


def main(jobs: list) -> None:
    """jobs: [(name, kind of count, stream, with the store, bytes at a time, bytes of warm-up)]"""
    results = {}
    for name, kind, stream, stored, chunk, warm in jobs:
        gc.collect()
        sink = Store() if stored else Sink()
        count = _allocated if kind == "heap" else _executed
        with open(f"/rom/{stream}", "rb") as line:
            used, total = count(Decoder(sink), line, chunk, warm)
        results[name] = {"used": used, "bytes": total}
    print(json.dumps(results))


def _executed(decoder, line, chunk, warm) -> tuple:
    """(instructions, bytes they were spent on)"""
    spent = seen = counted = now = 0
    while True:
        n = line.readinto(decoder.room, chunk)
        if not n:
            return spent, counted
        now += 100
        cost, _ = rvbench.count(decoder.decode, n, now)
        if seen >= warm:
            spent += cost
            counted += n
        seen += n


def _allocated(decoder, line, chunk, warm) -> tuple:
    """(bytes of heap, garbage included, bytes of the line)"""
    before = seen = counted = now = 0
    gc.disable()
    while True:
        n = line.readinto(decoder.room, chunk)
        if not n:
            break
        now += 100
        if seen < warm:
            before = 0
        elif not before:
            before = gc.mem_alloc()
        decoder.decode(n, now)
        if before:
            counted += n
        seen += n
    after = gc.mem_alloc()
    gc.enable()
    return after - before, counted
