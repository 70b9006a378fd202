"""`make bench`: measures the firmware and prints the figures as Markdown, for the README.

Instructions and heap repeat exactly; milliseconds are those of this PC.
"""

import datetime
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools.bench import (  # noqa: E402
    decoding,
    everything,
    gateway,
    links,
    modules,
    quick,
    streams,
    table,
)
from tools.runtime import MICROPYTHON, MICROPYTHON32_BOARD, RV32_FIRMWARE  # noqa: E402

_SECONDS = 60  # of frames, while the peak of the heap is watched
_FRAMES = 30  # of which the delay is taken
_LARGEST = "standard, three phases, producer"  # of the meters: its frames are the longest


def main() -> int:
    """Measure and print."""
    for runtime in (MICROPYTHON, MICROPYTHON32_BOARD, RV32_FIRMWARE):
        if not runtime.exists():
            print(f"bench: {runtime} is not there: `make bench` makes it on Linux on x86-64",
                  file=sys.stderr)
            return 1
    try:
        with ThreadPoolExecutor(2 * len(streams.METERS)) as pool:
            found = _measure(pool)
    except decoding.Failed as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    _print(*found)
    return 0


def _measure(pool) -> tuple:
    """What takes long and works little runs beside what works hard: an exact count minds nothing.

    Milliseconds come last, when the hard work is done.
    """
    try:
        heaps = {meter: pool.submit(gateway.memory, meter, _SECONDS, **gateway.READER)
                 for meter in streams.METERS}
        others = {meter: [pool.submit(gateway.rest, meter, **settings)
                          for settings in (gateway.CLOCKED, gateway.BOOKS)]
                  for meter in streams.METERS}
        costs = decoding.measure()
        taken, parts = modules.heap32()
        native = modules.native(taken)
        paces = {meter: pool.submit(gateway.pace, meter, _FRAMES) for meter in streams.METERS}
        memory = {meter: _explained(heap.result(), native) for meter, heap in heaps.items()}
        pages = {meter: pool.submit(gateway.pages, meter) for meter in streams.METERS}
        full = {meter: pool.submit(everything.heap, meter) for meter in streams.METERS}
        for meter, one in pages.items():
            memory[meter]["pages"] = one.result()
            memory[meter]["everything"] = full[meter].result()
        for meter, (clocked, books) in others.items():
            memory[meter]["books"] = books.result()
            memory[meter]["share"] = books.result() - clocked.result()
        pace = {meter: one.result() for meter, one in paces.items()}
        connected = {kind: pool.submit(links.connecting, kind, _LARGEST)
                     for kind in ("plain", "fingerprint", "authority")}
        connected = {kind: one.result() for kind, one in connected.items()}
        stalls = {case: links.stall(case, _LARGEST) for case in links.CASES}
    except BaseException:
        gateway.stop.set()
        raise
    ways = table.links(stalls, connected)
    return costs, memory, pace, ways, taken, native, parts, gateway.wear()


def _print(costs, memory, pace, ways, taken, native, parts, wear) -> None:
    """Two tables, with what one has to know to read them."""
    resident = {name for one in memory.values() for name in one["modules"]}
    print(f"Measured on {datetime.date.today()}. {_WORDS}\n")
    print(table.figures(costs, memory, pace, _threshold()))
    print(f"\n{ways}")
    print(f"\nHistory and energy erase {wear['erases_a_day']} blocks of flash a day; the block "
          f"erased most lasts {wear['years']} years (2 MB, half full, 100 000 cycles).")
    for name, erases, years in gateway.wear(script="flash_wear"):
        print(f"- {name}: {erases} blocks a day, {years} years")
    print("\nFrom reset to the last byte sent, thousands of instructions: the whole gateway, and "
          "the cycle on the meter's power alone.\n")
    print(quick.rows({meter: quick.measure(meter) for meter in streams.METERS}))
    flash, rom = modules.romfs()
    print(f"\nWhat is in memory with the pages open takes {flash} bytes of heap on RV32, run out "
          f"of a ROMFS {rom}.")
    print(f"\n{_objects(parts)} A star: not in memory while the gateway runs.\n")
    print(table.modules(modules.sizes(), taken, native, resident))


def _explained(memory: dict, native: dict) -> dict:
    """What gateway.memory() found, with the bytes of its parts."""
    resident = memory["modules"]
    taken, parts = modules.heap32(resident)
    found = {
        "code": sum(taken[name] for name in resident),
        "names": taken["names"],
        "objects": parts["Gateway"],
    }
    found["rest of it"] = memory["rest"] - sum(found.values())
    return memory | found | {"native": sum(native[name] for name in resident)}


_WORDS = (
    "Instructions: RV32 in QEMU, an exact count, parity and checksum included, reading the UART "
    "not; 256 bytes at a time. Ratios: theirs to ours. Heap: bytes, after a collection unless "
    "it says otherwise. Milliseconds: the real pace of the meter, the 64-bit port, a broker on "
    "loopback."
)


def _objects(parts: dict) -> str:
    """What the objects made at start are."""
    known = {name: size for name, size in parts.items() if name != "Gateway"}
    words = [f"{name} {size}" for name, size in sorted(known.items(), key=lambda one: -one[1])]
    rest = parts["Gateway"] - sum(known.values())
    return f"Objects made at start, bytes: {', '.join(words)}, everything else {rest}."


def _threshold() -> int:
    """Bytes between two collections, as gateway.py sets it."""
    text = (ROOT / "firmware/gateway.py").read_text()
    return int(re.search(r"^_GARBAGE = const\((\d+)\)", text, re.M)[1])


if __name__ == "__main__":
    sys.exit(main())
