"""Decodes a recording with the firmware's own decoder and store: decode.py [--raw|--model] FILE.

Runs in MicroPython, for `make decode`. Prints one JSON object a frame, {"frame", "mode", "groups":
[[label, horodate, value], ...]}, every group that passed in order of arrival, and at the end
{"counters": {...}}. With --raw, the third sieve (catalogue and plausibility) is left out. With
--model, all that is printed is what the meter said in the end, one object with the keys of
firmware/tic/model.py. Memory does not grow with the file.
"""

import json
import sys

from firmware.tic import catalogue
from firmware.tic import counters as count
from firmware.tic.decoder import (
    HORODATE,
    HORODATE_END,
    LABEL_END,
    VALUE,
    VALUE_END,
    Decoder,
)
from firmware.tic.store import Store

_HT = 9
_BYTES_A_SECOND = {catalogue.UNKNOWN: 960, catalogue.HISTORIQUE: 120, catalogue.STANDARD: 960,
                   catalogue.PMEPMI: 960}


class Printer:
    """A sink that lets the store judge, and prints what passed."""

    epoch = 0  # no image is kept

    def __init__(self, out, raw: bool):
        self._out = out
        self._raw = raw
        self._frame = 0
        self._groups = 0
        self._tabs = False
        self._seen = 0  # latest label that tells the mode, RAW only
        self.store = Store()
        self.stamps = self.store.stamps
        self.counters = self.store.counters

    def group(self, slot, text, fields, now) -> int:
        if self._raw:
            self.counters.add(count.GROUPS)
            self._tabs = text[fields[LABEL_END]] == _HT
            slot = -1
        else:
            slot = self.store.group(slot, text, fields, now)
            if slot < 0:
                return -1
        label = str(bytes(text[:fields[LABEL_END]]), "ascii")
        horodate = None
        if fields[HORODATE_END]:
            horodate = str(bytes(text[fields[HORODATE]:fields[HORODATE_END]]), "ascii")
        value = str(bytes(text[fields[VALUE]:fields[VALUE_END]]), "ascii")
        if self._raw:
            self._tell_mode(label)
        if not self._groups:
            self._frame += 1
            self._out.write(f'{{"frame": {self._frame}, "mode": "{self._mode()}", "groups": [')
        else:
            self._out.write(", ")
        self._groups += 1
        self._out.write(json.dumps([label, horodate, value]))
        return slot

    def frame(self, complete, clean, number, times) -> None:
        if self._raw:
            self.counters.add(count.FRAMES if complete else count.FRAMES_CUT)
        else:
            self.store.frame(complete, clean, number, times)
        self.close()

    def close(self) -> None:
        """Ends the object of a frame that was begun."""
        if self._groups:
            self._out.write("]}\n")
            self._groups = 0

    def mode(self) -> int:
        return self._seen if self._raw else self.store.mode

    def _tell_mode(self, label) -> None:
        mode = catalogue.mode_of(label.encode(), self._tabs, self._seen)
        if mode != catalogue.UNKNOWN:
            self._seen = mode

    def _mode(self) -> str:
        return catalogue.MODES[self.mode()]


def read(path: str, decoder, heard) -> None:
    """Decodes the file at `path`; time passes as it would on the line. `heard` is called after
    each piece, and says which mode it was.
    """
    bits = 0
    with open(path, "rb") as file:
        while True:
            n = file.readinto(decoder.room)
            if not n:
                break
            decoder.decode(n, bits)
            decoder.settle()
            bits = bits + n * 1000 // _BYTES_A_SECOND[heard()] & 0x3FFFFFFF


def main(path: str, options: list, out) -> None:
    """Prints what `options` ask for of the file at `path`."""
    if "--model" in options:
        from decode_model import Model

        model = Model(out)
        read(path, Decoder(model.store), model.heard)
        model.close()
        return
    printer = Printer(out, "--raw" in options)
    # Without the image, so that each group passes the printer.
    decoder = Decoder(printer, image=False)
    read(path, decoder, printer.mode)
    printer.close()
    counters = printer.counters
    totals = counters.all()
    totals["cooked"] = decoder.cooked()
    out.write(json.dumps({"counters": totals}))
    out.write("\n")


if __name__ == "__main__":
    try:
        main(sys.argv[-1], sys.argv[1:-1], sys.stdout)
    except OSError as error:
        sys.stderr.write(f"decode: cannot read {sys.argv[-1]}: {error}\n")
        sys.exit(1)
