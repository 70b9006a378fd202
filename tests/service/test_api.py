"""The portal over real sockets: the server, the guard and the handlers together, while several
clients ask at once. In the 32-bit MicroPython; its heap has room for the stand-ins besides.
"""

import csv
import gzip
import http.client
import io
import json
import subprocess
import threading

import pytest

from tests.support import mpy_process
from tests.support.mpy_process import ROOT
from tools.runtime import mpy
from tools.simulator.ports import free_port

_PASSWORD = "a long password"
_MINUTES = 1200

# What runs in MicroPython: a gateway of stand-ins around a real store, model and history.
_BOARD = f"""
import asyncio, gc, os, sys, time
import firmware.portal
from portal_meter import gateway
from firmware.history import History
from firmware.portal.server import Server
from firmware.portal.sessions import Sessions

class Log:
    said = []
    def add(self, level, text):
        self.said.append(text)
        print(text)
    def lines(self, level):
        for text in self.said:
            yield None, 2, text

async def main(port):
    known = gateway()
    known.log = Log()
    os.mkdir("history")
    history = known.books.ledger.history = History(known.clock, "history")
    now = known.clock.utc() // 60
    for minute in range({_MINUTES}):
        history.minute(now - {_MINUTES} + minute, minute, True)
    sessions = Sessions(lambda: time.ticks_ms() // 1000)
    def make():
        from firmware.portal.app import make
        from firmware.portal.guard import Guard

        settings = dict(device_name="", site="", identifiers="omit", page_port=port)
        return make(known, Guard(sessions, lambda address: "", "winky", False), settings)
    server = Server(
        port, make, time.ticks_ms, lambda words, level: known.log.add(level, words))
    task = asyncio.create_task(server.run())
    await asyncio.sleep_ms(50)
    print("ready")
    while "stop" not in os.listdir("."):
        await asyncio.sleep_ms(50)
        known.store.frames += 1
    print("log", known.log.said)

gc.threshold(8192)
asyncio.run(main(int(sys.argv[1])))
"""


class Board:
    """The process, its folder and its port."""

    def __init__(self, folder, port):
        mirror = mpy.mirror(ROOT, ["firmware", "lib", "tools/simulator/board", "tests/unit"],
                            mpy.UNIX32, ROOT / ".cache/mpy")
        folders = [*mpy_process.module_folders(mirror), mirror / "tests/unit"]
        self.folder, self.port = folder, port
        (folder / "board.py").write_text(_BOARD)
        self.process = subprocess.Popen(
            [*mpy_process.unix_command("unix32", "160k"), "board.py", str(port)],
            env=mpy_process.environment(*folders), cwd=folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        self.head = {}
        line = self.process.stdout.readline()
        assert line == "ready\n", line + self.process.communicate()[0]

    def ask(self, method, path, body=None, **head):
        """-> (status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {
            "Content-Type": "application/json", **self.head, **head})
        answer = connection.getresponse()
        found = answer.read()
        connection.close()
        return answer.status, answer.headers, found

    def get(self, path):
        """-> the object"""
        status, _, body = self.ask("GET", path)
        assert status == 200, body
        return json.loads(body)

    def stop(self):
        """-> what it printed"""
        (self.folder / "stop").touch()
        return self.process.communicate(timeout=20)[0]


@pytest.fixture
def board(tmp_path):
    """A gateway whose owner is logged in."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web/index.html.gz").write_bytes(gzip.compress(b"<h1>ticgate</h1>" * 200, mtime=0))
    board = Board(tmp_path, free_port())
    try:
        status, head, body = board.ask("POST", "/api/password", {"new": _PASSWORD})
        assert status == 200, body
        cookie = head["Set-Cookie"].partition(";")[0]
        board.head = {"Cookie": cookie, "X-Token": json.loads(body)["token"]}
        yield board
    finally:
        board.process.kill()
        board.process.communicate()


