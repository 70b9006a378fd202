"""GET /api/session, POST /api/login, /api/logout and /api/password: who asks, and may he."""

import firmware
from firmware.portal.guard import COOKIE
from firmware.rarely import load


def get(request):
    """What the pages have to know before anything else."""
    app = request.app
    gateway, guard = app.gateway, app.guard
    told = {
        "password": guard.sessions.set,
        "reading": "protected" if guard.protected else "open",
        "user": guard.user(request),
        "setup": bool(guard.setup(request)),
        "device": gateway.device,
        "name": app.names[0],
        "site": app.names[1],
        "version": firmware.__version__,
    }
    if told["user"]:
        told["token"] = guard.sessions.token(guard.cookie(request))
    return told


def post(request):
    """In, out, or another password."""
    if request.name == "logout":
        return _logout(request)
    return _login(request) if request.name == "login" else _choose(request)


async def _login(request):
    """{"password"} -> a session."""
    given = load("portal.body").read(request)
    sessions = request.app.guard.sessions
    return _session(request, *await proven(request, sessions.login(given.get("password")), 401))


async def _choose(request):
    """{"new", "old"?} -> a session; the others end."""
    given = load("portal.body").read(request)
    sessions = request.app.guard.sessions
    chosen = sessions.choose(given.get("new"), given.get("old"))
    return _session(request, *await proven(request, chosen, 400))


def _logout(request):
    """End the session."""
    guard = request.app.guard
    guard.sessions.logout(guard.cookie(request))
    return {}, _entered("")


async def proven(request, asked, status):
    """What comes of a question to the sessions, or the answer that says why not: `status`, 429
    while a wrong password costs a wait, 503 if the flash refuses.
    """
    abort = request.app.abort
    try:
        return await asked
    except ValueError as error:
        return abort(status, str(error))
    except OSError as error:
        return abort(503, f"the flash does not take it ({error}): nothing changed")
    except Exception as error:
        if type(error).__name__ != "Later":
            raise
        seconds = error.args[0]
        words = f"wait {seconds} s after a wrong password"
        return abort(429, {"error": words, "seconds": seconds})


def _session(request, cookie, token):
    return {"token": token}, _entered(cookie)


def _entered(cookie) -> dict:
    """The headers that give the browser its cookie; "": that take it away."""
    kept = f"{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Strict"
    return {"Set-Cookie": kept if cookie else kept + "; Max-Age=0"}
