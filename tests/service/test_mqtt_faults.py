"""The MQTT destination against a broker that misbehaves, while frames go on.

Whatever the broker does: nothing escapes, the reason is known in words, memory stays what it was,
frames are not held up, and the newest state goes out as soon as the broker behaves.
"""

import json

import pytest

from tests.support.fault_broker import FaultBroker
from tests.support.publishing import Publishing

PERIOD = 20  # ms; a standard meter sends a frame in 900

# How it misbehaves, and what the owner is told.
FAULTS = {
    "refuse4": "the broker refuses the user or the password",
    "refuse5": "the broker does not authorise this client",
    "mute": "the broker does not answer",
    "mute_later": "the broker",  # went silent, or with QoS 1 does not acknowledge
    "cut": "the broker closed the connection",
    "cut_later": "the broker closed the connection",
    "reset_later": "connection cut",
    "garbage": "",
    "garbage_later": "",
    "huge": "the broker sent a packet of 268435460 bytes, too long for us",
    "endless": "the broker sent something that is not MQTT",
    "close": "connection",  # closed or cut, as it happens
    "stuck": "the broker",  # takes nothing, or went silent, as it happens
}


@pytest.fixture(scope="module")
def table(table):
    """(name, status) of each fault: what the loop suffered under it is printed at the end."""
    rows = []
    yield rows
    for name, status in rows:
        table.append(
            f"mqtt {name:16} longest stall of the loop {status['stall']:3d} ms, held by the "
            f"destination {status['held']:4.1f} ms, {status['frames']} frames"
        )


def index_of(packet):
    return int(packet.payload)


def behaves_again(broker, publisher):
    """From now on the broker is good: everything is said again, and nothing but what is new."""
    broker.mode = "normal"
    before = broker.connections
    broker.drop()

    def news(topic="EAST"):
        return [p for p in broker.messages(topic) if p.connection > before]

    for topic in ("status", "gateway", "frame", "label/EAST", "label/NJOURF_1"):
        broker.wait(lambda topic=topic: [p for p in news(topic) if not p.dup])
    status = publisher.until(lambda s: s["connected"])
    fresh = [index_of(p) for p in news() if not p.dup]
    assert fresh == sorted(fresh)
    assert not broker.violations
    return status


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("fault", FAULTS)
def test_fault(fault, qos, table):
    with (
        FaultBroker(fault) as broker,
        Publishing(broker.port, period=PERIOD, mqtt_qos=qos, mqtt_keepalive=1) as publisher,
    ):
        first = publisher.until(lambda s: s["failures"] + s["drops"] >= 2)
        later = publisher.until(lambda s: s["failures"] + s["drops"] >= 5)
        broker.wait(lambda: broker.connections >= 6)
        assert FAULTS[fault] in later["error"] and later["error"]
        assert later["frames"] > first["frames"]
        assert later["heap"] < first["heap"] + 8192, (first, later)
        status = behaves_again(broker, publisher)
        table.append((f"{fault} qos{qos}", status))
        publisher.stop()


def test_stuck_while_we_talk(table):
    """The window is full before a ping is due."""
    with FaultBroker("stuck") as broker, Publishing(broker.port, period=PERIOD) as publisher:
        status = publisher.until(lambda s: s["drops"] >= 2)
        assert status["error"] == "the broker takes nothing"
        table.append(("stuck, talking", behaves_again(broker, publisher)))
        publisher.stop()


def test_no_puback(table):
    with (
        FaultBroker("no_puback") as broker,
        Publishing(broker.port, period=PERIOD, mqtt_qos=1, mqtt_keepalive=1) as publisher,
    ):
        broker.wait(lambda: len(broker.messages()) >= 20)
        first = publisher.until(lambda s: s["drops"] >= 1)
        later = publisher.until(lambda s: s["drops"] >= 3)
        assert later["accepted"] == 0
        assert later["error"] == "the broker does not acknowledge"
        assert later["heap"] < first["heap"] + 8192
        told = [p for p in broker.messages() if p.connection == 1]
        again = [p for p in broker.messages() if p.connection == 2 and p.dup]
        assert [p.pid for p in told] == list(range(1, len(told) + 1))
        assert not any(p.dup for p in told)
        for one, other in zip(told, again, strict=True):
            assert (one.pid, one.topic, one.payload) == (other.pid, other.topic, other.payload)
        status = behaves_again(broker, publisher)
        table.append(("no_puback qos1", status))
        publisher.stop()


