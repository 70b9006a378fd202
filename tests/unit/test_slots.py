"""slots.py, proving.py and migrating.py: what becomes of a new version, and of the settings."""

import asyncio
import os

import test_boot as boot
from test_boot import Flash, read, write

import firmware
from firmware import migrating, proving, slots


class Running:
    """We run from this slot."""

    def __init__(self, slot):
        self.slot = slot

    def __enter__(self):
        self.before = slots.running, proving.load, migrating.load
        slots.running = lambda: self.slot
        proving.load = migrating.load = {"slots": slots}.get

    def __exit__(self, *_):
        slots.running, proving.load, migrating.load = self.before


class Task:
    def __init__(self, name, sign, value):
        self.name, self.sign, self.value = name, sign, value


class Gateway:
    """A gateway at some second of its life."""

    link = None

    def __init__(self):
        self.supervisor = self.store = self
        self.uptime = 0
        self.frames = 3
        self.proven = True
        self.tasks = [Task("source", True, 3), Task("console", None, None)]
        self.said = []
        self.restarts = 0

    def say(self, words, level=2):
        self.said.append(words)

    def restart(self):
        self.restarts += 1

    def delivers(self, count=1):
        self.tasks.append(Task("mqtt", True, count))


class Link:
    ssid = "home"

    def __init__(self):
        self.up = asyncio.Event()

    def status(self):
        return {"address": "127.0.0.1"}


async def prove(gateway, asked="b.", seconds=900, port=0):
    """-> the second at which the proof ended, None if it did not"""
    proof = proving.Proof(asked, 10, port)
    for gateway.uptime in range(seconds):
        if proof.look(gateway):
            return gateway.uptime
    return None


def test_the_slot_is_read_off_the_path():
    before = firmware.__path__
    try:
        for path, slot, free in (("a/firmware", "a", "b"), ("b/firmware", "b", "a"),
                                 ("firmware", "", "a"), ("/x/firmware", "", "a"),
                                 ("c/firmware", "", "a")):
            firmware.__path__ = path
            assert (slots.running(), slots.free()) == (slot, free)
    finally:
        firmware.__path__ = before


async def test_a_version_that_works_becomes_the_good_one():
    with Flash("ab", good="a", **{"try": "bl."}), Running("b"):
        gateway = Gateway()
        gateway.delivers()
        assert slots.trying() == "bl."
        assert await prove(gateway, "bl.") == 60
        assert read("app.good") == "bl." and read("app.try") is None
        assert boot.slot(1) == "b" and not gateway.restarts


async def test_a_version_that_does_not_work_goes_back():
    for spoil in ("no meter", "nothing taken", "no network"):
        with Flash("ab", good="a", **{"try": "bl."}), Running("b"):
            gateway = Gateway()
            if spoil == "no meter":
                gateway.frames = 0
                gateway.delivers()
            elif spoil == "nothing taken":
                gateway.delivers(0)
            else:
                gateway.link = Link()
            assert await prove(gateway, "bl.") == 600
            assert gateway.restarts == 1 and len(gateway.said) == 1
            assert read("app.bad") == "bl."
            assert boot.slot(2) == "a"


async def test_a_meter_that_was_not_heard_before_is_not_asked_for():
    with Flash("ab", good="a", **{"try": "b."}), Running("b"):
        gateway = Gateway()
        gateway.frames = 0
        gateway.delivers()
        assert await prove(gateway, "b.") == 60


async def test_without_a_destination_the_page_has_to_answer_and_the_network_to_be_there():
    asked = []

    async def get(host, port, path):
        asked.append((host, port, path))
        return True

    before, proving._get = proving._get, get
    try:
        for link in (None, Link()):
            with Flash("ab", good="a", **{"try": "b."}), Running("b"):
                gateway = Gateway()
                gateway.link = link
                if link:
                    link.up.set()
                proof = proving.Proof("b.", 10, 8080)
                for gateway.uptime in range(600):
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
                    if proof.look(gateway):
                        break
                assert gateway.uptime == 60 and not gateway.restarts
                assert asked == [("127.0.0.1", 8080, "/"), ("127.0.0.1", 8080, "/api/session")]
                asked.clear()
        with Flash("ab", good="a", **{"try": "b."}), Running("b"):
            gateway = Gateway()
            gateway.link = Link()  # the page answers, and no network
            proof = proving.Proof("b.", 10, 8080)
            for gateway.uptime in range(600):
                await asyncio.sleep(0)
                assert not proof.look(gateway)
    finally:
        proving._get = before


