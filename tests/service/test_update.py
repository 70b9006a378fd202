"""`make update` on the gateway of `make run`: a new version comes, and stays or goes back."""

import json
import os
import re
import subprocess
import sys
import uuid
from urllib.request import Request, urlopen

import pytest

from tests.support.sim_run import Run
from tools import dist, slot
from tools.runtime import ROOT

PASSWORD = "garage-2026"
OLD = re.search(r'"(.*)"', (ROOT / "firmware/__init__.py").read_text().splitlines()[-1])[1]


@pytest.fixture
def house(micropython, tmp_path):
    """A gateway with a password, in which a trial is a matter of seconds. -> (run, host)"""
    run = Run(uuid.uuid4().hex, TMPDIR=str(tmp_path), STATE=str(tmp_path / "state"),
              TICGATE_MINUTE="2", SET="update_minutes=3")
    try:
        host = run.until(r"page: http://(127\.0\.0\.1:\d+)/")[1]
        run.until(r"reading standard")
        choose_password(host)
        yield run, host
    finally:
        run.end()
        run.clean()


def choose_password(host) -> dict:
    """Be the first to choose it. -> headers of the session"""
    request = Request(f"http://{host}/api/password", json.dumps({"new": PASSWORD}).encode(),
                      {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return {"Cookie": cookie, "X-Token": json.load(answer)["token"]}


def bundle(folder, version, spoil=None):
    """A bundle for the simulator; spoil: {path: text} of files that are otherwise in it."""
    if not spoil:
        return dist.build("simulator", version=version, out=folder)
    work = folder / "spoilt"
    slot.stage(work, "simulator", version)
    for path, text in spoil.items():
        (work / path).write_text(text)
    slot.describe(work, "simulator", version)
    dist.pack(work, folder / "spoilt.bundle")
    return folder / "spoilt.bundle"


def update(host, file, **variables):
    """`make update`. -> CompletedProcess"""
    environment = {**os.environ, "HOST": host, "PASSWORD": PASSWORD, "FILE": str(file), "KEY": "",
                   "CONFIRM": "", **variables}
    return subprocess.run([sys.executable, "-m", "tools.update"], cwd=ROOT, env=environment,
                          capture_output=True, text=True, timeout=120)


def test_a_new_version_comes_and_stays_and_a_bad_one_goes_back(house, tmp_path):
    run, host = house
    done = update(host, bundle(tmp_path, "0.9.0"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{host} runs {OLD} on simulator\n" in done.stdout
    assert done.stdout.endswith("version 0.9.0 answers, and stays\n")
    run.until(r"board: ticgate 0\.9\.0 on")
    run.until("update: this version works, and stays")
    state = tmp_path / "state"
    assert (state / "app.good").read_text().startswith("al.")
    assert not (state / "app.try").exists()
    assert (state / "config.old").exists()

    text = (ROOT / "firmware/tic/source.py").read_text()
    assert "async def run(self)" in text
    deaf = text.replace("async def run(self)", "async def _run(self)") + (
        "\n    async def run(self):\n        while True:\n            await asyncio.sleep(60)\n")
    done = update(host, bundle(tmp_path, "0.9.1", {"firmware/tic/source.py": deaf}))
    assert done.returncode == 1
    assert "version 0.9.1 did not work: the gateway went back to 0.9.0" in done.stderr
    run.until("update: this version does not work: back to the one before")
    run.until(r"board: ticgate 0\.9\.1 on")
    assert json.load(urlopen(f"http://{host}/api/status"))["went_back"] == "0.9.1"


def test_what_is_refused_is_said_and_changes_nothing(house, tmp_path):
    run, host = house
    older = bundle(tmp_path, "0.0.1")
    done = update(host, older)
    assert done.returncode == 1
    words = f"version 0.0.1 is older than {OLD}; CONFIRM=older takes it all the same"
    assert words in done.stderr
    board = dist.build("esp32c6", out=tmp_path)
    assert "it is for esp32c6 esp32c3, this board is simulator" in update(host, board).stderr
    cut = tmp_path / "cut.bundle"
    cut.write_bytes(older.read_bytes()[:-1])
    assert "the file is cut off" in update(host, cut, CONFIRM="older").stderr
    altered = bytearray(older.read_bytes())
    altered[-100] ^= 1
    cut.write_bytes(altered)
    assert "was altered, or damaged" in update(host, cut, CONFIRM="older").stderr
    assert "no update" in update(host, tmp_path / "state/config.json").stderr
    assert "wrong password" in update(host, older, PASSWORD="not the one").stderr
    names = {path.name for path in (tmp_path / "state").iterdir()}
    assert not names & {"a", "b", "app.try", "app.good", "app.new", "app.bad"}
    run.until(r"update: not installed, version 0\.0\.1 is older")
    assert "being tried" not in "".join(run.lines)


def test_three_failures_in_a_row_are_safe_mode_until_the_owner_restarts(micropython, tmp_path):
    state = tmp_path / "state"
    slot.stage(state / "a", "simulator")
    (state / "app.good").write_text("a")
    books = state / "a/firmware/books.py"
    sound = books.read_text()
    books.write_text("import machine\nmachine.reset()\n")
    run = Run(uuid.uuid4().hex, TMPDIR=str(tmp_path), STATE=str(state))
    try:
        host = run.until(r"page: http://(127\.0\.0\.1:\d+)/")[1]
        run.until("safe mode after 3 restarts: access point and page only")
        run.until(r"access point: winky-1a2b3c, password")
        assert sum("board: ticgate" in line for line in run.lines) == 4
        told = json.load(urlopen(f"http://{host}/api/status"))
        assert told["safe"] is True and told["failed_starts"] == 3 and told["slot"] == "a"
        assert sorted(told["tasks"]) == ["button", "console", "network", "page", "setup"]
        headers = choose_password(host)
        books.write_text(sound)
        urlopen(Request(f"http://{host}/api/restart", b"", headers)).close()
        run.until("reading standard")
        told = json.load(urlopen(f"http://{host}/api/status"))
        assert "safe" not in told and "failed_starts" not in told
    finally:
        run.end()
        run.clean()
