"""The one door of the portal: finds who answers a request, and says what is wrong with it.

What answers is in modules that are loaded for the request and garbage afterwards. In the module
that the table names, get(request) answers a GET, post() a POST and delete() a DELETE: with a dict,
a stream, or what else Microdot takes; it may be a coroutine. (A function for each path would be a
name in memory for good.) Handlers find the gateway as request.app.gateway, who asks as
request.app.guard, in request.name what was asked for, and in request.rest what the path has behind
that.

Microdot's own routes are regular expressions, 300 bytes each, and one that takes any path runs out
of stack on a long one: find_route() is ours.
"""

import gc

from microdot import HTTPException, Microdot, Request
from micropython import const

from firmware.rarely import load

_LARGEST = const(8192)  # bytes of a body
_FEEDS = const(3)

# How to ask for it, what stands behind /api/, and the module.
_TABLE = (
    " get_session:api_session post_login:api_session post_logout:api_session"
    " post_password:api_session get_status:api_status get_log:api_status get_labels:api_meter"
    " get_meter:api_meter get_live:feed get_history:export get_history.csv:export"
    " get_config:api_config post_config:api_config get_scan:api_network get_join:api_network"
    " post_join:api_network post_test:trial post_restart:api_restart post_factory:api_restart"
    " post_backup:backup post_restore:backup get_ca:api_ca post_ca:api_ca delete_ca:api_ca"
    " get_update:api_update post_update:api_update "
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
    method = "get" if request.method == "HEAD" else request.method.lower()
    fits = method == "get"
    if path[:5] == "/api/":
        name, _, request.rest = path[5:].partition("/")
        if not name or f"_{name}:" not in _TABLE or ":" in name:
            raise HTTPException(404, "no such thing here")
        request.name = name
        wanted = f" {method}_{name}:"
        at = _TABLE.find(wanted)
        fits = at >= 0
        at += len(wanted)
        module = _TABLE[at : _TABLE.find(" ", at)]
    else:
        module = "metrics" if path == "/metrics" else "assets"
    if not fits:  # a name that is asked for stays in memory: only those of ours
        raise HTTPException(405, f"{request.method[:8]} is not for this path")
    try:
        gc.collect()
        answer = getattr(load(f"portal.{module}"), method)(request)
        # A stream comes in a tuple with its headers: what can be sent to is a coroutine.
        return await answer if hasattr(answer, "send") else answer
    except MemoryError:
        gc.collect()
        raise HTTPException(503, "no memory for this now: try again")
