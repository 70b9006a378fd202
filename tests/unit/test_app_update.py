"""The page's way to update: the body of a request goes to the flash as it comes."""

import asyncio
import gc
import json
import os
import sys

import bundle
import portal
from fake_client import Client, Ticks
from portal import ask, get, make, post
from test_boot import Flash, read, write

import firmware
from firmware import filling, installing, manifest, migrating, newer, slots
from firmware import update as module
from firmware.portal import api_update, app, server, taking
from firmware.portal.connection import Connection
from firmware.portal.server import Server
from firmware.rarely import load

RUNTIMES = ("unix64",)  # bundles in memory are much for the small heap; see test_update_memory.py

_KNOWN = {"slots": slots, "manifest": manifest, "migrating": migrating, "update": module,
          "filling": filling, "installing": installing, "newer": newer, "portal.taking": taking}


class Gateway(portal.Gateway):
    """Notes what is said."""

    update = None
    newer = refused = ""

    def __init__(self):
        super().__init__()
        self.said = []

    def read(self):
        return 3

    def say(self, words, level=2):
        self.said.append(words)


class Place(Flash):
    """We run from slot a, as version 0.1.0 for the board of the tests."""

    def __enter__(self):
        Flash.__enter__(self)
        self.patched = [api_update, module, filling, installing, taking, server]
        self.kept = slots.running, manifest.Board, app.load, [one.load for one in self.patched]
        slots.running = lambda: "a"
        manifest.Board = lambda slot: bundle.Board()
        for one in self.patched:
            one.load = self.load
        app.load = self.load
        self.gateway = Gateway()
        self.app = make(self.gateway)
        self.ticks = Ticks()
        self.server = Server(0, lambda: self.app, self.ticks, self.gateway.say)
        self.gateway.pages = self.server
        return self

    def load(self, name):
        if name == "portal.api_update":
            return api_update
        return _KNOWN[name] if name in _KNOWN else load(name)

    def __exit__(self, *_):
        slots.running, manifest.Board, app.load, loads = self.kept
        for one, was in zip(self.patched, loads):
            one.load = was
        self.server._forget()
        filling.remove("b")
        for name in ("config.json", "config.old"):
            slots.remove(name)
        os.mkdir("b") if "b" in self.slots else None
        Flash.__exit__(self)

    def connect(self, path, data=b"", size=None, method=b"POST"):
        """A client that has sent a head, and the beginning of a body of that size."""
        head = b"%s %s HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: %d\r\n\r\n" % (
            method, path.encode(), len(data) if size is None else size)
        client = Client(head + data, 300)
        self.server._take(client, client.peer)
        return client

    async def send(self, data, asked="", size=None):
        """-> the answer to a bundle that is uploaded; size: that it is said to have"""
        client = self.connect("/api/update" + asked, data, size)
        return await self.answer(client, size is not None)

    async def answer(self, client, ends=False):
        """What a client is told; ends: it goes away when all has been read."""
        while not client.closed:
            await asyncio.sleep_ms(1)
            if (ends or client.status) and not client.left:
                client.end()
        return Told(client.sent)


class Told:
    """`status`, `headers` (lower case), `body` and `json` of an answer."""

    def __init__(self, data):
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {line.partition(": ")[0].lower(): line.partition(": ")[2]
                        for line in lines[1:]}
        assert int(self.headers["content-length"]) == len(body)
        self.body = body
        if self.headers.get("content-type", "").startswith("application/json"):
            self.json = json.loads(body)


async def test_it_says_what_an_update_has_to_fit():
    with Place("ab", good="a") as place:
        write("b/manifest", "ticgate 1\nversion 0.0.9\n")
        told = (await get(place.app, "/api/update")).json
        assert told == {"version": "0.1.0", "family": "esp32c6", "mpy": [6, 3, 11], "slot": "a",
                        "trial": False, "good": True, "signed": False, "before": "0.0.9",
                        "newer": "", "refused": ""}


async def test_a_bundle_is_installed_and_the_gateway_restarts():
    with Place("a", good="a") as place:
        answer = await place.send(bundle.make())
        assert answer.status == 200, answer.json
        assert answer.json == {"version": "0.2.0", "restart": True}
        assert place.gateway.done == ["restart"] and place.gateway.update is None
        assert read("app.try") == "b" and slots.version("b") == "0.2.0"
        assert place.gateway.said == ["update: version 0.2.0 is there, restart"]


async def test_what_is_refused_is_said_with_the_word_that_confirms_it():
    with Place("a", good="a") as place:
        data = bundle.make(version="0.0.9")
        answer = await place.send(data)
        assert answer.status == 409
        assert answer.json == {"error": "version 0.0.9 is older than 0.1.0", "confirm": "older"}
        answer = await place.send(data[:-1], "?older=1")
        assert answer.status == 400 and answer.json["error"] == "the file is cut off"
        answer = await place.send(data[:900], "?older=1", len(data))
        assert answer.status == 503
        assert answer.json["error"] == "the sender went away: nothing changed"
        assert place.gateway.done == [] and place.gateway.update is None
        assert read("app.try") is None
        assert (await get(place.app, "/api/update")).json["refused"] == "the sender went away"
        assert (await place.send(data, "?older=1")).status == 200
        assert place.gateway.refused == ""


