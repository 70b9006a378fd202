"""The listener: places, deadlines, and an application that is there only while it is needed."""

import asyncio
import sys

from fake_client import Client, Log, Ticks

from firmware.portal.server import Server

PLACES, ALL = 6, 10


class Site:
    """A server with a small application."""

    def __init__(self, load=None):
        self.ticks = Ticks()
        self.log = Log()
        self.loaded = 0
        self.gate = asyncio.Event()
        self.server = Server(0, load or self.load, self.ticks, self.say)
        self.tasks = []

    def say(self, words, level):
        self.log.add(level, words)

    def load(self):
        from microdot import Microdot

        self.loaded += 1
        app = Microdot()

        @app.get("/")
        def index(request):
            return f"from {request.client_addr[0]}"

        @app.get("/slow")
        async def slow(request):
            await self.gate.wait()
            return "at last"

        @app.get("/feed")
        async def feed(request):
            request.sock[1].feed = True
            return Feed(), {"Content-Type": "text/event-stream"}

        @app.get("/much")
        def much(request):
            return (b"x" * 1000 for _ in range(20)), {"X-Long": "y" * 200}

        @app.post("/echo")
        def echo(request):
            return bytes(request.body)

        return app

    def connect(self, data=b"", **options):
        client = Client(data, **options)
        task = asyncio.create_task(self.server._serve(client, client))
        self.tasks.append(task)
        return client

    def pass_time(self, seconds):
        """A look at the deadlines every second."""
        for _ in range(seconds):
            self.ticks.now += 1000
            self.server.look()


class Feed:
    """A piece, and then silence."""

    said = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.said:
            self.said = True
            return b"data: 1\n\n"
        await asyncio.sleep(1000)

    async def aclose(self):
        Feed.closed = True


async def turns(n=30):
    for _ in range(n):
        await asyncio.sleep_ms(0)


def get(path):
    return b"GET %s HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n" % path


async def test_one_request_a_connection():
    site = Site()
    client = site.connect(get(b"/") + get(b"/"))
    await turns()
    assert client.status == 200 and client.sent.endswith(b"\r\n\r\nfrom 192.168.4.2")
    assert client.closed and client.pieces == 1 and client.sent.count(b"HTTP/") == 1
    assert not site.server.open and site.server.served == 1 and not site.log.lines


async def test_the_application_is_there_while_it_is_needed():
    site = Site()
    silent = site.connect()
    await turns()
    assert not site.loaded
    client = site.connect(get(b"/"))
    await turns()
    assert client.status == 200 and "microdot" in sys.modules
    site.pass_time(11)  # the silent one is cut
    await turns()
    assert silent.closed and not site.server.open
    site.pass_time(280)
    assert site.connect(get(b"/")) and site.loaded == 1
    await turns()
    site.pass_time(300)
    assert "microdot" in sys.modules
    site.pass_time(2)
    assert "microdot" not in sys.modules and site.loaded == 1
    assert "firmware.portal.server" in sys.modules
    again = site.connect(get(b"/"))
    await turns()
    assert again.status == 200 and site.loaded == 2


async def test_a_feed_keeps_the_application():
    site = Site()
    feed = site.connect(get(b"/feed"))
    await turns()
    site.pass_time(2000)
    await turns()
    assert not feed.closed and "microdot" in sys.modules
    assert feed.sent.endswith(b"data: 1\n\n") and feed.pieces == 1  # at once, with its head


async def test_silent_and_slow_clients_have_ten_seconds():
    site = Site()
    silent, slow = site.connect(), site.connect(get(b"/")[:-2])
    await turns()
    for byte in range(9):
        site.pass_time(1)
        slow.give(b"X" if byte else b"X: ")  # a byte a second earns no respite
        await turns()
    assert not silent.closed and not slow.closed
    site.pass_time(2)
    await turns()
    assert silent.closed and slow.closed and silent.status == slow.status == 408
    assert not site.server.open and not site.log.lines


