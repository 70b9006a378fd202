"""GET /api/scan, POST and GET /api/join: the networks around, and the way into one of them."""

from firmware.rarely import load

_NAMES = ("ssid", "rssi", "security", "channel", "hidden")
_KEYS = ("ssid", "password", "address", "netmask", "router", "dns")


def get(request):
    """The networks around; or how the trial of one goes, or went."""
    if request.name == "scan":
        return _scan(request)
    joining = request.app.gateway.joining
    return joining.trial if joining else {"state": "idle"}


def _scan(request):
    """The networks that were found last; ?again=1 looks now, which stops all else for 2 s."""
    app = request.app
    if not app.gateway.link:
        app.abort(503, "there is no radio")
    again = request.args.get("again", "") not in ("", "0")
    try:
        found = load("link.scanning").scan(app.gateway.link, again)
    except OSError as error:
        app.abort(503, str(error))
    return {"networks": [dict(zip(_NAMES, network)) for network in found]}


def post(request):
    """Try a network; what it leads to is for GET /api/join. It is kept once it was joined."""
    app = request.app
    body = load("portal.body")
    given = body.read(request)
    for key in given:
        if key not in _KEYS and key != "hidden":
            app.abort(400, {"error": f"{key[:40]}: no such key", "key": key[:40],
                            "allowed": " ".join(_KEYS)})
    values = [body.text(given, key, app.abort) for key in _KEYS]
    body.text(given, "ssid", app.abort, 1, 32)
    joining = app.gateway.joining
    if not joining:
        app.abort(503, "there is no radio")
    try:
        joining.join(values[0], values[1], **dict(zip(_KEYS[2:], values[2:])))
    except ValueError as error:
        words = str(error)
        key = words.partition(":")[0].replace("wifi_", "")
        app.abort(400, {"error": words, "key": key} if key in _KEYS else words)
    except OSError as error:
        app.abort(503, str(error))
    return joining.trial, 202
