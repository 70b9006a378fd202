"""`make run`: the conductor and the whole firmware, from the meter to a subscriber."""

import asyncio
import json
import os
import signal
import stat
import sys
import uuid

import pytest

from tests.support.sim_listener import PATIENCE
from tests.support.sim_run import Run
from tools.runtime import MICROPYTHON
from tools.simulator import broker, settings
from tools.simulator.live import describe, health
from tools.simulator.meter import Meter

FRAME_LINE = r"^\d\d:\d\d:\d\d  {mode} +-?\d+ VA +\d+ Wh  0 bytes lost; "


@pytest.fixture
def run(tmp_path):
    """Start a conductor; no process of it outlives the test."""
    runs = []

    def start(**variables):
        variables.setdefault("SPEED", "10")
        started = Run(uuid.uuid4().hex, TMPDIR=str(tmp_path), **variables)
        runs.append(started)
        return started

    yield start
    for started in runs:
        started.clean()


@pytest.mark.parametrize("variables", [
    {"MODE": "standard"},
    {"MODE": "historique"},
    {"PHASES": "3", "PRODUCER": "1", "CONTRACT": "tempo"},
    {"NOISE": "1e-3", "CONTRACT": "multi"},
    {"MODE": "historique", "CONTRACT": "hchp", "PHASES": "3", "SET": "publish_when=frame"},
], ids=lambda variables: " ".join(f"{k}={v}" for k, v in variables.items()))
def test_frames_arrive_at_the_broker_and_ctrl_c_leaves_nothing(variables, run, tmp_path):
    conductor = run(**variables)
    conductor.until(r"^MQTT broker on 127\.0\.0\.1:\d+, topics tic/winky-1a2b3c/#$")
    conductor.until(r"status: online")
    conductor.until(FRAME_LINE.format(mode=variables.get("MODE", "standard")))
    assert conductor.end() == 0
    assert "were lost" in conductor.lines[-1]
    conductor.nothing_left()
    assert not list(tmp_path.glob("ticgate-*"))


@pytest.mark.parametrize("mode", ["standard", "historique", "pmepmi"])
def test_a_recording_is_played(mode, run, tmp_path):
    meter = Meter(mode, seed=12)
    recording = b"half a frame\x03"
    for _ in range(40):
        recording += meter.encode(meter.frame_during(1))
    file = tmp_path / "made up.tic"
    file.write_bytes(recording)
    conductor = run(FILE=str(file), MODE="historique")
    conductor.until(f"recording {file}")
    line = conductor.until(rf"^\d\d:\d\d:\d\d  {mode} .*0 bytes lost")
    assert line
    assert conductor.end(signal.SIGTERM) == 0
    conductor.nothing_left()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_can_be_stopped_while_it_starts(number, run, tmp_path):
    conductor = run()
    conductor.until("MQTT broker on")
    assert conductor.end(number) == 0
    conductor.nothing_left()


def test_when_the_conductor_is_killed_the_others_end_by_themselves(run):
    conductor = run()
    conductor.until(r"status: online")
    assert len(conductor.left()) == 3
    conductor.end(signal.SIGKILL)
    conductor.nothing_left()


def test_settings_and_state_last_in_the_folder_given(run, tmp_path):
    state = tmp_path / "my state"
    conductor = run(STATE=str(state), SET="mqtt_base=home/meters device_name='My meter'")
    conductor.until(r"topics home/meters/winky-1a2b3c/#")
    conductor.until(FRAME_LINE.format(mode="standard"))
    assert conductor.end() == 0
    kept = json.loads((state / "config.json").read_text())
    assert (kept["mqtt_base"], kept["device_name"]) == ("home/meters", "My meter")
    again = run(STATE=str(state), SET="publish_when=change")
    again.until(r"topics home/meters/winky-1a2b3c/#")
    assert again.end() == 0
    kept = json.loads((state / "config.json").read_text())
    assert kept["publish_when"] == "change"