async def test_our_own_page_is_asked_over_the_network():
    answers = [b"HTTP/1.0 200 OK\r\n\r\nhere", b"HTTP/1.0 503 Busy\r\n\r\n"]

    async def serve(reader, writer):
        line = await reader.readline()
        assert line == b"GET / HTTP/1.0\r\n", line
        while await reader.readline() != b"\r\n":
            pass
        writer.write(answers.pop(0))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 18917)
    try:
        assert await proving._get("127.0.0.1", 18917, "/")
        assert not await proving._get("127.0.0.1", 18917, "/")
    finally:
        server.close()


async def test_failures_are_forgotten_after_ten_minutes_of_work():
    with Flash("ab", good="a", starts="....r."), Running("a"):
        assert slots.starts() == 4
        gateway = Gateway()
        assert await prove(gateway, "") == 600
        assert read("app.starts") is None
    with Flash("ab", good="a", starts="." * 7), Running("b"):  # the other slot does better
        assert await prove(Gateway(), "") == 600
        assert read("app.good") == "b"
    with Flash("ab", good="a", starts="."), Running("a"):
        gateway = Gateway()
        gateway.proven = False
        assert await prove(gateway, "") is None
        assert read("app.starts") == "."


def test_restarts_that_are_ordered_are_noted():
    with Flash("ab", good="a"), Running("a"):
        slots.ordered()
        assert read("app.starts") == "r"
        write("app.starts", "..r...")
        slots.ordered(True)
        assert read("app.starts") == "r" and boot.slot(2) == "a" and slots.starts() == 0
    with Flash("ab", good="a", **{"try": "b."}), Running("b"):
        slots.ordered()
        assert read("app.try") == "b.r" and read("app.starts") is None


def test_the_topic_tells_what_is_not_as_usual():
    with Flash("ab", good="a"), Running("a"):
        assert dict(slots.facts()) == {"slot": "a"}
        write("app.starts", "..")
        assert dict(slots.facts()) == {"slot": "a", "failed_starts": 2}
        write("app.bad", "b...")
        write("b/manifest", "ticgate 1\nversion 0.2.0\n")
        assert dict(slots.facts())["went_back"] == "0.2.0"
        os.remove("b/manifest")
        assert dict(slots.facts())["went_back"] == "?"
        slots.propose("b", True)
        assert read("app.bad") is None and read("app.try") == "bl"
        write("b/manifest", "")
    with Flash("ab", good="a", bad=b"\xff\xfe\x00", **{"try": "b."}), Running("b"):
        assert dict(slots.facts()) == {"slot": "b", "trial": True}
    with Flash("/"), Running(""):
        assert dict(slots.facts()) == {}


def _clean(*names):
    for name in names:
        slots.remove(name)


def test_settings_are_kept_before_an_update_and_come_back_with_the_old_version():
    with Flash("ab", good="a"), Running("a"):
        migrating.keep()
        assert read("config.old") is None  # there were none
        write("config.json", '{"site": "before"}' + " " * 2000)
        migrating.run()
        assert read("app.ran") == firmware.__version__
        migrating.keep()
        kept = read("config.old")
        assert kept == read("config.json")
        # The new version ran, and wrote other settings; then it went back.
        write("config.json", '{"site": "other"}')
        write("app.ran", "9.0.0")
        migrating.run()
        assert read("config.json") == '{"site": "other"}'  # an owner's wish: nothing failed
        write("app.ran", "9.0.0")
        write("app.bad", "b.")
        migrating.run()
        assert read("config.json") == kept and read("config.old") is None
        assert read("app.ran") == firmware.__version__
        _clean("config.json", "app.ran")


def test_steps_run_once_and_those_between_the_versions_only():
    done = []
    steps = [(version, lambda version=version: done.append(version))
             for version in ("0.0.9", "0.1.0", "0.2.0", "99.0.0")]
    before = firmware.__version__
    try:
        firmware.__version__ = "0.3.0"
        first = ["0.0.9", "0.1.0", "0.2.0"]
        for ran, expected in (("0.1.0", ["0.2.0"]), ("", first), ("0.3.0", []), ("1.0.0", []),
                              ("rubbish", first)):
            with Flash("a", good="a"), Running("a"):
                write("app.ran", ran)
                migrating.run(steps)
                assert done == expected, (ran, done)
                assert read("app.ran") == "0.3.0"
                migrating.run(steps)
                assert done == expected
                done.clear()
                _clean("app.ran")
    finally:
        firmware.__version__ = before
