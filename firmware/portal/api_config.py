"""GET and POST /api/config: the settings, from the one table; a secret's value is never told."""

import json

from firmware.rarely import load


def get(request):
    """Each setting with its kind, what is allowed, its default as text, and its value."""
    return _settings(request.app.gateway.config()), {"Content-Type": "application/json"}


def _settings(config):
    yield '{"settings":['
    comma = ""
    for key, kind, allowed, default, value in config.rows():
        yield comma
        yield json.dumps({
            "key": key, "kind": kind, "allowed": allowed, "default": default,
            "value": value != "" if kind == "secret" else value,
        })
        comma = ","
    yield f'],"problems":{json.dumps(config.problems)}}}'


def post(request):
    """Change several settings, or none if one is wrong."""
    return load("portal.changing").change(request)