async def test_its_answer_has_the_headers_of_all_answers():
    with Place("a", good="a") as place:
        answer = await place.send(b"x\n")
        assert (answer.status, answer.json["error"]) == (400, "this is no update of this gateway")
        assert answer.headers["x-seen"] == "yes"
        assert answer.headers["content-type"].startswith("application/json")


async def test_one_update_at_a_time():
    with Place("a", good="a") as place:
        place.gateway.update = installing.Installing()
        answer = await place.send(bundle.make())
        assert answer.status == 400 and answer.json["error"] == "another update is going on"
        assert place.server.guest is None


async def test_it_has_the_place_of_the_pages_and_they_come_back():
    with Place("a", good="a") as place:
        data = bundle.make()
        feed = place.connect("/api/live", method=b"GET")
        while not feed.status:
            await asyncio.sleep_ms(1)
        threshold = gc.threshold()
        sender = place.connect("/api/update", data[:-100], len(data))
        while sender.left or not place.gateway.update:
            await asyncio.sleep_ms(1)
        assert feed.closed and place.server.guest is place.gateway.update
        assert not [name for name in sys.modules if name.startswith("firmware.portal.")
                    and name.rpartition(".")[2] not in ("server", "sessions", "connection")]
        assert "microdot" not in sys.modules and place.server._pages is None
        assert gc.threshold() == threshold
        other = await place.answer(place.connect("/api/status", method=b"GET"))
        assert other.status == 503 and other.headers["retry-after"] == "10"
        done = other.json["percent"]
        assert other.json["error"] == "an update is being installed" and 90 < done < 100
        sender.end()
        assert (await place.answer(sender)).status == 503
        assert place.server.guest is place.gateway.update is None
        assert (await place.answer(place.connect("/api/update", method=b"GET"))).status == 200
        assert "microdot" in sys.modules and read("app.try") is None


async def test_a_person_who_asks_meanwhile_sees_a_page():
    with Place("a", good="a") as place:
        page = bytes(range(256)) * 3
        os.mkdir("web")
        write("web/updating.html.gz", page)
        data = bundle.make()
        sender = place.connect("/api/update", data[:-100], len(data))
        while sender.left or not place.gateway.update:
            await asyncio.sleep_ms(1)
        for step in (0, 1):  # bytes that come at once
            for path in ("/", "/index.html", "/app.js?v=/api/"):
                client = place.connect(path, method=b"GET")
                client.step = step
                told = await place.answer(client)
                assert told.status == 503 and told.body == page, path
                assert told.headers["content-type"] == "text/html"
                assert told.headers["content-encoding"] == "gzip" and client.longest < 200
                assert "refresh" not in told.headers  # it comes back by itself
        for method, path in ((b"GET", "/api/x"), (b"OPTIONS", "/api/"), (b"POST", "/api/login")):
            client = place.connect(path, method=method)
            client.step = 1
            told = await place.answer(client)
            assert told.status == 503 and told.headers["refresh"] == "10"
            assert told.json["percent"] > 90, path
        silent = Client(b"GET")
        place.server._take(silent, silent.peer)
        while silent.left:
            await asyncio.sleep_ms(1)
        place.ticks.now += 3001
        place.server.look()
        assert (await place.answer(silent)).status == 408
        sender.end()
        assert (await place.answer(sender)).status == 503
        filling.remove("web")


async def test_why_nothing_was_installed_is_kept_in_words():
    class Broken:
        left = 0

        async def readinto(self, view):
            raise self.error

    with Place("a", good="a") as place:
        for error, words in (
            (OSError(28), "the flash does not take it (28)"),
            (OSError(104), "connection cut"),
            (OSError("the flash did not keep it"), "the flash did not keep it"),
            (EOFError("the sender went away"), "the sender went away"),
            (asyncio.CancelledError(), "the sender went away"),
            (MemoryError(), "no memory for this now: try again"),
            (RuntimeError("x"), "x"),
        ):
            source = Broken()
            source.error = error
            try:
                await installing.install(place.gateway, source, "")
            except type(error):
                pass
            assert place.gateway.refused == words, place.gateway.refused
            assert place.gateway.said[-1] == f"update: not installed, {words}"
            assert place.gateway.update is place.server.guest is None


async def test_whoever_is_cut_while_the_pages_leave_leaves_nothing_behind():
    with Place("a", good="a") as place:

        async def leave(guest, connection):
            place.server.guest = guest
            connection.cut()
            await asyncio.sleep_ms(1)

        place.server.leave = leave
        client = place.connect("/api/update", bundle.make())
        while not client.closed:
            await asyncio.sleep_ms(1)
        assert place.gateway.update is None and place.server.guest is None
        del place.server.leave
        assert (await place.send(bundle.make())).status == 200


async def test_what_is_at_the_owners_address_has_it_too():
    with Place("a", good="a") as place:
        answer = await place.answer(place.connect("/api/update/fetch"))
        assert answer.status == 502 and answer.json == {"error": "no address is set"}
        assert place.server.guest is None and place.gateway.update is None


