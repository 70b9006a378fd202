"""The destination as a whole, over a stream that the test holds in its hands."""

import asyncio
import json
import os
import time

from fake_store import standard
from fake_stream import FakeStream
from mqtt_scene import CONNACK, Scene, messages, said, until

from firmware.publish.mqtt import Mqtt


async def test_what_is_said_at_first():
    scene = Scene(health=lambda: {"uptime": 7, "reset": "power_on"})
    stream = await scene.start()
    first = messages(stream.take())
    assert first[0][0] == 0x10
    assert first[1] == ("status", b"online", 1, 0, 0, None)
    assert first[2][0] == "gateway" and first[2][2] == 0
    report = json.loads(first[2][1])
    assert report["uptime"] == 7 and report["reset"] == "power_on"
    assert report["counters"] == {"frames": 0, "checksum": 0}
    assert report["mqtt"]["connected"] is True and report["mqtt"]["connects"] == 1
    assert len(first) == 3
    assert scene.opened == [("127.0.0.1", 1883)]
    assert await scene.stop()


async def test_a_frame_is_published_as_it_ends():
    for source in (True, False):
        scene = Scene(source)
        stream = await scene.start()
        stream.take()
        standard(scene.store)
        scene.source.end_frame()
        await scene.turns(stream)
        got = messages(stream.take())
        assert got[0][0] == "frame" and json.loads(got[0][1])["EAST"] == 21849106
        assert [one[:3] for one in got[1:]] == [
            ("label/VTIC", b"02", 0),
            ("label/DATE", b"E260721093400", 0),
            ("label/NGTF", b"TEMPO", 0),
            ("label/EAST", b"021849106", 0),
            ("label/URMS1", b"237", 0),
            ("label/SINSTS", b"01234", 0),
            ("label/SMAXSN", b"03112", 0),
            ("label/SMAXSN-1", b"09562", 0),
            ("label/DPM1", b"00", 0),
            ("label/NJOURF_1", b"00", 0),
        ]
        await scene.stop()


async def test_topics_that_are_off_and_labels_that_are_retained():
    scene = Scene(mqtt_labels=False)
    stream = await scene.start()
    stream.take()
    standard(scene.store)
    scene.source.end_frame()
    await scene.turns(stream)
    assert list(said(stream.take())) == ["frame"]
    await scene.stop()
    scene = Scene(mqtt_frame=False, mqtt_retain_labels=True)
    stream = await scene.start()
    stream.take()
    standard(scene.store)
    scene.source.end_frame()
    await scene.turns(stream)
    got = messages(stream.take())
    assert len(got) == 10 and all(one[2] for one in got)
    scene.store.drop(b"DPM1")
    scene.source.end_frame()
    await scene.turns(stream)
    assert ("label/DPM1", b"", 1, 0, 0, None) in messages(stream.take())
    os.remove("labels.json")
    await scene.stop()


async def test_events():
    scene = Scene()
    scene.mqtt.event("meter_changed", {"old": "041776199277", "new": b"041776199278", "count": 3})
    stream = await scene.start()
    got = json.loads(said(stream.take())["event"])
    assert got == {"event": "meter_changed", "count": 3}
    scene.mqtt.event("mode_changed", {"mode": "standard", "since": None})
    await scene.turns(stream)
    got = json.loads(said(stream.take())["event"])
    assert got == {"event": "mode_changed", "mode": "standard", "since": None}
    await scene.stop()
    scene = Scene(identifiers="send")
    for i in range(20):
        scene.mqtt.event("meter_changed", {"old": "041776199277", "i": i})
    stream = await scene.start()
    await scene.turns(stream)
    events = [json.loads(one[1]) for one in messages(stream.take()) if one[0] == "event"]
    assert [one["i"] for one in events] == list(range(4, 20))
    assert events[0]["old"] == "041776199277"
    assert scene.mqtt.status()["unsent"] == 4
    await scene.stop()
    scene = Scene(identifiers="hash", identifiers_salt="salt")
    for _ in range(2):
        scene.mqtt.event("meter_changed", {"old": "041776199277", "new": b"041776199277"})
    stream = await scene.start()
    standard(scene.store)
    scene.source.end_frame()
    await scene.turns(stream)
    got = messages(stream.take())
    seen = {value for one in got if one[0] == "event"
            for key, value in json.loads(one[1]).items() if key != "event"}
    assert len(seen) == 1 and {len(value) for value in seen} == {16}
    # The same one as in the label's topic.
    assert ("label/ADSC", seen.pop().encode(), 0, 0, 0, None) in got
    await scene.stop()


