"""Frames of simulated meters with every kind of damage: an endless supply, the same for a seed."""

import random

from tools.simulator.meter import Meter
from tools.simulator.wire import even

CONTROLS = b"\x02\x03\x04\t\n\r \x00\x7f\x80\xff"
METERS = (
    ("standard", {"contract": "base"}),
    ("standard", {"contract": "tempo", "phases": 3, "producer": True}),
    ("historique", {"contract": "ejp"}),
    ("historique", {"contract": "base", "phases": 3}),
    ("pmepmi", {}),
)


class Source:
    """Bytes by the block; the blocks go on where the meters were."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.meters = [Meter(mode, seed=seed, **options) for mode, options in METERS]
        self.meter = self.random.choice(self.meters)
        self.earlier = b""

    def block(self) -> bytes:
        """Some kilobytes: pure noise, noise of characters that mean something, or frames."""
        draw = self.random
        kind = draw.randrange(8)
        if kind == 0:
            return draw.randbytes(draw.randrange(1, 9000))
        if kind == 1:
            return bytes(draw.choices(CONTROLS + b"ADSC0123", k=draw.randrange(1, 4000)))
        if draw.randrange(4) == 0:
            self.meter = draw.choice(self.meters)
        octets = self.frames(draw.randrange(1, 12))
        if draw.randrange(2):
            octets = even(octets)
        return octets if kind == 2 else self.damaged(octets)

    def frames(self, count) -> bytes:
        """So many frames of the present meter, seven-bit and without a fault."""
        return b"".join(self._frame() for _ in range(count))

    def _frame(self):
        octets = self.meter.encode(self.meter.frame())
        self.meter.advance(self.random.choice((0.0, 1.0, 2.0, 600.0)))
        return octets

    def damaged(self, octets) -> bytes:
        """One fault or a hundred: bits, bytes and pieces lost, added, moved, repeated."""
        data, draw = bytearray(octets), self.random
        for _ in range(draw.choice((1, 3, 10, 100))):
            at = draw.randrange(len(data) + 1)
            end = at + draw.choice((1, 1, 1, 2, 8, 40, 300))
            how = draw.randrange(9)
            if how == 0:
                data[at:end] = b""
            elif how == 1:
                data[at:at] = draw.randbytes(end - at)
            elif how == 2:
                data[at:at] = bytes(draw.choices(CONTROLS, k=draw.randrange(1, 4)))
            elif how == 3:
                data[at:at] = data[at:end]
            elif how == 4:
                piece = draw.randrange(len(self.earlier) + 1)
                data[at:end] = self.earlier[piece : piece + end - at]
            elif how == 5:
                data[at:end] = bytes(reversed(data[at:end]))
            elif how == 6 and at < len(data):
                data[at] = draw.choice(CONTROLS)
            elif at < len(data):
                data[at] ^= 1 << draw.randrange(8)
        if draw.randrange(20) == 0:
            data = data.replace(b"\r", b"\n").replace(b"\x8d", b"\n")
        self.earlier = octets
        return bytes(data)
