"""POST /api/test/<destination>: try it now, with settings that need not have been saved, and say
in words what happened. Nothing is kept. What is done is in trial_<destination>.py.
"""

import asyncio

from micropython import const

from firmware.rarely import load

_DEADLINE = const(4000)  # ms for the connection, and for the answer
_PATIENCE = const(9)  # s for all of it: a name to look up, and TLS
_TESTS = "mqtt ntp influx post"


async def post(request):
    """{"ok", "words"}; the body holds the settings to try with, or is empty."""
    app = request.app
    name = request.rest
    if name not in _TESTS.split(" "):
        app.abort(404, {"error": "no such test", "allowed": _TESTS})
    config = app.gateway.config()
    if request.body:
        changes = load("portal.body").read(request)
        for key in changes:
            try:
                config.update({key: changes[key]})
            except ValueError as error:
                told = load("portal.changing").refusal(config, key, changes[key], error)
                app.abort(400, told)
    link = app.gateway.link
    if link and not link.up.is_set():
        return {"ok": False, "words": "there is no network"}
    try:
        if name in ("influx", "post"):
            attempt = load("portal.trial_upload").attempt(app.gateway, config, _DEADLINE, name)
        else:
            attempt = load("portal.trial_" + name).attempt(app.gateway, config, _DEADLINE)
        return {"ok": True, "words": await asyncio.wait_for(attempt, _PATIENCE)}
    except asyncio.TimeoutError:
        words = "no answer in time"
    except OSError as error:
        words = load("publish.dialling").words(error)
    return {"ok": False, "words": words}
