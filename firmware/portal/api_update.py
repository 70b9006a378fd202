"""GET /api/update: what runs, and what may come. POST /api/update?older=1: a new version, as the
body, which goes to the flash as it comes (exchange.py). POST /api/update/check, /fetch: at the
owner's address; /back: the one before.
"""

from firmware.rarely import load


def get(request):
    """What an update has to fit, and how one that is going on goes on."""
    gateway, slots = request.app.gateway, load("slots")
    slot = slots.running()
    board = load("manifest").Board(slot)
    told = {
        "version": board.version, "family": board.family, "mpy": board.mpy, "slot": slot,
        "trial": bool(slots.trying()), "good": slots.read("app.good")[:1] == slot,
        "signed": bool(board.key), "before": slots.version(slots.free()),
        "newer": gateway.newer,
    }
    going = gateway.update
    if going:
        told["taking"] = {"version": going.version, "done": going.done, "size": going.size}
    told.update(slots.facts())
    return told


async def post(request):
    """Take a new version, look for one, or go back to the one before."""
    app = request.app
    gateway, what = app.gateway, request.rest
    if what == "back":
        return _back(request)
    if what not in ("", "check", "fetch"):
        app.abort(404, "no such thing here")
    if not what and not hasattr(request, "source"):
        app.abort(400, "the body has to be a bundle, made by `make dist`")
    confirmed = " ".join([word for word in ("older", "unsigned") if request.args.get(word)])
    link = gateway.link
    try:
        if not what:
            install = load("installing").install(gateway, request.source, confirmed)
        elif link and not link.up.is_set():
            raise OSError("there is no network")
        elif what == "check":
            version = await load("newer").check(gateway)
            return {"version": version, "newer": bool(version)}
        else:
            request.sock[1].due = None  # it has deadlines of its own
            install = load("installing").fetch(gateway, confirmed)
        return {"version": await install, "restart": True}
    except ValueError as refused:
        words, confirm = (refused.args + ("", ""))[:2]
        return app.abort(409 if confirm else 400, {"error": words, "confirm": confirm})
    except (OSError, EOFError) as error:
        words = load("publish.dialling").words(error) if what else f"{error}: nothing changed"
        return app.abort(503 if not what else 502, words)


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
