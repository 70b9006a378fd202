"""Outages between the MQTT destination and mosquitto: no reading is missing, in order, once.

Here a frame takes 25 ms, and the gateway's clock makes 30 s of it: an hour's outage is 120
readings. The index of the meter counts the frames, so each reading is known by it.
"""

import json
import random
import signal
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.service.test_mqtt_mosquitto import Mosquitto, Subscriber
from tests.service.test_mqtt_mosquitto import pytestmark as needs_mosquitto
from tests.support.gate import Gate
from tests.support.publishing import Publishing
from tests.support.sim_run import Run

pytestmark = needs_mosquitto
PERIOD = 25  # ms
STEP = 30  # s
HOUR = 3600 // STEP  # readings
START = datetime(2000, 1, 1) + timedelta(seconds=838_000_000)
FIRST = 21849106


class Scene:
    """mosquitto, a subscriber at it, and a gate between it and the destination."""

    def __init__(self, folder, qos, memory=4096, flash=0):
        self.folder = folder
        self.options = {
            "period": PERIOD, "step": STEP, "wait": 20, "mqtt_qos": qos, "mqtt_labels": False,
            "publish_interval": 0,
            "backlog": [memory, str(folder / "waiting"), flash] if flash else [memory],
        }

    def __enter__(self):
        rules = "allow_anonymous true", "set_tcp_nodelay true"
        self.broker = Mosquitto(self.folder, *rules).__enter__()
        self.seen = Subscriber(self.broker.port)
        self.gate = Gate(self.broker.port).__enter__()
        self.publisher = Publishing(self.gate.port, **self.options).__enter__()
        return self

    def __exit__(self, *_):
        for part in (self.publisher, self.gate, self.seen, self.broker):
            part.__exit__()

    def outage(self, readings):
        """The network is away for so many of them, and then all of them have been sent."""
        self.gate.shut()
        status = self.publisher.until(lambda s: not s["connected"])
        last = status["frames"] + readings
        self.publisher.until(lambda s: s["frames"] >= last)
        status = self.publisher.status()
        self.gate.open()
        self.publisher.until(lambda s: s["connected"] and not s["waiting"])
        return status["waiting"]

    def frames(self):
        """[(number, whether it was kept)] of all that came; the time of the kept ones is right."""
        found = []
        for payload in self.seen.payloads("frame"):
            frame = json.loads(payload)
            number = frame["EAST"] - FIRST
            if "time" in frame:
                assert list(frame)[0] == "time"
                wanted = START + timedelta(seconds=STEP * number)
                assert frame["time"] == wanted.strftime("%Y-%m-%dT%H:%M:%SZ")
            found.append((number, "time" in frame))
        return found


def check(found, cuts=0):
    """Every reading once and in order; a cut can make one of them come twice, one after the other.

    -> how many were kept, and how many of them came twice
    """
    numbers = [number for number, _ in found]
    assert numbers == sorted(numbers)
    assert sorted(set(numbers)) == list(range(numbers[0], numbers[-1] + 1))
    kept = [number for number, late in found if late]
    assert len(kept) - len(set(kept)) <= cuts
    return len(set(kept)), len(kept) - len(set(kept))


@pytest.mark.parametrize("qos", [0, 1])
def test_an_hour(tmp_path, qos):
    with Scene(tmp_path, qos, flash=1 << 20) as scene:
        begun = scene.publisher.until(lambda s: s["connected"] and s["frames"] > 5)["frames"]
        waiting = scene.outage(HOUR)
        assert waiting >= HOUR - 2
        number = scene.publisher.status()["frames"]
        scene.seen.wait(lambda: scene.frames()[-1] > (number + 5, False))
        found = scene.frames()
        # Without acknowledgements, what was on the wire when it was cut is gone.
        kept = check(found)[0] if qos else len([late for _, late in found if late])
        late = [number for number, late in found if late and number > begun]
        assert late == list(range(late[0], late[-1] + 1))
        status = scene.publisher.status()
        assert kept >= waiting and status["dropped"] == 0 and not (
            list((tmp_path / "waiting").iterdir()))
        scene.publisher.stop()


def test_twenty_cuts(tmp_path, table):
    """Of random length, in the middle of what is being sent after the one before, too."""
    dice = random.Random(5)
    with Scene(tmp_path, 1, flash=1 << 20) as scene:
        scene.publisher.until(lambda s: s["connected"] and s["frames"] > 5)
        for _ in range(20):
            scene.gate.shut()
            time.sleep(dice.uniform(0.02, 0.25))
            scene.gate.open()
            time.sleep(dice.uniform(0.02, 0.15))
        number = scene.publisher.until(lambda s: s["connected"] and not s["waiting"])["frames"]
        scene.seen.wait(lambda: scene.frames()[-1] > (number + 5, False))
        kept, twice = check(scene.frames(), scene.gate.cuts)
        status = scene.publisher.status()
        assert kept > 50 and status["dropped"] == 0
        table.append(f"mqtt, {scene.gate.cuts} cuts: {kept} readings kept and sent, 0 missing,"
                     f" {twice} twice (DUP), longest stall of the loop {status['stall']} ms")
        scene.publisher.stop()


def test_the_whole_gateway_loses_no_byte(micropython, tmp_path, table):
    """At the real pace of a meter: the time of a kept reading is the one that the meter says."""
    with Mosquitto(tmp_path) as broker, Subscriber(broker.port) as seen, Gate(broker.port) as gate:
        run = Run(uuid.uuid4().hex, TMPDIR=str(tmp_path), BROKER=f"127.0.0.1:{gate.port}",
                  SET="publish_interval=1 publish_when=interval mqtt_labels=off mqtt_qos=1")

        def frames(late):
            found = []
            for line in list(seen.lines):
                if line[2].endswith("/frame") and ('"time"' in line[3]) is late:
                    found.append(json.loads(line[3]))
            return found

        try:
            seen.wait(lambda: len(frames(False)) > 2)
            gate.shut()
            time.sleep(2.5)
            gate.open()
            seen.wait(lambda: len(frames(True)) > 1)
            seen.wait(lambda: frames(False)[-1]["DATE"] > frames(True)[-1]["DATE"])
            run.end(signal.SIGINT)
            said = run.until(r"of the (\d+) bytes the board could have read, (\d+) were lost")
            assert int(said[1]) > 3000 and int(said[2]) == 0
            for frame in frames(True):
                moment = datetime.fromisoformat(frame["time"].replace("Z", "+00:00"))
                meant = datetime.fromisoformat(frame["DATE"]).astimezone(UTC)
                assert abs(moment - meant) <= timedelta(seconds=3), frame
            table.append(f"mqtt, whole gateway: {len(frames(True))} readings of outages,"
                         f" TIC bytes {said[1]}, lost {said[2]}")
        finally:
            run.end()
            run.clean()
