"""The listener: places, deadlines, and an application that is there only while it is needed."""

import asyncio
import gc
import sys
import time

from fake_client import Client, Log, Ticks

from firmware.portal.server import Server

PLACES, ALL = 3, 6
_BALLAST = 24_000  # bytes


class Site:
    """A server with a small application."""

    def __init__(self, load=None):
        self.ticks = Ticks()
        self.log = Log()
        self.loaded = 0
        self.gate = asyncio.Event()
        self.server = Server(0, load or self.load, self.ticks, self.say)

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
            return (b"x" * 1000 for _ in range(8)), {"X-Long": "y" * 200}

        @app.post("/echo")
        def echo(request):
            return bytes(request.body)

        return app

    def connect(self, data=b"", **options):
        client = Client(data, **options)
        self.server._take(client, client.peer)
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


class Listening(Site):
    """The same behind a listener that is none, for `async with`."""

    async def __aenter__(self):
        self.coming = []
        module = sys.modules["firmware.portal.server"]
        self._before = module.coming
        module.coming = self._coming
        module.asyncio = Asyncio
        self._task = asyncio.create_task(self.server._accept(self))
        return self

    async def __aexit__(self, *_):
        module = sys.modules["firmware.portal.server"]
        module.coming, module.asyncio = self._before, asyncio
        self._task.cancel()
        for connection in self.server.open:
            connection.cut()
        await turns()

    async def _coming(self, _):
        while not self.coming:
            await asyncio.sleep_ms(1)

    def come(self, data=b""):
        client = Client(data)
        self.coming.append(client)
        return client

    def accept(self):
        client = self.coming.pop(0)
        return client, client.peer


class Asyncio:
    """asyncio, but what a listener accepts is a stream already."""

    CancelledError = asyncio.CancelledError
    create_task = asyncio.create_task
    sleep_ms = asyncio.sleep_ms

    @staticmethod
    def StreamReader(client):
        return client


async def pause():
    """For those who look every 10 ms whether it is their turn."""
    for _ in range(5):
        await asyncio.sleep_ms(11)
        await turns()


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
    assert feed.sent.endswith(b"data: 1\n\n") and feed.pieces == 2


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
    await turns()
    stuck = site.connect(get(b"/much"), stuck=True)
    site.ticks.now += 400  # whoever sends slowly is overtaken
    await pause()
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
    slow = site.connect(get(b"/slow"))
    await turns()
    site.pass_time(50)
    await turns()
    assert not slow.closed
    site.gate.set()
    await turns()
    assert slow.status == 200
    site.gate.clear()
    slow = site.connect(get(b"/slow"))
    await turns()
    site.pass_time(61)
    await turns()
    assert slow.closed and slow.status == 408


class Upload:
    """A destination, of which a request is under way."""

    tries = 0

    def sign(self):
        return self.tries


async def test_a_request_to_a_destination_is_let_through_first_if_it_is_short():
    site, upload = Site(), Upload()
    site.server.others = [("influx", upload)]
    client = site.connect(get(b"/"))
    await pause()
    assert client.left and not site.server.working()
    upload.tries = None
    await pause()
    assert not client.left and client.status == 200
    upload.tries = 1
    client = site.connect(get(b"/"))
    for _ in range(8):
        await pause()
    assert client.status == 200 and upload.tries == 1 and not site.server.working()


async def test_one_after_the_other():
    site = Site()
    slow = [site.connect(get(b"/slow")) for _ in range(3)]
    fast = site.connect(get(b"/"))
    await pause()
    at_work = [one.asked for one in site.server.open]
    assert at_work == [True, False, False, False] and fast.left and site.server.waited()
    site.pass_time(4)  # that takes long
    while sum(one.asked for one in site.server.open) < 2:
        await pause()
    site.pass_time(20)  # and two are enough
    await pause()
    assert sum(one.asked for one in site.server.open) == 2  # whichever looked first
    assert not any(client.closed for client in slow)  # to wait is no fault
    site.gate.set()
    while site.server.open:
        await pause()
    assert [client.status for client in slow + [fast]] == [200] * 4