async def test_a_message_too_long_is_given_up():
    scene = Scene(health=lambda: {"x": "y" * 3000})
    scene.mqtt.event("long", {"x": "y" * 3000})
    scene.mqtt.event("short", {})
    scene.streams.append(FakeStream(CONNACK))
    stream = scene.streams[0]
    scene.task = asyncio.create_task(scene.mqtt.run())
    await until(lambda: stream.sent.find(b"short") > 0)
    standard(scene.store)
    scene.source.end_frame()
    await scene.turns(stream)
    got = said(stream.take())
    assert json.loads(got["event"]) == {"event": "short"}
    assert "gateway" not in got and "frame" in got
    status = scene.mqtt.status()
    assert status["unsent"] == 2 and status["error"] == ""
    await scene.stop()


async def test_a_health_that_fails_costs_nothing_else():
    def health():
        raise KeyError("rssi")

    scene = Scene(health=health)
    stream = await scene.start()
    report = json.loads(said(stream.take())["gateway"])
    assert report["error"] == "KeyError: rssi"
    assert scene.mqtt.connected
    await scene.stop()


async def test_nothing_opens():
    scene = Scene()
    scene.streams = [OSError(111), OSError(104), OSError(12345), MemoryError(), ValueError("odd")]
    scene.streams.append(OSError("name not found: x"))
    scene.task = asyncio.create_task(scene.mqtt.run())
    words = []
    while len(words) < 6:
        await asyncio.sleep_ms(1)
        if scene.mqtt.last_error and scene.mqtt.last_error not in words:
            words.append(scene.mqtt.last_error)
    assert words == [
        "connection refused",
        "connection cut",
        "network error 12345",
        "MemoryError: ",
        "ValueError: odd",
        "name not found: x",
    ]
    await until(lambda: scene.mqtt.status()["failures"] == 6)
    assert not scene.mqtt.connected
    await until(lambda: len(scene.opened) == 7)
    stream = await scene.start()
    assert scene.mqtt.status()["connects"] == 1
    assert await scene.stop() and stream.closed


async def test_the_newest_state_goes_out_after_an_outage():
    scene = Scene(publish_when="change", publish_interval=3600)
    stream = await scene.start()
    standard(scene.store)
    scene.source.end_frame()
    scene.source.end_frame()
    await scene.turns(stream)
    assert said(stream.take())["label/EAST"] == b"021849106"
    stream.ended = True
    await until(lambda: not scene.mqtt.connected)
    assert stream.closed and scene.mqtt.last_error == "the broker closed the connection"
    for index in range(21849107, 21849207):
        standard(scene.store, index=index)
        scene.source.end_frame()
    stream = await scene.start()
    await scene.turns(stream)
    got = messages(stream.take())
    assert got[0][0] == 0x10 and got[1][:2] == ("status", b"online")
    assert [one[1] for one in got[1:] if one[0] == "label/EAST"] == [b"021849206"]
    assert len([one for one in got if one[0] == "frame"]) == 1
    assert scene.mqtt.status()["drops"] == 1
    await scene.stop()


async def test_qos_1_is_sent_again_after_an_outage():
    scene = Scene(mqtt_qos=1, mqtt_frame=False, labels="EAST")
    stream = await scene.start()
    first = messages(stream.take())
    assert first[0][9] == 0x2C  # last will with QoS 1, retained; no clean session
    assert [one[3:] for one in first[1:]] == [(1, 0, 1), (1, 0, 2)]
    stream.incoming += b"\x40\x02\x00\x01"
    standard(scene.store)
    scene.source.end_frame()
    await scene.turns(stream)
    assert messages(stream.take()) == [("label/EAST", b"021849106", 0, 1, 0, 3)]
    scene.store.frames += 1
    assert scene.mqtt.accepted == 1
    stream.ended = True
    await until(lambda: not scene.mqtt.connected)
    stream = FakeStream(CONNACK)
    scene.streams.append(stream)
    await until(lambda: stream.sent.find(b"label/EAST\x00\x06") > 0)
    got = messages(stream.take())
    assert [(one[0], one[4], one[5]) for one in got[1:]] == [
        ("gateway", 8, 2),
        ("label/EAST", 8, 3),
        ("status", 0, 4),
        ("gateway", 0, 5),
        ("label/EAST", 0, 6),
    ]
    for pid in (2, 3, 4, 5, 6):
        stream.incoming += bytes((0x40, 2, 0, pid))
    await until(lambda: scene.mqtt.accepted == 6)
    assert scene.mqtt.status()["again"] == 2 and scene.mqtt._outbox.tail == 0
    await scene.stop()