def test_another_broker_can_be_named(run):
    one = run()
    port = one.until(r"127\.0\.0\.1:(\d+)").group(1)
    two = run(BROKER=f"127.0.0.1:{port}", SET="mqtt_device=second", MODE="historique")
    two.until(rf"MQTT broker on 127\.0\.0\.1:{port}, topics tic/second/#")
    two.until(FRAME_LINE.format(mode="historique"))
    one.until(FRAME_LINE.format(mode="standard"))
    assert two.end() == 0
    assert one.end() == 0
    one.nothing_left()
    two.nothing_left()


@pytest.mark.parametrize(("name", "value", "words"), [
    ("MODE", "linky", "historique | standard | pmepmi"), ("CONTRACT", "hphc", "base | hchp"),
    ("PHASES", "2", "1 | 3"), ("PRODUCER", "yes", "0 | 1"), ("NOISE", "many", "0 to 0.1"),
    ("NOISE", "0.5", "0 to 0.1"), ("SPEED", "0", "0.01 to 1000"), ("SPEED", "nan", "0.01"),
    ("FILE", "/nowhere.tic", "a file"), ("FILE", sys.executable, "a recording"),
    ("SET", "publish_when", "key=value"), ("SET", "colour=red", "colour"),
    ("SET", "publish_when=often", "frame"), ("BROKER", "localhost", "host:port"),
    ("BROKER", "here:0", "host:port"), ("STATE", os.devnull, "a folder")])
def test_a_wrong_variable_is_named_with_its_value_and_what_is_allowed(name, value, words, run):
    conductor = run(**{name: value})
    assert conductor.process.wait(60) == 2
    conductor._reader.join()
    text = "\n".join(conductor.lines)
    assert "Traceback" not in text
    given = value if name != "SET" else value.partition("=")[0]       # a value may be secret
    assert name in text and given in text and words in text
    conductor.nothing_left()


def test_empty_variables_are_the_defaults():
    empty = dict.fromkeys(("MODE", "CONTRACT", "PHASES", "SPEED", "SET", "BROKER", "FILE"), "")
    options = settings.read(empty)
    assert options == settings.read({})
    assert (options.mode, options.contract, options.phases, options.producer) == (
        "standard", "base", 1, False)
    assert (options.noise, options.speed, options.set, options.file) == (0, 1, [], None)


def stand_in(folder, statuses):
    """A runtime that does the settings with the real one and then ends as planned."""
    path = folder / "runtime"
    path.write_text(f"""#!{sys.executable}
import os, sys
if sys.argv[1].endswith("configure.py"):
    os.execv({str(MICROPYTHON)!r}, [{str(MICROPYTHON)!r}, *sys.argv[1:]])
plan = {statuses!r}
with open("starts", "a") as file:
    file.write(os.environ["TICGATE_CAUSE"])
n = os.path.getsize("starts")
print("start", n, flush=True)
if plan[n - 1] == 65:
    with open("sleep.ms", "w") as file:
        file.write("200")
sys.exit(plan[n - 1])
""")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_resets_and_sleeps_start_the_firmware_again_and_an_end_ends_all(run, tmp_path):
    state = tmp_path / "state"
    conductor = run(STATE=str(state), TICGATE_MICROPYTHON=stand_in(tmp_path, [64, 65, 66, 0]))
    conductor.until("board: start 4")
    conductor.until("the firmware ended with status 0")
    assert conductor.process.wait(20) == 1
    assert (state / "starts").read_text() == "1243"     # power on, reset, deep sleep, watchdog
    assert not (state / "sleep.ms").exists()
    conductor.nothing_left()


LIVES = """
import machine, sys
uart = machine.UART(1, 9600, rx=4, rxbuf=8192)
heard = b""
while heard.count(b"\\x03") < 3:
    heard += uart.read() or b""
memory = machine.RTC().memory() + b"."
machine.RTC().memory(memory)
vtic = b"\\nV\\xd4\\xc9\\xc3\\t" in heard
print("life", len(memory), "cause", machine.reset_cause(), "heard", vtic)
if len(memory) == 1:
    machine.reset()
if len(memory) == 2:
    machine.deepsleep(2000)
if len(memory) == 3:
    sys.exit(7)
"""


