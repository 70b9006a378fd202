"""POST /api/test/<destination>: try it now, with settings that need not have been saved, and say
in words what happened. Nothing is kept.
"""

import asyncio
import time

from micropython import const

from firmware.rarely import load

_DEADLINE = const(4000)  # ms for the connection, and for the answer


async def post_test(request):
    """{"ok", "words"}; the body holds the settings to try with, or is empty."""
    app = request.app
    tests = {"mqtt": _mqtt, "ntp": _ntp}
    if request.rest not in tests:
        app.abort(404, {"error": "no such test", "allowed": "mqtt ntp"})
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
        return {"ok": True, "words": await tests[request.rest](app.gateway, config)}
    except asyncio.TimeoutError:
        words = "no answer in time"
    except OSError as error:
        words = load("publish.dialling").words(error)
    return {"ok": False, "words": words}


async def _mqtt(gateway, config):
    """Log in at the broker, under a name of its own beside the connection there may be."""
    from firmware.publish.link import Dialler  # in memory if there is a broker already

    host = config.get("mqtt_host")
    if not host:
        raise OSError("no broker is set")
    greeting = load("publish.greeting")
    client = greeting.introduce(config, gateway.device)
    client.client_id = client.client_id[:18] + b"-test"
    client.lw_topic = None
    client.lw_qos = 0
    dialler = Dialler(time.ticks_ms, gateway.find, _DEADLINE)
    stream = await dialler.open(host, config.get("mqtt_port"))
    try:
        await greeting.greet(stream, client, time.ticks_ms, _DEADLINE)
        stream.write(b"\xe0\x00")
    finally:
        stream.close()
    return "the broker takes us" + (" as " + config.get("mqtt_user") if client.user else "")


async def _ntp(gateway, config):
    host = config.get("ntp_host")
    if not host:
        raise OSError("no time server is set")
    from firmware.link.ntp import Ntp  # in memory if there is a network

    ntp = Ntp(None, host, gateway.find)
    return f"the server answers, after {await load('link.sntp').ask(ntp)} ms"