@pytest.mark.parametrize("fault", ["bytewise", "backwards"])
def test_slow_or_odd_answers_are_answers(fault, table):
    with (
        FaultBroker(fault) as broker,
        Publishing(broker.port, period=100, deadline=3000, mqtt_qos=1) as publisher,
    ):
        status = publisher.until(lambda s: s["accepted"] >= 30)
        assert status["connects"] == 1 and status["drops"] == 0
        table.append((f"{fault} qos1", status))
        publisher.stop()
        assert not broker.violations


@pytest.mark.parametrize("fault", ["flood", "flood1"])
def test_flood(fault, table):
    with (
        FaultBroker(fault) as broker,
        Publishing(broker.port, period=PERIOD, mqtt_qos=1, mqtt_keepalive=1) as publisher,
    ):
        first = publisher.until(lambda s: s["frames"] > 50)
        later = publisher.until(lambda s: s["frames"] > 150)
        assert later["heap"] < first["heap"] + 8192
        broker.wait(lambda: len(broker.messages("EAST")) > 2)
        status = behaves_again(broker, publisher)
        table.append((f"{fault} qos1", status))
        publisher.stop()


def test_broker_comes_back_on_its_own_port(table):
    with FaultBroker() as broker:
        port = broker.port
    with Publishing(port, period=PERIOD) as publisher:
        status = publisher.until(lambda s: s["failures"] >= 3)
        assert status["error"] == "connection refused"
        with FaultBroker(port=port) as broker:
            status = behaves_again(broker, publisher)
            table.append(("absent", status))
            publisher.stop()
            last = broker.wait(lambda: broker.packets[-1].type == 14 and broker.packets[-2])
            assert (last.topic, last.payload) == ("tic/winky-a1b2c3/status", b"offline")
            assert last.retain


def test_an_index_missed_goes_out_later():
    """The last index of an outage is there after it, though the meter says nothing new."""
    with FaultBroker() as broker:
        settings = {"publish_when": "change", "publish_interval": 3600}
        with Publishing(broker.port, **settings) as publisher:
            publisher.tell("frame", 1000, 1000)
            publisher.tell("frame", 1000, 1001)
            broker.wait(lambda: broker.messages("label/EAST"))
            broker.mode = "refuse5"
            broker.drop()
            publisher.until(lambda s: s["failures"] >= 2)
            publisher.tell("frame", 1000, 1002)
            publisher.tell("frame", 1000, 1003)
            publisher.status()
            broker.mode = "normal"
            broker.wait(lambda: broker.messages("label/EAST")[-1].payload == b"000001003")
            frame = broker.wait(lambda: broker.messages("frame")[-1])
            assert json.loads(frame.payload)["EAST"] == 1003
            assert b"000001002" not in [p.payload for p in broker.messages("label/EAST")]
            publisher.stop()


def test_real_pauses_grow():
    with FaultBroker("close") as broker, Publishing(broker.port, wait=0) as publisher:
        publisher.until(lambda s: s["failures"] == 3)
        assert 3 <= broker.connections <= 4
        publisher.stop()


def test_password_is_sent_and_not_shown():
    with FaultBroker("refuse4") as broker:
        settings = {"mqtt_user": "zoé", "mqtt_password": "hush-hush"}
        with Publishing(broker.port, **settings) as publisher:
            status = publisher.until(lambda s: s["failures"] >= 2)
            assert b"hush-hush" in broker.packets[0].body
            assert "hush" not in json.dumps(status)
            publisher.stop()
