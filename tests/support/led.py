"""What publisher.py and uploader.py share, which are led by lines on their input (MicroPython)."""

import asyncio
import gc
import json
import socket
import sys
import time

START = 838_000_000  # 2026-07-22T01:46:40Z


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
    """Real ticks, and a time that is moved."""

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


async def lead(destination, watch, tell, obey, others):
    """Run the destination, a coroutine, and others until "stop". tell(): the status, to which heap
    and stall are added; obey(command, ...): all else that is asked for.
    """
    tasks = [asyncio.create_task(one) for one in [watch.run()] + others + [destination]]
    await asyncio.sleep_ms(10)
    lines = asyncio.StreamReader(sys.stdin)
    while True:
        command = (await lines.readline()).decode().split(None, 2)
        if not command or command[0] == "stop":
            break
        if command[0] != "status":
            obey(*command)
            continue
        gc.collect()
        found = tell()
        found.update({"heap": gc.mem_alloc(), "stall": watch.stall})
        print(json.dumps(found))
    for task in tasks:
        task.cancel()
    try:
        await tasks[-1]
    except asyncio.CancelledError:
        print("stopped")
