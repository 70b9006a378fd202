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
import json
import os
import time

from fake_store import FakeSource, FakeStore, standard
from led import Clock, Network, Watch, lead

from firmware.publish.backlog import Backlog
from firmware.publish.link import Dialler
from firmware.publish.policy import Policy


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
    running = []

    def tell():
        found = upload.status()
        found.update({"taken": meter.index, "done": not running or running[-1].done()})
        return found

    def obey(command, count, period):
        assert command == "run", command
        running.append(asyncio.create_task(meter.run(int(count), int(period))))

    await lead(upload.run(), watch, tell, obey, [])


asyncio.run(main(json.loads(os.getenv("OPTIONS"))))
