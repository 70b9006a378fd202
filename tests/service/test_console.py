"""The console of the whole gateway, through the one that `make run` offers."""

import subprocess
import uuid

import pytest

from tests.support.sim_run import Run


@pytest.fixture
def house(micropython, tmp_path):
    run = Run(uuid.uuid4().hex, stdin=subprocess.PIPE, TMPDIR=str(tmp_path), SPEED="10",
              SET="mqtt_user=ann mqtt_password=hush-hush-hush")
    try:
        run.until(r"tic: reading standard")
        yield run
    finally:
        run.end()
        run.clean()


def test_what_is_typed_is_done(house):
    def type(words):
        house.process.stdin.write(words)
        house.process.stdin.flush()

    type("help\n")
    house.until(r"^board: factory yes +restart with nothing")
    type("status\n")
    house.until(r'^board: tic: \{.*"state": "reading"')
    house.until(r'^board: counters: \{.*"frames": \d+')
    type("set site barn\nget site\nget mqtt_password\n")
    house.until(r"^board: site = barn   \(text, 1\.\.32\)")
    house.until(r"^board: mqtt_password = \(set\)")
    type("log\n")
    house.until(r"^board: \S+ \S+ info: tic: reading standard")
    type("restart\n")
    house.until(r"^board: in a second")
    house.until(r"^board: ticgate .*, hard$")
    type("stop\n")
    house.until(r"^board: stopped")
    assert not any("hush" in line for line in house.lines)
