"""GET /api/update: what runs, and what may come. POST /api/update?older=1: a new version, as the
body, which goes to the flash as it comes (taking.py). POST /api/update/check, /fetch: at the
owner's address; /back: the one before.
"""

from firmware.rarely import load


def get(request):
    """What an update has to fit."""
    gateway, slots = request.app.gateway, load("slots")
    slot = slots.running()
    board = load("manifest").Board(slot)
    told = {
        "version": board.version, "family": board.family, "mpy": board.mpy, "slot": slot,
        "trial": bool(slots.trying()), "good": slots.read("app.good")[:1] == slot,
        "signed": bool(board.key), "before": slots.version(slots.free()),
        "newer": gateway.newer, "refused": gateway.refused,
    }
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
    link = gateway.link
    if what and link and not link.up.is_set():
        app.abort(502, "there is no network")
    if what == "check":
        try:
            version = await load("newer").check(gateway)
        except OSError as error:
            app.abort(502, load("publish.dialling").words(error))
        return {"version": version, "newer": bool(version)}
    confirmed = " ".join([word for word in ("older", "unsigned") if request.args.get(word)])
    body = None if what else request.source
    # There is no memory for both of us: it answers when we are out of the way.
    request.sock[1].lent = "portal.taking", gateway, confirmed, body
    return {}


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