async def test_a_body_that_is_not_streamed_is_no_update():
    with Place("a", good="a") as place:
        assert (await post(place.app, "/api/update")).status == 400
        assert (await post(place.app, "/api/update/other")).status == 404
        assert (await ask(place.app, "PUT", "/api/update")).status == 405


async def test_the_version_before_can_be_had_again():
    with Place("a", good="a") as place:
        assert (await post(place.app, "/api/update/back")).status == 404
    with Place("ab", good="a") as place:
        write("b/manifest", "ticgate 1\nversion 0.0.9\n")
        assert (await post(place.app, "/api/update/back")).json["version"] == "0.0.9"
        assert read("app.try") == "b" and place.gateway.done == ["restart"]
    with Place("ab", good="b", **{"try": "a."}) as place:  # it is we who are tried
        write("b/manifest", "ticgate 1\nversion 0.0.9\n")
        assert (await post(place.app, "/api/update/back")).json["version"] == "0.0.9"
        assert read("app.try") is None and read("app.bad") == "a."


class Guard:
    """Knows the owner by a cookie."""

    def user(self, request):
        return request.cookies.get("ticgate") == "mine"

    def setup(self, request):
        return ""

    def after(self, request, answer):
        return answer


class Taker:
    """A module that takes a body in pieces, in the place of portal/taking.py."""

    def __init__(self, take):
        self.take = take
        self.came = bytearray()

    async def run(self, server, connection, body, headers):
        source = taking.Source(server, connection, *body)
        view = memoryview(bytearray(700))
        n = self.take
        while n:
            n = await source.readinto(view)
            self.came.extend(view[:n])
        connection.told = True
        connection.stream.write(b"HTTP/1.0 200 OK\r\n%s\r\n" % headers)


async def stream(path=b"/api/update", cookie=b"mine", length=3000, size=None, take=True):
    """Send a request with a long body. -> (status, bytes that came, what nobody took)"""
    taker = Taker(take)

    async def answer(request):
        if hasattr(request, "source"):
            request.sock[1].lent = "taker", request.source
        return {}

    def load():
        from microdot import Microdot

        def find(request):
            request.url_args = {}
            return answer, "", None

        app = Microdot()
        app.guard = Guard()
        app.find_route = find
        return app

    pages = Server(0, load, Ticks(), lambda words, level: None)
    body = bytes(range(250)) * (length // 250)
    size = len(body) if size is None else size
    head = (b"POST %s HTTP/1.1\r\nHost: x\r\nCookie: ticgate=%s\r\nContent-Length: %d\r\n\r\n"
            % (path, cookie, size))
    client = Client(head + body, 300)
    before, server.load = server.load, {"taker": taker}.get
    try:
        pages._take(client, client.peer)
        connection = pages.open[0]
        for _ in range(200):
            await asyncio.sleep_ms(0)
        client.end()
        await connection.task
    finally:
        server.load = before
    line = client.sent.split(b"\r\n")[0]
    return int(line.split()[1]) if line else 0, bytes(taker.came), client.left


async def test_the_owners_bundle_is_handed_over_in_pieces_whatever_its_size():
    status, came, left = await stream(length=30_000)
    assert (status, len(came), left) == (200, 30_000, 0)
    assert came == bytes(range(250)) * 120


async def test_nobody_else_and_nothing_else_is_streamed():
    assert (await stream(cookie=b"other"))[:2] == (413, b"")
    assert (await stream(path=b"/api/update/back", length=9000))[:2] == (413, b"")
    assert (await stream(path=b"/api/config", length=9000))[:2] == (413, b"")


async def test_a_body_that_ends_early_ends_the_connection():
    status, came, _ = await stream(length=3000, size=5000)
    assert status == 0 and came == bytes(range(250)) * 12


async def test_who_is_refused_is_heard_out_so_that_the_answer_is_read():
    with Place("a", good="a") as place:
        client = place.connect("/api/update", b"x\n" + bytes(9000), 30_000)
        while client.left or not client.status:
            await asyncio.sleep_ms(1)
        assert client.status == 400 and not client.closed and place.server.guest is None
        client.end()
        assert (await place.answer(client)).json["confirm"] == ""


async def test_each_piece_has_its_deadline():
    ticks = Ticks()
    client = Client(b"abc")
    pages = Server(0, None, ticks, None)
    connection = Connection(client, client.peer, None)
    body = taking.Source(pages, connection, b"12", 10)
    view = memoryview(bytearray(8))
    assert await body.readinto(view) == 2 and bytes(view[:2]) == b"12" and body.left == 8
    assert await body.readinto(view) == 3 and body.left == 5
    waiting = asyncio.create_task(body.readinto(view))
    await asyncio.sleep_ms(0)
    ticks.now += 10_001
    pages.open.append(connection)
    connection.task = waiting
    pages.look()
    try:
        await waiting
    except asyncio.CancelledError:
        pass
    assert connection.late and client.sent.startswith(b"HTTP/1.0 408")
    assert firmware.__version__
