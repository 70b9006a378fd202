"""Runs on a board, by hand: what `make bench` tells of memory, measured where it counts.

    mpremote run tools/probe.py

Starts the gateway that is in the flash and watches it from within for SECONDS; use its pages
meanwhile, that is when it needs most. A line every ten seconds, at the end all of it as a table.
The gateway is stopped then; `mpremote reset` starts it again.

    heap       bytes that stay in Python's heap after a collection, without what was there before
    peak       the most seen between two collections, garbage included
    late       ms that a task which sleeps 10 ms was late at most
    system     ESP-IDF's memory, all regions: free now, the largest free block, the least ever
"""

import asyncio
import gc
import os
import sys
import time

SECONDS = 120
_SLEEP = 10  # ms
_LOOK = 10  # s


def system():
    """(bytes free, largest free block, least free ever) of ESP-IDF's memory for data."""
    import esp32

    regions = esp32.idf_heap_info(esp32.HEAP_DATA)
    return (sum(r[1] for r in regions), max(r[2] for r in regions), sum(r[3] for r in regions))


def used():
    """Bytes in use after everything was collected."""
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


class Watch:
    """What was seen. before: bytes of the heap that are not the gateway's."""

    def __init__(self, before):
        self._before = before
        self._began = time.ticks_ms()
        self.rest = self.peak = self.late = self.least = 0

    async def run(self):
        """Until the time is over, which ends the program."""
        looked = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), self._began) < SECONDS * 1000:
            begun = time.ticks_ms()
            await asyncio.sleep_ms(_SLEEP)
            now = time.ticks_ms()
            self.late = max(self.late, time.ticks_diff(now, begun) - _SLEEP)
            self.peak = max(self.peak, gc.mem_alloc() - self._before)
            if time.ticks_diff(now, looked) >= _LOOK * 1000:
                looked = now
                self._look()
        self._look()
        sys.exit()

    def _look(self):
        self.rest = used() - self._before
        free, block, least = system()
        self.least = least
        seconds = time.ticks_diff(time.ticks_ms(), self._began) // 1000
        print(f"probe: {seconds} s, heap {self.rest}, peak {self.peak}, late {self.late} ms, "
              f"system {free} free, block {block}, least {least}")


def main():
    """Measure before, start the gateway, and tell."""
    machine = getattr(sys.implementation, "_machine", "")
    version = ".".join(str(n) for n in sys.implementation.version[:3])
    print(f"probe: {machine}, MicroPython {version}")
    before, room, at_start = used(), gc.mem_free(), system()
    watch = Watch(before)
    asyncio.create_task(watch.run())
    begun = time.ticks_ms()
    from firmware.starting import start

    loaded = time.ticks_diff(time.ticks_ms(), begun)
    try:
        start()
    except SystemExit:
        pass
    flash = os.statvfs("/")
    print("\n| measured on the board | |\n| --- | ---: |")
    for name, value in (
        ("heap before, in use and free", f"{before} {room}"),
        ("heap at rest", watch.rest), ("heap, peak", watch.peak),
        ("heap free at the end", gc.mem_free()), ("latest task, ms", watch.late),
        ("first module loaded, ms", loaded), ("modules in memory", len(sys.modules)),
        ("system memory before: free, block, least", " ".join(map(str, at_start))),
        ("system memory at the end", " ".join(map(str, system()))),
        ("system memory, least ever", watch.least),
        ("flash used and free", f"{flash[0] * (flash[2] - flash[3])} {flash[0] * flash[3]}"),
    ):
        print(f"| {name} | {value} |")
    import micropython

    micropython.qstr_info()


main()
