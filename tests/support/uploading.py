"""A MicroPython process with the real destination InfluxDB in it, for the service tests."""

from tests.support.publishing import Publishing
from tests.unit.influx_settings import SETTINGS


class Uploading(Publishing):
    """Runs tests/support/uploader.py against a server of loopback, from `with` to its end."""

    script = "uploader.py"

    def __init__(self, port, folder="", *, deadline=500, runtime="unix64", **settings):
        self.options = {
            "settings": {**SETTINGS, "influx_url": f"http://127.0.0.1:{port}", **settings},
            "deadline": deadline, "interval": 30, "folder": str(folder),
        }
        self._runtime, self._folder = runtime, None

    def run(self, count, period) -> None:
        """So many readings more, one in `period` ms."""
        self.tell("run", count, period)

    def finish(self, seconds=30) -> dict:
        """The status when all readings were taken and none waits."""
        return self.until(lambda s: s["done"] and not s["waiting"], seconds)
