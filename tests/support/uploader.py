"""The destination InfluxDB, or HTTP POST, over the stand-in store, led by lines on its input.

Runs in MicroPython. OPTIONS is JSON: {"kind": "influx" or "post", "settings": {...}, "deadline":
ms, "interval": s from one reading to the next by the clock, "folder": for the backlog in flash, ""
for none, "tls": as Dialler has it, "names": {name: address}}. Its sockets have windows as small as
the board's. Commands then:
    run COUNT PERIOD    so many more frames, one in so many ms; each is a reading
    status              a line of JSON: Upload.status(), and what is measured here
    stop                the task is cancelled
"""

import asyncio
import gc
import json
import os
import socket
import sys
import time

from fake_store import FakeSource, FakeStore, standard

from firmware.publish.backlog import Backlog
from firmware.publish.link import Dialler
from firmware.publish.policy import Policy

START = 838_000_000


class Network:
    """The socket module; what it opens holds 4 KB each way."""

    SOCK_STREAM = socket.SOCK_STREAM
    AF_INET = socket.AF_INET
    getaddrinfo = socket.getaddrinfo

    def socket(self, *kind):
        opened = socket.socket(*kind)
        for option in (7, 8):  # SO_SNDBUF, SO_RCVBUF of Linux
            opened.setsockopt(socket.SOL_SOCKET, option, 4096)
        return opened


class Clock:
    """Real ticks, and a time that a reading moves."""

    def __init__(self):
        self.ticks_ms = time.ticks_ms
        self.now = START

    def utc(self):
        return self.now


class Watch:
    """The longest time, in ms, that the loop let nobody else run."""

    stall = 0

    async def run(self):
        last = time.ticks_ms()
        while True:
            await asyncio.sleep_ms(1)
            now = time.ticks_ms()
            self.stall = max(self.stall, time.ticks_diff(now, last) - 1)
            last = now


class Meter:
    """Frames, each with an index that is one higher."""

    def __init__(self, store, source, clock, interval):
        self.store, self.source, self.clock, self.interval = store, source, clock, interval
        self.index = 0
        self.task = None

    async def run(self, count, period):
        begun = time.ticks_ms()
        for n in range(count):
            self.index += 1
            self.clock.now += self.interval
            standard(self.store, 1000 + self.index % 977, self.index, n % 60)
            self.source.end_frame()
            late = time.ticks_diff(time.ticks_ms(), begun) - n * period
            await asyncio.sleep_ms(max(0, period - late))


async def main(options):
    kind, names = options["kind"], options["names"]
    if kind == "influx":
        from firmware.publish.influx import Influx as Destination
    else:
        from firmware.publish.post import Post as Destination

    async def find(name):
        return names.get(name) or name

    store = FakeStore()
    source = FakeSource(store)
    clock = Clock()
    settings = options["settings"]
    backlog = Backlog(4096, clock, (options["folder"], 1 << 18) if options["folder"] else None)
    dialler = Dialler(time.ticks_ms, find, options["deadline"], options["tls"], network=Network())
    upload = Destination(
        settings, "winky-a1b2c3", None, store, source, backlog, Policy(settings, store, kind),
        dialler.open, clock, lambda: 12,
    )
    upload.deadline = options["deadline"]
    pause = upload._pause
    upload._pause = lambda: min(pause() // 100, 100)
    standard(store, 1000, 0)
    source.end_frame()  # the first is seldom whole, and is no reading
    watch = Watch()
    meter = Meter(store, source, clock, options["interval"])
    tasks = [asyncio.create_task(one.run()) for one in (watch, upload)]
    await asyncio.sleep_ms(10)
    lines = asyncio.StreamReader(sys.stdin)
    running = None
    while True:
        command = (await lines.readline()).decode().split()
        if not command or command[0] == "stop":
            break
        if command[0] == "run":
            running = asyncio.create_task(meter.run(int(command[1]), int(command[2])))
        else:
            gc.collect()
            found = upload.status()
            found["heap"] = gc.mem_alloc()
            found["stall"] = watch.stall
            found["taken"] = meter.index
            found["done"] = running is None or running.done()
            print(json.dumps(found))
    for task in tasks:
        task.cancel()
    try:
        await tasks[1]
    except asyncio.CancelledError:
        print("stopped")


asyncio.run(main(json.loads(os.getenv("OPTIONS"))))
