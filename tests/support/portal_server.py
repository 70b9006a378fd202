"""The portal's listener with a small application, beside a meter that is read (MicroPython).

argv: port, and how much faster than usual its deadlines pass. TICGATE_PTY names the line. Each
line on standard input is answered by a line of JSON: {"heap": bytes at rest, "peak": the most
since the line before, "stall": ms the loop was held at most since then, "open", "served",
"modules": whether Microdot is in memory, "frames", "errors" of the decoder, "log"}.
"""

import asyncio
import gc
import json
import select
import sys
import time

import machine

from firmware.line import Line
from firmware.portal.server import Server
from firmware.tic.source import Source
from firmware.tic.store import Store

_SLEEP = 10  # ms


class Log:
    """Keeps the lines."""

    def __init__(self):
        self.lines = []

    def add(self, level, text):
        self.lines.append(text)


class Sessions:
    """Nobody is logged in."""

    set = True

    def check(self, cookie, token=None):
        return False


class Feed:
    """A message ten times a second."""

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep_ms(100)
        return b"data: 1\n\n"

    async def aclose(self):
        pass


def load():
    """The application, as firmware/portal/app.py makes one."""
    from microdot import HTTPException, Microdot

    from firmware.portal.guard import Guard

    def index(request):
        return "here\n"

    def big(request):
        return (b"x" * 1024 for _ in range(20_000)), {}

    def feed(request):
        request.sock[1].feed = True
        return Feed(), {"Content-Type": "text/event-stream"}

    def none(request):
        raise HTTPException(405, "not here")

    class App(Microdot):
        def find_route(self, req):
            req.url_args = {}
            pages = {"/": index, "/big": big, "/feed": feed}
            return pages.get(req.path, none) if req.method == "GET" else none, "", None

        async def error_response(self, req, status_code, reason=None):
            return reason, status_code

    app = App()
    app.guard = Guard(Sessions(), lambda address: "", "linky", False)
    app.before_request_handlers.append(app.guard.before)
    app.after_request_handlers.append(app.guard.after)
    app.after_error_request_handlers = app.after_request_handlers
    return app


async def main(port, speed):
    began = time.ticks_ms()

    def ticks_ms():
        return time.ticks_add(0, time.ticks_diff(time.ticks_ms(), began) * speed)

    store, log = Store(), Log()
    line = Line(machine.UART, 4)
    source = Source(line.open, store, time.ticks_ms, line)
    server = Server(port, load, ticks_ms, lambda words, level: log.add(level, words))
    tasks = [asyncio.create_task(job()) for job in (source.run, server.run)]
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)
    peak = stall = 0
    while True:
        begun = time.ticks_ms()
        await asyncio.sleep_ms(_SLEEP)
        stall = max(stall, time.ticks_diff(time.ticks_ms(), begun) - _SLEEP)
        peak = max(peak, gc.mem_alloc())
        if not poll.poll(0):
            continue
        if not sys.stdin.readline():
            break
        if any(task.done() for task in tasks):
            raise RuntimeError("a task has ended")
        gc.collect()
        counters = store.counters.all()
        good = "bytes", "frames", "groups", "eot"
        print(json.dumps({
            "heap": gc.mem_alloc(), "peak": peak, "stall": stall,
            "open": len(server.open), "served": server.served,
            "modules": "microdot" in sys.modules, "frames": store.frames,
            "bytes": counters["bytes"],
            "errors": sum(n for name, n in counters.items() if name not in good),
            "log": log.lines,
        }))
        peak = stall = 0


gc.threshold(8192)
asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
