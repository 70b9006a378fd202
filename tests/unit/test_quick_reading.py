"""One reading of the meter, over a UART that plays frames in no time."""

from frames import frame, his, historique, parity, standard

from firmware.quick.reading import Reader
from firmware.quick.reading import frame as played
from firmware.rtcmem import MODE, RATE, Memory


class Rtc:
    def memory(self, data=None):
        return b""


class Clock:
    """Milliseconds that pass with the bytes."""

    def __init__(self, now=5000):
        self.now = now

    def __call__(self):
        return self.now

    def sleep(self, ms):
        pass


class Line:
    """Plays bytes at one rate; nothing, or garbage, at others."""

    def __init__(self, clock, octets, rate=1200, chunk=60):
        self.clock, self.octets, self.rate, self.chunk = clock, octets, rate, chunk
        self.opened = []
        self.at = 0

    def load(self):
        return 0

    def open(self, rate):
        self.opened.append(rate)
        return self

    def deinit(self):
        pass

    def readinto(self, room):
        self.clock.now += 50 if self.opened[-1] != self.rate else self.chunk * 10000 // self.rate
        if self.opened[-1] != self.rate:
            room[:3] = b"\xff\x81\x00"  # what another rate looks like
            return 3 if self.octets else None
        piece = self.octets[self.at : self.at + self.chunk]
        self.at += len(piece)
        room[: len(piece)] = piece
        return len(piece) or None


def reading(octets, memory=None, before=(), slept=10_000, rate=1200, going=lambda: True, **more):
    """(whole, lines, ms it took, the line)"""
    clock = Clock()
    memory = memory or Memory(Rtc())
    line = Line(clock, parity(octets), rate, **more)
    reader = Reader(memory, list(before), slept, clock, clock.sleep)
    whole = reader.take(line, going)
    return whole, reader.lines((), ()), clock.now - 5000, line


def said(lines):
    return {line.split(b"\t")[0]: line for line in lines}


def test_the_rate_is_looked_for_and_remembered():
    memory = Memory(Rtc())
    whole, lines, _, line = reading(historique() * 4, memory)
    assert whole and line.opened == [9600, 1200]
    assert memory.cells[RATE] == 1200 and memory.cells[MODE] == 1
    assert said(lines)[b"PAPP"] == b"PAPP\t00450"
    whole, lines, _, line = reading(historique() * 4, memory, lines)
    assert whole and line.opened == [1200]
    memory = Memory(Rtc())
    assert reading(standard() * 4, memory, rate=9600)[0]
    assert memory.cells[RATE] == 9600 and memory.cells[MODE] == 2


def test_with_what_was_said_before_one_frame_is_enough_wherever_it_begins():
    memory = Memory(Rtc())
    first = historique()
    _, before, _, _ = reading(first * 3, memory)
    following = historique(papp="00460", index="014460853")
    ms = len(first) * 10000 // 1200
    for start in range(0, len(first), 7):
        octets = (following * 4)[start:]
        whole, lines, took, _ = reading(octets, memory, before, chunk=6)
        assert whole, start
        assert took <= ms * 5 // 4 + 100, (start, took, ms)
        assert said(lines)[b"PAPP"] == b"PAPP\t00460"
        assert said(lines)[b"HCHC"] == b"HCHC\t014460853"
        assert set(said(lines)) == set(said(before))


def test_without_it_a_whole_frame_is_waited_for():
    memory = Memory(Rtc())
    memory.cells[RATE] = 1200
    octets = (historique() * 3)[40:]
    whole, lines, took, _ = reading(octets, memory, chunk=6)
    assert whole and len(lines) == 11
    assert took < 2 * len(historique()) * 10000 // 1200 + 200


def test_what_is_played_is_what_a_meter_sends():
    for octets, is_standard in ((historique(), False), (standard(), True)):
        memory = Memory(Rtc())
        _, lines, _, _ = reading(octets * 3, memory, rate=9600 if is_standard else 1200)
        assert bytes(played(lines, is_standard, True)) == parity(octets)
        assert bytes(played(lines, is_standard, False)) == octets


def test_an_index_is_judged_by_the_one_before():
    memory = Memory(Rtc())
    _, before, _, _ = reading(historique() * 3, memory)
    # A single wrong index, its checksum right: the next frame tells.
    wrong, right = historique(index="014460152"), historique(index="014460853")
    whole, lines, _, _ = reading(wrong + right * 3, memory, before)
    assert whole and said(lines)[b"HCHC"] == b"HCHC\t014460853"
    # It goes on from another index for good: believed after three frames.
    whole, lines, _, _ = reading(wrong * 5, memory, before)
    assert whole and said(lines)[b"HCHC"] == b"HCHC\t014460152"


def test_labels_come_and_go():
    memory = Memory(Rtc())
    _, before, _, _ = reading(historique() * 3, memory)
    more = historique(more=[("ADPS", "031")])
    whole, lines, _, _ = reading(more * 4, memory, before)
    assert whole and said(lines)[b"ADPS"] == b"ADPS\t031"
    whole, lines, _, _ = reading(historique() * 4, memory, lines)
    assert whole and b"ADPS" not in said(lines)


def test_damage_costs_a_frame_more_and_no_value():
    memory = Memory(Rtc())
    _, before, _, _ = reading(historique() * 3, memory)
    bad = bytearray(historique(papp="00460"))
    bad[bad.find(b"00460") + 2] ^= 1
    whole, lines, _, _ = reading(bytes(bad) + historique(papp="00470") * 3, memory, before)
    assert whole and said(lines)[b"PAPP"] == b"PAPP\t00470"


def test_silence_and_want_of_charge_end_it():
    whole, lines, took, line = reading(b"")
    assert not whole and lines == [] and 4500 <= took < 5000
    assert len(line.opened) > 2  # both rates
    whole, lines, took, _ = reading(b"noise" * 400)
    assert not whole and 10_000 <= took < 11_000
    whole, lines, took, _ = reading(historique() * 3, going=lambda: False)
    assert not whole and took == 0


def test_labels_are_chosen_and_identifiers_left_out():
    clock = Clock()
    memory = Memory(Rtc())
    reader = Reader(memory, [], 0, clock, clock.sleep)
    assert reader.take(Line(clock, parity(historique() * 3)), lambda: True)
    assert b"ADCO" in said(reader.lines((), ()))
    assert reader.lines((), (b"ADCO",))[0] == b"OPTARIF\tHC.."
    assert set(said(reader.lines((b"PAPP", b"HCHC"), (b"ADCO",)))) == {b"HCHC", b"PAPP"}
    # A list for another mode chooses nothing here.
    assert len(reader.lines((b"EAST",), ())) == 11


def test_a_line_without_parity_is_known_the_next_time():
    memory = Memory(Rtc())
    clock = Clock()
    octets = frame(his("BASE", "014460852"), his("PAPP", "00450"), his("PTEC", "TH..")) * 8
    reader = Reader(memory, [], 0, clock, clock.sleep)
    assert reader.take(Line(clock, octets), lambda: True)
    assert memory.cells[RATE] == -1200
    again = Reader(memory, reader.lines((), ()), 10_000, clock, clock.sleep)
    assert again.take(Line(clock, octets), lambda: True)
