"""The real MQTT destination over the stand-in store, led by lines on standard input (MicroPython).

The variable OPTIONS is JSON (an argument has 255 bytes at most): {"settings": {...}, "deadline":
ms, "period": ms a frame, 0 for none, "wait": ms between two connections, 0 for the real pauses,
"backlog": [bytes of memory, folder, bytes of flash] or null, "step": s that the clock makes a
frame, "tls": as Dialler has it, "names": {name: address}, "servers": [name servers to ask for
others], "topics": [subscribed to]}. Its sockets have windows as small as the board's.
Commands:
    frame POWER INDEX   a frame ends that carries these
    drop LABEL          the meter sends it no more
    event KEY JSON      one event
    status              a line of JSON: Mqtt.status(), and what is measured here
    stop                the task is cancelled
"""

import asyncio
import gc
import json
import os
import time

from fake_store import FakeConfig, FakeSource, FakeStore, standard
from led import Clock, Network, Watch, lead

from firmware.publish.link import Dialler
from firmware.publish.mqtt import Mqtt
from firmware.rarely import load


class Meter:
    """Puts frames into the store, by the clock or when told."""

    def __init__(self, store, source, clock, step):
        self.store = store
        self.source = source
        self.clock = clock
        self.step = step
        self.power, self.index = 1000, 21849106
        self.dropped = []

    def frame(self):
        standard(self.store, self.power, self.index, self.store.frames % 60)
        for label in self.dropped:
            self.store.drop(label)
        self.clock.now += self.step
        self.source.end_frame()

    async def run(self, period):
        while True:
            self.power = 1000 + self.power * 7 % 977
            self.index += 1
            self.frame()
            await asyncio.sleep_ms(period)


class Share(Watch):
    """The destination's share of it, too: `held`."""

    def __init__(self, mqtt):
        self.held = 0
        self._turn = mqtt._turn
        mqtt._turn = self._timed

    def _timed(self):
        begun = time.ticks_us()
        more = self._turn()
        self.held = max(self.held, time.ticks_diff(time.ticks_us(), begun) / 1000)
        return more


def finder(options):
    """find(name), as Dialler wants it."""

    async def find(name):
        known = options["names"].get(name)
        if known or not options["servers"]:
            return known or name
        resolver = load("link.resolver")
        return await resolver.find(name, options["servers"], time.ticks_ms, options["deadline"])

    return find


async def main(options):
    store = FakeStore()
    source = FakeSource(store)
    clock = Clock()
    meter = Meter(store, source, clock, options["step"])
    backlog = options["backlog"]
    if backlog:
        backlog = backlog[0], clock, tuple(backlog[1:])
    deadline = options["deadline"]
    find = finder(options)
    tls = options["tls"]
    dialler = Dialler(time.ticks_ms, find, deadline, tls, network=Network())
    heard = []
    mqtt = Mqtt(
        FakeConfig(**options["settings"]),
        "winky-a1b2c3",
        store,
        source,
        dialler.open,
        time.ticks_ms,
        lambda: {"uptime": 12, "memory": {"heap_used": gc.mem_alloc()}, "tic": source.status()},
        deadline,
        topics=[topic.encode() for topic in options["topics"]],
        heard=lambda topic, payload: heard.append((topic.decode(), payload.decode())),
        backlog=backlog,
    )
    if options["wait"]:
        mqtt._wait = lambda: options["wait"]
    watch = Share(mqtt)

    def tell():
        found = mqtt.status()
        found.update({"held": watch.held, "frames": store.frames, "heard": heard})
        return found

    def obey(command, *words):
        if command == "frame":
            meter.power, meter.index = int(words[0]), int(words[1])
            meter.frame()
        elif command == "drop":
            meter.dropped.append(words[0].encode())
        elif command == "event":
            mqtt.event(words[0], json.loads(words[1]))

    period = options["period"]
    await lead(mqtt.run(), watch, tell, obey, [meter.run(period)] if period else [])


asyncio.run(main(json.loads(os.getenv("OPTIONS"))))
