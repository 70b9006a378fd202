"""firmware/update.py takes as much memory for a large bundle as for a small one."""

import gc
import os
import sys
from hashlib import sha256

from bundle import Board

from firmware import filling, manifest, migrating, slots
from firmware import update as module

_MOST = 9000  # bytes on the heap of the 32-bit port, twice that on the other one
_SIZE = 20_000


class Large:
    """A bundle of so many files of 20 KB that is nowhere as a whole; notes the heap."""

    def __init__(self, count):
        data = self._file = bytes(range(250)) * (_SIZE // 250)
        digest = sha256(data).digest().hex()
        self._head = b"ticgate 1\nversion 0.2.0\nfamily esp32c6\nmpy 0 0 0\n"
        self._head += b"bytes %d\n" % (count * _SIZE)
        for n in range(count):
            self._head += b"file web/%d.gz %d %s\n" % (n, _SIZE, digest.encode())
        self._head += b"signature " + b"0" * 1024 + b"\n"
        self.size = len(self._head) + count * _SIZE
        self.at = self.peak = 0

    async def readinto(self, view):
        self.peak = max(self.peak, gc.mem_alloc())
        data, at = self._head, self.at
        if at >= len(data):
            data, at = self._file, (at - len(data)) % _SIZE
        left = memoryview(data)[at:]
        n = min(len(view), 536, len(left), self.size - self.at)
        view[:n] = left[:n]
        self.at += n
        return n


async def _peak(count):
    """Bytes of heap that an update takes at most."""
    source = Large(count)
    before, threshold = module.load, gc.threshold()
    known = {"slots": slots, "manifest": manifest, "migrating": migrating,
             "filling": filling}
    module.load = filling.load = lambda name: known[name]
    gc.threshold(1024)
    gc.collect()
    rest = gc.mem_alloc()
    try:
        assert await module.Update(source, board=Board()).run() == "0.2.0"
    finally:
        module.load = filling.load = before
        gc.threshold(threshold)
    assert os.stat(f"a/web/{count - 1}.gz")[6] == _SIZE
    return source.peak - rest


async def test_memory_does_not_depend_on_the_bundle():
    wide = 2 if sys.maxsize > 1 << 40 else 1
    small, large = await _peak(1), await _peak(40)
    print("heap of an update:", small, large)
    assert large < _MOST * wide, large

