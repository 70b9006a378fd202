"""What is around the gateway of a soak: servers, the lines to them that fail, and visitors."""

import contextlib
import http.client
import json
import socket
import subprocess
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.fault_proxy import FaultProxy
from tests.support.gate import Gate
from tools.bench.gateway import EVERYTHING
from tools.simulator.ports import free_port
from tools.simulator.servers import InfluxDB, Mosquitto

INTERVAL = 30  # s of the board between two readings
_PATIENCE = 40  # s
_DATABASE = "house"


class House:
    """From `with` to its end. `settings`: those of the gateway that lives here."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._ends = contextlib.ExitStack()
        self.page, self._modbus, self._raw = (free_port(0) for _ in range(3))
        self.visits = Visits(self.page)

    def __enter__(self):
        enter = self._ends.enter_context
        try:
            broker = enter(Mosquitto(self._folder / "mosquitto"))
            self._influx = enter(InfluxDB(self._folder / "influxdb"))
            self._influx.say(f"CREATE DATABASE {_DATABASE}")
            self._taker = enter(Taker())
            self.gate = enter(Gate(broker.port))
            self.influx = enter(FaultProxy(self._influx.port))
            self.post = enter(FaultProxy(self._taker.server_port, 2))
            self._said = enter((self._folder / "frames").open("w+"))
            listener = subprocess.Popen(
                ["mosquitto_sub", "-p", str(broker.port), "-q", "1", "-t", "tic/+/frame"],
                stdout=self._said, stdin=subprocess.DEVNULL)
            self._ends.callback(listener.wait)
            self._ends.callback(listener.terminate)
            self.settings = {
                "wifi_ssid": "simulated", "ap_after": 3, "ntp_host": "", "page_port": self.page,
                "mqtt_port": self.gate.port, "mqtt_qos": 1, "mqtt_commands": True,
                "publish_when": "interval", "publish_interval": INTERVAL, "homeassistant": True,
                "tasmota": True, "domoticz_idx": 1,
                "influx_url": f"http://127.0.0.1:{self.influx.port}",
                "influx_database": _DATABASE, "influx_interval": INTERVAL, "influx_batch": 2,
                "post_url": f"http://127.0.0.1:{self.post.port}/", "post_interval": INTERVAL,
                "modbus": True, "modbus_port": self._modbus, "raw_tic": True,
                "raw_tic_port": self._raw, "backlog_flash": 1024,
            }
            # What reads without a pause; each begins again when it is cut.
            for work in (self.visits.follow, self._ask_registers, self._read_raw):
                threading.Thread(target=work, daemon=True).start()
            self._ends.callback(self.visits.over.set)
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(self, *_):
        self._ends.close()

    def arrived(self) -> dict:
        """{destination: Unix seconds of each reading that has come, in their order}"""
        rows = self._influx.rows("SELECT apparent_va FROM tic WHERE mode != ''", _DATABASE)
        self._said.seek(0)
        frames = [json.loads(line) for line in self._said]
        return {"influx": [row["time"] for row in rows],
                "post": [_seconds(one) for one in list(self._taker.times)],
                "mqtt": [_seconds(frame.get("time") or frame["DATE"]) for frame in frames]}

    def _ask_registers(self) -> None:
        """Modbus: a block of registers every now and then."""
        wanted = bytes((0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 40))
        self.visits.again(self._modbus, "modbus", lambda s: s.sendall(wanted) or s.recv(300), 0.2)

    def _read_raw(self) -> None:
        self.visits.again(self._raw, "raw bytes", lambda s: s.recv(65536), 0)


class Visits:
    """Clients of the gateway. `counts`: what they got, and how often they were cut."""

    def __init__(self, port: int):
        self._port = port
        self.counts = dict.fromkeys(
            ("pages", "cut", "live", "modbus", "raw bytes", "modbus cut", "raw bytes cut"), 0)
        self.over, self.open = threading.Event(), threading.Event()

    def get(self, path: str) -> bytes:
        """The answer; OSError if there is none."""
        client = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        try:
            client.request("GET", path)
            answer = client.getresponse()
            said = answer.read()
            if answer.status != 200:
                raise OSError(f"{path}: {answer.status}")
            self.counts["pages"] += 1
            return said
        except http.client.HTTPException as problem:
            raise OSError(f"{path}: {problem!r}") from problem
        finally:
            client.close()

    def surely(self, path: str) -> bytes:
        """The same, more than once: here the patience of the gateway lasts milliseconds."""
        for left in range(9, -1, -1):
            try:
                return self.get(path)
            except OSError:
                self.counts["cut"] += 1
                if not left:
                    raise
                time.sleep(0.02)
        return b""

    def all(self) -> None:
        """Somebody looks at everything."""
        for path in EVERYTHING:
            self.surely(path)

    def follow(self) -> None:
        """The live feed, while `open` is set."""
        while not self.over.is_set():
            if not self.open.wait(1):
                continue
            client = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
            with contextlib.suppress(OSError, http.client.HTTPException):
                client.request("GET", "/api/live")
                with client.getresponse() as answer:  # which keeps the connection open
                    while self.open.is_set() and (line := answer.readline()):
                        self.counts["live"] += line.startswith(b"data:")
            client.close()
            time.sleep(0.02)

    def again(self, port: int, name: str, step, pause: float) -> None:
        """step(socket) for ever, on a new connection whenever the old one ends."""
        while not self.over.wait(0.1):
            with contextlib.suppress(OSError), socket.create_connection(
                    ("127.0.0.1", port), _PATIENCE) as client:
                while (said := step(client)) and not self.over.is_set():
                    self.counts[name] += 1 if pause else len(said)
                    time.sleep(pause)
                self.counts[f"{name} cut"] += 1


class Taker(ThreadingHTTPServer):
    """The owner's server, which takes what is posted. `times`: those of the readings."""

    daemon_threads = True

    def __init__(self):
        self.times = []
        super().__init__(("127.0.0.1", 0), _Taking)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _Taking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """Take it."""
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.times.append(told["time"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Nothing is said of it."""


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())
