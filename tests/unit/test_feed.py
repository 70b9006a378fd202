"""The live feed: server-sent events."""

import asyncio
import json
import time

from books import utc
from portal import make, request
from portal_meter import gateway

UNIX = 946684800


async def _next(feed):
    """(event, data) of the next message; the text of a comment."""
    message = (await feed.__anext__()).decode()
    assert message.endswith("\n\n")
    if not message.startswith("event: "):
        return message.strip()
    name, data = message.strip().split("\n")
    return name[7:], json.loads(data[6:])


async def _feed(app):
    asked = request(app, "GET", "/api/live")
    answer = await app.dispatch_request(asked)
    if answer.status_code == 200:
        assert asked.sock[1].feed and answer.headers["Content-Type"] == "text/event-stream"
        assert await _next(answer.body) == "retry: 5000"
    return answer


async def test_the_feed_tells_what_counts_now():
    known = gateway()
    app = make(known)
    feed = (await _feed(app)).body
    name, data = await _next(feed)
    assert name == "now" and abs(data.pop("t") - UNIX - utc("E2607210934")) < 10
    assert data == {"va": 2360, "injected_va": 0, "net_va": 2360, "load": 26, "period": "2",
                    "w": 2100}
    known.store.frames += 1
    then = time.ticks_ms()
    assert (await _next(feed))[0] == "now"
    assert time.ticks_diff(time.ticks_ms(), then) >= 600  # one a second, or nearly


async def test_the_feed_without_the_model():
    feed = (await _feed(make(gateway(False)))).body
    data = (await _next(feed))[1]
    data.pop("t")
    assert data == {"va": 2360, "injected_va": 0}


async def test_the_feed_tells_events_once():
    known = gateway()
    known.events = [(None, "meter_silent", {"seconds": 60})]
    feed = (await _feed(make(known))).body
    assert (await _next(feed))[0] == "now"  # what was before is in the status
    known.events.append((utc("H2601201800"), "meter_back", {"seconds": 70}))
    known.events.append((None, "peak_notice", {"number": 1}))
    known.events.pop(0)
    assert await _next(feed) == (
        "event", {"at": "2026-01-20T18:00:00+01:00", "event": "meter_back", "seconds": 70})
    assert await _next(feed) == ("event", {"at": None, "event": "peak_notice", "number": 1})
    known.store.frames += 1
    assert (await _next(feed))[0] == "now"


async def test_three_feeds_and_no_more():
    known = gateway()
    app = make(known)
    feeds = []
    for _ in range(3):
        feeds.append((await _feed(app)).body)
    answer = await _feed(app)
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "30"
    await feeds[1].aclose()
    assert (await _feed(app)).status_code == 200
    assert (await _feed(app)).status_code == 503
    # One that ended without a word leaves its place after a while, and however long that was ago.
    app.feeds[0] = time.ticks_add(time.ticks_ms(), -30_001)
    assert (await _feed(app)).status_code == 200
    app.feeds[0] = time.ticks_add(time.ticks_ms(), (time.ticks_add(0, -1) >> 1) - 60_000)
    assert (await _feed(app)).status_code == 200


async def test_a_feed_that_is_cancelled_leaves_its_place():
    known = gateway()
    app = make(known)
    feed = (await _feed(app)).body
    await _next(feed)
    task = asyncio.create_task(feed.__anext__())
    await asyncio.sleep_ms(10)
    assert app.feeds.count(None) == 2
    task.cancel()
    try:
        await task
        raise AssertionError("not cancelled")
    except asyncio.CancelledError:
        assert app.feeds.count(None) == 3
