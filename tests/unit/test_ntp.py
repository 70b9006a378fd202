"""Asking for the time: a server of this machine that says what a test wants, right or wrong."""

import asyncio
import time

from name_servers import Names

from firmware.link import ntp as module
from firmware.link import sntp
from firmware.link.ntp import Ntp

NOW = 837_000_000  # s since 2000: July 2026


class Clock:
    def __init__(self):
        self.said = []

    def set(self, utc, source, age):
        self.said.append((utc, source, age))
        return True


class Server(Names):
    """A time server; `ntp` asks it, for `clock`."""

    async def __aenter__(self):
        self.clock = Clock()
        self.ntp = Ntp(self.clock, self.server)
        return await Names.__aenter__(self)


def stamp(utc, ms=0):
    """The eight bytes of a time."""
    return (utc + 3155673600 & 0xFFFFFFFF).to_bytes(4, "big") + (
        (ms << 32) // 1000).to_bytes(4, "big")


def reply(query, utc=NOW, ms=500, first=0x24, stratum=2, code=b"\x7f\0\0\1", origin=None,
          came=None):
    """A right answer, but for what is changed."""
    head = bytes((first, stratum, 6, 0xEC)) + bytes(8) + code + stamp(utc - 60)
    return head + (origin or query[40:]) + (came or stamp(utc, ms)) + stamp(utc, ms)


async def _refused(make, clock_unset=True):
    """The words with which an answer is refused."""
    async with Server(lambda query: [make(query)]) as server:
        try:
            await server.ntp.ask()
        except OSError as error:
            assert server.clock.said == []
            return str(error), server.ntp.wait
        raise AssertionError("believed")


async def test_the_clock_is_set_with_the_age_of_the_answer():
    async with Server(lambda query: [reply(query)]) as server:
        passed = await server.ntp.ask()
        assert 0 <= passed < 1000
        (utc, source, age), = server.clock.said
        assert utc == NOW and source == "ntp" and 500 <= age < 1500
        query, = server.asked
        assert len(query) == 48 and query[0] == 0x23 and query[1:40] == bytes(39)
        assert query[40:] != bytes(8)
        await server.ntp.ask()
        assert server.asked[1][40:] != query[40:]  # what it sends says nothing of its own time


async def test_the_way_back_is_half_of_the_way():
    async with Server(lambda query: time.sleep_ms(200) or [reply(query, ms=0)]) as server:
        passed = await server.ntp.ask()
        assert passed >= 190 and passed // 2 <= server.clock.said[0][2] <= passed
    # Of 200 ms the server had it for 150 itself.
    async with Server(lambda query: time.sleep_ms(200) or [
            reply(query, ms=150, came=stamp(NOW))]) as server:
        passed = await server.ntp.ask()
        assert server.clock.said[0][2] >= 150 + (passed - 151) // 2


async def test_after_2036_the_seconds_begin_again():
    for utc in (NOW, 1139293696 - 1, 1139293696, 1139293696 + 5, 1_800_000_000):
        async with Server(lambda query, utc=utc: [reply(query, utc)]) as server:
            await server.ntp.ask()
            assert server.clock.said[0][0] == utc


async def test_what_is_no_answer_to_our_question_is_passed_over():
    def answers(query):
        return [b"", b"short", reply(query, NOW - 9999, origin=bytes(8)),
                reply(query, NOW - 9999)[:47], reply(query)]

    async with Server(answers) as server:
        await server.ntp.ask()
        assert [said[0] for said in server.clock.said] == [NOW]


async def test_wrong_answers_are_refused():
    assert "no time server" in (await _refused(lambda q: reply(q, first=0x23)))[0]
    assert "no time server" in (await _refused(lambda q: reply(q, first=0x25)))[0]
    assert "does not know" in (await _refused(lambda q: reply(q, first=0xE4)))[0]
    assert "does not know" in (await _refused(lambda q: reply(q, stratum=16)))[0]
    assert "does not know" in (await _refused(lambda q: reply(q)[:40] + bytes(8)))[0]
    assert "too slow" in (await _refused(lambda q: reply(q, came=stamp(NOW - 5))))[0]
    assert "too slow" in (await _refused(lambda q: reply(q, came=stamp(NOW + 5))))[0]


async def test_the_kiss_of_death_is_obeyed():
    assert await _refused(lambda q: reply(q, stratum=0, code=b"RATE")) == (
        "the time server sent us away: RATE", 3600)
    assert await _refused(lambda q: reply(q, stratum=0, code=b"DENY")) == (
        "the time server sent us away: DENY", 86400)
    words, _ = await _refused(lambda q: reply(q, stratum=0, code=b"\xff\n\0A"))
    assert words.endswith(": A")  # what a stranger says is not put on the page as it is


async def test_silence_and_nobody():
    async with Server(lambda query: None) as server:
        asking = asyncio.create_task(server.ntp.ask())
        await asyncio.sleep_ms(50)
        assert not asking.done()
        turns = 0
        try:
            while not asking.done():
                await asyncio.sleep_ms(5)
                turns += 1
            await asking
        except OSError as error:
            assert str(error) == "no answer from the time server"
        assert turns > 100  # the others went on meanwhile
        where = server.server
    try:
        await Ntp(None, where).ask()
        raise AssertionError("nobody is there")
    except OSError as error:
        assert str(error) in ("no time server there", "no way to the time server")
    for host in ("127.0.0.1:x", "127.0.0.1:1:2"):
        try:
            await Ntp(None, host).ask()
            raise AssertionError("a port that is none")
        except OSError as error:
            assert "not found" in str(error)


class Hurry:
    """asyncio for the module under test, in which waiting takes no time and is written down."""

    def __init__(self):
        self.slept = []

    async def sleep(self, seconds):
        self.slept.append(seconds)
        await asyncio.sleep(0)


async def test_it_asks_now_and_then_and_less_often_when_it_fails():
    class Asking(Ntp):
        outcomes = ["x"] * 12 + [None, "x", "away", "x", None, None]
        lookups = 0

        async def ask(self):
            if self.server is None:
                self.lookups += 1
                self.server = "known"
            outcome = self.outcomes.pop(0)
            if outcome == "away":
                self.wait = 86400
            if outcome:
                raise OSError(outcome)
            if not self.outcomes:
                raise asyncio.CancelledError

    module.asyncio = hurry = Hurry()
    up = asyncio.Event()
    asking = Asking(None, "host", up=up)
    try:
        task = asyncio.create_task(asking.run())
        await asyncio.sleep(0)
        assert hurry.slept == []  # no network yet
        up.set()
        try:
            await task
        except asyncio.CancelledError:
            pass
    finally:
        module.asyncio = asyncio
    least = [16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600, 3600, 14400, 16, 86400, 64,
             14400]
    assert len(hurry.slept) == len(least)
    for slept, low in zip(hurry.slept, least):
        assert low <= slept <= low + low // 4, (slept, low)
    assert asking.error == "" and asking.lookups == 16  # looked up again after failures only


def test_it_is_small_enough_to_be_loaded_now_and_then():
    assert not [name for name in dir(module) if name == "socket"]
    assert sntp.ask
