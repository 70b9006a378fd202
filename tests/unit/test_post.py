"""HTTP POST of JSON: what is sent, to where."""

import gc
import json
import time

from fake_server import Server
from fake_store import FakeSource
from read_meter import Known
from waiting import Clock

from firmware.publish.backlog import Backlog
from firmware.publish.policy import Policy
from firmware.publish.post import Post
from firmware.rarely import load

SETTINGS = {
    "post_url": "http://192.0.2.7/hook?house=1", "post_header": "Authorization", "post_token": "",
    "post_body": "frame", "post_batch": 1, "site": "", "labels": "*", "identifiers": "omit",
    "identifiers_salt": "",    "post_when": "frame", "post_interval": 30, "publish_threshold": 50,
}
NOW = 837_934_440  # 2026-07-21 07:34


def post(known, server=None, **changes):
    settings = dict(SETTINGS)
    settings.update(changes)
    clock = Clock(NOW)

    def write(topic, writer, head, identifiers):
        assert topic == b"meter"
        known.books.meter.write_json(writer, identifiers, head)
        return known.store.mode > 0

    if known.books:
        known.books.write = write
    made = Post(
        settings, "winky-a1b2c3", known.books, known.store, FakeSource(known.store),
        Backlog(1024, clock), Policy(settings, known.store, "post"),
        (server or Server()).open, clock, lambda: 7,
    )
    made.ticks_ms = time.ticks_ms
    return made


async def sent(count=1, model=True, **changes):
    """The requests that so many readings make."""
    server = Server()
    gc.collect()
    known = Known()
    if not model:
        known.books = None
    made = post(known, server, **changes)
    for _ in range(count):
        made.backlog.add(made.sample())
    while len(made.backlog):
        await load("publish.delivery").deliver(made)
    made.close()
    assert made.accepted == count
    return server.requests


async def test_the_frame():
    (first, headers, body), = await sent()
    assert first == "POST /hook?house=1 HTTP/1.1"
    assert headers["host"] == "192.0.2.7" and headers["content-type"] == "application/json"
    assert "authorization" not in headers and int(headers["content-length"]) == len(body)
    said = json.loads(body)
    assert said["time"] == "2026-07-21T07:34:00Z" and said["device"] == "winky-a1b2c3"
    assert said["EAST"] == 3971026 and said["SMAXSN"]["value"] == 3112
    assert "site" not in said and "PRM" not in said
    (_, _, body), = await sent(site='the "house"', identifiers="send")
    said = json.loads(body)
    assert said["site"] == 'the "house"' and said["PRM"] == "12590441986008"


async def test_the_meter():
    (_, _, body), = await sent(post_body="meter")
    said = json.loads(body)
    assert said["apparent_va"] == 2360 and "EAST" not in said and "prm" not in said
    assert said["time"] == "2026-07-21T07:34:00Z" and said["device"] == "winky-a1b2c3"
    (_, _, body), = await sent(post_body="meter", identifiers="send")
    assert json.loads(body)["prm"] == "12590441986008"
    # Without the model there is the frame.
    (_, _, body), = await sent(model=False, post_body="meter")
    assert json.loads(body)["EAST"] == 3971026


async def test_batches():
    bodies = [json.loads(body) for _, _, body in await sent(3)]
    assert [one["EAST"] for one in bodies] == [3971026] * 3
    bodies = [json.loads(body) for _, _, body in await sent(5, post_batch=2, labels="EAST")]
    assert [len(one) for one in bodies] == [2, 2, 1]
    assert bodies[2] == [
        {"time": "2026-07-21T07:34:00Z", "device": "winky-a1b2c3", "EAST": 3971026}]


async def test_the_token():
    (_, headers, _), = await sent(post_token="abc-def")
    assert headers["authorization"] == "Bearer abc-def"
    (_, headers, _), = await sent(post_token="Splunk abc-def")
    assert headers["authorization"] == "Splunk abc-def"
    (_, headers, _), = await sent(post_token="abc-def", post_header="X-Key")
    assert headers["x-key"] == "abc-def" and "authorization" not in headers


def test_any_success_will_do():
    made = post(Known())
    assert [status for status in (200, 201, 202, 204, 301, 400, 500) if made.takes(status)] == [
        200, 201, 202, 204]
    assert made.meaning(404) == ""
