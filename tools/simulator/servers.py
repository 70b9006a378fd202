"""Debian's InfluxDB 1, VictoriaMetrics and mosquitto, each in its own folder, on 127.0.0.1."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from .ports import free_port

_PATIENCE = 20  # s until a server listens


class Absent(Exception):
    """It does not start, in words."""


class Server:
    """A server, from start() to stop(). Also for `with`. usual: whether its usual port is wanted,
    if nobody has it.
    """

    port = 0

    def __init__(self, folder, usual=False):
        self.folder = Path(folder)
        self.port = free_port(self.port if usual else 0)
        self._process = None

    def command(self) -> list:
        """The command that starts it."""
        raise NotImplementedError

    def environment(self) -> dict:
        """What that wants of the environment."""
        return {}

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = self.command()
        log = self.folder / "log"
        try:
            with log.open("ab") as out:
                self._process = subprocess.Popen(
                    command, cwd=self.folder, env=os.environ | self.environment(),
                    stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        except OSError as problem:
            raise Absent(f"{command[0]}: {problem}") from None
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                self.ask()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    raise Absent(f"{command[0]} does not work:\n{log.read_text()}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """End it; what it kept is of no use to anybody."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def ask(self) -> None:
        """OSError unless it works."""
        socket.create_connection(("127.0.0.1", self.port), 1).close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


class Mosquitto(Server):
    """A broker for everybody."""

    port = 1883

    def command(self):
        (self.folder / "conf").write_text(  # as root it would change its user
            f"user root\nlistener {self.port} 127.0.0.1\nallow_anonymous true\n")
        found = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
        return [found or "mosquitto", "-c", str(self.folder / "conf")]


class Database(Server):
    """`url`: where it listens."""

    ready = "/"  # a path that answers as soon as it works

    def __init__(self, folder, usual=False):
        super().__init__(folder, usual)
        self.url = f"http://127.0.0.1:{self.port}"

    def ask(self):
        self.get(self.ready)

    def get(self, path: str, **query) -> bytes:
        """The answer to a question; OSError if there is none, or an error."""
        return self._ask(path, None, query)

    def post(self, path: str, body: bytes = b"", **query) -> bytes:
        """The same of a POST."""
        return self._ask(path, body, query)

    def _ask(self, path, body, query) -> bytes:
        url = f"{self.url}{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=10) as answer:
            return answer.read()


class InfluxDB(Database):
    """InfluxDB 1. With user and password, these have all rights and nobody else has any."""

    port = 8086
    ready = "/ping"

    def __init__(self, folder, usual=False, user="", password=""):
        super().__init__(folder, usual)
        self._account = {"u": user, "p": password} if user else {}

    def command(self):
        return ["influxd", "run", "-config", os.devnull]

    def environment(self):
        return {
            "INFLUXDB_REPORTING_DISABLED": "true",
            "INFLUXDB_MONITOR_STORE_ENABLED": "false",
            "INFLUXDB_BIND_ADDRESS": f"127.0.0.1:{free_port(0)}",
            "INFLUXDB_HTTP_BIND_ADDRESS": f"127.0.0.1:{self.port}",
            "INFLUXDB_HTTP_AUTH_ENABLED": "true" if self._account else "false",
            "INFLUXDB_META_DIR": str(self.folder / "meta"),
            "INFLUXDB_DATA_DIR": str(self.folder / "data"),
            "INFLUXDB_DATA_WAL_DIR": str(self.folder / "wal"),
        }

    def start(self):
        super().start()
        if self._account:
            self.say(f"CREATE USER {self._account['u']} WITH PASSWORD '{self._account['p']}'"
                     " WITH ALL PRIVILEGES")

    def say(self, words: str, database: str = "") -> list:
        """The series that a statement of InfluxQL gives: [{"name", "columns", "values"}]"""
        query = {"q": words, "epoch": "s", "db": database, **self._account}
        told = json.loads(self.post("/query", **query))["results"][0]
        if "error" in told:
            raise OSError(told["error"])
        return told.get("series", [])

    def rows(self, words: str, database: str) -> list:
        """Dictionaries of the rows, tags included."""
        return [dict(zip(one["columns"], values, strict=True)) | one.get("tags", {})
                for one in self.say(words, database) for values in one["values"]]


class VictoriaMetrics(Database):
    """VictoriaMetrics. Points that were sent twice count once. `scrape`: (host:port, seconds) of a
    /metrics that it is to ask for.
    """

    port = 8428
    ready = "/health"
    scrape: tuple = ()

    def command(self):
        more = []
        if self.scrape:
            told = {"scrape_configs": [{
                "job_name": "ticgate", "scrape_interval": f"{self.scrape[1]}s",
                "static_configs": [{"targets": [self.scrape[0]]}]}]}
            (self.folder / "scrape.yml").write_text(json.dumps(told))  # which is YAML, too
            more = [f"-promscrape.config={self.folder / 'scrape.yml'}"]
        return ["victoria-metrics", f"-httpListenAddr=127.0.0.1:{self.port}",
                f"-storageDataPath={self.folder / 'data'}", "-retentionPeriod=100y",
                "-dedup.minScrapeInterval=1ms", "-memory.allowedBytes=64MB",
                "-loggerLevel=ERROR", *more]

    def rows(self, match: str) -> list:
        """[(labels, [(Unix seconds, value), ...])] of each series."""
        self.get("/internal/force_flush")
        found = []
        for line in self.get("/api/v1/export", **{"match[]": match}).splitlines():
            told = json.loads(line)
            times = [ms // 1000 for ms in told["timestamps"]]
            found.append((told["metric"], list(zip(times, told["values"], strict=True))))
        return found
