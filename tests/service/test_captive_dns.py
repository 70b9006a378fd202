"""The access point's name server, run by MicroPython, asked by dnspython and by worse."""

import random
import socket
import subprocess

import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from tests.support import mpy_process
from tools.simulator.ports import free_port

SCRIPT = mpy_process.ROOT / "tests/support/name_server.py"
# The names that systems ask for when they look for a way into the internet.
PROBES = (
    "connectivitycheck.gstatic.com", "www.google.com", "clients3.google.com", "captive.apple.com",
    "www.msftconnecttest.com", "www.msftncsi.com", "detectportal.firefox.com",
    "nmcheck.gnome.org", "connectivity-check.ubuntu.com", "a", "xn--caf-dma.example",
    ".".join(["x" * 63] * 3 + ["y" * 61]),
)


@pytest.fixture(params=["unix64", "unix32"])
def port(request):
    """A name server on a free port, which still runs at the end of the test."""
    if request.param == "unix32":
        request.getfixturevalue("micropython32")
    number = free_port(kind=socket.SOCK_DGRAM)
    process = subprocess.Popen(
        [*mpy_process.unix_command(request.param), str(SCRIPT), str(number)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=mpy_process.environment(*mpy_process.module_folders()))
    try:
        assert process.stdout.readline() == "ready\n"
        yield number
        assert process.poll() is None
        out, errors = process.communicate("", 20)
        assert (out, errors, process.returncode) == ("", "", 0)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def ask(port, message):
    """The answer; dnspython has checked that it is well-formed, and one to this message."""
    return dns.query.udp(message, "127.0.0.1", timeout=10, port=port)


@pytest.mark.parametrize("edns", [False, True])
def test_every_name_leads_to_the_gateway(port, edns):
    for name in PROBES:
        message = dns.message.make_query(name, "A", use_edns=0 if edns else None, payload=4096)
        answer = ask(port, message)
        assert answer.rcode() == dns.rcode.NOERROR and answer.edns == -1
        assert answer.flags & dns.flags.AA and answer.flags & dns.flags.RA
        record, = answer.answer
        assert record.name == message.question[0].name and record.ttl <= 60
        assert [item.address for item in record] == ["127.0.0.1"]
        assert len(answer.to_wire()) <= len(dns.message.make_query(name, "A").to_wire()) + 16


def test_what_leads_elsewhere_is_said_not_to_exist(port):
    for kind in ("AAAA", "HTTPS", "SVCB", "MX", "TXT", "PTR", "SRV", "SOA", "NS", "ANY", "AXFR"):
        message = dns.message.make_query("captive.apple.com", kind, use_edns=0)
        if kind == "AXFR":  # dnspython refuses to ask for one over UDP
            answer = dns.message.from_wire(raw(port, message.to_wire()))
        else:
            answer = ask(port, message)
        assert answer.rcode() == dns.rcode.NOERROR
        assert answer.answer == [] and answer.authority == [] and answer.additional == []


def raw(port, packet, seconds=10.0):
    """The bytes that come back, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(seconds)
        asker.sendto(packet, ("127.0.0.1", port))
        try:
            return asker.recv(2048)
        except TimeoutError:
            return None


def test_what_is_not_one_question_gets_an_error_or_nothing(port):
    query = dns.message.make_query("a.example", "A")
    two = dns.message.make_query("a.example", "A")
    two.question += dns.message.make_query("b.example", "A").question
    update = dns.message.make_query("a.example", "SOA")
    update.set_opcode(dns.opcode.NOTIFY)
    response = dns.message.make_response(query)
    compressed = query.to_wire()[:12] + b"\xc0\x0c\x00\x01\x00\x01"
    for packet, code in ((two.to_wire(), dns.rcode.FORMERR), (compressed, dns.rcode.FORMERR),
                         (query.to_wire()[:-1], dns.rcode.FORMERR),
                         (update.to_wire(), dns.rcode.NOTIMP)):
        back = raw(port, packet)
        assert len(back) == 12 <= len(packet) and back[:2] == packet[:2]
        assert dns.message.from_wire(back).rcode() == code
    for packet in (response.to_wire(), b"", b"\0", query.to_wire()[:11]):
        assert raw(port, packet, 0.3) is None
    long = query.to_wire() + bytes(1400)
    assert dns.message.from_wire(raw(port, long)).answer


def test_a_thousand_packets_of_rubbish_and_it_still_answers(port):
    dice = random.Random(4)
    right = dns.message.make_query("captive.apple.com", "A", use_edns=0).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        for _ in range(1000):
            chance = dice.randbytes(dice.randrange(90))
            packet = bytearray(right if dice.random() < 0.7 else chance)
            for _ in range(dice.randrange(4)):
                if packet:
                    packet[dice.randrange(len(packet))] = dice.randrange(256)
            asker.sendto(packet, ("127.0.0.1", port))
    for _ in range(3):  # what was too much for its buffer is lost: this may be, too
        back = raw(port, right)
        if back:
            break
    assert dns.message.from_wire(back).answer
