"""Runs in MicroPython: bytes of any kind through decoders that are fed in different pieces.

Standard input: the bytes. Two decoders with the firmware's store read them, one in full pieces,
one in pieces of all sizes; two more, without an image, hand every group to a sink that keeps a sum
over them. After each block the two of a pair must have the same counters and the same content.
Standard output: the counters as JSON, or the first difference and exit code 1.
"""

import json
import sys
from array import array

from firmware.tic.counters import GROUPS, Counters
from firmware.tic.decoder import Decoder
from firmware.tic.store import Store

_BLOCK = const(8192)
_PIECES = (256, 255, 100, 256, 17, 64, 3, 1)  # largest pieces of a block; 1 is byte by byte
_SLOTS = 128


class Random:
    """A small generator, the same on every port."""

    def __init__(self, seed):
        self._state = seed

    def upto(self, limit):
        self._state = (self._state * 4093 + 12345) & 0xFFFFFF
        return 1 + (self._state >> 4) % limit


class Echo:
    """A sink that accepts every group and keeps a sum over all of them, in their order."""

    epoch = 0

    def __init__(self):
        self.counters = Counters()
        self.stamps = array("i", bytes(8 * _SLOTS))
        self.sum = 0

    def group(self, slot, text, fields, now):
        end = fields[4]
        total = self.sum
        for at in range(end):
            total = (total * 31 + text[at]) & 0xFFFFFF
        self.sum = (total * 31 + fields[0]) & 0xFFFFFF
        self.counters.add(GROUPS)
        return 0

    def frame(self, complete, clean, number, times):
        for _ in range(times):
            self.sum = (self.sum * 31 + complete) & 0xFFFFFF


def state(sink):
    """All that a sink holds, in a form that can be compared."""
    counts = sorted(sink.counters.all().items())
    if isinstance(sink, Echo):
        return counts, sink.sum
    held = [(sink.label(s), sink.horodate(s), sink.value(s)) for s in sink.slots()]
    return counts, held, sink.mode, sink.frames


def feed(decoder, block, sizes, most, now):
    """Decodes a block in pieces of 1 to `most` bytes, or of `most` without a generator."""
    at = 0
    while at < len(block):
        size = min(sizes.upto(most) if sizes else most, len(block) - at)
        decoder.room[:size] = block[at : at + size]
        decoder.decode(size, now)
        at += size
    decoder.settle()


def main() -> None:
    pairs = ((Store(), Store()), (Echo(), Echo()))
    decoders = [[Decoder(store) for store in pairs[0]]]
    decoders.append([Decoder(echo, image=False) for echo in pairs[1]])
    sizes = Random(1)
    buffer = memoryview(bytearray(_BLOCK))
    now = 0
    while True:
        n = sys.stdin.buffer.readinto(buffer)
        if not n:
            break
        block = buffer[:n]
        now += 1000
        most = _PIECES[sizes.upto(len(_PIECES)) - 1]
        for (one, other), (first, second) in zip(pairs, decoders):
            feed(first, block, None, 256, now)
            feed(second, block, sizes, most, now)
            if state(one) != state(other):
                report = {"block": now // 1000, "most": most}
                report["whole"], report["pieces"] = repr(state(one)), repr(state(other))
                print(json.dumps(report))
                sys.exit(1)
    counters = pairs[0][0].counters
    print(json.dumps(counters.all()))


main()
