"""The MQTT destination against mosquitto, watched by mosquitto_sub."""

import json
import subprocess

import pytest

from tests.support.mosquitto import BASE, Mosquitto, Subscriber, needed
from tests.support.publishing import Publishing

pytestmark = needed


@pytest.fixture
def broker(tmp_path):
    with Mosquitto(tmp_path) as running:
        yield running


@pytest.mark.parametrize("runtime", ["unix64", "unix32"])
@pytest.mark.parametrize("qos", [0, 1])
def test_every_topic(broker, qos, runtime):
    with (
        Subscriber(broker.port) as seen,
        Publishing(broker.port, mqtt_qos=qos, runtime=runtime) as publisher,
    ):
        seen.wait(lambda: seen.payloads("gateway"))
        publisher.tell("frame", 1234, 21849106)
        publisher.tell("event", "mode_changed", '{"to": "standard"}')
        seen.wait(lambda: seen.payloads("event") and seen.payloads("label/NJOURF_1"))
        said = {topic: payload for _, _, topic, payload in seen.lines}
        assert {got for got, _, _, _ in seen.lines} == {qos}
        gateway = json.loads(said.pop(BASE + "gateway"))
        assert gateway["uptime"] == 12 and gateway["tic"]["mode"] == "standard"
        assert gateway["counters"] == {"frames": 0, "checksum": 0}
        assert gateway["mqtt"]["connected"] is True
        event = json.loads(said.pop(BASE + "event"))
        assert event == {"event": "mode_changed", "to": "standard"}
        assert json.loads(said.pop(BASE + "frame")) == {
            "VTIC": 2,
            "DATE": "2026-07-21T09:34:00+02:00",
            "NGTF": "TEMPO",
            "EAST": 21849106,
            "URMS1": 237,
            "SINSTS": 1234,
            "SMAXSN": {"value": 3112, "at": "2026-07-21T09:34:12+02:00"},
            "SMAXSN-1": {"value": 9562, "at": "2026-07-20T08:51:18+02:00", "degraded": True},
            "DPM1": {"value": 0, "at": "2026-07-22T06:00:00"},
            "NJOURF+1": 0,
        }
        assert said == {
            BASE + "status": "online",
            BASE + "label/VTIC": "02",
            BASE + "label/DATE": "E260721093400",
            BASE + "label/NGTF": "TEMPO",
            BASE + "label/EAST": "021849106",
            BASE + "label/URMS1": "237",
            BASE + "label/SINSTS": "01234",
            BASE + "label/SMAXSN": "03112",
            BASE + "label/SMAXSN-1": "09562",
            BASE + "label/DPM1": "00",
            BASE + "label/NJOURF_1": "00",
        }
        publisher.until(lambda s: s["accepted"] == 14)
        publisher.stop()
        seen.wait(lambda: seen.payloads("status") == ["online", "offline"])


def test_retained(broker, tmp_path):
    with Publishing(broker.port, mqtt_qos=1, mqtt_retain_labels=True, folder=tmp_path
                    ) as publisher:
        publisher.tell("frame", 1234, 1000)
        publisher.until(lambda s: s["accepted"] == 13)
        with Subscriber(broker.port) as late:
            late.wait(lambda: len(late.lines) == 11)
            assert {retain for _, retain, _, _ in late.lines} == {1}
            assert late.payloads("status") == ["online"] and late.payloads("label/EAST")
            publisher.tell("drop", "DPM1")
            publisher.tell("frame", 1234, 1001)
            late.wait(lambda: len(late.payloads("label/NJOURF_1")) == 2)  # the last of all
        with Subscriber(broker.port) as later:
            later.wait(lambda: len(later.lines) == 10)
            later.wait(lambda: "000001001" in later.payloads("label/EAST"))
            assert not later.payloads("label/DPM1")
        publisher.stop()
    with Subscriber(broker.port) as last:
        last.wait(lambda: last.payloads("status"))
        assert last.payloads("status") == ["offline"]


