"""A destination over HTTP as a whole, over a server without a socket."""

import asyncio
import time

from fake_server import Server, reply
from fake_store import FakeConfig, FakeSource, FakeStore, standard
from waiting import Clock

from firmware.publish.backlog import Backlog
from firmware.publish.policy import Policy
from firmware.publish.upload import Upload

START = 838_000_000
OK = reply(204)


class Plain(Upload):
    """Readings that are numbers."""

    server = "192.0.2.7", 8086, False
    head = b"POST /write HTTP/1.1\r\nHost: x\r\n"
    secret = b"hush-hush"
    number = 0

    def reading(self, now):
        self.number += 1
        return b"%d" % self.number

    def dated(self, body, utc):
        return body, b"@%d\n" % (utc - START)

    def takes(self, status):
        return status == 204

    def meaning(self, status):
        return "who is that?" if status == 401 else ""


class Scene:
    """A meter, a destination, and its server."""

    def __init__(self, *script, batch=1, utc=START, size=4096, usual=OK):
        self.server = Server(usual, *script)
        self.store = FakeStore()
        self.source = FakeSource(self.store)
        self.clock = Clock(utc)
        self.backlog = Backlog(size, self.clock)
        config = FakeConfig(publish_when="frame")
        self.upload = Plain(
            batch, self.store, self.source, self.backlog, Policy(config, self.store),
            self.server.open, self.clock, lambda: 77,
        )
        self.upload.ticks_ms = time.ticks_ms
        self.upload.deadline = 60
        self.pauses = []
        self._pause = self.upload._pause
        self.upload._pause = self.pause
        self.task = asyncio.create_task(self.upload.run())
        standard(self.store)
        self.store.end_frame()  # the first is seldom whole

    def pause(self):
        self.pauses.append(self._pause())
        return 1

    async def frame(self, count=1):
        for _ in range(count):
            await asyncio.sleep_ms(0)
            self.clock.go(1)
            self.source.end_frame()
            await asyncio.sleep_ms(0)
            await asyncio.sleep_ms(0)

    async def until(self, condition):
        for _ in range(1000):
            if condition():
                return
            await asyncio.sleep_ms(2)
        raise AssertionError(("waited in vain", self.upload.status(), self.server.requests))

    async def sent(self, count):
        """Until so many requests were taken; the bodies of all."""
        await self.until(lambda: len(self.server.requests) >= count and not self.upload._busy)
        return [body for _, _, body in self.server.requests]

    async def stop(self):
        self.task.cancel()
        try:
            await self.task
        except asyncio.CancelledError:
            pass
        for connection in self.server.connections:
            assert connection.closed
        return self.upload.status()


async def test_readings_are_sent_as_they_come():
    scene = Scene()
    for n in range(3):
        await scene.frame()
        await scene.sent(n + 1)
    assert await scene.sent(3) == [b"1@1\n", b"2@2\n", b"3@3\n"]
    assert scene.server.asked == ("192.0.2.7", 8086) and len(scene.server.connections) == 1
    first, headers, _ = scene.server.requests[0]
    assert first == "POST /write HTTP/1.1" and headers == {"host": "x", "content-length": "4"}
    assert scene.upload.sign() is None
    assert await scene.stop() == {
        "working": True, "stopped": False, "accepted": 3, "failures": 0, "refused": 0,
        "dropped": 0, "waiting": 0, "success": 77, "error": "",
    }


async def test_a_day_without_a_network_is_no_fault_of_the_task():
    scene = Scene()
    scene.upload.up = up = asyncio.Event()

    async def open(host, port):  # as Gateway.opener() has it
        await up.wait()
        return await scene.server.open(host, port)

    scene.upload.open = open
    await scene.frame()
    await scene.until(lambda: scene.upload._busy)
    assert scene.upload.sign() is None  # so the supervisor leaves it alone
    up.set()
    assert scene.upload.sign() == 0
    assert await scene.sent(1) == [b"1@1\n"]
    await scene.stop()


class Pages:
    """Of which somebody is being answered."""

    asked = 0
    guest = None

    def working(self):
        self.asked += 1
        return self.asked < 3


async def test_whoever_is_being_answered_goes_first():
    scene = Scene()
    scene.upload.pages = pages = Pages()
    await scene.frame()
    await asyncio.sleep_ms(10)
    assert pages.asked == 1 and not len(scene.backlog)  # it takes no reading
    assert await scene.sent(1) == [b"1@1\n"] and pages.asked == 4
    scene.upload.pages = None
    await scene.frame()
    assert len(await scene.sent(2)) == 2
    scene.upload.pages = pages = Pages()
    scene.backlog.add(b"7")
    scene.upload.retry()
    await asyncio.sleep_ms(10)
    assert pages.asked == 1 and len(scene.server.requests) == 2 and scene.upload.sign() is None
    assert (await scene.sent(3))[2] == b"7@2\n" and pages.asked == 3
    await scene.stop()


