"""One request and its answer, within bounds that Microdot does not have.

Microdot reads whole lines of any length and keeps every header. Here the head goes through one
small buffer, and only what somebody asks for is kept: a head costs what it costs, not what a
client would like it to. Then the request is Microdot's, and its answer: the bodies that Microdot
takes, which go out through the same buffer. Texts of a generator are gathered in it, and a file is
read into it.

Loaded with the application, and garbage with it.
"""

import asyncio
import json
from time import ticks_add, ticks_diff

from microdot import Request, Response
from micropython import const

_SIZE = const(512)  # bytes of the buffer, and so of a line that matters
_LONGEST = const(4096)  # bytes of a head
_FIELDS = const(16)  # in a query
_STRANGER = const(512)  # bytes of a body from whoever is not logged in
_OWNER = const(8192)
_HEAD = const(10000)  # ms for a head
_BODY = const(10000)  # ms for a body
_SHORT = const(300)  # ms for both in which nobody else has a turn, as in server.py
_WORK = const(60000)  # ms until the answer begins
_PIECE = const(10000)  # ms for each piece of it to be taken
_TURN = const(20)  # ms of work until the others have their turn
_LONG = const(30_000)  # ms for an answer while others wait
_LEAVE = const(3000)  # ms to hear out somebody who talks on
_STREAM = "/api/update"  # the one path whose body is not kept

# The headers that are kept, in the spelling in which handlers find them.
_KEPT = (
    b" host origin cookie content-length content-type x-token if-none-match last-event-id"
    b" transfer-encoding "
)
_SPELT = (
    " Host Origin Cookie Content-Length Content-Type X-Token If-None-Match Last-Event-ID"
    " Transfer-Encoding "
)
_COOKIE = b"ticgate="


class Refused(Exception):
    """(status, words): the request is not looked at any further."""


class Source:
    """A body for who reads it by and by; `left`: bytes of it that are to come."""

    def __init__(self, server, connection, came, length):
        self._server = server
        self._connection = connection
        self._came = came
        self.left = length

    async def readinto(self, view) -> int:
        """Bytes that came into a view, 0 at the end."""
        connection, now = self._connection, self._server.ticks_ms
        n = min(len(view), self.left)
        if self._came:
            n = min(n, len(self._came))
            view[:n] = self._came[:n]
            self._came = self._came[n:]
        elif n:
            connection.due = ticks_add(now(), _BODY)
            n = None
            while n is None:
                n = await connection.stream.readinto(view[: self.left])
            if not n:
                raise EOFError("the sender went away")
        connection.due = ticks_add(now(), _WORK)
        self.left -= n
        return n


async def answer(server, connection, app, first) -> None:
    """Read the request that begins with the bytes `first`, and answer it. Its turn has come."""
    stream, now = connection.stream, server.ticks_ms
    connection.due = ticks_add(now(), _HEAD)
    buffer = bytearray(_SIZE)
    buffer[0] = first[0]
    guard = getattr(app, "guard", None)
    reply = body = source = None
    try:
        try:
            request, came = await _request(connection, app, buffer)
            connection.due = ticks_add(now(), _BODY)
            if request.path == _STREAM and guard and guard.user(request):
                source = Source(server, connection, came, request.content_length)
                request.source = source  # type: ignore
                request.content_length = 0
            elif request.content_length:
                await _body(stream, request, came, guard)
            came = None
        except Refused as refused:
            status, words = refused.args
            words = json.dumps({"error": words}).encode()
            reply = Response(words, status, {"Content-Type": "application/json"})
            reply.is_head = False
            if guard:
                guard.after(None, reply)
        if not reply:
            if ticks_diff(now(), connection.began) > _SHORT:
                await server.turn(connection)  # others have had theirs meanwhile
            connection.asked = whole = True
            connection.due = ticks_add(now(), _WORK)
            reply = await app.dispatch_request(request)
            request = None
            whole = not (source and source.left)
        else:
            whole = False
        body = reply.body
        await _send(server, connection, buffer, reply)
        live = getattr(body, "__aiter__", None)
        if live:
            reply = buffer = None
            async for data in live():
                await _write(server, connection, data)
    finally:
        leave = getattr(body, "aclose", None)
        close = getattr(body, "close", None)
        if leave:
            await leave()
        elif close:
            close()
    if not whole:
        # To close now would reset the connection before the answer is read.
        connection.asked = False  # whoever needs its place may have it
        connection.due = ticks_add(now(), _WORK if source else _LEAVE)
        while await stream.readinto(buffer):
            pass


async def _send(server, connection, buffer, reply):
    """All of the answer, but what comes by and by, through the buffer."""
    n, then = 0, server.ticks_ms()
    view = memoryview(buffer)
    for data in _parts(reply):
        if isinstance(data, str):
            data = data.encode()
        at = 0
        while at < len(data):
            fits = min(_SIZE - n, len(data) - at)
            view[n : n + fits] = memoryview(data)[at : at + fits]
            at += fits
            n += fits
            if n == _SIZE:
                await _write(server, connection, view)
                n, then = 0, server.ticks_ms()
        if ticks_diff(server.ticks_ms(), then) > _TURN:
            await asyncio.sleep_ms(0)  # a stream at work for long lets the others have their turn
            then = server.ticks_ms()
    if n:
        await _write(server, connection, view[:n])
    if hasattr(reply.body, "readinto") and not reply.is_head:
        n = reply.body.readinto(buffer)
        while n:
            await _write(server, connection, view[:n])
            n = reply.body.readinto(buffer)