async def test_a_request_that_comes_slowly_lets_others_pass():
    site = Site()
    slow = site.connect(get(b"/")[:-2])
    await turns()
    fast = site.connect(get(b"/"))
    await pause()
    assert not fast.status
    site.ticks.now += 400
    await pause()
    assert fast.status == 200
    long = site.connect(get(b"/slow"))
    await turns()
    slow.give(b"\r\n")
    await pause()
    assert not slow.status  # it waits for its turn again
    site.gate.set()
    await pause()
    assert slow.status == long.status == 200


async def test_a_long_answer_gives_way():
    site = Site()
    much = site.connect(get(b"/much"), stuck=True)
    await turns()
    site.pass_time(9)
    much.stuck = False
    waiting = [site.connect(get(b"/slow")) for _ in range(2)]
    while not much.closed:
        await pause()
    assert much.status == 200 and len(much.sent) > 8_000
    site.gate.set()
    while site.server.open:
        await pause()
    site.gate.clear()
    much = site.connect(get(b"/much"), stuck=True)
    await turns()
    for one in site.server.open:
        one.began -= 30_001
    waiting = [site.connect(get(b"/slow")) for _ in range(2)]
    await pause()
    much.stuck = False
    await pause()
    assert much.closed and len(much.sent) < 8_000 and not site.log.lines
    site.gate.set()
    await pause()
    assert waiting[0].status == waiting[1].status == 200


async def test_whoever_asks_nothing_makes_room():
    async with Listening() as site:
        silent, late = [site.come() for _ in range(50)], 50 - PLACES
        await pause()
        assert len(site.server.open) == PLACES and len(site.coming) == late
        assert not any(client.closed for client in silent)
        for n in range(late):
            site.ticks.now += 1001
            while len(site.coming) > late - 1 - n:
                await asyncio.sleep_ms(1)
        await pause()
        closed = [client.closed for client in silent]
        assert closed == [True] * late + [False] * PLACES
        assert silent[0].status == 503 and b"Retry-After" in silent[0].sent
        client = site.come(get(b"/"))
        site.ticks.now += 1001
        await pause()
        assert client.status == 200 and silent[late].closed and not silent[late + 1].closed


async def test_whoever_asked_is_not_pushed_out():
    async with Listening() as site:
        waiting = [site.come(get(b"/slow")) for _ in range(PLACES)]
        await pause()
        late = [site.come(get(b"/")) for _ in range(6)]
        site.ticks.now += 2000
        await pause()
        assert len(site.server.open) == PLACES and len(site.coming) == 6
        site.gate.set()
        while site.server.open or site.coming:
            await pause()
        assert [client.status for client in waiting + late] == [200] * (PLACES + 6)
        assert not site.server.open and not site.coming


async def test_a_request_that_has_come_is_read_before_its_place_is_taken():
    async with Listening() as site:
        silent = [site.come() for _ in range(PLACES)]
        await pause()
        asks = site.come(get(b"/"))
        silent[0].give(get(b"/slow"))
        site.ticks.now += 2000
        await pause()
        assert not silent[0].closed and silent[1].closed and not silent[2].closed
        site.gate.set()
        while not asks.closed:
            await pause()
        assert silent[0].status == asks.status == 200


async def test_feeds_have_places_of_their_own():
    async with Listening() as site:
        feeds = [site.come(get(b"/feed")) for _ in range(3)]
        await pause()
        waiting = [site.come(get(b"/slow")) for _ in range(PLACES)]
        await pause()
        assert len(site.server.open) == ALL
        assert not any(client.closed for client in feeds + waiting)
        site.come(get(b"/"))
        await pause()
        assert len(site.server.open) == ALL and site.coming


async def test_less_garbage_while_pages_are_open():
    before = gc.threshold()
    site = Site()
    site.connect(get(b"/"))
    await turns()
    assert 0 < gc.threshold() < 4096
    site.pass_time(302)
    assert gc.threshold() == before


class Guest:
    """A module that is lent a connection, in the place of portal/taking.py; has our memory."""

    def __init__(self):
        self.gate = asyncio.Event()
        self.what = self.heap = self.loaded = None

    async def run(self, server, connection, what, headers):
        self.what, self.headers = what, headers
        await server.leave(self, connection)
        gc.collect()
        self.heap, self.loaded = gc.mem_alloc(), "microdot" in sys.modules
        await self.gate.wait()
        server.guest = None
        connection.told = True
        connection.stream.write(b"HTTP/1.0 200 OK\r\n\r\nfrom the guest")

    async def busy(self, server, connection):
        connection.told = True
        connection.stream.write(b"HTTP/1.0 503 Guest\r\n\r\n")


