"""A MicroPython process with the real MQTT destination in it, for the service tests (CPython)."""

import json
import subprocess
import time

from tests.support import mpy_process


class Publishing:
    """Runs tests/support/publisher.py against a port of loopback, from `with` to its end."""

    script = "publisher.py"

    def __init__(self, port, *, period=0, deadline=500, wait=50, runtime="unix64", backlog=None,
                 step=0, folder=None, tls=None, names=None, servers=None, topics=None,
                 **settings):
        """folder: the board's flash; tls: as Dialler has it; names: {name: address}, servers: name
        servers to ask for others; topics: that are subscribed to, see "heard" of the status.
        """
        self.options = {
            "settings": {"mqtt_port": port, **settings},
            "deadline": deadline,
            "period": period,
            "wait": wait,
            "backlog": backlog,
            "step": step,
            "tls": tls,
            "names": names or {},
            "servers": servers,
            "topics": topics or [],
        }
        self._folder = folder
        self._runtime = runtime

    def __enter__(self):
        root = mpy_process.ROOT
        folders = [*mpy_process.module_folders(), root / "tests/unit"]
        script = root / "tests/support" / self.script
        self._process = subprocess.Popen(
            [*mpy_process.unix_command(self._runtime), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=self._folder,
            env=mpy_process.environment(*folders, OPTIONS=json.dumps(self.options)),
        )
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def tell(self, *command) -> None:
        self._process.stdin.write(" ".join(map(str, command)) + "\n")

    def status(self) -> dict:
        """Mqtt.status() with heap, stall, held, frames, heard."""
        self.tell("status")
        line = self._process.stdout.readline()
        assert line, self._process.communicate()[1]
        return json.loads(line)

    def until(self, condition, seconds=20) -> dict:
        """The first status for which condition(status) holds."""
        end = time.monotonic() + seconds
        while not condition(status := self.status()):
            assert time.monotonic() < end, status
            time.sleep(0.02)
        return status

    def stop(self) -> None:
        """Cancel the destination; nothing but the cancellation may come out of it."""
        out, errors = self._process.communicate("stop\n", 20)
        assert (out, errors, self._process.returncode) == ("stopped\n", "", 0)
