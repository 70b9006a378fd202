"""A MicroPython process with the real destination InfluxDB in it, for the service tests."""

from tests.support.publishing import Publishing
from tests.unit.influx_settings import SETTINGS

# Of HTTP POST, beside those that all destinations have.
POST = {"post_header": "Authorization", "post_token": "", "post_body": "frame", "post_batch": 1,
        "post_when": "frame", "post_interval": 30}


class Uploading(Publishing):
    """Runs tests/support/uploader.py against a server of loopback, from `with` to its end."""

    script = "uploader.py"

    def __init__(self, port, folder="", *, deadline=500, runtime="unix64", kind="influx", host="",
                 tls=None, flash=None, **settings):
        """folder: of the backlog; flash: where ca.der is; host: the server's name, for TLS."""
        url = f"https://{host}:{port}" if host else f"http://127.0.0.1:{port}"
        self.options = {
            "kind": kind, "settings": {**SETTINGS, **POST, f"{kind}_url": url, **settings},
            "deadline": deadline, "interval": 30, "folder": str(folder),
            "tls": tls, "names": {host: "127.0.0.1"},
        }
        self._runtime, self._folder = runtime, flash

    def run(self, count, period) -> None:
        """So many readings more, one in `period` ms."""
        self.tell("run", count, period)

    def finish(self, seconds=30) -> dict:
        """The status when all readings were taken and none waits."""
        return self.until(lambda s: s["done"] and not s["waiting"], seconds)