async def test_a_slow_body_and_a_client_that_does_not_read():
    site = Site()
    slow = site.connect(b"POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc")
    stuck = site.connect(get(b"/much"), stuck=True)
    await turns()
    assert stuck.sent.startswith(b"HTTP/1.0 200")
    site.pass_time(9)
    await turns()
    assert not slow.closed and not stuck.closed
    site.pass_time(2)
    await turns()
    assert slow.closed and slow.status == 408
    assert stuck.closed and len(stuck.sent) < 2100 and stuck.sent.count(b"HTTP/") == 1
    assert not site.server.open


async def test_a_feed_whose_client_does_not_read_ends():
    site, Feed.closed = Site(), False
    feed = site.connect(get(b"/feed"), stuck=True)
    await turns()
    site.pass_time(11)
    await turns()
    assert feed.closed and Feed.closed and not site.server.open


async def test_work_may_take_a_minute():
    site = Site()
    slow, fast = site.connect(get(b"/slow")), site.connect(get(b"/slow"))
    await turns()
    site.pass_time(50)
    await turns()
    assert not slow.closed
    site.gate.set()
    await turns()
    assert slow.status == fast.status == 200
    site.gate.clear()
    slow = site.connect(get(b"/slow"))
    await turns()
    site.pass_time(61)
    await turns()
    assert slow.closed and slow.status == 408


async def test_whoever_asks_nothing_makes_room():
    site = Site()
    silent = [site.connect() for _ in range(50)]
    await turns()
    assert len(site.server.open) == PLACES
    assert [client.closed for client in silent] == [True] * 44 + [False] * 6
    client = site.connect(get(b"/"))
    await turns()
    assert client.status == 200 and silent[44].closed and silent[44].status == 503
    assert not silent[45].closed


async def test_whoever_asked_is_not_pushed_out():
    site = Site()
    waiting = [site.connect(get(b"/slow")) for _ in range(PLACES)]
    await turns()
    late = site.connect(get(b"/"))
    await turns()
    assert late.status == 503 and b"Retry-After" in late.sent and late.closed
    assert site.server.refused == 1 and len(site.server.open) == PLACES
    site.gate.set()
    await turns(60)
    assert all(client.status == 200 for client in waiting) and not site.server.open


async def test_feeds_have_places_of_their_own():
    site = Site()
    feeds = [site.connect(get(b"/feed")) for _ in range(3)]
    await turns()
    waiting = [site.connect(get(b"/slow")) for _ in range(PLACES)]
    await turns()
    assert len(site.server.open) == 9 and not any(client.closed for client in feeds + waiting)
    assert not site.server.refused


async def test_an_application_that_does_not_load_is_told():
    def load():
        raise MemoryError("no room")

    site = Site(load)
    client = site.connect(get(b"/"))
    await turns()
    assert client.status == 503 and client.closed and not site.server.open
    assert site.log.lines[0][0] == 0 and "no room" in site.log.lines[0][1]
    assert "microdot" not in sys.modules


async def test_a_client_that_goes_away_is_no_error():
    site = Site()
    gone = [site.connect(part) for part in (b"", get(b"/")[:20], get(b"/")[:-2])]
    post = site.connect(b"POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc")
    await turns()
    for client in gone + [post]:
        client.end()
    await turns()
    assert all(client.closed and not client.sent for client in gone + [post])
    assert not site.server.open and not site.log.lines


async def test_the_listener_listens_and_leaves():
    server = Server(0, None, Ticks(), Log())
    begun = []

    class Listener:
        def close(self):
            begun.append("closed")

    async def start(serve, host, port):
        begun.append((host, port))
        return Listener()

    module = sys.modules["firmware.portal.server"]

    class Asyncio:
        start_server = start
        current_task = asyncio.current_task
        CancelledError = asyncio.CancelledError
        sleep_ms = asyncio.sleep_ms

    module.asyncio = Asyncio
    try:
        task = asyncio.create_task(server.run())
        await turns()
        client = Client()
        asyncio.create_task(server._serve(client, client))
        await turns()
        assert begun == [("0.0.0.0", 0)] and len(server.open) == 1
        task.cancel()
        await turns()
        assert begun[1:] == ["closed"] and client.closed and not server.open
    finally:
        module.asyncio = asyncio
