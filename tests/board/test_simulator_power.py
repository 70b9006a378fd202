"""`make run POWER=supercap`: deep sleeps that are real restarts, on a capacitor that empties."""

import datetime
import json
import re
import uuid

import pytest

from tests.support.sim_listener import wait_for
from tests.support.sim_run import Run
from tools.simulator.capacitor import Capacitor

_FRAME = r"^(\d\d:\d\d:\d\d)  {mode} .* Wh of (\S+)Z  "


@pytest.fixture
def run(tmp_path):
    """Start a conductor; no process of it outlives the test."""
    runs = []

    def start(**variables):
        variables.update(POWER="supercap", SPEED="10", STATE=str(tmp_path / "flash"))
        started = Run(uuid.uuid4().hex, **variables)
        runs.append(started)
        return started

    yield start
    for started in runs:
        started.clean()


def frames(conductor, mode: str) -> list:
    """[(when a subscriber saw it, when it was taken)]"""
    found = [re.search(_FRAME.format(mode=mode), line) for line in list(conductor.lines)]
    return [match.groups() for match in found if match]


@pytest.mark.parametrize("mode", ["historique", "standard"])
def test_a_subscriber_sees_all_readings_with_their_times(mode, run):
    conductor = run(MODE=mode)
    wait_for(lambda: len(frames(conductor, mode)) >= 4, "four readings")
    assert conductor.end() == 0
    text = "\n".join(conductor.lines)
    assert "Traceback" not in text
    sent = [line for line in conductor.lines if "readings sent" in line]
    assert len(sent) >= 3
    for seen, taken in frames(conductor, mode):
        taken = datetime.datetime.fromisoformat(taken + "+00:00").astimezone()
        seen = taken.replace(**dict(zip(("hour", "minute", "second"), map(int, seen.split(":")),
                                        strict=True)))
        # Of the wall clock; a standard meter's own clock runs ten times as fast here.
        assert mode == "standard" or abs((seen - taken).total_seconds()) <= 3
    conductor.nothing_left()


def test_it_comes_back_after_a_brown_out(run, tmp_path):
    conductor = run(MODE="historique")
    wait_for(lambda: len(frames(conductor, "historique")) >= 2, "two readings")
    told = tmp_path / "flash/power.json"
    told.write_text(json.dumps({"supply_mw": 1, "capacity": 0.002}))
    conductor.until("brown-out at")
    told.write_text(json.dumps({"supply_mw": 2000, "capacity": 0.2}))
    before = len(frames(conductor, "historique"))
    wait_for(lambda: len(frames(conductor, "historique")) >= before + 2, "two more")
    assert conductor.end() == 0
    assert "Traceback" not in "\n".join(conductor.lines)


def test_the_capacitor(tmp_path):
    one = Capacitor(str(tmp_path), volts=4.0, capacity=0.001, supply_mw=0)
    assert (tmp_path / "adc.txt").read_text() == "1=0,3=2000,5=0"
    one.running = True
    wait_for(lambda: one.step() or one.off, "its end")
    (tmp_path / "power.json").write_text('{"supply_mw": 500, "usb": 1}')
    wait_for(lambda: one.step() or one.volts > 4.9, "being full")
    assert (tmp_path / "adc.txt").read_text().startswith("1=2500,3=2")
