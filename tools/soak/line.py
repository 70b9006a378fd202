"""The meter of a soak: its frames without a pace, as target/soak.py wants them.

Arguments: a pipe, the mode, the contract, the phases, the meter's time in Unix seconds. Each piece
is two bytes of its length, two of the rest after it in ms, and the bytes with their parity.
"""

import random
import sys

from tools.simulator.meter import RATES, Meter
from tools.simulator.recording import Performance
from tools.simulator.wire import even


def main(path, mode, contract, phases, start) -> None:
    """Play until nobody listens."""
    meter = Meter(mode, contract, int(phases), start=int(start))
    with open(path, "wb", buffering=0) as pipe:
        owed = 0.0  # of a rest, what is less than a millisecond
        for octets, rest, _ in Performance(meter, random.Random(1)).pieces(RATES[mode]):
            owed += rest * 1000
            whole = int(owed)
            owed -= whole
            head = len(octets).to_bytes(2, "big") + whole.to_bytes(2, "big")
            pipe.write(head + even(octets))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (BrokenPipeError, KeyboardInterrupt):
        pass
