"""One connection: the handshake, the pings, what a broker may say and what not."""


import random

from fake_store import FakeConfig
from fake_stream import FakeStream

from firmware.publish.codec import Codec
from firmware.publish.greeting import connect, greet, introduce
from firmware.publish.inbox import Inbox
from firmware.publish.outbox import Outbox
from firmware.publish.session import Session

CONNACK = b"\x20\x02\x00\x00"


class Clock:
    """Ticks that move when they are told to, and a little at each look."""

    def __init__(self, step=0):
        self.now = 1 << 29  # ticks wrap on the way
        self.step = step

    def __call__(self):
        self.now = (self.now + self.step) & ((1 << 30) - 1)
        return self.now


class Scene:
    def __init__(self, incoming=b"", step=0, room=1 << 20, size=1024, **settings):
        self.clock = Clock()
        self.outbox = Outbox(size)
        self.codec = Codec(self.outbox, introduce(FakeConfig(**settings), "winky-a1b2c3"))
        self.stream = FakeStream(incoming, step, room)

    async def begin(self, qos=0):
        """Words if it failed."""
        self.clock.step = 100
        try:
            await greet(self.stream, self.codec.client, self.clock, 10000)
            self.session = Session(self.stream, self.outbox, self.clock.now, qos, 60, 10000)
            return None
        except OSError as error:
            return str(error)
        finally:
            self.clock.step = 0

    def turn(self, seconds=0):
        """A look after so many seconds; what was sent (bytes), or words (str)."""
        self.clock.now = (self.clock.now + seconds * 1000) & ((1 << 30) - 1)
        now = self.clock.now
        try:
            self.session.read(now)
            self.session.write(now)
            self.outbox.settle()
        except OSError as error:
            return str(error)
        return self.stream.take()

    def listen(self, *topics, heard=None):
        """Subscribe; the list of what will be heard. Without topics, the broker has granted it."""
        got = []
        heard = heard or (lambda topic, payload: got.append((topic, payload)))
        self.session._inbox = Inbox(topics, heard, self.codec.client, 10000)
        self.session._inbox._granted = not topics
        return got

    async def open(self, qos=0):
        self.stream.incoming += CONNACK
        assert await self.begin(qos) is None
        self.stream.take()
        return self


async def test_handshake():
    for step in (0, 1, 3):
        scene = Scene(CONNACK, step)
        assert await scene.begin() is None
        assert scene.stream.take() == connect(scene.codec.client)


async def test_refusals():
    for code, word in enumerate(("version", "id", "available", "password", "authorise"), 1):
        assert word in await Scene(bytes((0x20, 2, 0, code))).begin(), code
    assert await Scene(b"\x20\x02\x00\x07").begin() == "the broker refuses, code 7"


async def test_what_is_no_broker():
    for answer in (b"HTTP/1.1 400 Bad Request\r\n", b"\x40\x02\0\0", b"\x20\x03\0\0\0", b"\xd0"):
        assert await Scene(answer).begin() == "what answers is not an MQTT broker", answer


async def test_no_answer_within_the_deadline():
    for scene in (Scene(), Scene(room=5), Scene(b"\x20\x02\0")):
        begun = scene.clock.now
        assert await scene.begin() == "the broker does not answer"
        assert 10000 <= (scene.clock.now - begun) & ((1 << 30) - 1) <= 11000


async def test_closed_before_the_answer():
    scene = Scene(b"\x20\x02")
    scene.stream.ended = True
    assert await scene.begin() == "the broker closed the connection"


async def test_ping_when_nothing_was_said_for_half_the_keepalive():
    scene = await Scene().open()
    assert scene.turn(29) == b""
    assert scene.turn(1) == b"\xc0\x00"
    assert scene.turn(5) == b""
    scene.stream.incoming += b"\xd0\x00"
    assert scene.turn(4) == b""
    assert scene.turn(20) == b""
    assert scene.turn(1) == b"\xc0\x00"
    assert scene.turn(10) == b""
    assert scene.turn(1) == "the broker went silent"


