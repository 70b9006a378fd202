"""One request and its answer, within bounds that Microdot does not have.

Microdot reads whole lines of any length and keeps every header. Here the head goes through one
buffer of a kilobyte, and only what somebody asks for is kept: a head costs what it costs, not what
a client would like it to. Then the request is Microdot's: its dispatching, its answers.

Loaded with the application, and garbage with it.
"""

import asyncio
import json
from time import ticks_add

from microdot import Request, Response
from micropython import const

_SIZE = const(1024)  # bytes of the buffer, and so of a line that matters
_LONGEST = const(4096)  # bytes of a head
_FIELDS = const(16)  # in a query
_STRANGER = const(512)  # bytes of a body from whoever is not logged in
_OWNER = const(8192)
_BODY = const(10000)  # ms for a body
_WORK = const(60000)  # ms until the answer begins
_PIECE = const(10000)  # ms for each piece of it to be taken
_LEAVE = const(3000)  # ms to hear out somebody who talks on

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


class Writer:
    """What Microdot writes an answer to: its head goes out in one piece, its body as it comes."""

    def __init__(self, server, connection, buffer):
        self._server = server
        self._connection = connection
        self._buffer = buffer
        self._n = 0  # bytes in it
        self._head = True

    async def awrite(self, data) -> None:
        """Send it; the head waits for what follows, so that a small answer is one piece."""
        head = self._head
        if head:
            self._head = data != b"\r\n"
        elif not data:
            await asyncio.sleep_ms(0)  # a stream at work for long lets the others have their turn
            return
        n, data = self._n, memoryview(data)
        fits = min(_SIZE - n, len(data)) if head or n else 0
        self._buffer[n : n + fits] = data[:fits]
        self._n = n + fits
        if head and fits == len(data):
            return
        await self.flush()
        for at in range(fits, len(data), _SIZE):
            await self._send(data[at : at + _SIZE])

    async def flush(self) -> None:
        """Send what was kept."""
        if self._n:
            n, self._n = self._n, 0
            await self._send(memoryview(self._buffer)[:n])

    async def _send(self, piece):
        server, connection = self._server, self._connection
        connection.told = True
        connection.due = ticks_add(server.ticks_ms(), _PIECE)
        connection.stream.write(piece)
        await connection.stream.drain()
        connection.due = None if connection.feed else ticks_add(server.ticks_ms(), _WORK)


async def answer(server, connection, app, first) -> None:
    """Read the request that begins with the bytes `first`, and answer it."""
    buffer = bytearray(_SIZE)
    buffer[0] = first[0]
    guard = getattr(app, "guard", None)
    writer = Writer(server, connection, buffer)
    whole = False
    try:
        request, came = await _request(connection, app, buffer)
        connection.due = ticks_add(server.ticks_ms(), _BODY)
        await _body(connection, request, came, guard)
        connection.asked = True
        connection.due = ticks_add(server.ticks_ms(), _WORK)
        whole = True
        reply = await app.dispatch_request(request)
    except Refused as refused:
        status, words = refused.args
        words = json.dumps({"error": words}).encode()
        reply = Response(words, status, {"Content-Type": "application/json"})
        if guard:
            guard.after(None, reply)
    try:
        await reply.write(writer)
        await writer.flush()
    finally:
        leave = getattr(reply.body, "aclose", None)
        close = getattr(reply.body, "close", None)
        if leave:
            await leave()
        elif close:
            close()
    if not whole:
        # To close now would reset the connection before the answer is read.
        connection.asked = False  # whoever needs its place may have it
        connection.due = ticks_add(server.ticks_ms(), _LEAVE)
        while await connection.stream.readinto(buffer):
            pass


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
                line = _first(buffer, start, end)
            elif not _header(headers, bytes(view[start:end]).rstrip(b"\r")):
                start = end + 1
                break
            start = end + 1
            continue
        if start:
            view[: n - start] = bytes(view[start:n])
            n, start = n - start, 0
        elif n == _SIZE:
            if line is None or not skipping and _name(bytes(view[:64])):
                raise Refused(431, "a line of the request is too long")
            skipping, n = True, 0
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
    method, url, version = line
    address = connection.stream.get_extra_info("peername")
    if not isinstance(address, tuple):  # a PC gives it as its system does
        address = ".".join([str(byte) for byte in address[4:8]]), address[2] << 8 | address[3]
    try:
        request = Request(app, address, method, url, version, headers, bytearray())
    except ValueError:
        raise Refused(400, "not a valid query")
    request.sock = connection, connection
    return request, bytes(view[start:n])


def _first(buffer, start, end):
    """(method, URL, version) of the first line."""
    parts = bytes(memoryview(buffer)[start:end]).rstrip(b"\r").split(b" ")
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


async def _body(connection, request, came, guard):
    """Read the body, if the sender may send as much."""
    length = request.content_length
    if not length:
        return
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
        more = await connection.stream.readinto(view[n:])
        if more == 0:
            raise EOFError
        n += more or 0