def test_the_line_goes_on_over_resets_of_the_board(run, tmp_path):
    script = tmp_path / "lives.py"
    script.write_text(LIVES)
    wrapper = tmp_path / "runtime"
    wrapper.write_text(f"""#!/bin/sh
case "$1" in *configure.py) exec {MICROPYTHON} "$@";; esac
exec {MICROPYTHON} {script}
""")
    wrapper.chmod(0o755)
    conductor = run(TICGATE_MICROPYTHON=str(wrapper))
    for words in ("life 1 cause 1 heard True", "life 2 cause 2 heard True",
                  "life 3 cause 4 heard True", "the firmware ended with status 7"):
        conductor.until(words)
    assert conductor.process.wait(20) == 1
    conductor.nothing_left()


def test_a_runtime_that_is_missing_is_said_in_words(run):
    conductor = run(TICGATE_MICROPYTHON="/nowhere/micropython")
    assert conductor.process.wait(60) == 2
    conductor.until("/nowhere/micropython is not a MicroPython")


@pytest.mark.parametrize(("frame", "line"), [
    ({"EAST": 31560887, "SINSTS": 93, "LTARF": "BASE"}, "standard       93 VA   31560887 Wh"),
    ({"EAST": 5, "SINSTS": 0, "SINSTI": 1675}, "standard    -1675 VA          5 Wh"),
    ({"BASE": 10151175, "PAPP": 740}, "historique    740 VA   10151175 Wh"),
    ({"HCHC": 1, "HCHP": 2, "PAPP": 5}, "historique      5 VA          3 Wh"),
    ({"HCHC": 1, "PAPP": 5}, "historique      5 VA            Wh"),
    ({"MESURES1": "BT 4 SUP36", "PA1MN": "35kW", "EAP_s": "859148kWh"},
     "pmepmi          35kW     859148kWh"),
])
def test_the_live_line_says_what_the_frame_says(frame, line):
    assert describe(frame) == line


def test_the_counters_are_summed_by_cause():
    gateway = {"counters": {"bytes": 900, "frames": 3, "frames_cut": 1, "groups": 110,
                            "parity": 2, "checksum": 0, "eot": 1}}
    assert health(gateway).startswith("110 groups good, 3 rejected (2 parity, 1 eot) at ")


def test_a_subscriber_sees_the_meter_understood_and_its_books(run, tmp_path):
    conductor = run(
        CONTRACT="tempo", PHASES="3", PRODUCER="1", STATE=str(tmp_path / "state"),
        SET="model=on meter_interval=10 site='La cave' subscription=31 "
        "prices='1=0,1 2=0,1 3=0,1 4=0,1 5=0,1 6=0,1 injected=0,1'")
    port = int(conductor.until(r"MQTT broker on 127\.0\.0\.1:(\d+)").group(1))

    async def see():
        seen = {}
        async for topic, payload in broker.subscribe("127.0.0.1", port, "tic/winky-1a2b3c/#"):
            seen[topic.rpartition("/")[2]] = payload
            if b"energy_today_2_wh" in seen.get("energy", b""):
                return seen

    seen = asyncio.run(asyncio.wait_for(see(), 3 * PATIENCE))
    frame, meter, energy = (json.loads(seen[name]) for name in ("frame", "meter", "energy"))
    assert frame["site"] == meter["site"] == energy["site"] == "La cave"
    assert (meter["mode"], meter["contract"], meter["phases"]) == ("standard", "tempo", 3)
    assert meter["producer"] is True
    assert "serial" not in meter
    assert meter["withdrawn_wh"] == sum(meter[f"period_{n}_wh"] for n in range(1, 7))
    assert energy["energy_today_wh"] == sum(energy[f"energy_today_{n}_wh"] for n in range(1, 7))
    assert energy["cost_today"] >= 1
    assert "cost_yesterday" not in energy
    assert conductor.end() == 0
    assert (tmp_path / "state/history/energy").exists()
    conductor.nothing_left()