async def test_an_update_goes_first_also_one_that_nobody_waits_for():
    scene = Scene()
    scene.upload.pages = pages = Pages()
    pages.guest, pages.asked = scene, 3  # nobody is being answered
    await scene.frame()
    await asyncio.sleep_ms(120)
    assert not scene.server.requests and scene.upload.sign() is None
    pages.guest = None
    assert await scene.sent(1) == [b"1@1\n"]
    await scene.stop()


async def test_a_batch_waits_until_it_is_whole():
    scene = Scene(batch=3)
    await scene.frame(2)
    await asyncio.sleep_ms(10)
    assert not scene.server.requests
    await scene.frame()
    assert await scene.sent(1) == [b"1@1\n2@2\n3@3\n"]
    await scene.stop()


async def test_an_outage():
    scene = Scene()
    scene.server.refusals = 3
    await scene.frame(10)
    await scene.until(lambda: scene.upload.accepted == 10)
    bodies = await scene.sent(1)
    assert b"".join(bodies) == b"".join(b"%d@%d\n" % (n, n) for n in range(1, 11))
    first, second, third = scene.pauses
    assert 1000 <= first < 2000 and 2000 <= second < 3600 and 4000 <= third < 6000
    told = await scene.stop()
    assert told["failures"] == 3 and told["error"] == "connection refused"
    assert told["working"] and told["dropped"] == 0


async def test_the_server_ends_an_idle_connection():
    scene = Scene(OK, OK, None, OK, OK)
    await scene.frame()
    await scene.sent(1)
    scene.server.connections[0].ended = True  # seen before it is used
    await scene.frame()
    await scene.sent(2)
    await scene.frame()  # seen as it is used: tried again at once
    assert await scene.sent(4) == [b"1@1\n", b"2@2\n", b"3@3\n", b"3@3\n"]
    told = await scene.stop()
    assert len(scene.server.connections) == 3
    assert told["failures"] == 0 and told["accepted"] == 3 and not scene.pauses


async def test_a_connection_that_ends_again_and_again():
    scene = Scene(None, None, None)
    await scene.frame()
    await scene.until(lambda: scene.upload.accepted == 1)
    told = await scene.stop()
    assert told["failures"] == 3 and len(scene.server.connections) == 4
    assert told["error"] == "the server closed the connection"


async def test_close_is_obeyed():
    scene = Scene(usual=reply(204, b"", b"Connection: close"))
    await scene.frame()
    await scene.sent(1)
    await scene.frame()
    await scene.sent(2)
    assert len(scene.server.connections) == 2 and scene.server.connections[0].closed
    assert (await scene.stop())["failures"] == 0


async def test_refused_is_never_repeated():
    scene = Scene(reply(400, b'{"error":"bad"}'), reply(422), OK)
    await scene.frame()
    await scene.sent(1)
    assert scene.upload.error == 'the server refuses what was sent (400: {"error":"bad"})'
    assert not scene.upload.working
    await scene.frame()
    await scene.sent(2)
    await scene.frame()
    assert await scene.sent(3) == [b"1@1\n", b"2@2\n", b"3@3\n"]
    assert len(scene.pauses) == 2 and len(scene.server.connections) == 3
    told = await scene.stop()
    assert told["refused"] == 2 and told["accepted"] == 1 and told["waiting"] == 0
    assert told["error"] == "the server refuses what was sent (422)"


async def test_stopped_until_the_owner_tries_again():
    for status, words in (
        (401, "who is that? (401)"),
        (403, "the server does not allow us to write (403)"),
        (404, "the server knows no such place (404)"),
        (200, "what answers is not what was expected (200)"),
        (302, "the server is elsewhere: is the address right, http or https? (302)"),
        (405, "the server refuses (405)"),
    ):
        scene = Scene(reply(status))
        await scene.frame()
        await scene.sent(1)
        await scene.frame(3)
        await asyncio.sleep_ms(10)
        assert len(scene.server.requests) == 1 and not scene.pauses
        told = scene.upload.status()
        assert told["stopped"] and not told["working"] and told["error"] == words
        assert told["waiting"] == 4 and told["refused"] == 0 and scene.upload.sign() is None
        scene.upload.retry()
        await scene.until(lambda upload=scene.upload: upload.accepted == 4)
        assert not scene.upload.stopped
        await scene.stop()


async def test_what_the_server_says_is_missing_stops():
    scene = Scene(reply(400, b'{"error":"database is required"}'))
    await scene.frame()
    await scene.sent(1)
    assert scene.upload.stopped and len(scene.backlog) == 1
    await scene.stop()