async def test_topics_are_subscribed_to_in_each_connection():
    scene = Scene(topics=[b"tic/winky-a1b2c3/command/#"])
    for pid in (1, 2):
        stream = await scene.start()
        asked = b"\x82\x1f\x00" + bytes((pid, 0)) + b"\x1atic/winky-a1b2c3/command/#\x00"
        assert messages(stream.take())[1] == asked
        stream.incoming += b"\x90\x03\x00" + bytes((pid, 0)) + b"\x30\x05\x00\x01xhi"
        await until(lambda count=pid: len(scene.heard) == count)
        stream.ended = True
        await until(lambda: not scene.mqtt.connected)
    assert scene.heard == [(b"x", b"hi")] * 2 and stream.closed
    assert await scene.stop()


async def test_all_is_said_again_when_somebody_asks():
    scene = Scene(publish_when="interval", publish_interval=3600, labels="EAST")
    stream = await scene.start()
    standard(scene.store)
    for _ in range(3):
        scene.source.end_frame()
    await scene.turns(stream)
    stream.take()
    scene.source.end_frame()
    await scene.turns(stream)
    assert not stream.take()
    scene.mqtt.resend()
    await scene.turns(stream)
    assert [one[0] for one in messages(stream.take())] == ["gateway", "frame", "label/EAST"]
    scene.mqtt.resend(1)  # s, from now on
    await asyncio.sleep_ms(1100)
    scene.source.end_frame()
    await scene.turns(stream)
    assert [one[0] for one in messages(stream.take())] == ["frame", "label/EAST"]
    await scene.stop()


async def test_a_refused_subscription_is_told():
    scene = Scene(topics=[b"a/b"])
    stream = await scene.start()
    stream.incoming += b"\x90\x03\x00\x01\x80"
    await until(lambda: scene.mqtt.status()["error"])
    assert scene.mqtt.status()["error"] == "the broker refuses to tell us a/b"
    assert scene.mqtt.connected and await scene.stop()


async def test_a_slow_broker_gets_the_newest_state():
    scene = Scene(mqtt_frame=False, labels="EAST")
    stream = await scene.start()
    stream.room = 0
    for index in range(1000, 1400):
        standard(scene.store, index=index)
        scene.source.end_frame()
        await asyncio.sleep_ms(0)
    await asyncio.sleep_ms(100)
    assert scene.mqtt._outbox.waiting() < 1100
    stream.room = 1 << 20
    await scene.turns(stream)
    sent = [one[1] for one in messages(stream.take()) if one[0] == "label/EAST"]
    assert sent[-1] == b"000001399" and sent == sorted(sent) and len(sent) < 40
    assert scene.mqtt.connected
    await scene.stop()


async def test_qos_1_without_acknowledgements_fills_the_outbox_and_no_more():
    scene = Scene(mqtt_qos=1)
    stream = await scene.start()
    for index in range(100):
        standard(scene.store, index=index)
        scene.source.end_frame()
        await asyncio.sleep_ms(0)
    await scene.turns(stream)
    sent = messages(stream.take())
    assert 2000 < scene.mqtt._outbox.tail <= 2768
    for one in sent[1:]:
        stream.incoming += bytes((0x40, 2, one[5] >> 8, one[5] & 255))
    await scene.turns(stream)
    assert said(stream.take())["label/EAST"] == b"000000099"
    await scene.stop()


async def test_a_store_that_fails_drops_the_link_and_is_tried_again():
    scene = Scene()
    stream = await scene.start()
    standard(scene.store)
    good, scene.store.slots = scene.store.slots, None
    scene.source.end_frame()
    await until(lambda: not scene.mqtt.connected)
    assert stream.closed and scene.mqtt.last_error.startswith("TypeError")
    scene.store.slots = good
    scene.store.end_frame()
    stream = await scene.start()
    await until(lambda: stream.sent.find(b"label/EAST") > 0)
    await scene.stop()


