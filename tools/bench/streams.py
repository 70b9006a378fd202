"""What the measurements are fed with: bytes of the line, from the simulated meter.

The meter is seeded, so the bytes are the same for ever; its values change as those of a house do:
DATE and the power in every frame, currents, voltages and indexes every now and then.
"""

import random

from tools.simulator.meter import RATES, Meter
from tools.simulator.recording import Performance
from tools.simulator.wire import Wire, even

# Name of a column of the table, and the meter behind it.
METERS = {
    "standard, one phase": ("standard", {"contract": "base"}),
    "standard, three phases, producer": ("standard", {
        "contract": "tempo", "phases": 3, "producer": True}),
    "historique, one phase": ("historique", {"contract": "hchp"}),
}
WARM_UP = 4  # frames that are decoded before anything is counted


def rate(meter: str) -> int:
    """Baud of one of METERS."""
    return RATES[METERS[meter][0]]


def frames(meter: str, count: int) -> list:
    """[(seven-bit bytes of a frame, seconds of rest after it)] as time passes."""
    mode, options = METERS[meter]
    pieces = Performance(Meter(mode, **options), random.Random(1)).pieces(rate(meter))
    return [next(pieces)[:2] for _ in range(count)]


def same(meter: str, count: int) -> bytes:
    """One frame again and again, with parity."""
    return even(frames(meter, 1)[0][0]) * (count + WARM_UP)


def changing(meter: str, count: int) -> bytes:
    """Frames of a meter whose values change, with parity."""
    return even(b"".join(octets for octets, _ in frames(meter, count + WARM_UP)))


def noisy(meter: str, count: int, errors: float, repeat: bool = False) -> bytes:
    """Frames that change, or one that repeats, through a wire that inverts each of its bits with
    probability `errors`.
    """
    wire = Wire(rate(meter), errors)
    sent = frames(meter, 1 if repeat else count + WARM_UP)
    return b"".join(
        wire.carry(octets, int(rest * wire.rate))
        for octets, rest in (sent * (count + WARM_UP) if repeat else sent)
    )
