"""GET /metrics: the Prometheus text format, version 0.0.4.

Nothing stale: what the meter says is left out when its last frame is older than a minute. Without
the model of the meter (setting model) the values are those of a few labels, in historique and
standard only.
"""

from firmware.rarely import load


def get(request):
    """All series."""
    kind = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    return _series(request.app.gateway), kind


def _series(gateway):
    for name in ("portal.metrics_gateway", "portal.metrics_line", "portal.metrics_meter"):
        yield from load(name).series(gateway, _family)


def _family(name, kind, words, samples):
    """The lines of a metric, none if nothing of it is known."""
    head = f"# HELP {name} {words}\n# TYPE {name} {kind}\n"
    for labels, value in samples:
        if value is not None:
            yield head
            yield f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n"
            head = ""
