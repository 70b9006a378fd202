"""The client of HTTP: what it writes, and what it makes of all kinds of answers."""

import time

from fake_stream import FakeStream

from firmware.publish import http

PARTS = (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", b"he", b"llo")
REQUEST = b"".join(PARTS)


class Ended(FakeStream):
    """The server has closed behind what it said."""

    def __init__(self, incoming=b"", **more):
        super().__init__(incoming, **more)
        self.ended = True


class Endless(FakeStream):
    """The server repeats itself."""

    def __init__(self, incoming, more):
        super().__init__(incoming)
        self.more = more

    def readinto(self, buffer):
        self.incoming += self.more
        return super().readinto(buffer)


async def answered(stream, deadline=100):
    answer = await http.exchange(stream, PARTS, time.ticks_ms, deadline)
    assert stream.take() == REQUEST
    return answer.status, answer.keep, answer.wait, answer.words, bytes(stream.incoming)


async def refused(stream, deadline=100):
    try:
        await http.exchange(stream, PARTS, time.ticks_ms, deadline)
    except OSError as error:
        return str(error)
    raise AssertionError("no error")


CHUNKED = b"HTTP/1.1 %d x\r\nTransfer-Encoding: chunked\r\n\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"
WHEN = b"Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n"
TRAILER = b"0\r\nTrailer: 1\r\n\r\n"


async def test_answers():
    for said, told in (
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, True, 0, b"")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", (200, True, 0, b"")),
        (b"HTTP/1.1 404\r\ncontent-length:3\n\nabc", (404, True, 0, b"abc")),
        (b"HTTP/1.0 204 x\r\n\r\n", (204, False, 0, b"")),
        (b"HTTP/1.0 204 x\r\nConnection: Keep-Alive\r\n\r\n", (204, True, 0, b"")),
        (b"HTTP/1.1 204 x\r\nConnection: Close\r\n\r\n", (204, False, 0, b"")),
        (b"HTTP/1.1 503 x\r\nRetry-After: 17\r\n" + EMPTY, (503, True, 17, b"")),
        (b"HTTP/1.1 429 x\r\n" + WHEN + EMPTY, (429, True, 0, b"")),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 x\r\n\r\n", (204, True, 0, b"")),
        (CHUNKED % 400 + b"3\r\nabc\r\na;x=y\r\n0123456789\r\n" + TRAILER,
         (400, True, 0, b"abc0123456789")),
    ):
        for step in (0, 1, 7):
            assert await answered(FakeStream(said, step=step)) == told + (b"",), said
    # What comes behind is not ours.
    got = await answered(FakeStream(b"HTTP/1.1 204 x\r\nContent-Length: 3\r\n\r\nabc", step=1))
    assert got == (204, True, 0, b"", b"abc")
    for wrong in (b"zz\r\nabc", b"-5\r\nabc"):
        assert (await answered(FakeStream(CHUNKED % 200 + wrong)))[:2] == (200, False)


async def test_the_end_of_the_connection_ends_an_answer():
    got = await answered(Ended(b"HTTP/1.1 500 x\r\n\r\nout of order"))
    assert got[:4] == (500, False, 0, b"out of order")
    got = await answered(Ended(b"HTTP/1.1 400 x\r\nContent-Length: 100\r\n\r\nshort"))
    assert got[:4] == (400, False, 0, b"short")
    got = await answered(Ended(b"HTTP/1.1 204 x\r\n\r\n"))
    assert got[:2] == (204, True)


async def test_of_an_error_the_beginning_is_kept():
    head = b"HTTP/1.1 400 x\r\nContent-Length: %d\r\n\r\n"
    got = await answered(FakeStream(head % 3000 + b"y" * 3000, step=100))
    assert got == (400, True, 0, b"y" * 160, b"")
    got = await answered(FakeStream(head % 10_000 + b"y" * 10_000, step=100))
    assert got[:4] == (400, False, 0, b"y" * 160) and len(got[4]) > 5000


async def test_an_endless_answer_is_left():
    chunk = b"400\r\n" + bytes(0x400) + b"\r\n"
    stream = FakeStream(CHUNKED % 200 + 12 * chunk, step=200)
    got = await answered(stream)
    assert got[:2] == (200, False) and len(got[4]) > 0x1C00
    for begin, more in (
        (b"HTTP/1.1 200 x\r\n", b"X-Y: z\r\n"), (b"HTTP/1.1 200 x\r\nX: ", b"y" * 100),
        (b"", b"HTTP/1.1 100 x\r\n\r\n"),
    ):
        assert await refused(Endless(begin, more)) == "the server's answer has no end"


async def test_a_long_line_is_cut():
    got = await answered(FakeStream(
        b"HTTP/1.1 204 x\r\nX: " + b"y" * 3000 + b"\r\nConnection: close\r\n\r\n", step=50))
    assert got[:2] == (204, False)


async def test_what_is_not_http():
    for said in (b"SSH-2.0-OpenSSH_9.2\r\n", b"\0\r\n", b"HTTP/1.1 abc\r\n", b"HTTP/1.1 099\r\n",
                 b"HTTP/2 200\r\n"):
        assert await refused(FakeStream(said)) == "what answers is not a web server"


async def test_silence():
    assert await refused(FakeStream()) == "the server does not answer"
    assert await refused(FakeStream(b"HTTP/1.1 2")) == "the server does not answer"
    assert await refused(FakeStream(room=10)) == "the server does not answer"
    assert await refused(Ended()) == "the server closed the connection"
    assert await refused(Ended(b"HTTP/1.1 204 x\r\n")) == "the server closed the connection"


async def test_a_window_that_fills():
    stream = FakeStream(b"HTTP/1.1 204 x\r\n\r\n", step=3)
    assert (await answered(stream))[0] == 204


class Cut(FakeStream):
    """Refuses to take more after some bytes, as a connection that was reset."""

    def write(self, data):
        if len(self.sent) > 10:
            raise OSError(104)
        return super().write(data[:8])


async def test_an_answer_before_the_end_of_the_request():
    answer = await http.exchange(
        Cut(b"HTTP/1.1 413 x\r\nContent-Length: 3\r\n\r\nbig"), PARTS, time.ticks_ms, 100)
    assert (answer.status, answer.keep, answer.words) == (413, False, b"big")
    assert "104" in await refused(Cut())


def test_alive():
    assert http.alive(FakeStream())
    assert not http.alive(FakeStream(b"HTTP/1.1 408 x\r\n"))
    assert not http.alive(Ended())

    class Dead:
        def readinto(self, buffer):
            raise OSError(104)

    assert not http.alive(Dead())
