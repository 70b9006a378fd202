"""The destinations over HTTP, made from the settings. Needed at start, and for a test."""

from firmware.publish.policy import Policy


def upload(name, gateway, settings, backlog, dialler):
    """The destination "influx" or "post" of a gateway; its task has yet to be started."""
    if name == "influx":
        from firmware.publish.influx import Influx as kind
    else:
        from firmware.publish.post import Post as kind

    store = gateway.store
    return kind(
        settings, gateway.device, gateway.books, store, gateway.source, backlog,
        Policy(settings, store, name), gateway.opener(dialler), gateway.clock, gateway.seconds,
    )