async def test_ping_though_we_talk_and_though_it_talks():
    scene = await Scene().open()
    for second in range(1, 30):
        scene.codec.begin(b"event").write(b"{}")
        scene.codec.publish()
        assert scene.turn(1)[0] == 0x30, second
    assert scene.turn(1) == b"\xc0\x00"
    scene = await Scene().open()
    for second in range(1, 30):
        scene.stream.incoming += b"\x30\x03\x00\x01t"
        assert scene.turn(1) == b"", second
    assert scene.turn(1) == b"\xc0\x00"


async def test_a_broker_that_talks_is_not_silent():
    scene = await Scene().open()
    assert scene.turn(30) == b"\xc0\x00"
    for _ in range(20):
        scene.stream.incoming += b"\x30\x03\x00\x01t"
        assert scene.turn(9) == b""
    assert scene.turn(11) == "the broker went silent"


async def test_a_broker_that_takes_nothing():
    scene = await Scene().open()
    scene.stream.room = 20
    scene.codec.begin(b"event").write(b"{}")
    scene.codec.publish()
    assert len(scene.turn(1)) == 20
    assert scene.turn(10) == b""
    scene.stream.room = 3
    assert len(scene.turn(1)) == 3
    assert scene.turn(10) == b""
    assert scene.turn(1) == "the broker takes nothing"


async def test_acknowledgements():
    scene = await Scene(mqtt_qos=1).open()
    for _ in range(3):
        scene.codec.begin(b"event").write(b"{}")
        scene.codec.publish()
    scene.turn()
    scene.stream.incoming += b"\x40\x02\x00\x02\x40\x02\x00\x01\x40\x02\x7f\xff"
    scene.turn()
    assert scene.outbox.tail
    scene.stream.incoming += b"\x40\x02\x00\x03"
    scene.turn()
    assert scene.outbox.tail == 0


async def test_no_acknowledgement():
    scene = await Scene(mqtt_qos=1).open(1)
    for _ in range(2):
        scene.codec.begin(b"event").write(b"{}")
        scene.codec.publish()
    assert len(scene.turn()) == 60
    assert scene.turn(20) == b""
    scene.stream.incoming += b"\x40\x02\x00\x02"
    assert scene.turn(1) == b""
    assert scene.turn(9) == b"\xc0\x00"
    scene.stream.incoming += b"\xd0\x00"
    assert scene.turn(11) == b""
    assert scene.turn(1) == "the broker does not acknowledge"


async def test_messages_nobody_asked_for():
    scene = await Scene().open()
    scene.stream.incoming += b"\x30\x03\x00\x01t"  # QoS 0: nothing to say
    assert scene.turn() == b""
    scene.stream.incoming += b"\x3b\x08\x00\x01t\x12\x34abc"  # QoS 1, DUP, retained
    assert scene.turn() == b"\x40\x02\x12\x34"


async def test_an_acknowledgement_waits_for_room():
    scene = await Scene(size=48).open()
    scene.stream.room = 0
    scene.stream.incoming += b"\x32\x05\x00\x01t\x00\x01" * 20
    for _ in range(20):
        scene.turn()
    assert scene.outbox.waiting() == 48
    scene.stream.room = 1 << 20
    got = b""
    for _ in range(20):
        got += scene.turn()
    assert got == b"\x40\x02\x00\x01" * 20


async def test_packets_whole_and_in_pieces():
    data = b"\x40\x02\x00\x01\x30\x2b\x00\x01t" + b"x" * 40 + b"\xd0\x00\x32\x05\x00\x01t\x12\x34"
    for step in (1, 2, 3, 5, 7, 41, 0):
        scene = await Scene().open()
        scene.stream.step = step
        scene.stream.incoming += data * 3
        sent = b""
        while scene.stream.incoming:
            sent += scene.turn()
        for _ in range(20):
            sent += scene.turn()
        assert sent == b"\x40\x02\x12\x34" * 3, step


