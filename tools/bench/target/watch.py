"""Runs in MicroPython in the place of power_on.py: the whole gateway, watched from within.

Reads lines of the file that TICGATE_WATCH names and answers each with a line of JSON that begins
with "@":
    stay    collect garbage; {"heap": bytes that stay, "modules": names of those imported, "peak":
            the most seen since the line before}
    hold    collect, and collect no more by itself; {"heap": bytes}
    go on   collect again; {"heap": bytes, garbage since "hold" included}
    names   print all names in memory; {"heap": ..., "stall": ...} as below
    worst   {"heap": the most seen, "stall": ms a task that sleeps 10 ms came late at most}, both
            since the line before
What a simulated UART has to say, told(), comes with each answer.
TICGATE_WATCH_MS: how long it sleeps between two looks.
"""

import gc
import json
import os
import select
import sys
import time

# What the board has in its image, or in silicon.
import esp32  # noqa: F401
import machine
import micropython
import network  # noqa: F401
import umqtt.simple  # noqa: F401

_SLEEP = int(os.getenv("TICGATE_WATCH_MS") or 10)


def main() -> None:
    """Start to watch, then the gateway."""
    if "-m" in sys.argv:
        sys.path[0] = ""  # the board's flash, and not the folder of this file
    import asyncio

    asyncio.Event  # noqa: B018  its parts are loaded when they are first named
    watched = [0]
    asyncio.create_task(_watch(watched, asyncio.sleep_ms))
    gc.collect()
    watched[0] = gc.mem_alloc()  # asyncio is in the board's image, and this program is not
    micropython.qstr_info()
    import boot  # noqa: F401
    import main  # noqa: F401


async def _watch(watched, sleep_ms):
    commands = open(os.getenv("TICGATE_WATCH"), "rb")  # texts to compare with would be names
    poll = select.poll()
    poll.register(commands, select.POLLIN)
    weigh = "-m" in sys.argv
    heap = stall = 0
    without = watched[0]
    while True:
        begun = time.ticks_us()
        await sleep_ms(_SLEEP)
        late = time.ticks_diff(time.ticks_us(), begun) - _SLEEP * 1000
        if late > stall:
            stall = late
        if weigh:
            now = gc.mem_alloc() - without
            if now > heap:
                heap = now
        for _ in poll.ipoll(0):
            command = commands.readline().strip()
            if not command:
                sys.exit()
            peak = heap
            if command == b"names":
                micropython.qstr_info(1)
            elif command != b"worst":
                if command == b"go on":
                    heap = gc.mem_alloc() - without
                    gc.enable()
                else:
                    gc.collect()
                    heap = gc.mem_alloc() - without
                if command == b"hold":
                    gc.disable()
            modules = json.dumps(list(sys.modules)) if command == b"stay" else "[]"
            told = json.dumps(getattr(machine.UART, "told", dict)())[1:]
            # A dict of all that would make names of its keys.
            print(f'@{{"heap":{heap},"peak":{peak},"stall":{stall / 1000},"modules":{modules}',
                  end=told if told == "}" else "," + told)
            print()
            modules = told = None
            heap = stall = 0


main()