def test_everything_that_can_be_asked_for(board):
    session = board.get("/api/session")
    assert session["user"] and session["password"] and session["token"] == board.head["X-Token"]
    assert board.get("/api/status")["counters"]["frames"] == 3
    assert len(board.get("/api/labels")["labels"]) == 17
    assert board.get("/api/meter")["meter"]["subscribed_va"] == 9000
    assert len(board.get("/api/config")["settings"]) > 50
    assert board.get("/api/log") == {"lines": []}
    status, head, body = board.ask("GET", "/")
    assert status == 200 and gzip.decompress(body).startswith(b"<h1>")
    assert head["Content-Security-Policy"] and head["X-Content-Type-Options"] == "nosniff"
    status, _, body = board.ask("GET", "/", **{"If-None-Match": head["ETag"]})
    assert status == 304 and not body
    status, _, body = board.ask("GET", "/metrics")
    assert status == 200 and b"\ntic_frames_total 3\n" in body


def test_settings_and_their_file(board):
    status, _, body = board.ask("POST", "/api/config", {"mqtt_port": 8883, "mqtt_password": "abc"})
    assert status == 200 and json.loads(body)["changed"] == ["mqtt_password", "mqtt_port"]
    status, _, body = board.ask("POST", "/api/config", {"site": "x", "mqtt_port": 0})
    assert status == 400 and json.loads(body)["key"] == "mqtt_port"
    kept = json.loads((board.folder / "portal.json").read_text())
    assert kept == {"mqtt_password": "abc", "mqtt_port": 8883}
    status, _, file = board.ask("POST", "/api/backup", {"password": "another one"})
    assert status == 200 and b"abc" not in file
    board.ask("POST", "/api/config", {"mqtt_port": 1, "mqtt_password": ""})
    status, _, body = board.ask("POST", "/api/restore", {
        "file": file.decode(), "password": "another one"})
    assert status == 200 and json.loads(body)["secrets"] == "restored"
    status, _, body = board.ask("POST", "/api/config", {"site": "x"}, **{"X-Token": "0" * 32})
    assert status == 401
    status, _, body = board.ask("GET", "/api/status", Host="elsewhere.example")
    assert status == 403


def test_many_at_once_while_the_history_is_read(board):
    failed, rows = [], []

    def work(path, check):
        for _ in range(3):
            for _ in range(50):  # there are six places: a browser, too, comes again
                try:
                    status, _, body = board.ask("GET", path)
                except (OSError, http.client.HTTPException) as error:
                    status, body = repr(error), b""
                if status == 200:
                    break
                threading.Event().wait(0.1)
            if status != 200 or not check(body):
                failed.append(f"{path}: {status} {body[:200]}")

    def table(body):
        found = list(csv.reader(io.StringIO(body.decode()), delimiter=";"))
        rows.append(len(found))
        return found[0] == ["time", "mean_va"]

    status = board.get("/api/status")
    assert status["time"]
    start = 1700000000
    jobs = [
        (f"/api/history.csv?kind=minute&from={start}", table),
        (f"/api/history?kind=ten&from={start}", lambda body: len(json.loads(body)["rows"]) > 100),
        ("/api/config", lambda body: len(json.loads(body)["settings"]) > 50),
        ("/api/status", json.loads), ("/api/labels", json.loads), ("/metrics", len),
        ("/api/meter", json.loads), ("/", gzip.decompress),
    ]
    threads = [threading.Thread(target=work, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, f"{failed}\n{board.stop()}"
    assert "log []" in board.stop()
    assert rows and all(_MINUTES <= count <= _MINUTES + 1 for count in rows)


def test_the_live_feed(board):
    feeds = []
    for _ in range(3):
        connection = http.client.HTTPConnection("127.0.0.1", board.port, timeout=30)
        connection.request("GET", "/api/live")
        answer = connection.getresponse()
        assert answer.status == 200 and answer.headers["Content-Type"] == "text/event-stream"
        assert answer.readline() == b"retry: 5000\n" and answer.readline() == b"\n"
        assert answer.readline() == b"event: now\n"
        assert json.loads(answer.readline()[6:])["va"] == 2360
        feeds.append((connection, answer))
    assert board.ask("GET", "/api/live")[0] == 503
    assert board.get("/api/session")["user"]  # feeds are in nobody's way
    for connection, answer in feeds:
        answer.close()
        connection.close()
    for _ in range(100):
        connection = http.client.HTTPConnection("127.0.0.1", board.port, timeout=30)
        connection.request("GET", "/api/live")
        if connection.getresponse().status == 200:
            break
        connection.close()
        threading.Event().wait(0.1)
    else:
        raise AssertionError("the places of the feeds were not given back")
