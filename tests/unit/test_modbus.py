"""Modbus TCP: requests and answers byte by byte, deadlines, and places."""

import asyncio

from fake_client import Client, Ticks

from firmware.local.modbus import Modbus

READ = b"\0\1\0\0\0\6\1\3\0\0\0\2"
ANSWER = b"\0\1\0\0\0\7\1\3\4\0\1\0\1"


class Registers:
    """Each register below 200 holds its number plus one; what lies above does not exist."""

    def look(self):
        pass

    def read(self, start, count, out):
        if start + count > 200:
            return 2
        for n in range(count):
            out[2 * n], out[2 * n + 1] = 0, 1 if count == 2 else start + n + 1 & 255
        return 0


class Site:
    def __init__(self):
        self.ticks = Ticks()
        self.server = Modbus(0, 1, Registers(), self.ticks, lambda: 7)

    def connect(self, data=b"", **options):
        client = Client(data, **options)
        self.server._take(client)
        return client

    def pass_time(self, seconds):
        for _ in range(seconds):
            self.ticks.now += 1000
            self.server.look()


async def turns(n=60):
    for _ in range(n):
        await asyncio.sleep_ms(0)


async def ask(data, **options):
    """What comes back to these bytes."""
    site = Site()
    client = site.connect(data, **options)
    await turns(20 + 20 * len(data) if options else 60)
    return client.sent


def exception(function, code, unit=1):
    return bytes((0, 1, 0, 0, 0, 3, unit, function | 0x80, code))


async def test_both_functions_answer():
    assert await ask(READ) == ANSWER
    assert await ask(b"\xab\xcd\0\0\0\6\1\4\0\5\0\1") == b"\xab\xcd\0\0\0\5\1\4\2\0\6"
    whole = await ask(b"\0\1\0\0\0\6\1\3\0\0\0\x7d")
    assert len(whole) == 259 and whole[:9] == b"\0\1\0\0\0\xfd\1\3\xfa"
    assert whole[9:] == bytes(n // 2 + 1 if n & 1 else 0 for n in range(250))


async def test_units():
    for unit in (1, 0, 255):
        said = await ask(READ[:6] + bytes([unit]) + READ[7:])
        assert said == ANSWER[:6] + bytes([unit]) + ANSWER[7:]
    assert await ask(READ[:6] + b"\2" + READ[7:]) == exception(3, 0x0A, 2)


async def test_exceptions():
    for function in (0, 1, 2, 5, 6, 7, 8, 11, 15, 16, 17, 22, 23, 43, 100, 127, 128, 131, 255):
        assert await ask(b"\0\1\0\0\0\6\1%s\0\0\0\2" % bytes([function])) == exception(function, 1)
    assert await ask(b"\0\1\0\0\0\2\1\x11") == exception(17, 1)
    assert await ask(b"\0\1\0\0\0\6\1\3\0\xc7\0\2") == exception(3, 2)
    for count in (b"\0\0", b"\0\x7e", b"\1\2", b"\xff\xff"):
        assert await ask(b"\0\1\0\0\0\6\1\3\0\0" + count) == exception(3, 3)
    assert await ask(b"\0\1\0\0\0\5\1\3\0\0\0") == exception(3, 3)
    assert await ask(b"\0\1\0\0\0\7\1\3\0\0\0\2\0") == exception(3, 3)


async def test_a_long_request_is_read_to_its_end():
    write = b"\0\1\0\0\0\xfe\1\x10" + bytes(252)
    assert await ask(write + READ) == exception(16, 1) + ANSWER


async def test_what_is_no_message_ends_the_connection():
    for wrong in (b"\0\1\0\1\0\6\1\3\0\0\0\2", b"\0\1\1\0\0\6\1\3\0\0\0\2", b"\0\1\0\0\0\0\1\3",
                  b"\0\1\0\0\0\1\1\3", b"\0\1\0\0\0\xff\1\3", b"GET / HTTP/1.1\r\n\r\n"):
        site = Site()
        client = site.connect(wrong + READ)
        await turns()
        assert client.closed and not client.sent and not site.server.open, wrong
        assert site.server.cut == 1


async def test_pipelined_requests_and_pieces():
    assert await ask(READ * 5) == ANSWER * 5
    assert await ask(READ * 3, step=1) == ANSWER * 3
    site = Site()
    client = site.connect(READ[:5])
    await turns()
    client.give(READ[5:])
    await turns()
    assert client.sent == ANSWER and not client.closed
    client.end()
    await turns()
    assert client.closed and not site.server.open


async def test_half_a_request_has_five_seconds():
    site = Site()
    client = site.connect(READ[:9])
    await turns()
    site.pass_time(5)
    await turns()
    assert not client.closed
    site.pass_time(1)
    await turns()
    assert client.closed and site.server.cut == 1 and not site.server.open


async def test_an_idle_client_has_two_minutes():
    site = Site()
    client = site.connect(READ)
    await turns()
    site.pass_time(119)
    client.give(READ)
    await turns()
    site.pass_time(119)
    await turns()
    assert not client.closed and client.sent == ANSWER * 2
    site.pass_time(2)
    await turns()
    assert client.closed


async def test_who_never_reads_is_cut():
    site = Site()
    client = site.connect(READ * 100, stuck=True)
    await turns(10)
    assert client.sent == ANSWER  # one answer waits, no other is made
    site.pass_time(11)
    await turns(10)
    assert client.closed and client.sent == ANSWER


async def test_places():
    site = Site()
    clients = [site.connect(READ) for _ in range(4)]
    await turns()
    new = site.connect(READ)
    await turns()
    assert new.closed and not new.sent and site.server.refused == 1
    site.pass_time(5)
    clients[0].give(READ)
    await turns()
    site.pass_time(6)
    new = site.connect(READ)
    await turns()
    assert clients[1].closed and not clients[0].closed and new.sent == ANSWER
    assert len(site.server.open) == 4
    for client in clients[2:] + clients[:1]:
        client.give(READ[:3])
    new.give(READ[:3])
    await turns()
    site.pass_time(4)
    new = site.connect(READ)  # all are in the middle of a request
    await turns()
    assert new.closed and not new.sent


async def test_status():
    site = Site()
    site.connect(READ + b"\0\1\0\0\0\6\1\6\0\0\0\2")
    await turns()
    assert site.server.status() == {
        "working": False, "clients": 1, "accepted": 1, "refused": 1, "cut": 0, "success": 7,
        "error": ""}


async def test_over_a_socket_and_a_port_that_is_taken():
    import time

    site = Site()
    site.server._port = port = 20_000 + time.ticks_ms() % 20_000
    task = asyncio.create_task(site.server.run())
    await turns()
    assert site.server.status()["working"]
    other = Modbus(port, 1, Registers(), site.ticks, lambda: 7)
    try:
        await other.run()
        raise AssertionError("it listens")
    except OSError as error:
        assert str(error) == f"port {port}: in use already" == other.error
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(READ)
    await writer.drain()
    assert await reader.readexactly(len(ANSWER)) == ANSWER
    task.cancel()
    await turns()
    assert not site.server.open and not site.server.status()["working"]
    writer.close()