async def test_farewell():
    scene = Scene()
    stream = await scene.start()
    stream.take()
    assert await scene.stop()
    assert messages(stream.take()) == [("status", b"offline", 1, 0, 0, None), b"\xe0\x00"]
    assert stream.closed
    scene = Scene()
    stream = await scene.start()
    stream.take()
    stream.room = 3  # in the middle of a message there is no way to say it
    scene.mqtt.event("x", {})
    await until(lambda: len(stream.sent) == 3)
    assert await scene.stop()
    assert len(stream.sent) == 3 and stream.closed


async def test_a_cancelled_task_can_be_started_again():
    scene = Scene()
    stream = await scene.start()
    stream.room = 5
    scene.mqtt.event("x", {})
    await until(lambda: stream.room == 0)
    assert await scene.stop()
    scene.task = None
    stream = await scene.start()
    got = messages(stream.take())
    assert got[0][0] == 0x10 and got[1][0] == "status" and got[2][0] == "gateway"
    await scene.stop()


async def test_a_cancelled_task_leaves_nothing_behind():
    scene = Scene()
    scene.task = asyncio.create_task(scene.mqtt.run())
    await until(lambda: scene.opened)
    assert await scene.stop()
    scene = Scene()
    stream = FakeStream()
    scene.streams.append(stream)
    scene.task = asyncio.create_task(scene.mqtt.run())
    await until(lambda: stream.sent)
    assert await scene.stop()
    assert stream.closed and not scene.mqtt.connected


def test_pauses_grow_from_1_to_60_seconds():
    scene = Scene()
    wait = Mqtt._wait
    for streak, low, high in ((1, 1000, 1600), (2, 2000, 2600), (3, 4000, 5600), (4, 8000, 10600)):
        found = []
        for _ in range(50):
            scene.mqtt._streak = streak - 1
            found.append(wait(scene.mqtt))
        assert min(found) >= low and max(found) <= high, (streak, found)
        assert len(set(found)) > 5
    scene.mqtt._streak = 500
    found = [wait(scene.mqtt) for _ in range(200)]
    assert min(found) >= 48000 and max(found) <= 60000


async def test_no_secret_in_errors_or_payloads():
    scene = Scene(mqtt_user="owner-name", mqtt_password="hush-hush")
    scene.streams = [OSError(111), FakeStream(b"\x20\x02\x00\x04")]
    stream = await scene.start()
    standard(scene.store)
    scene.source.end_frame()
    await scene.turns(stream)
    sent = stream.take()
    assert sent.count(b"hush-hush") == 1  # CONNECT
    assert "hush" not in str(scene.mqtt.status()) and "owner" not in str(scene.mqtt.status())
    await scene.stop()


def _says(topic, writer, head, identifiers):
    writer.write(head)
    writer.write(b'"said":"%s %s"}' % (topic, b"all" if identifiers else b"some"))
    return True


async def test_the_model_goes_out_on_its_own_interval():
    scene = Scene(write=_says, mqtt_labels=False, meter_interval=3600, site='L\'"été"')
    stream = await scene.start()
    report = json.loads(said(stream.take())["gateway"])
    assert report["site"] == 'L\'"été"'
    standard(scene.store)
    scene.source.end_frame()
    await scene.turns(stream)
    assert list(said(stream.take())) == ["frame"]  # the first is seldom whole
    scene.source.end_frame()
    await scene.turns(stream)
    got = messages(stream.take())
    assert [(one[0], one[2]) for one in got] == [("frame", 0), ("meter", 0), ("energy", 0)]
    assert [json.loads(one[1])["site"] for one in got] == ['L\'"été"'] * 3
    assert json.loads(got[1][1])["said"] == "meter some"
    scene.source.end_frame()
    await scene.turns(stream)
    assert list(said(stream.take())) == ["frame"]
    scene.model._interval = 0
    await scene.turns(stream)
    assert not stream.take()  # only at the end of a frame
    scene.source.end_frame()
    await scene.turns(stream)
    assert list(said(stream.take())) == ["frame", "meter", "energy"]
    scene.mqtt.event("x", {})
    await scene.turns(stream)
    assert json.loads(said(stream.take())["event"])["site"] == 'L\'"été"'
    await scene.stop()


def test_the_model_is_said_again_after_days_of_silence():
    model = Scene(write=_says).model
    store = model._store
    store.frames = 2
    assert model.topic(5)
    model.done()
    model.done()
    store.frames = 3
    assert not model.topic(6)
    store.frames = 4
    assert model.topic((time.ticks_add(0, -1) >> 1) + 60_000)


