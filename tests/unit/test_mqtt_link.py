"""Opening a connection: names, deadlines, words."""

import asyncio
import errno
import socket
import time

from firmware.publish import dialling, link
from firmware.publish.dialling import words
from firmware.publish.link import Dialler
from firmware.rarely import load


class Names:
    """A resolver that knows some names, and who asked for which."""

    def __init__(self):
        self.asked = []
        self.known = set()

    async def find(self, host):
        self.asked.append(host)
        await asyncio.sleep_ms(1)
        if host not in self.known:
            raise OSError(f"name not found: {host}")
        return "127.0.0.1"


class Door:
    """A listening socket on loopback."""

    def __init__(self):
        self.socket = socket.socket()
        for self.port in range(20000 + time.ticks_us() % 20000, 60000):
            try:
                self.socket.bind(socket.getaddrinfo("127.0.0.1", self.port)[0][-1])
                break
            except OSError:
                pass
        self.socket.listen(8)


async def attempt(dialler, host, port):
    """The words of the failure, "" if it is open (and is closed again)."""
    try:
        stream = await dialler.open(host, port)
    except OSError as error:
        return words(error)
    stream.close()
    return ""


async def test_open():
    door = Door()
    dialler = Dialler(time.ticks_ms)
    assert await attempt(dialler, "127.0.0.1", door.port) == ""
    door.socket.close()
    assert await attempt(dialler, "127.0.0.1", door.port) == "connection refused"


async def test_the_stream_does_not_block():
    door = Door()
    stream = await Dialler(time.ticks_ms).open("127.0.0.1", door.port)
    assert stream.readinto(bytearray(4)) is None
    assert stream.write(b"x") == 1
    stream.close()
    door.socket.close()


async def test_a_name_is_looked_up_once_and_again_after_failures():
    door, names = Door(), Names()
    dialler = Dialler(time.ticks_ms, names.find, 1000)
    assert await attempt(dialler, "home", door.port) == "name not found: home"
    names.known.add("home")
    for _ in range(4):
        assert await attempt(dialler, "home", door.port) == ""
    assert len(names.asked) == 2
    door.socket.close()
    for _ in range(4):
        assert await attempt(dialler, "home", door.port) == "connection refused"
    assert len(names.asked) == 3
    assert await attempt(dialler, "home", door.port) == "connection refused"
    assert len(names.asked) == 4
    names.known.add("other")
    door = Door()
    assert await attempt(dialler, "other", door.port) == ""
    assert names.asked[4:] == ["other"]
    door.socket.close()


async def test_the_old_address_serves_when_names_do_not():
    door, names = Door(), Names()
    names.known.add("home")
    dialler = Dialler(time.ticks_ms, names.find, 1000)
    assert await attempt(dialler, "home", door.port) == ""
    names.known.clear()
    dialler.failures = 2
    assert await attempt(dialler, "home", door.port) == ""
    assert len(names.asked) == 2
    door.socket.close()


async def test_an_address_that_is_none():
    assert await attempt(Dialler(time.ticks_ms), "300.1.1.1.1", 1) == "name not found: 300.1.1.1.1"


class Nowhere:
    """A network in which no connection is ever made: its socket is neither writable nor dead."""

    SOCK_STREAM = socket.SOCK_STREAM
    getaddrinfo = socket.getaddrinfo

    def __init__(self):
        self.door = Door()
        self.closed = 0

    def socket(self, *_):
        return self

    def setblocking(self, flag):
        assert flag is False

    def connect(self, address):
        raise OSError(errno.EINPROGRESS)

    def close(self):
        self.closed += 1


class Poll:
    """Nothing ever happens."""

    def register(self, *_):
        pass

    def ipoll(self, timeout):
        assert timeout == 0
        return ()


async def test_no_answer_within_the_deadline():
    nowhere, now = Nowhere(), [0]

    def ticks():
        now[0] += 100
        return now[0]

    class Select:
        POLLOUT = poll = None

    Select.poll = Poll
    kept, dialling.select = dialling.select, Select
    link.load = lambda name: dialling
    try:
        dialler = Dialler(ticks, None, 3000, network=nowhere)
        assert await attempt(dialler, "127.0.0.1", 1) == "no answer in time"
    finally:
        dialling.select, link.load = kept, load
    assert nowhere.closed == 1 and 3000 <= now[0] <= 3300


async def test_a_cancelled_attempt_closes_its_socket():
    nowhere = Nowhere()

    class Select:
        POLLOUT = None
        poll = Poll

    kept, dialling.select = dialling.select, Select
    link.load = lambda name: dialling
    try:
        opening = Dialler(time.ticks_ms, None, 3000, network=nowhere).open("127.0.0.1", 1)
        task = asyncio.create_task(opening)
        await asyncio.sleep_ms(30)
        task.cancel()
        try:
            await task
            raise AssertionError
        except asyncio.CancelledError:
            pass
    finally:
        dialling.select, link.load = kept, load
    assert nowhere.closed == 1


def test_words():
    for number in (errno.ECONNRESET, errno.ECONNABORTED, errno.ENOTCONN, 32):
        assert words(OSError(number)) == "connection cut"
    assert words(OSError(errno.EHOSTUNREACH)) == "no way to the server"
    assert words(OSError()) == "network error 0"
    assert len(words(ValueError("x" * 500))) <= 80