async def test_the_longest_packet():
    scene = await Scene().open()
    scene.stream.incoming += b"\x32\xfd\x01\x00\x01t\x00\x07" + bytes(248)
    assert scene.turn() == b"\x40\x02\x00\x07"
    scene.stream.incoming += b"\x40\xfe\x01"
    assert scene.turn() == "the broker sent a packet of 257 bytes, too long for us"


async def test_a_message_that_is_too_long_is_passed_over_and_acknowledged():
    for size in (257, 400, 3000):
        for qos, step in ((0, 0), (2, 1), (2, 0), (2, 100)):
            scene = await Scene().open()
            heard = scene.listen()
            scene.stream.step = step
            left = size - 3
            head = bytes((0x30 | qos, left & 0x7F | 0x80, left >> 7))
            message = head + b"\x00\x01t\x00\x07" + bytes(size - 8)
            scene.stream.incoming += message + b"\x30\x05\x00\x01tok" + message
            scene.stream.incoming += b"\x30\x05\x00\x01tOK"
            sent = b""
            while scene.stream.incoming:
                sent += scene.turn()
            sent += scene.turn()
            assert heard == [(b"t", b"ok"), (b"t", b"OK")], (size, qos, step)
            assert sent == (b"\x40\x02\x00\x07" * 2 if qos else b"")


async def test_the_acknowledgement_of_a_long_message_waits_for_room():
    scene = await Scene(size=32).open()
    heard = scene.listen()
    assert scene.outbox.control(bytes(30))
    scene.stream.room = 0
    scene.stream.incoming += b"\x32\xfe\x02\x00\x01t\x00\x07" + bytes(377)
    scene.stream.incoming += b"\x30\x05\x00\x01tok"
    for _ in range(3):
        assert scene.turn() == b"" and not heard
    scene.stream.room = 1 << 20
    scene.turn()
    assert scene.turn() == b"\x40\x02\x00\x07"
    assert scene.turn() == b"" and heard == [(b"t", b"ok")]


async def test_subscription():
    scene = await Scene(mqtt_qos=1).open()
    heard = scene.listen(b"tic/x/command/#", b"homeassistant/status")
    asked = b"\x82\x2b\x00\x01\x00\x0ftic/x/command/#\x01\x00\x14homeassistant/status\x01"
    assert scene.turn() == asked and scene.codec.client.pid == 1
    assert scene.turn(15) == b""
    scene.stream.incoming += b"\x30\x08\x00\x03t/1old"  # before the answer: a session of before
    scene.stream.incoming += b"\x90\x04\x00\x01\x01\x00"
    assert scene.turn() == b"" and scene.session._inbox.error == ""
    assert scene.outbox.tail == 0
    assert scene.turn(21) == b"\xc0\x00"
    scene.stream.incoming += b"\x32\x0a\x00\x03t/2\x00\x09new"
    assert scene.turn() == b"\x40\x02\x00\x09"
    scene.stream.incoming += b"\x31\x08\x00\x03t/3was"  # retained
    scene.stream.incoming += b"\x30\x05\x00\x03t/4"
    assert scene.turn() == b""
    assert heard == [(b"t/1", b"old"), (b"t/2", b"new"), (b"t/4", b"")]


async def test_a_subscription_that_is_refused_or_not_answered():
    scene = await Scene().open()
    scene.listen(b"a/b", b"c/d")
    scene.turn()
    scene.stream.incoming += b"\x90\x04\x00\x01\x00\x80"
    assert scene.turn() == b""
    assert scene.session._inbox.error == "the broker refuses to tell us c/d"
    scene = await Scene().open()
    scene.listen(b"a/b")
    scene.turn()
    assert scene.turn(20) == b""
    assert scene.turn(1) == "the broker does not answer the subscription"