async def test_what_is_wrong_with_the_model_costs_nothing_else():
    def write(topic, writer, head, identifiers):
        if topic == b"meter":
            writer.write(head)
            raise ValueError("odd")
        return _says(topic, writer, head, identifiers)

    scene = Scene(write=write, identifiers="send", mqtt_retain_labels=True)
    scene.store.end_frame()
    standard(scene.store)
    stream = await scene.start()
    scene.source.end_frame()
    await scene.turns(stream)
    got = messages(stream.take())
    found = [one for one in got if one[0] in ("meter", "energy")]
    assert [(one[0], one[1], one[2]) for one in found] == [("energy", b'{"said":"energy all"}', 1)]
    assert scene.mqtt.connected
    assert scene.mqtt._messages._report()["error"] == "ValueError: odd"
    os.remove("labels.json")
    await scene.stop()


class _Pages:
    """Where somebody is answered, or a request is sent by another destination."""

    answers = sends = False

    def working(self):
        return self.answers

    def sending(self):
        return self.sends


async def test_what_takes_much_memory_waits_for_a_moment_while_others_need_it():
    scene = Scene(write=_says)
    scene.store.end_frame()
    standard(scene.store)
    stream = await scene.start()
    await scene.turns(stream)
    stream.take()
    scene.mqtt._messages.pages = pages = _Pages()
    for which in ("answers", "sends"):
        setattr(pages, which, True)
        scene.mqtt.resend()
        scene.source.end_frame()
        await scene.turns(stream)
        topics = {one[0] for one in messages(stream.take())}
        assert "frame" in topics and not topics & {"gateway", "meter", "energy"}, topics
        setattr(pages, which, False)
        await scene.turns(stream)
        assert {one[0] for one in messages(stream.take())} == {"gateway", "meter", "energy"}
    pages.answers = True  # for as long as anybody likes
    scene.mqtt.resend()
    scene.source.end_frame()
    await scene.turns(stream)
    assert "meter" not in {one[0] for one in messages(stream.take())}
    scene.mqtt._messages._began = time.ticks_add(time.ticks_ms(), -1000)
    await scene.turns(stream)
    assert {one[0] for one in messages(stream.take())} == {"gateway", "meter", "energy"}
    await scene.stop()


class _Once:
    """A source of messages outside our prefix, said once after each connection."""

    error = ""
    retain = True
    busy = False
    need = 500

    def __init__(self, count):
        self.count = count

    def renew(self):
        self.left = self.count

    def topic(self, now):
        return b"/elsewhere/%d" % self.left if self.left else None

    def write(self, topic, writer, head):
        assert topic == b"/elsewhere/%d" % self.left
        if self.left == 3:
            return False
        writer.write(b"x" * 200)
        return True

    def done(self):
        self.left -= 1


async def test_further_sources_in_their_order():
    first, second = Scene(write=_says, mqtt_labels=False).model, _Once(20)
    scene = Scene(mqtt_labels=False)
    first._store = scene.store
    scene.mqtt._messages._sources = [first, second]
    standard(scene.store)
    scene.store.end_frame()
    scene.store.end_frame()
    stream = await scene.start()
    await scene.turns(stream)
    sent = stream.take()
    assert sent.find(b"/frame{") < sent.find(b"/meter{") < sent.find(b"/energy{")
    found, at = [], sent.find(b"\x0celsewhere/20")
    assert sent.find(b"/energy{") < at
    for n in range(20, 0, -1):
        topic = b"elsewhere/%d" % n
        here = sent.find(b"\x00" + bytes((len(topic),)) + topic + b"x" * 200)
        assert (here < 0) == (n == 3), n
        found.append(here)
    assert sorted(found[:17]) == found[:17]
    # Nothing is remembered of messages that are said once.
    assert sorted(scene.mqtt._messages._sizes) == [b"energy", b"frame", b"gateway", b"meter"]
    second.error = "no room in flash"
    assert scene.mqtt._messages._report()["error"] == "no room in flash"
    await scene.stop()


async def test_a_model_too_long_is_given_up():
    def write(topic, writer, head, identifiers):
        if topic == b"energy":
            return False
        for _ in range(100):
            writer.write(b"x" * 100)

    scene = Scene(write=write)
    scene.store.end_frame()
    standard(scene.store)
    stream = await scene.start()
    scene.source.end_frame()
    await scene.turns(stream)
    assert not {"meter", "energy"} & set(said(stream.take()))
    assert scene.mqtt.connected and scene.mqtt.status()["unsent"] == 1
    await scene.stop()
