"""The destinations over HTTP, made from the settings. Needed at start, and for a test."""

from firmware.publish.policy import Policy


def upload(name, gateway, settings, backlog, dialler, clock=None):
    """The destination "influx" or "post" of a gateway; its task has yet to be started."""
    if name == "influx":
        from firmware.publish.influx import Influx as kind
    else:
        from firmware.publish.post import Post as kind

    store, own = gateway.store, {}
    for key in ("labels", "identifiers", "publish_threshold"):
        own[key] = settings[key]
    for key in ("when", "interval"):
        own["publish_" + key] = settings[f"{name}_{key}"]
    return kind(
        settings, gateway.device, gateway.books, store, gateway.source, backlog,
        Policy(own, store), gateway.opener(dialler), clock or gateway.clock, gateway.seconds,
    )
