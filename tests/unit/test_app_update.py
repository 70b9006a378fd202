"""The page's way to update: the body of a request goes to the flash as it comes."""

import asyncio
import os

import bundle
import portal
from bundle import Source
from fake_client import Client, Ticks
from portal import ask, get, make, post
from test_boot import Flash, read, write

import firmware
from firmware import installing, manifest, migrating, newer, slots
from firmware import update as module
from firmware.portal import api_update, app
from firmware.portal.exchange import Source as Body
from firmware.portal.server import Connection, Server

RUNTIMES = ("unix64",)  # bundles in memory are much for the small heap; see test_update_memory.py

_KNOWN = {"slots": slots, "manifest": manifest, "migrating": migrating, "update": module,
          "installing": installing, "newer": newer}


class Gateway(portal.Gateway):
    """Notes what is said."""

    update = None
    newer = ""

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
        self.kept = (slots.running, manifest.Board, api_update.load, module.load, installing.load,
                     app.load)
        slots.running = lambda: "a"
        manifest.Board = lambda slot: bundle.Board()
        api_update.load = module.load = installing.load = _KNOWN.get
        app.load = lambda name: api_update if name == "portal.api_update" else self.kept[-1](name)
        self.gateway = Gateway()
        self.app = make(self.gateway)
        return self

    def __exit__(self, *_):
        slots.running, manifest.Board, api_update.load, module.load, *others = self.kept
        installing.load, app.load = others
        module._remove_tree("b")
        for name in ("config.json", "config.old"):
            slots.remove(name)
        os.mkdir("b") if "b" in self.slots else None
        Flash.__exit__(self)

    async def send(self, data, asked="", **options):
        """-> the answer to a bundle that is uploaded"""
        source = data if isinstance(data, Source) else Source(data, **options)
        request = portal.request(self.app, "POST", "/api/update" + asked)
        request.source = source
        request.rest = ""
        return await self.dispatch(request)

    async def dispatch(self, request):
        reply = await self.app.dispatch_request(request)
        sink = portal.Sink()
        await reply.write(sink)
        return portal.Answer(sink)


async def test_it_says_what_an_update_has_to_fit():
    with Place("ab", good="a") as place:
        write("b/manifest", "ticgate 1\nversion 0.0.9\n")
        told = (await get(place.app, "/api/update")).json
        assert told == {"version": "0.1.0", "family": "esp32c6", "mpy": [6, 3, 11], "slot": "a",
                        "trial": False, "good": True, "signed": False, "before": "0.0.9",
                        "newer": ""}


async def test_a_bundle_is_installed_and_the_gateway_restarts():
    with Place("a", good="a") as place:
        answer = await place.send(bundle.make())
        assert answer.status == 200, answer.text
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
        answer = await place.send(Source(data, fails=900), "?older=1")
        assert answer.status == 503 and "nothing changed" in answer.json["error"]
        assert place.gateway.done == [] and place.gateway.update is None
        assert read("app.try") is None
        assert (await place.send(data, "?older=1")).status == 200


async def test_one_update_at_a_time():
    with Place("a", good="a") as place:
        place.gateway.update = module.Update(Source(b""), board=bundle.Board())
        assert (await place.send(bundle.make())).status == 400
        told = (await get(place.app, "/api/update")).json
        assert told["taking"] == {"version": "", "done": 0, "size": 0}


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


async def stream(path=b"/api/update", cookie=b"mine", length=3000, size=None, take=True):
    """Send a request with a long body. -> (status, bytes that came, the connection's end)"""
    ticks, came = Ticks(), bytearray()

    async def answer(request):
        source = getattr(request, "source", None)
        view = memoryview(bytearray(700))
        while source and take:
            n = await source.readinto(view)
            came.extend(view[:n])
            if not n:
                break
        return {"streamed": bool(source)}

    def load():
        from microdot import Microdot

        def find(request):
            request.url_args = {}
            return answer, "", None

        app = Microdot()
        app.guard = Guard()
        app.find_route = find
        return app

    server = Server(0, load, ticks, lambda words, level: None)
    body = bytes(range(250)) * (length // 250)
    size = len(body) if size is None else size
    head = (b"POST %s HTTP/1.1\r\nHost: x\r\nCookie: ticgate=%s\r\nContent-Length: %d\r\n\r\n"
            % (path, cookie, size))
    client = Client(head + body, 300)
    server._take(client, client.peer)
    connection = server.open[0]
    for _ in range(200):
        await asyncio.sleep_ms(0)
    client.end()
    await connection.task
    line = client.sent.split(b"\r\n")[0]
    return int(line.split()[1]) if line else 0, bytes(came), client.left


async def test_the_owners_bundle_is_handed_over_in_pieces_whatever_its_size():
    status, came, left = await stream(length=30_000)
    assert (status, len(came), left) == (200, 30_000, 0)
    assert came == bytes(range(250)) * 120


async def test_nobody_else_and_nothing_else_is_streamed():
    assert (await stream(cookie=b"other"))[:2] == (413, b"")
    assert (await stream(path=b"/api/update/back", length=9000))[:2] == (413, b"")
    assert (await stream(path=b"/api/config", length=9000))[:2] == (413, b"")


async def test_a_body_that_ends_early_or_is_not_taken_ends_the_connection():
    status, came, _ = await stream(length=3000, size=5000)
    assert status == 500 and came == bytes(range(250)) * 12
    status, came, left = await stream(take=False)
    assert (status, came, left) == (200, b"", 0)  # it was heard out, so that the answer is read


async def test_each_piece_has_its_deadline():
    ticks = Ticks()
    client = Client(b"abc")
    server = Server(0, None, ticks, None)
    connection = Connection(client, client.peer, None)
    body = Body(server, connection, b"12", 10)
    view = memoryview(bytearray(8))
    assert await body.readinto(view) == 2 and bytes(view[:2]) == b"12" and body.left == 8
    assert await body.readinto(view) == 3 and body.left == 5
    waiting = asyncio.create_task(body.readinto(view))
    await asyncio.sleep_ms(0)
    ticks.now += 10_001
    server.open.append(connection)
    connection.task = waiting
    server.look()
    try:
        await waiting
    except asyncio.CancelledError:
        pass
    assert connection.late and client.sent.startswith(b"HTTP/1.0 408")
    assert firmware.__version__
