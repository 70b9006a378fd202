"""mosquitto and mosquitto_sub, for the service tests (CPython)."""

import shutil
import socket
import subprocess
import threading
import time

import pytest

from tools.simulator.ports import free_port

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/sbin")
BASE = "tic/winky-a1b2c3/"

needed = pytest.mark.skipif(
    not (MOSQUITTO and shutil.which("mosquitto_sub")),
    reason="needs Debian's packages mosquitto and mosquitto-clients",
)


class Mosquitto:
    """The broker, on a free port of loopback, from `with` to its end."""

    def __init__(self, folder, *lines):
        self.port = free_port()
        self._folder = folder
        self._lines = lines
        self.ports = [self.port]

    def __enter__(self):
        config = self._folder / "mosquitto.conf"
        rules = self._lines or ("allow_anonymous true",)
        # As root it would change its user. What the lines say of TLS is of this listener.
        head = ["user root", f"listener {self.port} 127.0.0.1"]
        config.write_text("\n".join([*head, *rules, ""]))
        self.start()
        return self

    def start(self):
        config, log = self._folder / "mosquitto.conf", self._folder / "mosquitto.log"
        with log.open("ab") as out:
            command = [MOSQUITTO, "-c", str(config)]
            self._process = subprocess.Popen(command, stdout=out, stderr=out)
        for _ in range(200):
            try:
                for port in self.ports:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                assert self._process.poll() is None, log.read_text()
                time.sleep(0.02)
        raise AssertionError("mosquitto does not listen")

    def stop(self):
        self._process.terminate()
        self._process.wait(10)

    def __exit__(self, *_):
        self.stop()


class Subscriber:
    """mosquitto_sub on everything; lines are (qos, retain flag, topic, payload)."""

    def __init__(self, port, *arguments):
        self.lines = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", "#"]
            + ["-F", "%q %r %t %p", *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._process.stdout:
            qos, retain, topic, payload = line.rstrip("\n").split(" ", 3)
            with self._news:
                self.lines.append((int(qos), int(retain), topic, payload))
                self._news.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(10)
        self._thread.join(10)

    def payloads(self, name):
        return [payload for _, _, topic, payload in list(self.lines) if topic == BASE + name]

    def wait(self, condition, seconds=20):
        with self._news:
            assert self._news.wait_for(condition, seconds), self.lines[-5:]
