"""What the pages of a gateway are made of; loaded at the first request, and garbage afterwards."""

from firmware.rarely import load


def application(gateway):
    """The application, and the guard before it."""
    config = gateway.config()
    port = config.get("page_port")
    hostname = config.get("hostname") or gateway.device

    def setup(client):
        """The page's address for a client at (address, port) that is in our own network."""
        point = gateway.joining and gateway.joining.access_point
        if not point or not point.address:
            return ""
        if client[0].rpartition(".")[0] != point.address.rpartition(".")[0]:
            return ""
        return f"http://{point.address}/" if port == 80 else f"http://{point.address}:{port}/"

    protected = config.get("page_reading") == "protected"
    guard = load("portal.guard").Guard(gateway.sessions, setup, hostname, protected)
    return load("portal.app").make(gateway, guard)