class Lending(Site):
    """A server with a large application, and a guest that GET /lend calls; for `with`."""

    def load(self):
        app = super().load()
        app.ballast = bytearray(_BALLAST)

        @app.get("/lend")
        def lend(request):
            request.sock[1].lent = "a.guest", 5
            return {}

        return app

    def __enter__(self):
        module = sys.modules["firmware.portal.server"]
        self.guest, self._load = Guest(), module.load
        module.load = {"a.guest": self.guest}.get
        return self

    def __exit__(self, *_):
        sys.modules["firmware.portal.server"].load = self._load


async def test_who_is_lent_a_connection_has_the_memory_of_the_application():
    with Lending() as site:
        feed = site.connect(get(b"/feed"))
        await turns()
        gc.collect()
        before = gc.mem_alloc()
        client = site.connect(get(b"/lend"))
        while site.guest.heap is None:
            await pause()
        assert feed.closed and site.guest.what == 5 and not site.guest.loaded
        assert "Content-Type: application/json" in site.guest.headers
        assert before - site.guest.heap > _BALLAST
        others = [site.connect(get(b"/")), site.connect(get(b"/feed"))]
        await pause()
        assert [other.status for other in others] == [503] * 2 and others[0].closed
        assert site.loaded == 1 and not client.closed
        site.guest.gate.set()
        await pause()
        assert client.sent.endswith(b"from the guest") and client.closed
        again = site.connect(get(b"/"))
        await pause()
        assert again.status == 200 and site.loaded == 2 and not site.server.guest


async def test_before_a_guest_comes_whoever_is_being_answered_has_some_seconds():
    with Lending() as site:
        slow = site.connect(get(b"/slow"))
        await pause()
        site.pass_time(4)
        client = site.connect(get(b"/lend"))
        await pause()
        waiting = site.connect(get(b"/"))
        await pause()
        assert site.server.guest and site.guest.heap is None and not slow.closed
        assert waiting.status == 503
        site.gate.set()
        while site.guest.heap is None:
            await pause()
        assert slow.status == 200
        site.guest.gate.set()
        await pause()
        assert client.closed


async def test_whoever_takes_longer_is_cut():
    before = sys.modules["firmware.portal.server"].asyncio
    with Lending() as site:
        slow = site.connect(get(b"/slow"))
        await pause()
        site.pass_time(4)
        site.connect(get(b"/lend"))
        sys.modules["firmware.portal.server"].asyncio = Hurry
        try:
            while site.guest.heap is None:
                await pause()
        finally:
            sys.modules["firmware.portal.server"].asyncio = before
        assert slow.closed and slow.status == 503
        site.guest.gate.set()
        await pause()
        assert not site.server.open


class Hurry(Asyncio):
    """asyncio, whose milliseconds are none."""

    @staticmethod
    def sleep_ms(ms):
        return asyncio.sleep_ms(0)


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
        site.ticks.now += 400
    await pause()
    assert all(client.closed and not client.sent for client in gone + [post])
    assert not site.server.open and not site.log.lines


async def test_the_listener_listens_and_leaves():
    site = Site()
    module = sys.modules["firmware.portal.server"]
    site.server._port = port = 20_000 + time.ticks_ms() % 20_000
    task = asyncio.create_task(site.server.run())
    await turns()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get(b"/"))
    await writer.drain()
    said = await reader.read(-1)
    writer.close()
    assert said.startswith(b"HTTP/1.0 200 OK\r\n") and said.endswith(b"from 127.0.0.1")
    assert not site.server.open and not site.log.lines
    client = site.connect()
    await turns()
    task.cancel()
    await turns()
    assert client.closed and not site.server.open
    module.listen(port).close()  # nobody listens there now


async def test_a_port_that_is_taken_is_told():
    module = sys.modules["firmware.portal.server"]
    site = Site()
    site.server._port = port = 20_000 + time.ticks_ms() % 20_000
    other = module.listen(port)
    try:
        await site.server.run()
        raise AssertionError("it listens")
    except OSError:
        pass
    finally:
        other.close()