def _parts(reply):
    """The answer as texts and bytes, up to what comes by and by."""
    reply.complete()
    yield f"HTTP/1.0 {reply.status_code} {'OK' if reply.status_code == 200 else 'N/A'}\r\n"
    for name, value in reply.headers.items():
        yield f"{name}: {value}\r\n"
    yield "\r\n"
    body = reply.body
    if not reply.is_head:
        if hasattr(body, "__next__") and not hasattr(body, "readinto"):
            yield from body
        elif isinstance(body, (bytes, bytearray)):
            yield body


async def _write(server, connection, data):
    """Send a piece. An answer that takes too long gives way to those who wait."""
    now = server.ticks_ms()
    if not connection.feed and ticks_diff(now, connection.began) > _LONG and server.waited():
        raise OSError("others are waiting")
    connection.told = True
    connection.due = ticks_add(now, _PIECE)
    connection.stream.write(data)
    await connection.stream.drain()
    connection.due = None if connection.feed else ticks_add(server.ticks_ms(), _WORK)


async def _request(connection, app, buffer):
    """(the request without its body, what came of that already)"""
    n, start, total = 1, 0, 1  # bytes in the buffer, where the line begins, bytes that came
    line, skipping, headers = None, False, {}
    view = memoryview(buffer)
    while True:
        end = buffer.find(b"\n", start, n)
        if end >= 0:
            if skipping:
                skipping = False
            elif line is None:
                line = _first(bytes(view[start:end]))
            elif not _header(headers, bytes(view[start:end]).rstrip(b"\r")):
                start = end + 1
                break
            start = end + 1
            continue
        if start:
            view[: n - start] = bytes(view[start:n])
            n, start = n - start, 0
        elif n == _SIZE:
            n = _much(headers, view, line, skipping)
            skipping = not n
        if total >= _LONGEST:
            raise Refused(431, "the head of the request is too long")
        came = await connection.stream.readinto(view[n:])
        if came == 0:
            raise EOFError
        came = came or 0
        n += came
        total += came
    if "Transfer-Encoding" in headers:
        raise Refused(411, "only with a Content-Length")
    length = headers.get("Content-Length", "0")
    if not length.isdigit() or len(length) > 9:
        raise Refused(400, "no such Content-Length")
    address = connection.address
    if not isinstance(address, tuple):  # a PC gives it as its system does
        address = ".".join([str(byte) for byte in address[4:8]]), address[2] << 8 | address[3]
    try:
        request = Request(app, address, line[0], line[1], line[2], headers, bytearray())
    except ValueError:
        raise Refused(400, "not a valid query")
    request.sock = connection, connection
    return request, bytes(view[start:n]) if length != "0" else b""


def _much(headers, view, line, skipping):
    """The buffer is full, and the line has no end yet. -> bytes that stay in it; 0: skip the line

    Of cookies, what is complete is looked at, and the last one stays.
    """
    if skipping:
        return 0
    if line is None:
        raise Refused(431, "the first line of the request is too long")
    whole = bytes(view)
    if not _name(whole[:64]):
        return 0
    at = whole.rfind(b";")
    if whole[:7].lower() != b"cookie:" or at < 8:
        raise Refused(431, "a line of the request is too long")
    _header(headers, whole[:at])
    n = 7 + _SIZE - at - 1
    view[7:n] = whole[at + 1 :]
    return n


def _first(line):
    """(method, URL, version) of the first line."""
    parts = line.rstrip(b"\r").split(b" ")
    if len(parts) == 3:
        method, url, version = parts
        if (
            method.isalpha() and method.isupper() and len(method) < 8
            and url[:1] == b"/" and min(url) > 32 and max(url) < 127
            and version in (b"HTTP/1.1", b"HTTP/1.0")
        ):
            if url.count(b"&") >= _FIELDS:
                raise Refused(400, "too many fields in the query")
            return method.decode(), url.decode(), version[5:].decode()
    raise Refused(400, "this is not a request")


def _name(line):
    """Where the header of this line stands among those that are kept; -1 for another."""
    name, colon, _ = line.partition(b":")
    if not colon or not name or b" " in name or b"\t" in name:
        raise Refused(400, "not a header")
    return _KEPT.find(b" " + name.lower() + b" ") + 1


def _header(headers, line):
    """Keep a header if it matters. False for the empty line at the end."""
    if not line:
        return False
    at = _name(line)
    if at:
        name = _SPELT[at : _SPELT.find(" ", at)]
        value = line[len(name) + 1 :].strip()
        if name == "Cookie":
            found = value.find(_COOKIE)
            if found < 0:
                return True
            value = value[found:].partition(b";")[0]
        elif name in headers:
            raise Refused(400, "twice the same header")
        try:
            headers[name] = value.decode()
        except ValueError:
            raise Refused(400, "not a header")
    return True


async def _body(stream, request, came, guard):
    """Read the body, if the sender may send as much."""
    length = request.content_length
    if length > _STRANGER:
        owner = not guard or guard.user(request) or guard.setup(request)
        if not owner or length > _OWNER:
            raise Refused(413, f"a body has at most {_OWNER if owner else _STRANGER} bytes")
    came = came[:length]
    n = len(came)
    request.body.extend(bytes(length))
    view = memoryview(request.body)
    view[:n] = came
    while n < length:
        more = await stream.readinto(view[n:])
        if more == 0:
            raise EOFError
        n += more or 0
