"""The one door of the portal: finds who answers a request, and says what is wrong with it.

What answers is in modules that are loaded for the request and garbage afterwards. In the module
that the table names, get_status(request) answers GET /api/status, post_config() POST /api/config
and so on: with a dict, a stream, or what else Microdot takes; it may be a coroutine. Handlers
find the gateway as request.app.gateway, who asks as request.app.guard, and in request.rest what
the path has behind the name.

Microdot's own routes are regular expressions, 300 bytes each, and one that takes any path runs out
of stack on a long one: find_route() is ours.
"""

import gc

from microdot import HTTPException, Microdot, Request
from micropython import const

from firmware.rarely import load

_LARGEST = const(8192)  # bytes of a body
_FEEDS = const(3)

# What stands behind /api/, and the module.
_TABLE = (
    " session:api_session login:api_session logout:api_session password:api_session"
    " status:api_status log:api_status labels:api_meter meter:api_meter live:feed"
    " history:export history.csv:export config:api_config scan:api_network join:api_network"
    " test:trial restart:api_restart factory:api_restart backup:backup restore:backup ca:api_ca"
    " update:api_update "
)


def make(gateway, guard, settings) -> "Portal":
    """The application. settings: a dict with device_name, site, identifiers and page_port.

    guard: before(request), an answer or None; after(request, answer) adds its headers;
    user(request), whether the owner asks; and the rest of guard.py.
    """
    Request.max_content_length = _LARGEST
    return Portal(gateway, guard, settings)


class Portal(Microdot):
    """`names`: of the gateway and its site; `private`: what identifies the meter is for the owner
    alone; `feeds`: ticks at which each last gave a sign, None for one that may be had; `pace`: of
    the frames, see api_status.py; `port`: that it is asked at.
    """

    pace = None

    def __init__(self, gateway, guard, settings):
        Microdot.__init__(self)
        self.gateway = gateway
        self.guard = guard
        self.names = settings["device_name"], settings["site"]
        self.private = settings["identifiers"] != "send"
        self.port = settings["page_port"]
        self.feeds = [None] * _FEEDS
        self.before_request_handlers.append(guard.before)
        self.after_request_handlers.append(guard.after)
        self.after_error_request_handlers = self.after_request_handlers

    def find_route(self, req):
        """Whoever asks, and for what: _answer() finds out."""
        req.url_args = {}
        return _answer, "", None

    def page(self, client):
        """The page's address for a client at (address, port) that is in our own network, or ""."""
        joining = self.gateway.joining
        point = joining and joining.access_point
        if not point or not point.address:
            return ""
        if client[0].rpartition(".")[0] != point.address.rpartition(".")[0]:
            return ""
        port = "" if self.port == 80 else f":{self.port}"
        return f"http://{point.address}{port}/"

    async def error_response(self, req, status_code, reason=None):
        """The answer to whatever went wrong; reason: a text, or the object to be sent."""
        words = reason if isinstance(reason, dict) else {"error": reason or "refused"}
        headers = {"Retry-After": str(words["seconds"])} if "seconds" in words else {}
        return words, status_code, headers


async def _answer(request):
    path = request.path
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
    try:
        gc.collect()
        method = "get" if request.method == "HEAD" else request.method.lower()
        answer = getattr(load(f"portal.{module}"), f"{method}_{name.replace('.', '_')}", None)
        if not answer:
            raise HTTPException(405, f"{request.method[:8]} is not for this path")
        answer = answer(request)
        # A stream comes in a tuple with its headers: what can be sent to is a coroutine.
        return await answer if hasattr(answer, "send") else answer
    except MemoryError:
        gc.collect()
        raise HTTPException(503, "no memory for this now: try again")
