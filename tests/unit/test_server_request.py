"""What of a request gets through to Microdot, and what is refused."""

import asyncio
import io
import time

from fake_client import Client, Log, Ticks

from firmware.portal.server import Server


class Guard:
    """Says who asks, and marks the answers."""

    owner = False
    page = ""

    def user(self, request):
        return self.owner

    def setup(self, request):
        return self.page

    def after(self, request, answer):
        answer.headers["X-Guarded"] = "1"
        return answer


async def ask(data, step=0, guard=None, end=True):
    """Send these bytes. -> (client, the requests that came through)"""
    seen = []

    def load():
        from microdot import Microdot, Request

        Request.max_content_length = 8192
        app = Microdot()
        if guard:
            app.guard = guard

        def answer(request):
            seen.append(request)
            return {"path": request.path, "n": len(request.body)}

        app.find_route = lambda request: (found(request, answer), "", None)
        return app

    def found(request, answer):
        request.url_args = {}
        return answer

    log = Log()
    server = Server(0, load, Ticks(), log)
    client = Client(data, step)
    task = serve(server, client)
    while client.left and not task.done():
        await asyncio.sleep_ms(0)
    for _ in range(10):
        await asyncio.sleep_ms(0)
    if end:
        client.end()
        await task
        assert client.closed
    assert not log.lines, log.lines
    return client, seen


def serve(server, client):
    """The task that answers."""
    server._take(client, client.peer)
    return server.open[0].task


def head(line=b"GET / HTTP/1.1", *headers):
    return b"\r\n".join((line, b"Host: 192.168.4.1") + headers) + b"\r\n\r\n"


async def status(data, **options):
    client, seen = await ask(data, **options)
    assert len(seen) == (client.status == 200)
    return client.status


async def test_what_is_kept_of_a_request():
    text = head(
        b"POST /api/x?a=1&b=%C3%A9+2 HTTP/1.1",
        b"user-agent: nobody asks",
        b"ACCEPT: */*",
        b"cookie: a=1; ticgate=0123; b=2",
        b"x-Token:  abc ",
        b"if-none-match: \"1\"",
        b"origin: http://192.168.4.1",
        b"Content-Type: application/json",
        b"Content-Length: 8",
        b"X-Other: 1",
    ) + b'{"a": 1}'
    for step in (0, 1, 7, 100):
        client, (request,) = await ask(text, step)
        assert client.status == 200, client.sent
        assert request.method == "POST" and request.path == "/api/x"
        assert request.args["a"] == "1" and request.args["b"] == "é 2"
        assert request.json == {"a": 1}
        assert request.cookies == {"ticgate": "0123"}
        assert sorted(request.headers) == [
            "Content-Length", "Content-Type", "Cookie", "Host", "If-None-Match", "Origin",
            "X-Token",
        ]
        assert request.headers["X-Token"] == "abc"
        assert request.client_addr == ("192.168.4.2", 50000)


async def test_lines_may_end_without_a_return():
    assert await status(b"GET / HTTP/1.0\nHost: a\n\n") == 200


async def test_a_pc_gives_addresses_as_its_system_does():
    client = Client(head(), peer=b"\x02\0\x1f\x90\x7f\0\0\x01" + bytes(8))
    seen = []

    def load():
        from microdot import Microdot

        app = Microdot()
        app.get("/")(lambda request: seen.append(request.client_addr))
        return app

    server = Server(0, load, Ticks(), Log())
    await serve(server, client)
    assert seen == [("127.0.0.1", 8080)]


async def test_first_lines_that_are_none():
    for line in (
        b"", b"GET", b"GET /", b"GET / HTTP/2.0", b"get / HTTP/1.1", b"GET  / HTTP/1.1",
        b"GET / HTTP/1.1 ", b"GET http://a/ HTTP/1.1", b"GET x HTTP/1.1", b"GET /\x7f HTTP/1.1",
        b"GET /\xc3\xa9 HTTP/1.1", b"GET /\0 HTTP/1.1", b"ABCDEFGH / HTTP/1.1", b"G3T / HTTP/1.1",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", b"\xff" * 400, b"GET /?%zz=1 HTTP/1.1",
        b"GET /?%ff=1 HTTP/1.1", b"GET /?" + b"a&" * 16 + b" HTTP/1.1",
    ):
        assert await status(head(line)) == 400, line
    assert await status(head(b"GET /?" + b"a=1&" * 15 + b" HTTP/1.1")) == 200


async def test_headers_that_are_none():
    for line in (
        b"nothing", b": 1", b" Folded: 1", b"A b: 1", b"\tX: 1", b"Host: b", b"X-Token: \xff\xfe",
        b"Content-Length: -1", b"Content-Length: 1e3", b"Content-Length: 1234567890",
        b"Content-Length: ", b"Content-Length: 1\r\nContent-Length: 1", b"Host : a",
    ):
        assert await status(head(b"GET / HTTP/1.1", line)) == 400, line
    assert await status(head(b"POST / HTTP/1.1", b"Transfer-Encoding: chunked")) == 411


