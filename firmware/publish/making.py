"""Destinations, and the ways to them, made from the settings. Needed at start, and for a test."""

import time


def dialler(name, gateway, settings, deadline=10000):
    """The way to the server of the destination "mqtt", "influx" or "post", a Dialler."""
    from firmware.publish.link import Dialler

    if name == "mqtt":
        secure = settings["mqtt_tls"]
    else:
        secure = settings[name + "_url"].startswith("https:")
    tls = settings[name + "_fingerprint"] if secure else None
    return Dialler(time.ticks_ms, gateway.find, deadline, tls, gateway.clock)


def upload(name, gateway, settings, backlog, dialler):
    """The destination "influx" or "post" of a gateway; its task has yet to be started."""
    from firmware.publish.policy import Policy

    if name == "influx":
        from firmware.publish.influx import Influx as kind
    else:
        from firmware.publish.post import Post as kind

    store = gateway.store
    return kind(
        settings, gateway.device, gateway.books, store, gateway.source, backlog,
        Policy(settings, store, name), gateway.opener(dialler), gateway.clock, gateway.seconds,
    )
