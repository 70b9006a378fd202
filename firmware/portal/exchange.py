"""One request and its answer, within bounds that Microdot does not have.

Microdot reads whole lines of any length and keeps every header. Here the head goes through one
small buffer, and only what somebody asks for is kept (reading.py): a head costs what it costs, not
what a client would like it to. Then the request is Microdot's, and its answer: the bodies that
Microdot takes, which go out through the same buffer. Texts of a generator are gathered in it, and
a file is read into it.

Loaded with the application, and garbage with it.
"""

import asyncio
import json
from time import ticks_add, ticks_diff

from microdot import Response
from micropython import const

from firmware.rarely import load

_SIZE = const(512)  # bytes of the buffer, and so of a line that matters
_HEAD = const(10000)  # ms for a head
_BODY = const(10000)  # ms for a body
_SHORT = const(300)  # ms for both in which nobody else has a turn, as in server.py
_WORK = const(60000)  # ms until the answer begins
_PIECE = const(10000)  # ms for each piece of it to be taken
_TURN = const(20)  # ms of work until the others have their turn
_LONG = const(30_000)  # ms for an answer while others wait
_LEAVE = const(3000)  # ms to hear out somebody who talks on
_STREAM = "/api/update"  # the one path whose body is not kept
_readers = [0, None]  # how many read a request now, and the module for it


async def answer(server, connection, app, first) -> None:
    """Read the request that begins with the bytes `first`, and answer it. Its turn has come."""
    now = server.ticks_ms
    connection.due = ticks_add(now(), _HEAD)
    buffer = bytearray(_SIZE)
    buffer[0] = first[0]
    guard = getattr(app, "guard", None)
    body = None
    patience = _LEAVE
    try:
        request, reply = await _read(server, connection, app, guard, buffer)
        if request:
            if ticks_diff(now(), connection.began) > _SHORT:
                await server.turn(connection)  # others have had theirs meanwhile
            connection.asked = whole = True
            connection.due = ticks_add(now(), _WORK)
            reply = await app.dispatch_request(request)
            if connection.lent:
                headers = [f"{name}: {value}\r\n" for name, value in reply.headers.items()]
                connection.lent += ("".join(headers),)
                return
            source = getattr(request, "source", None)
            if source and source[1] > len(source[0]):
                whole, patience = False, _WORK
            request = None
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
        connection.due = ticks_add(now(), patience)
        while await connection.stream.readinto(buffer):
            pass


async def _read(server, connection, app, guard, buffer) -> tuple:
    """(the request, None), or (None, the answer that refuses it). Of a body that is not kept
    request.source tells: (what of it has come, its length).

    Those who read at the same time share the module for it.
    """
    _readers[1] = reading = _readers[1] or load("portal.reading")
    _readers[0] += 1
    try:
        request, came = await reading.head(connection, app, buffer)
        connection.due = ticks_add(server.ticks_ms(), _BODY)
        if request.path == _STREAM and guard and guard.user(request):
            request.source = came, request.content_length  # type: ignore
            request.content_length = 0
        elif request.content_length:
            await reading.body(connection.stream, request, came, guard)
        return request, None
    except reading.Refused as refused:
        status, words = refused.args
        words = json.dumps({"error": words}).encode()
        reply = Response(words, status, {"Content-Type": "application/json"})
        reply.is_head = False
        if guard:
            guard.after(None, reply)
        return None, reply
    finally:
        _readers[0] -= 1
        if not _readers[0]:
            _readers[1] = None


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
