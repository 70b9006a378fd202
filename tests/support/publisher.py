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
import socket
import sys
import time

from fake_store import FakeConfig, FakeSource, FakeStore, standard

from firmware.publish.link import Dialler
from firmware.publish.mqtt import Mqtt
from firmware.rarely import load

START = 838_000_000  # 2026-07-22T01:46:40Z


class Network:
    """The socket module; what it opens holds 4 KB each way."""

    SOCK_STREAM = socket.SOCK_STREAM
    getaddrinfo = socket.getaddrinfo

    def socket(self, *kind):
        opened = socket.socket(*kind)
        for option in (7, 8):  # SO_SNDBUF, SO_RCVBUF of Linux
            opened.setsockopt(socket.SOL_SOCKET, option, 4096)
        return opened


class Clock:
    """Real ticks, and a time that is as fast as the frames."""

    def __init__(self, step):
        self.ticks_ms = time.ticks_ms
        self.step = step
        self.now = START

    def utc(self):
        return self.now


class Meter:
    """Puts frames into the store, by the clock or when told."""

    def __init__(self, store, source, clock):
        self.store = store
        self.source = source
        self.clock = clock
        self.power, self.index = 1000, 21849106
        self.dropped = []

    def frame(self):
        standard(self.store, self.power, self.index, self.store.frames % 60)
        for label in self.dropped:
            self.store.drop(label)
        self.clock.now += self.clock.step
        self.source.end_frame()

    async def run(self, period):
        while True:
            self.power = 1000 + self.power * 7 % 977
            self.index += 1
            self.frame()
            await asyncio.sleep_ms(period)


class Watch:
    """The longest time, in ms, that the loop let nobody else run, and the destination's share."""

    def __init__(self, mqtt):
        self.stall = self.held = 0
        self._turn = mqtt._turn
        mqtt._turn = self._timed

    def _timed(self):
        begun = time.ticks_us()
        more = self._turn()
        self.held = max(self.held, time.ticks_diff(time.ticks_us(), begun) / 1000)
        return more

    async def run(self):
        last = time.ticks_ms()
        while True:
            await asyncio.sleep_ms(1)
            now = time.ticks_ms()
            self.stall = max(self.stall, time.ticks_diff(now, last) - 1)
            last = now


def status(mqtt, store, watch, heard):
    gc.collect()
    found = mqtt.status()
    found["heap"] = gc.mem_alloc()
    found["stall"] = watch.stall
    found["held"] = watch.held
    found["frames"] = store.frames
    found["heard"] = heard
    print(json.dumps(found))


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
    clock = Clock(options["step"])
    meter = Meter(store, source, clock)
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
    watch = Watch(mqtt)
    tasks = [asyncio.create_task(watch.run())]
    if options["period"]:
        tasks.append(asyncio.create_task(meter.run(options["period"])))
    task = asyncio.create_task(mqtt.run())
    lines = asyncio.StreamReader(sys.stdin)
    while True:
        command = (await lines.readline()).decode().split(None, 2)
        if not command or command[0] == "stop":
            break
        if command[0] == "frame":
            meter.power, meter.index = int(command[1]), int(command[2])
            meter.frame()
        elif command[0] == "drop":
            meter.dropped.append(command[1].encode())
        elif command[0] == "event":
            mqtt.event(command[1], json.loads(command[2]))
        else:
            status(mqtt, store, watch, heard)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("stopped")


asyncio.run(main(json.loads(os.getenv("OPTIONS"))))
