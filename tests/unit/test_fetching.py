"""firmware/fetching.py and newer.py: a new version at an address of the owner's."""

import asyncio

import bundle
import test_boot as boot

import firmware
from firmware import fetching, filling, installing, manifest, migrating, newer, slots, unfinished
from firmware import update as module

_PORT = 18923


class Server:
    """Answers every request with the next of these texts; keeps the requests."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", _PORT)
        return self

    async def __aexit__(self, *_):
        self.server.close()
        await asyncio.sleep_ms(5)

    async def serve(self, reader, writer):
        request = await reader.readline()
        line = request
        while line.strip():
            line = await reader.readline()
            request += line
        self.asked.append(request)
        answer = self.answers.pop(0)
        for at in range(0, len(answer), 700):
            writer.write(answer[at : at + 700])
            try:
                await writer.drain()
            except OSError:
                break
        writer.close()
        await writer.wait_closed()


class Gateway:
    clock = find = pages = update = None
    newer = refused = ""

    def __init__(self, url=f"http://127.0.0.1:{_PORT}/ticgate.bundle"):
        self.settings = {"update_url": url, "update_fingerprint": ""}
        self.said, self.told, self.restarts = [], [], 0
        self.store = self
        self.frames = 0

    def config(self):
        return self.settings

    def opener(self, dialler):
        return dialler.open

    def say(self, words, level=2):
        self.said.append(words)

    def tell(self, key, facts):
        self.told.append((key, facts["version"]))

    def read(self):
        return None

    def restart(self):
        self.restarts += 1


def ok(body, more=b""):
    return b"HTTP/1.1 200 OK\r\nX: y\r\n%sContent-Length: %d\r\n\r\n%s" % (more, len(body), body)


def to(place):
    return b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % place.encode()


async def refused(*answers, words, url=None):
    gateway = Gateway(url) if url is not None else Gateway()
    async with Server(*answers):
        try:
            told = await fetching.look(gateway)
        except OSError as error:
            assert words in str(error), error
        else:
            raise AssertionError(told)


async def test_the_version_is_in_the_second_line():
    async with Server(ok(bundle.make())) as server:
        assert await fetching.look(Gateway()) == "0.2.0"
        assert server.asked == [
            b"GET /ticgate.bundle HTTP/1.0\r\nHost: 127.0.0.1:%d\r\n\r\n" % _PORT]
    async with Server(b"HTTP/1.0 200 OK\r\n\r\n" + bundle.make()):
        assert await fetching.look(Gateway()) == "0.2.0"


async def test_a_redirection_is_followed_and_not_for_ever():
    there = to(f"http://127.0.0.1:{_PORT}/there?x=1")
    async with Server(there, there, ok(bundle.make())) as server:
        assert await fetching.look(Gateway()) == "0.2.0"
        assert server.asked[2].startswith(b"GET /there?x=1 HTTP/1.0\r\n")
    await refused(there, there, there, there, words="on and on")
    await refused(to("/elsewhere"), words="the server answers with 302")


async def test_what_is_wrong_is_said():
    await refused(words="no address", url="")
    await refused(b"HTTP/1.1 404 Not Found\r\n\r\n", words="the server answers with 404")
    await refused(ok(b"<html>\n<body>\n"), words="this is no update")
    await refused(ok(b"ticgate 1\nversion x\n"), words="this is no update")
    await refused(ok(b"ticgate 1\nversion"), words="this is no update")
    await refused(b"SSH-2.0-x\r\n\r\n", words="not a web server")
    await refused(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", words="HTTP/1.0")
    await refused(b"HTTP/1.1 200 OK\r\n", words="closed the connection")
    await refused(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 5000, words="no end")


async def test_a_server_that_is_mute_has_its_deadline():
    before, fetching.time = fetching.time, Hurry
    try:
        gateway = Gateway()
        download = fetching.Download(gateway)

        class Mute:
            def readinto(self, view):
                return None

        download._stream = Mute()
        try:
            await download.readinto(memoryview(bytearray(4)))
        except OSError as error:
            assert "does not answer" in str(error)
    finally:
        fetching.time = before


class Hurry:
    """time, in which a second passes at each look."""

    now = 0

    @classmethod
    def ticks_ms(cls):
        cls.now += 1000
        return cls.now

    ticks_add = staticmethod(lambda one, two: one + two)
    ticks_diff = staticmethod(lambda one, two: one - two)


class Place(boot.Flash):
    """We run from slot a."""

    def __enter__(self):
        boot.Flash.__enter__(self)
        self.kept = (slots.running, manifest.Board, module.load, filling.load, installing.load,
                     newer.load)
        slots.running = lambda: "a"
        manifest.Board = lambda slot: bundle.Board(key=bundle.KEY)
        known = {"slots": slots, "manifest": manifest, "migrating": migrating, "update": module,
                 "filling": filling, "fetching": fetching, "installing": installing,
                 "unfinished": unfinished}
        module.load = filling.load = installing.load = lambda name: known[name]
        newer.load = lambda name: known[name] if name in known else self.kept[-1](name)
        return self

    def __exit__(self, *_):
        slots.running, manifest.Board, module.load, *others = self.kept
        filling.load, installing.load, newer.load = others
        filling.remove("b")
        slots.remove("config.old")
        boot.Flash.__exit__(self)


async def test_it_is_installed_from_there():
    with Place("a", good="a"):
        gateway = Gateway()
        async with Server(ok(bundle.make(private=True))):
            assert await installing.install(gateway, None, "") == "0.2.0"
        assert gateway.restarts == 1 and slots.version("b") == "0.2.0"
        assert boot.read("app.try") == "b"


async def test_a_connection_that_breaks_changes_nothing():
    with Place("a", good="a"):
        gateway = Gateway()
        async with Server(ok(bundle.make(private=True))[:-50]):
            try:
                await installing.install(gateway, None, "")
            except OSError as error:
                assert "closed" in str(error)
            else:
                raise AssertionError
        assert not gateway.restarts and boot.read("app.try") is None
        assert gateway.said == ["update: not installed, the server closed the connection"]
        assert gateway.refused == "the server closed the connection" and not gateway.update


async def test_a_new_version_is_told_once_and_installed_only_if_asked_and_signed():
    with Place("a", good="a"):
        gateway = Gateway()
        watch = newer.Newer(gateway, False)
        async with Server(*[ok(bundle.make())] * 2):
            await watch.look()
            await watch.look()
        assert gateway.told == [("update_available", "0.2.0")] and gateway.newer == "0.2.0"
        assert not gateway.restarts
        watch = newer.Newer(gateway, True)
        async with Server(*[ok(bundle.make())] * 2):
            await watch.look()
        assert not gateway.restarts
        assert gateway.said[-1] == "update: not installed, it is not signed"
        assert gateway.refused == "it is not signed"
        async with Server(*[ok(bundle.make(private=True))] * 2):
            await watch.look()
        assert gateway.restarts == 1 and boot.read("app.try") == "b"


async def test_nothing_new_and_nobody_there():
    with Place("a", good="a"):
        gateway = Gateway()
        watch = newer.Newer(gateway, True)
        async with Server(ok(bundle.make(version="0.1.0"))):
            await watch.look()
        assert gateway.newer == "" and not gateway.told and not gateway.said
        await watch.look()
        assert gateway.said == ["update: connection refused"]
        assert firmware.__version__
