"""The raw TIC over TCP: what clients get, who is cut, and what the reader of the line notices."""

import asyncio

from fake_client import Client, Ticks

from firmware.local.raw_tic import RawTic

RING = 2048


class Port(Client):
    """A client that takes so many bytes at once, None: all; 0: nothing now."""

    takes = None

    def write(self, data):
        if self.takes == 0:
            return None
        if self.takes is not None:
            data = data[: self.takes]
        Client.write(self, data)
        return len(data)


class Uart:
    """The stream below: gives what it is told."""

    data = b""
    open = True

    def readinto(self, room):
        n = min(len(room), len(self.data))
        if not n:
            return None
        room[:n] = self.data[:n]
        self.data = self.data[n:]
        return n

    def deinit(self):
        self.open = False


class Site:
    def __init__(self):
        self.reading = 1
        self.server = RawTic(0, lambda: self.reading, Ticks(), lambda: 9)
        self.uart = Uart()
        self.rates = []
        self.stream = self.server.tap(self.open)(9600)
        self.pump = self.server._pump = asyncio.create_task(self.server._push())

    def open(self, rate):
        self.rates.append(rate)
        return self.uart

    async def connect(self):
        client = Port()
        self.server._take(client)
        await turns()
        return client

    async def crowd(self, n):
        clients = []
        for _ in range(n):
            clients.append(await self.connect())
        return clients

    async def say(self, data):
        """The line says this; what the reader got of it."""
        self.uart.data = data
        room, got = bytearray(256), b""
        while True:
            n = self.stream.readinto(room)
            if not n:
                await turns()
                return got
            got += bytes(room[:n])
            await turns()


async def turns(n=8):
    for _ in range(n):
        await asyncio.sleep_ms(0)


async def test_clients_get_the_seven_bits_and_the_reader_all_eight():
    site = Site()
    first = await site.connect()
    line = bytes(range(256)) * 3
    assert await site.say(line) == line and site.rates == [9600]
    second = await site.connect()
    await site.say(b"\x82more\x83")
    assert first.sent == bytes(byte & 127 for byte in line) + b"\2more\3"
    assert second.sent == b"\2more\3"
    assert site.stream.readinto(bytearray(4)) is None
    site.stream.deinit()
    assert not site.uart.open
    status = site.server.status()
    assert status["bytes"] == len(line) + 12 and status["clients"] == 2 == status["accepted"]
    assert status["success"] == 9 and status["cut"] == 0


async def test_nothing_is_told_while_the_rate_is_sought():
    site = Site()
    site.reading = None
    client = await site.connect()
    await site.say(b"noise")
    site.reading = 0
    await site.say(b"meter")
    assert client.sent == b"meter"


async def test_the_ring_goes_round():
    site = Site()
    site.server._at = 0x3FFFFFFF - 100  # and the count with it
    client = await site.connect()
    client.takes = 100
    expected = b""
    for n in range(60):
        piece = bytes((n + k) & 127 for k in range(200))
        expected += piece
        await site.say(piece)
    assert client.sent == expected


async def test_who_is_slow_is_cut_and_nobody_waits():
    site = Site()
    slow, quick = await site.connect(), await site.connect()
    slow.takes = 0
    piece = bytes(100)
    for _ in range(RING // 100):
        await site.say(piece)
    assert not slow.closed
    slow.takes = None
    site.server.look()
    await turns()
    assert len(slow.sent) == RING // 100 * 100 == len(quick.sent)
    slow.takes = 0
    for _ in range(RING // 100 + 1):
        await site.say(piece)
    assert slow.closed and not quick.closed and site.server.cut == 1
    assert len(quick.sent) == 2 * (RING // 100 * 100) + 100


async def test_who_goes_and_what_they_say():
    site = Site()
    client, rude, gone = await site.crowd(3)
    client.give(b"AT\r\n" * 100)
    gone.end()
    await turns(30)
    assert gone.closed and not client.closed and client.left == 0
    rude.closed = True  # a write fails
    await site.say(b"x")
    assert site.server.open and len(site.server.open) == 1 and client.sent == b"x"


async def test_a_fifth_is_turned_away():
    site = Site()
    clients = await site.crowd(5)
    assert clients[4].closed and site.server.refused == 1 and len(site.server.open) == 4


async def test_no_client_costs_no_copy():
    site = Site()
    assert await site.say(b"abc") == b"abc"
    assert site.server._at == 0
    site.pump.cancel()
    await turns()
    try:
        site.server.look()
        raise AssertionError("it goes on without its pump")
    except OSError:
        pass