async def test_a_subscription_waits_for_room_and_may_be_long():
    scene = await Scene(size=160).open()
    scene.listen(b"x" * 120)
    scene.codec.client.pid = 65535
    assert scene.outbox.control(bytes(100))
    scene.stream.room = 40
    assert len(scene.turn()) == 40 and scene.session._inbox._asked is None
    scene.stream.room = 1 << 20
    assert len(scene.turn()) == 60
    asked = scene.turn()
    assert asked == b"\x82\x7d\x00\x01\x00\x78" + b"x" * 120 + b"\x00"
    scene.listen(b"y" * 124)
    assert scene.turn() == b"\x82\x81\x01\x00\x02\x00\x7c" + b"y" * 124 + b"\x00"


async def test_a_listener_that_fails_costs_nothing_else():
    scene = await Scene().open()

    def fails(topic, payload):
        raise ValueError("odd")

    scene.listen(heard=fails)
    scene.stream.incoming += b"\x32\x05\x00\x01t\x00\x09"
    assert scene.turn() == b"\x40\x02\x00\x09"
    assert scene.session._inbox.error == "ValueError: odd"


async def test_lengths_beyond_reason():
    for data, word in (
        (b"\xd0\xff\xff\xff\x7f", "too long"),
        (b"\x30\xff\xff\xff\x7f", "too long"),
        (b"\x30\x80\x80\x80\x01", "too long"),
        (b"\x90\x80\x80\x80\x01", "too long"),
        (b"\x30\xff\xff\xff\xff", "not MQTT"),
        (b"\x30\x80\x80\x80\x80", "not MQTT"),
    ):
        scene = await Scene().open()
        scene.stream.step = 1
        scene.stream.incoming += data
        words = scene.turn()
        while not words:
            words = scene.turn()
        assert word in words, data


async def test_a_flood_gets_no_more_than_its_share():
    scene = await Scene().open()
    scene.stream.incoming += b"\x30\x03\x00\x01t" * 600
    scene.turn()
    assert 1900 < len(scene.stream.incoming) < 3000


async def test_noise_ends_in_words_or_is_packets():
    random.seed(5)
    ends = 0
    for _ in range(300):
        scene = await Scene().open()
        scene.stream.incoming += bytes(random.getrandbits(8) for _ in range(200))
        scene.stream.step = random.randrange(5)
        for _ in range(60):
            words = scene.turn()
            if isinstance(words, str):
                ends += 1
                break
            assert len(words) % 4 == 0  # acknowledgements at most
    assert ends > 200


async def test_packets_that_make_no_sense():
    for packet in (
        b"\x20\x02\x00\x00",  # a second CONNACK
        b"\x40\x03\x00\x01\x00",  # a long PUBACK
        b"\x40\x01\x00",
        b"\x41\x02\x00\x01",  # a PUBACK with flags
        b"\xd0\x01\x00",  # a long PINGRESP
        b"\xd1\x00",
        b"\x90\x03\x00\x01\x00",  # SUBACK, and we subscribed to nothing
        b"\x10\x00",  # what a client says
        b"\x82\x00",
        b"\xc0\x00",
        b"\xe0\x00",
        b"\x00\x00",
        b"\xf0\x00",
        b"\x30\x00",
        b"\x30\x01\x00",
        b"\x30\x02\x00\x01",  # a topic longer than the packet
        b"\x32\x03\x00\x01t",  # no packet id
        b"\x32\x04\x00\x01t\x00",
        b"\x34\x05\x00\x01t\x00\x01",  # QoS 2, never asked for
        b"\x36\x05\x00\x01t\x00\x01",
        b"\x30\x05\xff\xfftes",
    ):
        scene = await Scene().open()
        scene.stream.incoming += packet
        words = scene.turn()
        assert isinstance(words, str) and "the broker sent a" in words, packet
        assert scene.outbox.tail == 0, packet
