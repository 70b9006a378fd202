"""GET /api/live: server-sent events. "now" at each frame, once a second at most, and "event"."""

import asyncio
import json
import time

from micropython import const

from firmware.link.clock import UNIX
from firmware.portal import pieces

_LOOK = const(200)  # ms between two looks for a frame
_PAUSE = const(900)  # ms between two messages
_IDLE = const(15_000)  # ms after which a comment says that we are still there
_DEAD = const(30_000)  # ms without a sign after which the place of a feed is free again
_KEYS = ("apparent_va", "injected_va", "net_va", "load_percent", "period")
_SHORT = ("va", "injected_va", "net_va", "load", "period")


def get(request):
    """A feed, or 503 when there are as many as may be."""
    app = request.app
    now = time.ticks_ms()
    for place, sign in enumerate(app.feeds):
        # A sign of more than six days ago seems to be one of the future.
        if sign is None or not 0 <= time.ticks_diff(now, sign) <= _DEAD:
            app.feeds[place] = now
            request.sock[1].feed = True
            return Feed(app, place), {"Content-Type": "text/event-stream"}
    app.abort(503, {"error": "as many live views are open as may be", "seconds": 30})


class Feed:
    """The messages, for `async for`. place: its own among app.feeds."""

    def __init__(self, app, place):
        self._gateway = app.gateway
        self._feeds = app.feeds
        self._place = place
        self._frames = None
        self._last = app.gateway.events[-1:]  # event that was told
        self._sent = time.ticks_add(time.ticks_ms(), -_PAUSE)

    def __aiter__(self):
        return self

    async def __anext__(self):
        """The next message; a comment when there is none for a while."""
        store = self._gateway.store
        then = time.ticks_ms()
        if self._frames is None:
            self._frames = -1
            return b"retry: 5000\n\n"
        while True:
            self._feeds[self._place] = now = time.ticks_ms()
            event = self._event()
            if event:
                return event
            if store.frames != self._frames and time.ticks_diff(now, self._sent) >= _PAUSE:
                self._frames = store.frames
                self._sent = now
                return b"event: now\ndata: %s\n\n" % json.dumps(current(self._gateway)).encode()
            if time.ticks_diff(now, then) >= _IDLE:
                return b":\n\n"
            try:
                await asyncio.sleep_ms(_LOOK)
            except asyncio.CancelledError:
                await self.aclose()
                raise

    async def aclose(self):
        """The client is gone."""
        self._feeds[self._place] = None

    def _event(self):
        """The oldest event that has not been told."""
        events = self._gateway.events
        at = len(events)
        while at and not (self._last and events[at - 1] is self._last[0]):
            at -= 1
        if at == len(events):
            return None
        self._last = events[at : at + 1]
        told = pieces.event(self._gateway.clock, *events[at])
        return b"event: event\ndata: %s\n\n" % json.dumps(told).encode()


def current(gateway) -> dict:
    """What counts now; what is not known is left out."""
    clock, books = gateway.clock, gateway.books
    utc = clock and clock.utc()
    told = {"t": None if utc is None else utc + UNIX}
    if not books:
        store = gateway.store
        for label, key in ((b"PAPP", "va"), (b"SINSTS", "va"), (b"SINSTI", "injected_va")):
            slot = store.find(label)
            if slot >= 0:
                told[key] = int(store.value(slot))
        return told
    meter = books.meter
    for key, short in zip(_KEYS, _SHORT):
        value = meter.get(key)
        if value is not None:
            told[short] = value
    watts = meter.minute_w
    if watts is None:
        watts = books.ledger.derived.active_w
    if watts is not None:
        told["w"] = watts
    if meter.phases == 3:
        for phase in (1, 2, 3):
            value = meter.apparent(phase)
            if value is not None:
                told[f"va_{phase}"] = value
    return told
