"""MQTT after an outage: what was missed, in order, with its time, each once; then live values."""

import asyncio
import gc
import json
import os

from fake_store import standard
from fake_stream import FakeStream
from mqtt_scene import CONNACK, Scene, messages, until
from waiting import Clock

from firmware.publish.backlog import Backlog

START = 838_000_000  # 2026-07-22T01:46:40Z


def scene(clock=None, size=4096, flash=None, **settings):
    """A destination that keeps a reading of each frame."""
    clock = clock or Clock(START)
    made = Scene(backlog=(size, clock, flash), publish_interval=0, mqtt_labels=False, **settings)
    made.clock = clock
    made.task = asyncio.create_task(made.mqtt.run())
    return made


async def frames(made, first, last):
    """Frames end that carry these numbers, 30 s apart."""
    await until(lambda: made.opened)
    await asyncio.sleep_ms(1)  # who waits for frames was begun before, and does now
    for number in range(first, last):
        standard(made.store, number)
        made.source.end_frame()
        await asyncio.sleep_ms(1)
        made.clock.go(30)


def told(data, time=True):
    """[(time, power)] of the frames in what was sent, those with a time or those without."""
    found = []
    for one in messages(data):
        if not isinstance(one, bytes) and one[0] == "frame":
            frame = json.loads(one[1])
            if ("time" in frame) is time:
                found.append((frame.get("time"), frame["SINSTS"]))
    return found


def moment(number):
    """The time of the frame with this number, in the first hours after START."""
    seconds = 46 * 60 + 40 + 30 * number
    return f"2026-07-22T{1 + seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}Z"


def acknowledge(stream, data):
    """Acknowledge every message of QoS 1 in what was sent."""
    for one in messages(data):
        if not isinstance(one, bytes) and one[5]:
            stream.incoming += bytes((0x40, 2, one[5] >> 8, one[5] & 0xFF))


def waiting(made):
    """What status() says, without the words for it."""
    replay = made.mqtt._messages.replay
    return len(replay.backlog) if replay else 0


async def test_what_was_missed_comes_first_and_once():
    made = scene()
    await frames(made, 0, 6)
    assert made.mqtt.status()["waiting"] == 5  # the first is seldom whole
    stream = await made.start()
    await until(lambda: not waiting(made))
    await until(lambda: told(stream.sent, False))
    sent = stream.take()
    assert told(sent) == [(moment(n), n) for n in range(1, 6)]
    assert [one[1] for one in told(sent, False)] == [5]
    assert bytes(sent).rfind(b'{"time"') < bytes(sent).rfind(b'frame{"VTIC"')
    # Live again: nothing is kept, and nothing of all that is in memory.
    await frames(made, 6, 9)
    await made.turns(stream)
    sent = stream.take()
    assert not told(sent) and told(sent, False)[-1] == (None, 8)
    assert made.mqtt._messages.replay is None and made.mqtt.status()["dropped"] == 0
    assert await made.stop()


async def brief(made, answer):
    """A connection that breaks as soon as a frame was sent, and acknowledged if it is answered.
    -> what was sent
    """
    stream = FakeStream(CONNACK)
    made.streams.append(stream)
    await until(lambda: told(stream.sent) or told(stream.sent, False))
    before = made.mqtt.status()["waiting"]
    sent = stream.take()
    if answer and told(sent):
        acknowledge(stream, sent)
        await until(lambda: waiting(made) < before)
    stream.ended = True
    await until(lambda: not made.mqtt.connected)
    return sent


async def test_acknowledged_readings_leave_one_by_one():
    made = scene(mqtt_qos=1)
    await frames(made, 0, 6)
    got, live = [], []
    while not live:
        sent = await brief(made, len(got) % 2)
        got += told(sent)
        live = told(sent, False)
    # Each that was not acknowledged came again, and no other.
    numbers = [number for _, number in got]
    assert sorted(set(numbers)) == [1, 2, 3, 4, 5] and numbers == sorted(numbers)
    assert [time for time, _ in got] == [moment(number) for number in numbers]
    assert max(numbers.count(number) for number in numbers) == 2
    assert await made.stop()


async def test_without_acknowledgement_what_was_not_written_comes_again():
    made = scene()
    await frames(made, 0, 5)
    stream = FakeStream(CONNACK, room=300)
    made.streams.append(stream)
    await until(lambda: made.mqtt.connected and not stream.room)
    stream.ended = True
    await until(lambda: not made.mqtt.connected)
    assert made.mqtt.status()["waiting"] == 4
    stream = await made.start()
    await until(lambda: not waiting(made))
    assert [number for _, number in told(stream.sent)] == [1, 2, 3, 4]
    assert await made.stop()


async def test_readings_of_before_the_clock_wait_for_it():
    made = scene(Clock())
    await frames(made, 0, 4)
    stream = await made.start()
    await frames(made, 4, 6)
    await until(lambda: told(stream.sent, False))
    assert not told(stream.take()) and made.mqtt.status()["waiting"] == 3
    made.clock.now = START + 180
    await until(lambda: not waiting(made))
    assert told(stream.take()) == [(moment(n), n) for n in range(1, 4)]
    assert await made.stop()


async def test_an_outage_longer_than_memory():
    made = scene(size=1024)
    await frames(made, 0, 30)
    status = made.mqtt.status()
    assert status["waiting"] + status["dropped"] == 29 and status["waiting"] > 1
    stream = await made.start()
    await until(lambda: not waiting(made))
    first = 30 - status["waiting"]
    assert told(stream.sent) == [(moment(n), n) for n in range(first, 30)]
    assert made.mqtt.status()["dropped"] == status["dropped"]
    assert await made.stop()


async def test_a_restart_in_an_outage():
    flash = "backlog_mqtt", 1 << 20
    made = scene(size=1024, flash=flash)
    await frames(made, 0, 15)
    made.mqtt.close()
    assert await made.stop()
    clock, made = made.clock, None
    gc.collect()
    made = scene(clock, 1024, flash)
    assert made.mqtt.status()["waiting"] == 14
    stream = await made.start()
    await until(lambda: not waiting(made))
    assert told(stream.sent) == [(moment(n), n) for n in range(1, 15)]
    assert os.listdir(flash[0]) == [] and len(Backlog(64, clock, flash)) == 0
    assert await made.stop()


async def test_off():
    made = Scene(publish_interval=0)
    made.task = asyncio.create_task(made.mqtt.run())
    for _ in range(5):
        standard(made.store)
        made.source.end_frame()
        await asyncio.sleep_ms(1)
    assert made.mqtt._messages.replay is None and made.mqtt.status()["waiting"] == 0
    assert await made.stop()


async def test_a_reading_each_interval():
    made = scene()
    messages_ = made.mqtt._messages
    messages_._policy.interval = 30_000
    messages_._store.frames = 2
    kept = [now for now in range(-100_000, 800_000, 7_000) if messages_.late(now)]
    assert len(kept) == 30 and kept[0] == -100_000 and kept[-1] < 800_000 - 30_000 + 7_000
    messages_._since = 0
    assert not messages_.late(29_999) and messages_.late(200_000) and not messages_.late(229_000)
    assert await made.stop()
