"""Whether a request goes any further (guard.py). Loaded for each, garbage while it is answered.

Host: a page of another site whose name was made to lead here (DNS rebinding) says that name, so
only addresses and our own names are served. In set-up mode the others are sent to the page, which
is how a phone finds it.

A write needs a session and its token, and no Origin but ours. Two know neither: a login, and the
choice of the first password; they must be JSON, which a form of another site cannot send. Through
the access point, before there is a password, this holds for every write: somebody has to begin.
"""

# What systems ask for to learn whether there is an internet, if they ask us by our address.
_PROBES = (
    " /generate_204 /gen_204 /hotspot-detect.html /library/test/success.html /success.txt"
    " /canonical.html /connecttest.txt /ncsi.txt /redirect /check_network_status.txt "
)


def before(guard, request):
    """An answer if the request goes no further: (object, status, headers). None: it does."""
    host = request.headers.get("Host", "").lower()
    name = host.partition(":")[0]
    path, page = request.path, guard.setup(request)
    ours = name in guard.names or _is_address(name)
    if page and (not ours or f" {path} " in _PROBES):
        return "", 302, {"Location": page}
    if not ours:
        return _no(403, f"{name[:40]} is not a name of this gateway: use its address")
    if request.method in ("GET", "HEAD"):
        free = not guard.protected or page and not guard.sessions.set or path == "/api/session"
        if free or path[:5] != "/api/" and path != "/metrics" or guard.user(request):
            return None
        return _no(401, "log in first")
    origin = request.headers.get("Origin")
    if origin and origin.lower() != "http://" + host:
        return _no(403, "a page of another site asked for this")
    sessions = guard.sessions
    token = request.headers.get("X-Token")
    if token and sessions.check(guard.cookie(request), token):
        return None
    if path == "/api/login" if sessions.set else page or path == "/api/password":
        if token or (request.content_type or "").startswith("application/json"):
            return None
        return _no(403, "only as application/json")
    if not sessions.set:
        return _no(401, "choose a password first")
    return _no(401, "log in first")


def _is_address(name):
    """It is an IPv4 address in its usual form."""
    parts = name.split(".")
    return len(parts) == 4 and all(len(p) < 4 and p.isdigit() and int(p) < 256 for p in parts)


def _no(status, words):
    return {"error": words}, status
