"""Runs in MicroPython: damaged requests through the portal's server, without sockets.

argv: how many. Whatever comes: an answer that is one or none, nothing in the log, no connection
left. Prints {status: how often} as JSON.
"""

import asyncio
import json
import sys

from fake_client import Client, Log, Ticks

from firmware.portal.server import Server

_WHOLE = (
    b"GET / HTTP/1.1\r\nHost: 192.168.4.1\r\nUser-Agent: Mozilla/5.0 (X11)\r\nAccept: */*\r\n\r\n",
    b"POST /api/login?a=1&b=%20 HTTP/1.1\r\nHost: linky.local:80\r\nCookie: a=1; ticgate=0123"
    b";b\r\nX-Token: 0123\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
    b'{"password": "x"}',
    b"HEAD /api/history?kind=day&from=1&to=2 HTTP/1.0\nHost: localhost\nIf-None-Match: \"x\"\n\n",
)
_BITS = (
    b"\r\n", b"\n", b"\r", b":", b" ", b"\0", b"\xff", b"%", b"%zz", b"&", b"=", b"?", b";", b"/",
    b"ticgate=", b"Content-Length: 9", b"Transfer-Encoding: x", b"Host:", b"HTTP/1.1",
    b"&a=b" * 20, b"\xc3", b"999999999", b"-1", b"\r\nCookie: " + b"x" * 1100, b"x" * 1100,
    b"\na: b" * 900,
    b"\r\nTransfer-Encoding: chunked\r\n", b"\r\nContent-Length: 99999\r\n\r\n",
)


class Random:
    """A small generator, the same on every port."""

    def __init__(self, seed):
        self._state = seed

    def __call__(self, limit):
        self._state = (self._state * 4093 + 12345) & 0xFFFFFF
        return (self._state >> 4) % limit


def load():
    from microdot import Microdot

    app = Microdot()

    @app.route("/", methods=["GET", "POST"])
    def index(request):
        return {"args": request.args, "n": len(request.body), "cookies": request.cookies}

    @app.post("/api/login")
    def login(request):
        return {"password": request.headers.get("X-Token")}

    return app


async def main(wanted):
    dice, log, counts = Random(7), Log(), {}
    server = Server(0, load, Ticks(), lambda words, level: log.add(level, words))
    for n in range(wanted):
        data = _WHOLE[dice(len(_WHOLE))]
        for _ in range(dice(4)):
            at, end = dice(len(data) + 1), dice(len(data) + 1)
            kind = dice(6)
            if kind < 3:
                data = data[:at] + _BITS[dice(len(_BITS))] + data[at:]
            elif kind == 3:
                data = data[:at] + bytes((dice(256),)) + data[at + 1 :]
            elif kind == 4:
                data = data[:at] + data[max(at, end) :]
            else:
                data = data[:end] + data[at:]
        client = Client(data, step=dice(100) if n % 3 else 0)
        client.end()
        server._take(client, client.peer)
        while server.open:
            await asyncio.sleep(0)
        assert client.closed and not server.open and not log.lines, (data, log.lines)
        assert client.sent.count(b"HTTP/1.0 ") <= 1, (data, client.sent)
        status = str(client.status)
        counts[status] = counts.get(status, 0) + 1
    print(json.dumps(counts))


asyncio.run(main(int(sys.argv[1])))
