"""Hours of the gateway that sleeps, with what goes wrong in them, in a world whose time jumps."""

import json

import pytest

from tests.support import mpy_process

_SCRIPT = mpy_process.ROOT / "tests/support/asleep_life.py"


@pytest.fixture
def life(run_mpy):
    """Run tests/support/asleep_life.py. -> what it found"""
    def run(*words):
        done = run_mpy(_SCRIPT, *map(str, words), heap="16M", timeout=300)
        return json.loads(done.stdout.rpartition("@")[2])

    return run


def test_every_reading_arrives_once_with_its_time(life):
    found = life(0.5)
    assert found["frames"] == found["readings"] >= 178
    assert (found["wrong"], found["again"], found["undated"], found["missed"]) == (0, 0, 0, 0)
    assert found["gaps"] == [[0, found["frames"] - 1]]


def test_a_day_without_wifi_loses_no_reading(life):
    found = life(25, "0.3-24.3=away")
    assert found["frames"] == found["readings"] > 1500  # one a minute, in the end
    assert (found["wrong"], found["again"], found["undated"], found["lost"]) == (0, 0, 0, 0)
    assert max(gap for gap, _ in found["gaps"]) == 60
    assert 10 < found["failed"] < 40
    assert found["flash"] == 0


def test_a_mute_broker_is_asked_less_and_less_often(life):
    found = life(4, "0.5-3=mute")
    assert found["frames"] == found["readings"] > 300
    assert (found["wrong"], found["again"], found["lost"]) == (0, 0, 0)
    assert found["failed"] <= 9


def test_a_silent_meter_costs_its_readings_only(life):
    found = life(1.5, "0.5-1=silent")
    assert found["frames"] == found["readings"] - found["missed"]
    assert (found["wrong"], found["again"]) == (0, 0)


def test_a_power_cut_costs_what_was_in_rtc_memory(life):
    found = life(4, "1-3=away", "2=brown_out")
    assert (found["wrong"], found["again"], found["undated"]) == (0, 0, 0)
    # What had gone to flash before it is there, with the right time, and so is what came after,
    # though the clock was lost.
    late = [gap for gap, _ in found["gaps"] if gap > 60]
    assert len(late) <= 1 and found["frames"] > 500
    assert found["flash"] == 0


def test_all_destinations_in_one_session(life):
    found = life(0.5, "to=mqtt,influx")
    points = found["points"]
    assert found["frames"] == points["frames"] == found["readings"] >= 178
    assert (found["wrong"], found["again"], points["wrong"], points["again"]) == (0, 0, 0, 0)
    assert found["failed"] == 0


def test_influxdb_alone_over_an_outage(life):
    found = life(1.5, "to=influx", "0.3-0.9=away")
    points = found["points"]
    assert found["frames"] == 0 and points["frames"] == found["readings"] > 200
    assert (points["wrong"], points["again"], found["lost"], found["flash"]) == (0, 0, 0, 0)


@pytest.mark.parametrize("trouble", ["deaf", "unwilling", "broken"])
def test_a_destination_that_fails_holds_up_no_other(life, trouble):
    found = life(1.2, "to=mqtt,influx", f"0.2-0.8={trouble}")
    points = found["points"]
    assert found["frames"] == points["frames"] == found["readings"] > 400
    assert (found["wrong"], found["again"], points["wrong"], points["again"]) == (0, 0, 0, 0)
    assert (found["lost"], found["flash"]) == (0, 0)


def test_and_neither_does_a_broker(life):
    found = life(1.2, "to=mqtt,influx", "0.2-0.8=mute")
    points = found["points"]
    assert found["frames"] == points["frames"] == found["readings"] > 400
    assert (found["wrong"], found["again"], points["wrong"], points["again"]) == (0, 0, 0, 0)
    assert (found["lost"], found["flash"]) == (0, 0)


@pytest.mark.parametrize(("trouble", "left"), [
    ((), ("app.good", "b")),  # it has delivered
    (("0-1=away",), ("app.try", "b...")),  # with three points or more boot.py takes the other one
])
def test_a_new_version_proves_itself_by_what_it_delivers(tmp_path, trouble, left):
    (tmp_path / "b").symlink_to(mpy_process.ROOT)
    (tmp_path / "app.try").write_text("b")
    folders = mpy_process.module_folders()
    mpy_process.run_script(
        mpy_process.unix_command("unix64", "16M"), _SCRIPT, 0.3, *trouble, timeout=300,
        env=mpy_process.environment("b", *folders[1:]), cwd=tmp_path)
    found, = tmp_path.glob("app.*")
    assert (found.name, found.read_text()[:4]) == left
