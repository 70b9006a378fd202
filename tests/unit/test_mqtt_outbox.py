"""The outgoing packets: kept until they may go."""

import random

from fake_stream import FakeStream

from firmware.publish.outbox import Outbox, body, end


def packet(first, content):
    head = bytearray((first,))
    n = len(content)
    while n > 127:
        head.append(n & 127 | 128)
        n >>= 7
    head.append(n)
    return bytes(head) + content


def message(text, pid=0):
    """PUBLISH to the topic "t"; QoS 1 with a packet id."""
    if pid:
        return packet(0x32, b"\x00\x01t" + bytes((pid >> 8, pid & 255)) + text)
    return packet(0x30, b"\x00\x01t" + text)


def put(outbox, data, control=False):
    if control:
        return outbox.control(data)
    if outbox.room() < len(data):
        return False
    outbox.data[outbox.tail : outbox.tail + len(data)] = data
    outbox.tail += len(data)
    return True


def test_lengths():
    for n in (0, 1, 127, 128, 300):
        data = b"xx" + packet(0x30, bytes(n)) + b"y"
        assert end(data, 2, len(data)) == len(data) - 1, n
        assert body(data, 2) == len(data) - 1 - n, n
    assert end(b"\x30\x80\x80\x01", 0, 4) == 4 + 16384
    assert end(b"\x30\xff\xff\xff\x7f", 0, 5) == 5 + 268435455
    for stop in range(4):
        assert end(b"\x30\x80\x80\x01", 0, stop) == 0
    try:
        end(b"\x30\xff\xff\xff\xff", 0, 5)
        raise AssertionError
    except OSError:
        pass


def test_what_is_written_goes():
    outbox, stream = Outbox(200), FakeStream()
    assert outbox.tail == 0 and outbox.waiting() == 0
    assert outbox.write_to(stream) == 0
    assert put(outbox, message(b"one")) and put(outbox, message(b"two"))
    assert outbox.waiting() == 16
    assert outbox.write_to(stream) == 16 and outbox.waiting() == 0
    assert outbox.settle() == 2 and outbox.tail == 0
    assert stream.take() == message(b"one") + message(b"two")
    assert outbox.written == 16


def test_a_stream_that_takes_little():
    outbox, stream = Outbox(200), FakeStream(step=3)
    put(outbox, message(b"one"))
    put(outbox, b"\xc0\x00")
    accepted = 0
    for _ in range(4):
        outbox.write_to(stream)
        accepted += outbox.settle()
    assert accepted == 1 and outbox.tail == 0
    assert stream.take() == message(b"one") + b"\xc0\x00"


def test_a_stream_that_takes_nothing():
    outbox, stream = Outbox(200), FakeStream(room=0)
    put(outbox, message(b"one"))
    assert outbox.write_to(stream) == 0 and outbox.settle() == 0
    assert outbox.waiting() == 8


def test_what_was_refused_is_offered_again_as_it_was():
    outbox, stream = Outbox(200), FakeStream(room=0)
    put(outbox, message(b"one"))
    assert outbox.write_to(stream) == 0
    put(outbox, message(b"two"))
    stream.room = 1 << 20
    assert outbox.write_to(stream) == 8 and outbox.write_to(stream) == 8
    stream.room = 0
    put(outbox, message(b"one"))
    assert outbox.write_to(stream) == 0 and outbox.rewind() == 0
    put(outbox, message(b"long", 1))
    stream.room = 1 << 20
    assert outbox.write_to(stream) == 11


def test_room_is_bounded_and_found_again():
    outbox, stream = Outbox(132), FakeStream(room=0)
    count = 0
    while put(outbox, message(b"12345")):
        count += 1
    assert count == 10  # 32 bytes are spared
    assert put(outbox, b"\xc0\x00", True)
    assert not put(outbox, message(b"12345"))
    stream.room = 25
    outbox.write_to(stream)
    assert outbox.settle() == 2
    stream.room = 1 << 20
    assert put(outbox, message(b"abcde"))  # what is left was moved to the front
    while outbox.write_to(stream):
        pass
    assert outbox.settle() == 9 and outbox.tail == 0
    assert stream.take() == message(b"12345") * 10 + b"\xc0\x00" + message(b"abcde")


def test_qos_1_stays_until_acknowledged():
    outbox, stream = Outbox(200), FakeStream()
    put(outbox, message(b"one", 1))
    put(outbox, message(b"two", 300))
    put(outbox, message(b"new"))
    assert not outbox.acknowledge(1)  # it was not even sent
    outbox.write_to(stream)
    assert outbox.settle() == 1  # the third
    assert not outbox.acknowledge(2)
    assert outbox.acknowledge(300) and not outbox.acknowledge(300)
    assert outbox.settle() == 1 and outbox.tail == 10
    assert outbox.acknowledge(1)
    assert outbox.settle() == 1 and outbox.tail == 0


def test_what_was_said_beside_an_unacknowledged_message_takes_no_room():
    outbox, stream = Outbox(60), FakeStream()
    put(outbox, message(b"one", 1))
    for _ in range(50):
        assert put(outbox, message(b"two"))
        assert put(outbox, b"\xc0\x00", True)
        outbox.write_to(stream)
        assert outbox.settle() == 1
    assert outbox.tail == 10 and outbox.acknowledge(1)


def test_a_lost_connection_keeps_what_was_not_acknowledged():
    outbox, stream = Outbox(200), FakeStream(room=32)
    put(outbox, message(b"zero"))
    put(outbox, message(b"one", 1))
    put(outbox, message(b"two", 2))
    put(outbox, message(b"three", 3))
    put(outbox, b"\xc0\x00")
    put(outbox, message(b"four", 4))
    outbox.write_to(stream)  # 9 + 10 + 10 bytes, and 3 of the fourth
    assert outbox.acknowledge(1)
    outbox.settle()
    assert outbox.rewind() == 3
    again = FakeStream()
    while outbox.write_to(again):
        pass
    dup = bytearray(message(b"two", 2) + message(b"three", 3))
    dup[0] |= 8
    dup[10] |= 8
    assert again.take() == bytes(dup) + message(b"four", 4)
    assert outbox.settle() == 0
    for pid in (2, 3, 4):
        assert outbox.acknowledge(pid)
    assert outbox.settle() == 3 and outbox.tail == 0
    assert outbox.rewind() == 0


def test_the_outbox_against_a_simple_model():
    random.seed(3)
    for _ in range(40):
        outbox, stream = Outbox(300), FakeStream()
        wanted, waiting, pid, sent = b"", [], 0, 0
        for _ in range(120):
            choice = random.getrandbits(3)
            if choice < 4:
                pid += 1
                number = pid if choice < 2 else 0
                data = message(b"%d" % random.getrandbits(30), number)
                if put(outbox, data):
                    wanted += data
                    sent += 1
                    if number:
                        waiting.append(number)
            elif choice < 6:
                stream.room = random.getrandbits(7)
                outbox.write_to(stream)
            elif waiting:
                number = waiting[random.randrange(len(waiting))]
                if outbox.acknowledge(number):
                    waiting.remove(number)
            sent -= outbox.settle()
            assert bytes(stream.sent) == wanted[: len(stream.sent)]
            assert outbox.waiting() == len(wanted) - len(stream.sent)
        stream.room = 1 << 20
        while outbox.write_to(stream):
            pass
        for number in waiting:
            assert outbox.acknowledge(number)
        sent -= outbox.settle()
        assert outbox.tail == 0 and sent == 0 and bytes(stream.sent) == wanted