async def test_too_much_at_once():
    scene = Scene(batch=16)

    def answer():
        return reply(413) if len(scene.server.requests[-1][2]) > 20 else OK

    scene.server.answer = answer
    await scene.frame(16)
    await scene.until(lambda: scene.upload.accepted == 16)
    assert scene.upload.most == 2
    assert (await scene.stop())["refused"] == 0


async def test_too_much_even_alone():
    scene = Scene(reply(413), OK)
    await scene.frame()
    await scene.sent(1)
    await scene.frame()
    await scene.sent(2)
    told = await scene.stop()
    assert told["refused"] == 1 and told["accepted"] == 1
    assert told["error"] == "too much at once for the server (413)"


async def test_the_server_says_how_long_to_wait():
    scene = Scene(
        reply(429, b"", b"Retry-After: 90"), reply(503, b"", b"Retry-After: 999999"), reply(500)
    )
    await scene.frame()
    await scene.until(lambda: scene.upload.accepted == 1)
    first, second, third = scene.pauses
    assert 90_000 <= first < 91_000 and 3_600_000 <= second < 3_601_000 and third < 6000
    assert (await scene.stop())["failures"] == 3


async def test_a_mute_server():
    scene = Scene(usual=b"")
    await scene.frame()
    await scene.until(lambda: scene.upload.failures == 2)
    assert scene.upload.error == "the server does not answer"
    scene.server.usual = OK
    await scene.until(lambda: scene.upload.accepted == 1)
    assert len(scene.server.connections) == scene.upload.failures + 1
    await scene.stop()


async def test_a_kept_connection_that_goes_mute_is_not_tried_twice():
    scene = Scene(OK, b"", OK)
    await scene.frame()
    await scene.sent(1)
    await scene.frame()
    await scene.until(lambda: scene.upload.accepted == 2)
    assert scene.upload.failures == 1 and len(scene.server.requests) == 3
    await scene.stop()


async def test_answers_byte_by_byte():
    scene = Scene()
    scene.server.step = 1
    scene.server.room = 3
    await scene.frame()
    assert await scene.sent(1) == [b"1@1\n"]
    assert (await scene.stop())["failures"] == 0


async def test_readings_wait_for_the_clock():
    scene = Scene(utc=None)
    await scene.frame(3)
    await asyncio.sleep_ms(10)
    told = scene.upload.status()
    assert told["waiting"] == 3 and "time" in told["error"] and not scene.server.connections
    scene.clock.now = START + 10
    await scene.frame()
    await scene.until(lambda: scene.upload.accepted == 4)
    bodies = await scene.sent(1)
    assert b"".join(bodies) == b"1@9\n2@10\n3@11\n4@11\n" or b"4@11\n" in bodies[-1]
    assert (await scene.stop())["failures"] == 0


async def test_one_reading_a_second():
    scene = Scene()
    scene.clock.go = lambda seconds: None
    await scene.frame(5)
    assert await scene.sent(1) == [b"1@0\n"]
    await scene.stop()


async def test_too_much_waits_while_a_request_is_written():
    scene = Scene(size=64)
    scene.server.refusals = 1
    await scene.frame(9)
    await scene.until(lambda: scene.upload.accepted + scene.upload.status()["dropped"] == 9)
    assert scene.upload.accepted >= 6
    scene.server.room = 0  # nothing is taken: readings go on
    await scene.frame(3)
    await asyncio.sleep_ms(10)
    await scene.frame(20)
    scene.server.room = 1 << 20
    await scene.until(lambda: not len(scene.backlog))
    told = await scene.stop()
    assert told["accepted"] + told["dropped"] == 32 and told["refused"] == 0
    numbers = [int(line.split(b"@")[0]) for _, _, body in scene.server.requests
               for line in body.split(b"\n")[:-1]]
    assert numbers == sorted(set(numbers)) and len(numbers) == told["accepted"]


async def test_a_secret_that_is_sent_back_is_not_shown():
    scene = Scene(reply(403, b"you are \x00hush-hush\r\n  \xff"))
    await scene.frame()
    await scene.sent(1)
    assert scene.upload.error == "the server does not allow us to write (403: you are ...)"
    await scene.stop()


async def test_a_reading_that_fails_costs_itself_only():
    scene = Scene()

    def broken(now):
        raise ValueError("what is that?")

    scene.upload.reading = broken
    await scene.frame(2)
    await asyncio.sleep_ms(5)
    told = scene.upload.status()
    assert told["dropped"] == 2 and told["error"] == "ValueError: what is that?"
    del scene.upload.reading
    await scene.frame()
    assert await scene.sent(1) == [b"1@3\n"]
    await scene.stop()
