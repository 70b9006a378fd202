"""What the pages of a gateway are made of; loaded at the first request, and garbage afterwards."""

import gc

_KEYS = ("device_name", "site", "identifiers", "hostname", "page_reading", "page_port")


def application(gateway):
    """The application, and the guard before it."""
    config = gateway.config()
    settings = {key: value for key, value in config.items() if key in _KEYS}
    config = None
    gc.collect()  # the settings' code takes much room, and so does the application
    from firmware.portal.app import make
    from firmware.portal.guard import Guard

    hostname = settings["hostname"] or gateway.device
    guard = Guard(gateway.sessions, None, hostname, settings["page_reading"] == "protected")
    app = make(gateway, guard, settings)
    guard.page = app.page  # type: ignore  # they need each other
    return app
