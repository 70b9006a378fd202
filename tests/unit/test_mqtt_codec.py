"""umqtt.simple as a codec: what it writes, byte by byte."""

import umqtt.simple
from fake_store import FakeConfig
from fake_stream import FakeStream

from firmware.publish.codec import Codec
from firmware.publish.greeting import connect, introduce
from firmware.publish.outbox import Outbox
from firmware.publish.payload import Full


def build(size=1024, **settings):
    outbox = Outbox(size)
    return Codec(outbox, introduce(FakeConfig(**settings), "winky-a1b2c3")), outbox


def queued(outbox):
    stream = FakeStream()
    while outbox.write_to(stream):
        pass
    return stream.take()


def put(codec, name, payload, retain=False, label=b""):
    codec.begin(name, label).write(payload)
    return codec.publish(retain)


def test_connect_without_password():
    codec, outbox = build()
    module = umqtt.simple.socket
    for _ in range(2):
        assert connect(codec.client) == (
            b"\x10\x3a\x00\x04MQTT\x04\x26\x00\x3c\x00\x0cwinky-a1b2c3"
            b"\x00\x17tic/winky-a1b2c3/status\x00\x07offline"
        )
    assert umqtt.simple.socket is module and codec.client.sock is codec and outbox.tail == 0


def test_connect_with_everything():
    codec, _ = build(
        mqtt_user="zoé",
        mqtt_password="s3cr\u00e8t",
        mqtt_client_id="me",
        mqtt_base="home/tic",
        mqtt_qos=1,
        mqtt_keepalive=3600,
    )
    assert connect(codec.client) == (
        b"\x10\x44\x00\x04MQTT\x04\xec\x0e\x10\x00\x02me"
        b"\x00\x1chome/tic/winky-a1b2c3/status\x00\x07offline"
        b"\x00\x04zo\xc3\xa9\x00\x07s3cr\xc3\xa8t"
    )


def test_a_long_connect():
    codec, _ = build(mqtt_user="u" * 128, mqtt_password="p" * 128, mqtt_base="b" * 64)
    packet = connect(codec.client)
    assert packet[:3] == b"\x10\xfb\x02" and len(packet) == 3 + 0x7B + 256
    assert packet.endswith(b"\x00\x80" + b"p" * 128)


def test_messages():
    codec, outbox = build()
    assert put(codec, b"status", b"online", True) == 6
    assert put(codec, b"label/", b"", False, b"NJOURF+1") == 0
    assert queued(outbox) == (
        b"\x31\x1f\x00\x17tic/winky-a1b2c3/statusonline"
        b"\x30\x21\x00\x1ftic/winky-a1b2c3/label/NJOURF_1"
    )
    assert outbox.settle() == 2


def test_a_whole_topic():
    codec, outbox = build(mqtt_base="b" * 64)
    topic = b"homeassistant/sensor/" + b"x" * 60 + b"/config"
    assert put(codec, b"/" + topic, b"{}", True) == 2
    assert put(codec, b"/tele/a/LWT", b"Online") == 6
    assert put(codec, b"event", b"") == 0
    base = b"b" * 64 + b"/winky-a1b2c3/"
    assert queued(outbox) == (
        b"\x31\x5c\x00\x58" + topic + b"{}\x30\x12\x00\x0atele/a/LWTOnline"
        b"\x30\x55\x00\x53" + base + b"event"
    )
    codec, outbox = build(mqtt_qos=1)
    put(codec, b"/domoticz/in", b"{}")
    assert queued(outbox) == b"\x32\x11\x00\x0bdomoticz/in\x00\x01{}"


def test_a_whole_topic_needs_room():
    codec, outbox = build(128)
    for name, need in ((b"/" + b"x" * 90, 1), (b"/" + b"x" * 40, 100)):
        try:
            codec.begin(name, b"", need)
            raise AssertionError("no room for it")
        except Full:
            assert outbox.tail == 0


def test_qos_1_counts_its_packets():
    codec, outbox = build(mqtt_qos=1)
    put(codec, b"status", b"a", True)
    put(codec, b"status", b"b")
    assert queued(outbox) == (
        b"\x33\x1c\x00\x17tic/winky-a1b2c3/status\x00\x01a"
        b"\x32\x1c\x00\x17tic/winky-a1b2c3/status\x00\x02b"
    )
    assert outbox.acknowledge(1) and outbox.acknowledge(2)
    assert outbox.settle() == 2 and outbox.tail == 0


def test_packet_ids_wrap_and_are_never_0():
    codec, outbox = build(mqtt_qos=1)
    codec.client.pid = 65533
    for pid in (65534, 65535, 1, 2):
        put(codec, b"event", b"{}")
        assert queued(outbox)[-4:] == bytes((pid >> 8, pid & 255)) + b"{}", pid
        assert outbox.acknowledge(pid) and outbox.settle() == 1


def test_long_messages():
    for size in (90, 120, 127, 128, 200, 3000):
        codec, outbox = build(4096)
        payload = bytes(65 + i % 26 for i in range(size))
        assert put(codec, b"frame", payload) == size
        sent = queued(outbox)
        n = 24 + size
        head = bytes((n,)) if n < 128 else bytes((n & 127 | 128, n >> 7))
        assert sent == b"\x30" + head + b"\x00\x16tic/winky-a1b2c3/frame" + payload, size
        assert outbox.settle() == 1 and outbox.tail == 0


def test_wildcards_and_levels_in_a_label():
    codec, outbox = build()
    put(codec, b"label/", b"", False, b"ER+P_i/#")
    assert queued(outbox).endswith(b"tic/winky-a1b2c3/label/ER_P_i__")


def test_no_room():
    codec, outbox = build(300)
    count = 0
    try:
        while True:
            put(codec, b"event", b"x" * 40)
            count += 1
    except Full:
        pass
    assert count == 3
    tail = outbox.tail
    try:
        codec.begin(b"event", b"", 250)
        raise AssertionError
    except Full:
        pass
    try:
        codec.begin(b"event", b"L" * 60)
        raise AssertionError
    except Full:
        pass
    assert outbox.tail == tail
    while outbox.control(b"\xc0\x00"):
        pass
    sent = queued(outbox)
    assert len(sent) == 300 and sent[tail : tail + 2] == b"\xc0\x00"


def test_a_message_begun_and_given_up_leaves_no_trace():
    codec, outbox = build()
    codec.begin(b"frame").write(b"never sent")
    assert outbox.tail == 0
    put(codec, b"event", b"{}")
    assert queued(outbox) == b"\x30\x1a\x00\x16tic/winky-a1b2c3/event{}"
