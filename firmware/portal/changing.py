"""Changing settings for /api/config and a backup that is restored: what is wrong, in words."""

from firmware.rarely import load


def change(request) -> dict:
    """Change several settings, or none if one is wrong."""
    changes = load("portal.body").read(request)
    config = request.app.gateway.config()
    changed = []
    for key in sorted(changes):
        try:
            if config.update({key: changes[key]}):
                changed.append(key)
        except ValueError as error:
            request.app.abort(400, refusal(config, key, changes[key], error))
    save(request, config)
    return {"changed": changed, "restart": bool(changed)}


def save(request, config) -> None:
    """Write the settings; an answer 503 if the flash refuses."""
    try:
        config.save()
    except OSError as error:
        request.app.abort(503, f"the flash does not take the settings ({error}): nothing changed")


def refusal(config, key, value, error) -> dict:
    """What is wrong with a setting, for people and for the page."""
    told = {"error": str(error), "key": key[:40]}
    try:
        kind, told["allowed"], _ = config.describe(key)
    except ValueError:
        return told  # whatever was meant by it: it may have been a secret
    if kind != "secret":
        text = str(value)
        if len(text) > 40:
            value = text[:37] + "..."
        told["value"] = value if value is None or type(value) in (int, bool, str) else text
    return told
