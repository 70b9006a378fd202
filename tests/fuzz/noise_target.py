"""Runs in MicroPython: the firmware's decoder and store on a stream of noisy frames.

Standard input: records of two bytes (length, little end first) and that many bytes of the line; a
length of 0 ends. Standard output, for each record: a line `=slot<TAB>label<TAB>horodate<TAB>value`
for each slot whose content is new, then a line `.` followed by two hexadecimal digits for each
slot that arrived in this record. At the end `!` and the counters and events as JSON.
"""

import json
import sys

from firmware.tic.decoder import Decoder
from firmware.tic.store import Store

_TICKS = 1000  # between two records


def main() -> None:
    store = Store()
    decoder = Decoder(store)
    events = {}
    source = sys.stdin.buffer
    out = sys.stdout.buffer
    head = bytearray(2)
    shown = {}
    now = 0
    while True:
        source.readinto(head)
        left = head[0] | head[1] << 8
        if not left:
            break
        now += _TICKS
        while left:
            room = decoder.room
            n = source.readinto(room[: min(left, len(room))])
            decoder.decode(n, now)
            left -= n
        decoder.settle()
        arrived = []
        for slot in store.slots():
            changed = store.changed(slot)
            if shown.get(slot) != changed:
                shown[slot] = changed
                horodate = store.horodate(slot)
                fields = (store.label(slot), horodate or b"", store.value(slot))
                out.write(b"=%d\t%s\n" % (slot, b"\t".join(fields)))
            if not store.age(slot, now):
                arrived.append(f"{slot:02x}")
        out.write(b"." + "".join(arrived).encode() + b"\n")
        event = store.take_event()
        while event:
            events[event[0]] = events.get(event[0], 0) + 1
            event = store.take_event()
    counts = store.counters.all()
    out.write(b"!" + json.dumps({"counters": counts, "events": events}).encode() + b"\n")


main()
