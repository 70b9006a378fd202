"""Labels of another mode are taken back from the broker: when, which, and for how long."""

import asyncio
import json
import os

from fake_store import FakeStore, standard
from fake_stream import FakeStream
from mqtt_scene import CONNACK, Scene, messages, until

from firmware.rarely import load

HISTORIQUE = 1
STANDARD = 2
PMEPMI = 3


def forget(modes=None):
    """The flash as it would be then."""
    for name in ("labels.json", "labels.json.tmp"):
        try:
            os.remove(name)
        except OSError:
            pass
    if modes is not None:
        with open("labels.json", "w") as file:
            file.write(json.dumps({"modes": modes}) + "\n")


def kept():
    with open("labels.json") as file:
        return json.loads(file.read())["modes"]


def begin(mode):
    """The source that is there for a mode, None if there is none; the sources."""
    store = FakeStore()
    store.mode = mode
    sources = load("publish.leaving").begin((), store)
    return (sources[0] if sources else None), sources, store


def taken(source, most=1000):
    """The topics, one after the other."""
    found = []
    while len(found) < most:
        topic = source.topic(0)
        if not topic:
            break
        assert source.write(topic, None, b"{")
        source.done()
        found.append(str(topic, "ascii"))
    return found


def test_nothing_is_taken_back_at_first():
    forget()
    assert begin(STANDARD)[0] is None and kept() == [STANDARD]
    assert begin(STANDARD)[0] is None and kept() == [STANDARD]
    forget()


def test_all_of_the_old_mode_and_nothing_of_the_new():
    forget([HISTORIQUE])
    source = begin(STANDARD)[0]
    found = taken(source)
    assert "label/HCHC" in found and "label/PAPP" in found and len(found) == len(set(found))
    assert 30 < len(found) < 60 and source.retain and not source.error
    assert kept() == [HISTORIQUE, STANDARD]  # before the first of the new mode is published
    forget([STANDARD])
    found = taken(begin(HISTORIQUE)[0])
    assert "label/PJOURF_1" in found and "label/EAST" in found and "label/ADCO" not in found
    forget([PMEPMI])
    found = taken(begin(STANDARD)[0])
    assert "label/PS" in found and "label/PS_2" in found
    forget()


def test_it_is_over_when_a_connection_has_outlived_the_last_of_them():
    forget([HISTORIQUE])
    source, sources, _ = begin(STANDARD)
    first = taken(source, 5)
    source.renew()  # the link broke
    whole = taken(source)
    assert whole[:5] == first
    assert source.topic(20_000) is None
    source.renew()
    assert taken(source) == whole
    for now in (1_000, 29_999):
        assert source.topic(now) is None and sources == [source]
    assert kept() == [HISTORIQUE, STANDARD]
    source.topic(30_000)
    assert not sources and kept() == [STANDARD]
    assert begin(STANDARD)[0] is None
    forget()


def test_a_meter_that_goes_back_meanwhile():
    forget([HISTORIQUE])
    source, sources, store = begin(STANDARD)
    taken(source, 3)
    store.begin(HISTORIQUE)
    sources = load("publish.leaving").begin(sources, store)
    assert len(sources) == 1 and sources[0] is not source
    found = taken(sources[0])
    assert "label/EAST" in found and "label/HCHC" not in found
    sources[0].topic(30_000)
    assert not sources and kept() == [HISTORIQUE]
    forget()


def test_a_flash_that_refuses():
    forget([HISTORIQUE])
    os.mkdir("labels.json.tmp")
    try:
        source = begin(STANDARD)[0]
        assert source.error.startswith("the flash does not take it (")
        assert "label/HCHC" in taken(source)
    finally:
        os.rmdir("labels.json.tmp")
    forget()


async def test_the_link_breaks_in_the_middle():
    """Retained and empty; what the broker may not have got is said again to the next one."""
    forget([HISTORIQUE])
    scene = Scene(mqtt_retain_labels=True)
    stream = FakeStream(CONNACK, room=1200)
    scene.streams.append(stream)
    scene.task = asyncio.create_task(scene.mqtt.run())
    await until(lambda: not stream.room)
    assert 0 < stream.sent.count(b"/label/") < 30
    stream.ended = True
    await until(lambda: not scene.mqtt.connected)
    again = await scene.start()
    await scene.turns(again)
    whole = labels(again)
    assert len(whole) > 30 and all(one[1:3] == (b"", 1) for one in whole)
    assert scene.mqtt.status()["unsent"] == 0 and kept() == [HISTORIQUE, STANDARD]
    # The labels of the new mode are said all the same.
    again.take()
    standard(scene.store)
    scene.source.end_frame()
    await scene.turns(again)
    assert ("label/NJOURF_1", b"00", 1, 0, 0, None) in messages(again.take())
    await scene.stop()
    forget()


def labels(stream):
    """The messages to label/..., of whole packets."""
    return [one for one in messages(stream.sent)
            if not isinstance(one, bytes) and one[0][:6] == "label/"]


async def test_only_with_labels_that_are_retained():
    for settings in ({}, {"mqtt_retain_labels": True, "mqtt_labels": False}):
        forget([HISTORIQUE])
        scene = Scene(**settings)
        stream = await scene.start()
        standard(scene.store)
        scene.source.end_frame()
        await scene.turns(stream)
        assert all(one[1] for one in labels(stream)) and kept() == [HISTORIQUE]
        await scene.stop()
    forget()