@pytest.mark.parametrize("qos", [0, 1])
def test_last_will(broker, qos):
    with Subscriber(broker.port) as seen:
        with Publishing(broker.port, mqtt_qos=qos):
            seen.wait(lambda: seen.payloads("status") == ["online"])
        # Leaving it killed the process.
        seen.wait(lambda: seen.payloads("status") == ["online", "offline"])
        assert seen.lines[-1] == (qos, 0, BASE + "status", "offline")


def test_keepalive_holds_an_idle_connection(broker):
    with Publishing(broker.port, mqtt_keepalive=1, deadline=3000) as publisher:
        before = publisher.until(lambda s: s["connected"])
        later = publisher.until(lambda s: s["bytes"] >= before["bytes"] + 8)  # four pings
        assert later["drops"] == 0 and later["connects"] == 1
        publisher.stop()


def test_password(tmp_path):
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "zoé", "s3crèt"], check=True)
    passwords.chmod(0o644)
    rules = ("allow_anonymous false", f"password_file {passwords}")
    with Mosquitto(tmp_path, *rules) as broker:
        with Publishing(broker.port, mqtt_user="zoé", mqtt_password="s3crèt") as publisher:
            publisher.until(lambda s: s["connected"])
            publisher.stop()
        for settings in ({}, {"mqtt_user": "zoé", "mqtt_password": "wrong"}):
            with Publishing(broker.port, **settings) as publisher:
                status = publisher.until(lambda s: s["failures"])
                assert "authorise" in status["error"] or "password" in status["error"]
                publisher.stop()


@pytest.mark.parametrize("qos", [0, 1])
def test_nothing_is_lost_for_good_when_the_broker_restarts(broker, qos):
    with Publishing(broker.port, period=20, mqtt_qos=qos, publish_when="change") as publisher:
        with Subscriber(broker.port) as seen:
            seen.wait(lambda: len(seen.payloads("label/EAST")) > 5)
        broker.stop()
        publisher.until(lambda s: s["failures"] >= 3)
        broker.start()
        publisher.until(lambda s: s["connected"])
        with Subscriber(broker.port) as seen:
            seen.wait(lambda: len(seen.payloads("label/EAST")) > 5)
            indexes = [int(each) for each in seen.payloads("label/EAST")]
            assert indexes == sorted(indexes)
            frames = publisher.status()["frames"]
            seen.wait(lambda: int(seen.payloads("label/EAST")[-1]) >= 21849106 + frames)
        publisher.stop()


def test_a_whole_day_of_packet_ids(broker):
    """More QoS 1 messages than there are packet ids."""
    with Publishing(broker.port, period=1, mqtt_qos=1, deadline=5000) as publisher:
        status = publisher.until(lambda s: s["accepted"] > 66000, 120)
        assert status["connects"] == 1 and status["drops"] == 0
        publisher.stop()


@pytest.mark.parametrize("qos", [0, 1])
def test_what_is_subscribed_to_is_heard_after_each_connection(broker, qos):
    def publish(name, *arguments):
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-q", str(qos)]
        subprocess.run([*command, "-t", BASE + name, *arguments], check=True, timeout=20)

    publish("command/restart", "-r", "-m", "long ago")
    topics = [BASE + "command/#", "homeassistant/status"]
    with Publishing(broker.port, mqtt_qos=qos, topics=topics) as publisher:
        publisher.until(lambda s: s["connected"] and s["accepted"] >= 2)
        publish("command/interval", "-m", "x" * 3000)  # longer than we take
        publish("elsewhere", "-m", "no")
        publish("command/interval", "-m", "60")
        heard = [[BASE + "command/interval", "60"]]
        status = publisher.until(lambda s: s["heard"])
        assert status["heard"] == heard and status["error"] == ""
        broker.stop()
        publisher.until(lambda s: s["failures"])
        broker.start()
        publisher.until(lambda s: s["connected"] and s["heard"] == heard)
        publish("command/publish", "-n")
        status = publisher.until(lambda s: len(s["heard"]) > 1)
        assert status["heard"][1:] == [[BASE + "command/publish", ""]] and status["drops"] == 1
        publisher.stop()
