"""What the pages of a gateway are made of; loaded at the first request, and garbage afterwards."""

from firmware.portal.app import make
from firmware.portal.guard import Guard


def application(gateway):
    """The application, and the guard before it."""
    config = gateway.config()
    hostname = config.get("hostname") or gateway.device

    protected = config.get("page_reading") == "protected"
    app = make(gateway, Guard(gateway.sessions, None, hostname, protected))
    app.guard.page = app.page
    app.port = config.get("page_port")
    return app