async def test_how_long_lines_and_heads_may_be():
    for step in (0, 100, 499):
        assert await status(head(b"GET /" + b"a" * 490 + b" HTTP/1.1"), step=step) == 200
        assert await status(head(b"GET /" + b"a" * 510 + b" HTTP/1.1"), step=step) == 431
        long = b"X-Other: " + b"a" * 2000
        assert await status(head(b"GET / HTTP/1.1", long, b"X-Token: 1"), step=step) == 200
        for n, expected in ((3000, 200), (5200, 431)):
            assert await status(head(b"GET / HTTP/1.1", b"A: " + b"a" * n), step=step) == expected
        assert await status(head(b"GET / HTTP/1.1", b"Cookie: " + b"a" * 600), step=step) == 431
        assert await status(head(b"GET / HTTP/1.1", b"A: 1" + b"\r\nA: 1" * 900)) == 431
        assert await status(b"a" * 6000, step=step) == 431
        assert await status(head(b"GET / HTTP/1.1", b"a" * 2000), step=step) == 400


async def test_our_cookie_is_found_among_those_of_others():
    others = b"; ".join(b"c%d=%s" % (n, b"x" * 90) for n in range(20))
    for step in (0, 1, 100, 511):
        for cookies in (b"ticgate=0123; " + others, others + b"; ticgate=0123",
                        others + b"; ticgate=0123; " + others, b"ticgate=0123;" * 150):
            _, (request,) = await ask(head(b"GET / HTTP/1.1", b"Cookie: " + cookies), step)
            assert request.cookies == {"ticgate": "0123"}
        _, (request,) = await ask(head(b"GET / HTTP/1.1", b"Cookie: " + others, b"X-Token: 1"))
        assert "Cookie" not in request.headers and request.headers["X-Token"] == "1"


def post(n, length=None):
    length = n if length is None else length
    return head(b"POST / HTTP/1.1", b"Content-Length: %d" % length) + b"x" * n


async def test_how_long_a_body_may_be():
    guard = Guard()
    for n, stranger, owner in (
        (0, 200, 200), (1, 200, 200), (512, 200, 200), (513, 413, 200), (8192, 413, 200),
        (8193, 413, 413), (12_000, 413, 413),
    ):
        guard.owner, guard.page = False, ""
        assert await status(post(n), guard=guard) == stranger, n
        guard.owner = True
        assert await status(post(n), guard=guard, step=1000) == owner, n
        guard.owner, guard.page = False, "http://192.168.4.1/"
        assert await status(post(n), guard=guard) == owner, n
        assert await status(post(n)) == owner, n


async def test_a_refusal_is_json_and_guarded():
    client, _ = await ask(post(9000), guard=Guard())
    assert b"X-Guarded: 1" in client.sent and b"application/json" in client.sent
    assert client.sent.endswith(b'{"error": "a body has at most 512 bytes"}')
    assert client.pieces == 1


async def test_what_follows_a_request_is_no_part_of_it():
    client, (request,) = await ask(post(3) + b"GET /2 HTTP/1.1\r\n\r\n")
    assert request.body == b"xxx" and client.sent.count(b"HTTP/") == 1


async def test_a_refused_client_is_heard_out():
    client, _ = await ask(post(1, 10_000_000), end=False)
    assert client.status == 413 and not client.closed
    for _ in range(20):
        client.give(b"x" * 1000)
        await asyncio.sleep_ms(0)
        await asyncio.sleep_ms(0)
    assert client.left < 2000  # it is taken, and forgotten
    client.end()


async def test_pieces_of_an_answer():
    assert await answer("") == (b"", 1)
    assert await answer("small") == (b"small", 1)
    assert await answer(b"z" * 5000) == (b"z" * 5000, 11)
    assert await answer(bytearray(b"z" * 5000)) == (b"z" * 5000, 11)
    assert await answer(iter((b"a" * 512, "", memoryview(b"b" * 512), "é", b"c"))) == (
        b"a" * 512 + b"b" * 512 + "éc".encode(), 3)
    assert (await answer(iter((b"a" * 3000, "é"))))[0] == b"a" * 3000 + "é".encode()
    assert (await answer(io.BytesIO(b"f" * 3000)))[0] == b"f" * 3000


async def test_a_slow_answer_gives_the_others_their_turn():
    turns = []

    def slow():
        for _ in range(3):
            turns.append(others[0])
            then = time.ticks_ms()
            while time.ticks_diff(time.ticks_ms(), then) < 25:
                pass
            yield "a"
        turns.append(others[0])

    async def count():
        while True:
            others[0] += 1
            await asyncio.sleep_ms(0)

    others = [0]
    task = asyncio.create_task(count())
    await answer(slow(), ticks_ms=time.ticks_ms)
    task.cancel()
    assert turns[0] < turns[1] < turns[2] < turns[3], turns


async def test_head_is_get_without_a_body():
    assert (await answer("small", b"HEAD"))[0] == b""
    assert (await answer(iter("abc"), b"HEAD"))[0] == b""
    assert (await answer(io.BytesIO(b"f" * 3000), b"HEAD"))[0] == b""


async def answer(body, method=b"GET", ticks_ms=None):
    """The body that is sent for one, and how many pieces the answer has."""
    def load():
        from microdot import Microdot

        app = Microdot()
        app.get("/")(lambda request: (body, {"X-Long": "y" * 200}))
        return app

    client = Client(head(method + b" / HTTP/1.1"))
    server = Server(0, load, ticks_ms or Ticks(), Log())
    await serve(server, client)
    sent, _, rest = client.sent.partition(b"\r\n\r\n")
    assert sent.startswith(b"HTTP/1.0 200 OK\r\n") and b"X-Long" in sent
    assert client.longest <= 512 and client.closed
    return rest, client.pieces
