"""The one door of the portal: finds who answers a request, and says what is wrong with it.

What answers is in modules that are loaded for the request and garbage afterwards. In the module
that the table names, get_status(request) answers GET /api/status, post_config() POST /api/config
and so on: with a dict, a stream, or what else Microdot takes; it may be a coroutine. Handlers
find the gateway as request.app.gateway, who asks as request.app.guard, and in request.rest what
the path has behind the name.

Memory is what there is least of: one request at a time is worked at, two if the first takes long,
and the others wait for their turn. An answer that takes too long gives way to them.

Microdot's own routes are regular expressions, 300 bytes each, and one that takes any path runs out
of stack on a long one: find_route() is ours.
"""

import asyncio
import gc
import time

from microdot import HTTPException, Microdot, Request
from micropython import const

from firmware.rarely import load

_LARGEST = const(8192)  # bytes of a body
_FEEDS = const(3)
_AT_ONCE = const(2)
_SLOW = const(3000)  # ms after which the next may begin
_LONG = const(30_000)  # ms for an answer while others wait
_LOOK = const(20)  # ms

# What stands behind /api/, and the module.
_TABLE = (
    " session:api_session login:api_session logout:api_session password:api_session"
    " status:api_status log:api_status labels:api_meter meter:api_meter live:feed"
    " history:export history.csv:export config:api_config scan:api_network join:api_network"
    " test:trial restart:api_restart factory:api_restart backup:backup restore:backup "
)


def make(gateway, guard) -> "Portal":
    """The application. guard: before(request), an answer or None; after(request, answer) adds
    its headers; user(request), whether the owner asks; and the rest of guard.py.
    """
    load("portal.lean").trim()
    Request.max_content_length = Request.max_body_length = _LARGEST
    return Portal(gateway, guard)


class Portal(Microdot):
    """`names`: of the gateway and its site; `private`: what identifies the meter is for the owner
    alone; `feeds`: ticks at which each last gave a sign, None for one that may be had; `pace`: of
    the frames, see api_status.py; `busy`, `waiting`: requests, `since`: the last began at.
    """

    pace = None
    busy = waiting = since = 0

    def __init__(self, gateway, guard):
        Microdot.__init__(self)
        self.gateway = gateway
        self.guard = guard
        config = gateway.config()
        self.names = config.get("device_name"), config.get("site")
        self.private = config.get("identifiers") != "send"
        self.feeds = [None] * _FEEDS
        self.before_request_handlers.append(guard.before)
        self.after_request_handlers.append(guard.after)
        self.after_error_request_handlers = self.after_request_handlers

    def find_route(self, req):
        """Whoever asks, and for what: _answer() finds out."""
        req.url_args = {}
        return _answer, "", None

    async def error_response(self, req, status_code, reason=None):
        """The answer to whatever went wrong; reason: a text, or the object to be sent."""
        words = reason if isinstance(reason, dict) else {"error": reason or "refused"}
        headers = {"Retry-After": str(words["seconds"])} if "seconds" in words else {}
        return words, status_code, headers


class Stream:
    """The body of an answer, which holds its place among those that are worked at."""

    def __init__(self, app, body):
        self._app = app
        self._body = body
        self._open = True
        self._began = time.ticks_ms()

    def __next__(self):
        late = time.ticks_diff(time.ticks_ms(), self._began) > _LONG
        if late and self._app.waiting:
            raise OSError("others are waiting")
        return next(self._body)

    def close(self) -> None:
        """It was sent, or the client went away."""
        if self._open:
            self._open = False
            self._body.close()
            self._app.busy -= 1


async def _answer(request):
    app, path = request.app, request.path
    if path[:5] == "/api/":
        name, _, request.rest = path[5:].partition("/")
        at = _TABLE.find(f" {name}:") + len(name) + 2
        if not name or at <= len(name) + 1:
            raise HTTPException(404, "no such thing here")
        module = _TABLE[at : _TABLE.find(" ", at)]
    elif path == "/metrics":
        name = module = "metrics"
    else:
        name, module = "file", "assets"
    app.waiting += 1
    try:
        while app.busy >= _AT_ONCE or (
            app.busy and time.ticks_diff(time.ticks_ms(), app.since) < _SLOW
        ):
            await asyncio.sleep_ms(_LOOK)
    finally:
        app.waiting -= 1
    app.since = time.ticks_ms()
    app.busy += 1
    try:
        method = "get" if request.method == "HEAD" else request.method.lower()
        answer = getattr(load(f"portal.{module}"), f"{method}_{name.replace('.', '_')}", None)
        if not answer:
            raise HTTPException(405, f"{request.method[:8]} is not for this path")
        answer = answer(request)
        # A stream comes in a tuple with its headers: what can be sent to is a coroutine.
        if hasattr(answer, "send"):
            answer = await answer
        if isinstance(answer, tuple) and hasattr(answer[0], "__next__"):
            answer = (Stream(app, answer[0]),) + answer[1:]
            app.busy += 1
        return answer
    except MemoryError:
        gc.collect()
        raise HTTPException(503, "no memory for this now: try again")
    finally:
        app.busy -= 1
