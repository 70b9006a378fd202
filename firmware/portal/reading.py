"""The head of a request, and its body if it is kept: read within bounds that Microdot lacks.

Loaded for each request (exchange.py), and garbage while it is answered.
"""

from microdot import Request
from micropython import const

_SIZE = const(512)  # bytes of exchange.py's buffer, and so of a line that matters
_LONGEST = const(4096)  # bytes of a head
_FIELDS = const(16)  # in a query
_STRANGER = const(512)  # bytes of a body from whoever is not logged in
_OWNER = const(8192)

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


async def head(connection, app, buffer):
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


async def body(stream, request, came, guard):
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
