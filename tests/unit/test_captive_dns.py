"""The name server of the access point: byte by byte, and over a socket of this machine."""

import random
import select
import socket

from firmware.link import captive_dns
from firmware.link.captive_dns import CaptiveDns, answer

OURS = b"\xc0\xa8\x04\x01"  # 192.168.4.1
NAME = b"\x07captive\x05apple\x03com\x00"
EDNS = b"\x00\x00\x29\x10\x00\x00\x00\x80\x00\x00\x00"
TAIL = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x0a\x00\x04" + OURS


ONE = b"\x00\x01\0\0\0\0\0\0"  # question


def query(kind=1, name=NAME, family=1, flags=b"\x01\x00", counts=ONE, more=b""):
    question = name + bytes((kind >> 8, kind & 255, family >> 8, family & 255))
    return b"\xab\xcd" + flags + counts + question + more


def error(code, rd=1):
    return b"\xab\xcd" + bytes((0x84 | rd, 0x80 | code)) + bytes(8)


def test_an_address_for_every_name():
    for name in (NAME, b"\x01a\x00", b"\x00", b"\x3f" + b"x" * 63 + b"\x00", b"\x03\xff\x00.\x00"):
        question = name + b"\x00\x01\x00\x01"
        expected = b"\xab\xcd\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00" + question + TAIL
        assert answer(query(name=name), OURS) == expected
    assert answer(query(family=255), OURS)[6:8] == b"\x00\x01"
    assert answer(query(flags=b"\x00\x00"), OURS)[2:4] == b"\x84\x80"  # recursion not desired


def test_anything_else_has_no_answer_and_no_error():
    for kind in (28, 65, 64, 5, 2, 6, 12, 15, 16, 33, 255, 0, 256, 65535):  # AAAA, HTTPS, SVCB ...
        reply = answer(query(kind), OURS)
        assert reply == b"\xab\xcd\x85\x80\x00\x01" + bytes(6) + query(kind)[12:]
    assert answer(query(family=3), OURS)[6:8] == b"\0\0"  # chaos


def test_edns_is_ignored_and_not_sent_back():
    counts = b"\x00\x01\0\0\0\0\x00\x01"
    assert answer(query(counts=counts, more=EDNS), OURS) == answer(query(), OURS)
    assert answer(query(more=b"junk behind"), OURS) == answer(query(), OURS)


def test_what_is_no_question_is_dropped():
    for length in range(12):
        assert answer(query()[:length], OURS) is None
    for flags in (b"\x80\x00", b"\x81\x80", b"\xff\xff"):
        assert answer(query(flags=flags), OURS) is None
    assert answer(answer(query(), OURS), OURS) is None  # its own answer, come back


def test_a_question_that_is_not_one_gets_the_head_alone():
    whole = query()
    for length in range(12, len(whole)):
        assert answer(whole[:length], OURS) == error(1), length
    for counts in (b"\0\0\0\0\0\0\0\0", b"\0\2\0\0\0\0\0\0", b"\1\1\0\0\0\0\0\0",
                   b"\0\1\0\1\0\0\0\0", b"\0\1\0\0\0\1\0\0", b"\xff\xff\0\0\0\0\0\0"):
        assert answer(query(counts=counts, more=whole[12:]), OURS) == error(1)
    for name in (b"\xc0\x0c", b"\x07captive\xc0\x0c", b"\x40" + b"x" * 64 + b"\0", b"\x80\0",
                 (b"\x3f" + b"x" * 63) * 4 + b"\0", b"\x01a" * 128 + b"\0"):
        assert answer(query(name=name), OURS) == error(1), name
    assert answer(query(name=b"\x01a" * 127 + b"\0"), OURS)[6:8] == b"\0\1"  # 255 bytes: as long
    for flags in (b"\x10\x00", b"\x20\x00", b"\x28\x00"):  # status, notify, update
        assert answer(query(flags=flags), OURS) == error(4, 0)


def test_it_answers_over_a_socket_and_never_waits():
    captive_dns.PORT = random.randrange(20000, 60000)
    server = CaptiveDns("127.0.0.1")
    try:
        try:
            CaptiveDns("127.0.0.1")
            raise AssertionError("two at one port")
        except OSError:
            pass
        server.poll()  # nothing there
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asker.settimeout(5)
        asker.connect(socket.getaddrinfo("127.0.0.1", captive_dns.PORT)[0][-1])
        for packet in (b"rubbish", b"", query(28), query()):
            asker.send(packet)
        poll = select.poll()
        poll.register(asker, select.POLLIN)
        server.poll()
        assert poll.poll(5000)
        assert asker.recv(600)[6:8] == b"\0\0"
        assert asker.recv(600)[-4:] == b"\x7f\0\0\1"
        asker.send(query())
        asker.close()  # it does not wait for the answer
        server.poll()
        server.poll()
    finally:
        server.close()
    CaptiveDns("127.0.0.1").close()  # the port is free again
