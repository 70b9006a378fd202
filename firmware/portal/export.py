"""GET /api/history: rows of the history as JSON; GET /api/history.csv: the same as a table.

Both are streamed, and read the files of the history as they go: by daybook.py and samples.py. What
is here is garbage by then.
"""

from micropython import const

from firmware.link.clock import UNIX
from firmware.portal import pieces
from firmware.rarely import load

_DAY = const(86400)
_END = const(3155760000)  # 2100
# First span and step of each kind, in s.
_KINDS = {"minute": (3600, 60), "ten": (_DAY, 600), "day": (31 * _DAY, 1)}


def get(request):
    """{"kind", "step", "rows"}; or the same as a table."""
    span = _asked(request)
    if request.name == "history.csv":
        return _table(request, span)
    return _module(span[0]).rows(request.app.gateway, *span), {"Content-Type": "application/json"}


def _table(request, span):
    """The same; separator=; (with a decimal comma) or , (with a point)."""
    mark = request.args.get("separator", ";")
    if mark not in (";", ","):
        _refuse(request, "separator", mark, "; or ,")
    gateway = request.app.gateway
    name = f'attachment; filename="{gateway.device}-{span[0]}.csv"'
    headers = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": name}
    return _module(span[0]).table(gateway, *span, mark, pieces.iso), headers


def _module(kind):
    return load("portal.daybook" if kind == "day" else "portal.samples")


def _asked(request):
    """(kind, start, end in utc, step) of the query; an answer 400 names what is wrong."""
    args, gateway = request.args, request.app.gateway
    kind = args.get("kind", "minute")
    if kind not in _KINDS:
        _refuse(request, "kind", kind, "minute, ten, day")
    span, step = _KINDS[kind]
    now = gateway.clock and gateway.clock.utc()
    latest = _END if now is None else now + _DAY
    end = _number(request, "to", UNIX, UNIX + _END, UNIX + (now or 0) + 1) - UNIX
    end = min(end, latest)
    start = _number(request, "from", UNIX, UNIX + _END, UNIX + max(0, end - span)) - UNIX
    if start > end:
        _refuse(request, "from", start + UNIX, "a time before `to`")
    if args.get("step") == "month" and kind == "day":
        step = 0
    elif kind == "day":
        step = _number(request, "step", 1, 366, 1, " days or month")
    else:
        step = _number(request, "step", step, 31 * _DAY, step, " s")
    return kind, start, end, step


def _number(request, key, least, most, usual, unit=""):
    text = request.args.get(key)
    if text is None:
        return usual
    if not text.isdigit() or len(text) > 10 or not least <= int(text) <= most:
        _refuse(request, key, text, f"{least}..{most}{unit}")
    return int(text)


def _refuse(request, key, value, allowed):
    value = str(value)[:40]
    words = f"{key}: {value} is not allowed, only {allowed}"
    request.app.abort(400, {"error": words, "key": key, "value": value, "allowed": allowed})
