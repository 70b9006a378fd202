"""GET /api/update: what runs, and what may come. POST /api/update?older=1: a new version, as the
body, which goes to the flash as it comes (exchange.py). POST /api/update/back: the one before.
"""

from firmware.rarely import load


def get_update(request):
    """What an update has to fit, and how one that is going on goes on."""
    gateway, slots = request.app.gateway, load("slots")
    slot = slots.running()
    board = load("manifest").Board(slot)
    told = {
        "version": board.version, "family": board.family, "mpy": board.mpy, "slot": slot,
        "trial": bool(slots.trying()), "good": slots.read("app.good")[:1] == slot,
        "signed": bool(board.key), "before": slots.version(slots.free()),
    }
    going = gateway.update
    if going:
        told["taking"] = {"version": going.version, "done": going.done, "size": going.size}
    told.update(slots.facts())
    return told


async def post_update(request):
    """Take a new version, or go back to the one before."""
    if request.rest == "back":
        return _back(request)
    if request.rest:
        request.app.abort(404, "no such thing here")
    if not hasattr(request, "source"):
        request.app.abort(400, "the body has to be a bundle, made by `make dist`")
    gateway = request.app.gateway
    confirmed = " ".join([word for word in ("older", "unsigned") if request.args.get(word)])
    version = await install(gateway, request.source, confirmed, request.app.abort)
    return {"version": version, "restart": True}


async def install(gateway, source, confirmed, abort):
    """Install from a stream, and restart. -> the version"""
    if gateway.update:
        abort(409, "another update is going on")
    gateway.update = going = load("update").Update(
        source, confirmed, gateway.read() is not None and gateway.store.frames > 0)
    try:
        version = await going.run()
    except ValueError as refused:
        words, confirm = (refused.args + ("", ""))[:2]
        gateway.say(f"update: refused, {words}", 1)
        abort(409 if confirm else 400, {"error": words, "confirm": confirm})
    except (OSError, EOFError) as error:
        gateway.say(f"update: failed ({error})", 1)
        abort(503, f"the update was not kept ({error}): nothing changed")
    finally:
        gateway.update = None
    gateway.say(f"update: version {version} is there, restart")
    gateway.restart()
    return version


def _back(request):
    """Have the other slot tried."""
    slots = load("slots")
    slot = slots.free()
    version = slots.version(slot)
    if not version or not slots.running():
        request.app.abort(404, "there is no version before this one")
    if slots.trying():
        slots.reject()
    else:
        gateway = request.app.gateway
        slots.propose(slot, gateway.read() is not None and gateway.store.frames > 0)
    request.app.gateway.restart()
    return {"version": version, "restart": True}
