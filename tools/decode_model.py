"""The model of the meter in a recording, for decode.py --model."""

import json

from firmware.tic.meter import Meter
from firmware.tic.store import Store


class Model:
    """What a recording says of its meter; also the writer of its JSON."""

    def __init__(self, out):
        self._out = out
        self.store = Store()
        self._meter = Meter(self.store)

    def heard(self) -> int:
        """More was decoded into `store`; the number of the mode found so far."""
        self._meter.learnt.look()
        return self.store.mode

    def close(self) -> None:
        """Prints one object on one line."""
        self._meter.write_json(self)
        self._out.write("\n")

    def write(self, data: bytes) -> None:
        """A piece of JSON."""
        self._out.write(str(data, "ascii"))

    def text(self, data: bytes) -> None:
        """A JSON string."""
        self._out.write(json.dumps(str(data, "ascii")))
