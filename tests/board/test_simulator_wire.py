"""The simulated wire: parity, the receiver's behaviour, errors that come as often as asked."""

import random

import pytest

from tests.support import sim_wire
from tools.simulator import wire
from tools.simulator.meter import Meter
from tools.simulator.wire import Wire

FRAME = (lambda meter: meter.encode(meter.frame()))(Meter("standard", "tempo", 3, True, seed=1))


def flip(octets: bytes, bits, idle: int = 200) -> bytes:
    """What a receiver makes of `octets` when these bits of the line are inverted."""
    line = sim_wire.levels(octets, idle)
    for bit in bits:
        line[bit] ^= 1
    return sim_wire.listen(line)


class Fixed(Wire):
    """A wire whose errors are where the test wants them."""

    def __init__(self, bits, rate=9600):
        self.planned = sorted(bits)
        super().__init__(rate, 0.5)

    def _gap(self):
        before = getattr(self, "before", -1)
        self.before = self.planned.pop(0) if self.planned else 1 << 62
        return self.before - before - 1


def test_parity_is_even_and_strip_takes_it_off():
    every = bytes(range(128))
    seen = wire.even(every)
    assert all(bin(octet).count("1") % 2 == 0 for octet in seen)
    assert wire.strip(seen) == every
    assert wire.even(b"A C\r") == b"A\xa0\xc3\x8d"


def test_a_quiet_wire_delivers_everything():
    quiet = Wire(9600)
    assert quiet.carry(FRAME, 200) == wire.even(FRAME)
    assert quiet.affected == []
    assert Wire(9600, parity=False).carry(FRAME) == FRAME


@pytest.mark.parametrize(("bits", "heard"), [
    ([11], b"AC" + b"B" + b"D"),            # bit 0 of the second character
    ([18], b"A\xc2BD"),                     # its parity bit
    ([11, 13], b"AGBD"),
    ([240], b"ABBD\xff"),                   # a pulse in the rest: a start bit and ones
])
def test_errors_that_can_be_followed_by_hand(bits, heard):
    plain = Wire(9600, parity=False)
    plain._error = bits[0]
    gaps = [b - a - 1 for a, b in zip(bits, bits[1:])] + [1 << 40]
    plain._gap = lambda: gaps.pop(0)
    assert plain.carry(b"ABBD", 300) == heard


def test_a_lost_start_bit_shifts_the_character():
    """0x40 alone: its first 0 after the lost start bit is taken for the start."""
    lost = Wire(9600, parity=False)
    lost._error, lost._gap = 0, lambda: 1 << 40
    assert lost.carry(b"\x40", 100) == bytes((0x40 >> 1 | 0x80,))
    assert lost.affected == [(0, 0)]


def test_a_wrong_stop_bit_delivers_the_byte_and_loses_the_next_start():
    broken = Wire(9600, parity=False)
    broken._error, broken._gap = 9, lambda: 1 << 40
    heard = broken.carry(b"A\xffB", 100)
    assert heard[:1] == b"A" and heard[-1:] == b"B"
    assert heard == flip(b"A\xffB", [9], 100)


@pytest.mark.parametrize("p", [1e-4, 1e-3, 5e-3, 0.05, 0.3])
def test_the_fast_way_hears_what_the_plain_receiver_hears(p):
    """The errors are drawn beforehand, and the whole line is then read bit by bit."""
    draw = random.Random(f"plan {p}")
    pieces = [(FRAME[:draw.randrange(900)], draw.choice((0, 0, 3, 160, 321))) for _ in range(150)]
    line = []
    for octets, idle in pieces:
        line += sim_wire.levels(wire.even(octets), idle)
    line += [1] * 20
    bits = [n for n in range(len(line) - 20) if draw.random() < p]
    for bit in bits:
        line[bit] ^= 1
    noisy = Fixed(bits)
    heard = b"".join(noisy.carry(octets, idle) for octets, idle in pieces)
    assert heard + noisy.carry(b"", 20) == sim_wire.listen(line)


class Counting(Wire):
    """Counts the errors it draws."""

    drawn = 0

    def _gap(self):
        self.drawn += 1
        return super()._gap()


@pytest.mark.parametrize("p", [1e-4, 1e-3, 5e-3])
def test_errors_come_as_often_as_asked_and_by_the_seed(p):
    def play(seed):
        noisy = Counting(9600, p, seed)
        return [noisy.carry(FRAME, 250) for _ in range(300)], noisy.drawn

    heard, drawn = play(1)
    assert (heard, drawn) == play(1)
    assert heard != play(2)[0]
    expected = 300 * (10 * len(FRAME) + 250) * p
    assert abs(drawn - expected) < 5 * expected ** 0.5


@pytest.mark.parametrize("p", [1e-3, 5e-3])
def test_what_is_not_called_affected_arrived_whole(p):
    noisy = Wire(9600, p, 5)
    for _ in range(200):
        heard = noisy.carry(FRAME, 250)
        at, whole = 0, wire.even(FRAME)
        for first, last in noisy.affected:
            assert heard.find(whole[at:first]) >= 0
            assert last >= first
            at = last + 1
        rest = whole[at:]
        assert rest in heard


def test_the_calls_may_cut_the_line_anywhere():
    one, many = Wire(9600, 2e-3, 3), Wire(9600, 2e-3, 3)
    whole = one.carry(FRAME * 20, 100)
    parts, draw = [], random.Random(1)
    octets = FRAME * 20
    while octets:
        n = draw.randrange(1, 40)
        parts.append(many.carry(octets[:n], 0 if octets[n:] else 100))
        octets = octets[n:]
    assert b"".join(parts) == whole


@pytest.mark.parametrize(("sent", "rate", "listening", "heard"), [
    (b"\xff", 1200, 9600, b"\x80"),         # a start bit that lasts eight of ours
    (b"\x00", 1200, 9600, b"\x00"),         # nine bits low: one byte, then waiting for high
    (b"\x00", 9600, 1200, b"\xff"),         # nine short bits: our start bit, then rest
    (b"\xff", 9600, 1200, b""),             # one short bit: gone before the middle of ours
    (b"\x55", 4800, 9600, None), (b"\x33", 2400, 9600, None), (b"ABC", 9600, 4800, None),
    (FRAME, 9600, 1200, None), (FRAME[:90], 1200, 9600, None), (FRAME, 9600, 19200, None),
])
def test_a_receiver_at_another_rate_hears_garbage_that_can_be_computed(sent, rate, listening,
                                                                       heard):
    plain = Wire(rate, parity=False)
    expected = sim_wire.listen(sim_wire.levels(sent, 200), rate / listening)
    got = plain.carry(sent, 200, listening)
    assert got == expected
    if heard is not None:
        assert got == heard
    assert got != sent or len(sent) == 1


def test_a_wrong_rate_may_be_cut_anywhere_too():
    one, many = Wire(9600, 1e-3, 3), Wire(9600, 1e-3, 3)
    whole = one.carry(FRAME, 200, 1200)
    parts = [many.carry(FRAME[n:n + 7], 0 if n + 7 < len(FRAME) else 200, 1200)
             for n in range(0, len(FRAME), 7)]
    assert b"".join(parts) == whole
