"""GET /api/status: the health of the gateway, the line and the destinations. GET /api/log."""

import json
import time

from micropython import const

from firmware.link.clock import UNIX
from firmware.portal import pieces

_LEAST = const(10_000)  # ms over which frames are counted
_MOST = const(60_000)
_LEVELS = ("error", "warning", "info")
_JSON = {"Content-Type": "application/json"}


def get(request):
    """health() of the gateway, and what the pages show beside it; or the log."""
    if request.name == "log":
        return _log(request)
    return _status(request.app, bool(request.app.guard.setup(request))), _JSON


def _status(app, setup):
    head = "{"
    for facts in (app.gateway.facts(), _facts(app, setup)):
        for key, value in facts:
            yield f'{head}"{key}":{json.dumps(value)}'
            head = ","
    clock = app.gateway.clock
    yield ',"events":['
    head = ""
    for event in app.gateway.events:
        yield head + json.dumps(pieces.event(clock, *event))
        head = ","
    yield "]}"


def _facts(app, setup):
    gateway, clock = app.gateway, app.gateway.clock
    yield "device", gateway.device
    yield "name", app.names[0]
    yield "site", app.names[1]
    yield "setup", setup
    store = gateway.store
    yield "counters", store.counters.all()
    if gateway.mqtt:
        yield "mqtt", gateway.mqtt.status()
    now = time.ticks_ms()
    yield "frames_per_minute", pace(app, store.frames, now)
    yield "last_frame_age", pieces.age(store, now)
    yield "time", pieces.iso(clock, clock and clock.utc())
    yield "time_source", clock and clock.source


def pace(app, frames, now):
    """Frames a minute, of the last minute or less; None until it is known."""
    pace = app.pace
    if not pace or frames < pace[1]:
        app.pace = pace = [now, frames, None]
    passed = time.ticks_diff(now, pace[0])
    if passed < _LEAST:
        return pace[2]
    rate = ((frames - pace[1]) * 60_000 + passed // 2) // passed
    if passed >= _MOST:
        app.pace = [now, frames, rate]
    return rate


def _log(request):
    """The lines of the log, oldest first; ?level=error or warning leaves out what is less."""
    log = request.app.gateway.log
    level = request.args.get("level", _LEVELS[-1])
    if level not in _LEVELS:
        words = f"level: {level[:40]} is not allowed, only {', '.join(_LEVELS)}"
        request.app.abort(400, {"error": words, "key": "level", "value": level[:40],
                                "allowed": "|".join(_LEVELS)})
    return _lines(log, _LEVELS.index(level)), _JSON


def _lines(log, level):
    head = '{"lines":['
    for utc, found, text in log.lines(level) if log else ():
        yield head
        yield json.dumps((None if utc is None else utc + UNIX, _LEVELS[found], text))
        head = ","
    yield "]}" if head == "," else head + "]}"
