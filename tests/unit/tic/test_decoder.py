"""Framing, parity, checksum, chunks and damage: what the decoder promises for any bytes."""

import gc
from array import array

from frames import EOT, ETX, STX, frame, group, his, historique, parity, standard

from firmware.tic.counters import Counters
from firmware.tic.decoder import (
    HORODATE,
    HORODATE_END,
    LABEL_END,
    VALUE,
    VALUE_END,
    Decoder,
)


class Sink:
    """Keeps what it is given; accepts every label it can number, unless told otherwise."""

    epoch = 0

    def __init__(self, refuse=()):
        self.stamps = array("i", bytes(8 * 128))
        self.counters = Counters()
        self.groups = []
        self.frames = []
        self.slots = []
        self.last = {}
        self.refuse = refuse

    def group(self, slot, text, fields, now):
        label = bytes(text[:fields[LABEL_END]])
        horodate = bytes(text[fields[HORODATE]:fields[HORODATE_END]]) or None
        self.groups.append((label, horodate, bytes(text[fields[VALUE]:fields[VALUE_END]])))
        if label in self.refuse:
            return -1
        if slot >= 0:
            assert self.slots[slot] == label, (slot, label, self.slots[slot])
            return slot
        if label not in self.slots:
            self.slots.append(label)
        return self.slots.index(label)

    def frame(self, complete, clean, number, times):
        self.frames += times * [(complete, clean)]

    def count(self, name):
        return self.counters.all()[name]


def decoded(data, image=True, chunk=0):
    sink = Sink()
    decoder = Decoder(sink, image)
    for at in range(0, len(data), chunk or len(data)):
        decoder.feed(data[at:at + (chunk or len(data))], 0)
    decoder.settle()
    return sink


def verified(data, image=True):
    """Groups that passed, repeated ones included."""
    sink = decoded(data, image)
    return len(sink.groups) + (sink.count("groups") if image else 0)


def values(sink):
    return [(label, value) for label, _, value in sink.groups]


def test_historique_groups():
    sink = decoded(historique(), image=False)
    assert values(sink)[0] == (b"ADCO", b"031762120162")
    assert (b"PTEC", b"HP..") in values(sink)
    assert len(sink.groups) == 11
    assert sink.frames == [(True, True)]


def test_standard_groups():
    sink = decoded(standard(), image=False)
    assert (b"DATE", b"H240104145720", b"") in sink.groups
    assert (b"SMAXSN1-1", b"H240103093412", b"03112") in sink.groups
    assert (b"MSG1", None, b"     PAS DE          MESSAGE    ") in sink.groups
    assert (b"EASD01", None, b"000000000") in sink.groups
    assert len(sink.groups) == 20


def test_checksum_that_is_a_space():
    assert his("PTEC", "HP..").endswith(b"  \r")
    assert group("EASD01", "000000000").endswith(b"\t \r")
    assert verified(frame(his("PTEC", "HP.."))) == 1
    assert verified(frame(group("EASD01", "000000000"))) == 1


def test_each_mode_has_its_own_sum():
    covered = b"IRMS1\t002"
    wrong = b"\n" + covered + b"\t" + bytes([(sum(covered) & 0x3F) + 0x20]) + b"\r"
    sink = decoded(STX + wrong + ETX)
    assert sink.groups == [] and sink.count("checksum") == 1
    covered = b"PAPP 00450 "
    wrong = b"\n" + covered + bytes([(sum(covered) & 0x3F) + 0x20]) + b"\r"
    sink = decoded(STX + wrong + ETX)
    assert sink.groups == [] and sink.count("checksum") == 1


def test_data_with_spaces():
    sink = decoded(frame(his("DATE", "03/08/21 15:41:55"), his("MESURES1", "BT 4 SUP36")))
    assert values(sink) == [(b"DATE", b"03/08/21 15:41:55"), (b"MESURES1", b"BT 4 SUP36")]


def test_repeated_frames_are_counted_and_stamped():
    sink = Sink()
    decoder = Decoder(sink)
    for tick in range(5):
        decoder.feed(standard(), tick * 1000)
    decoder.settle()
    assert len(sink.groups) == 20  # each was verified once
    assert sink.count("groups") == 80
    assert sink.frames == 5 * [(True, True)]
    for slot in range(20):
        assert sink.stamps[2 * slot] == 4000
        assert sink.stamps[2 * slot + 1] == 5


def test_only_what_differs_is_decoded():
    sink = Sink()
    decoder = Decoder(sink)
    for k in range(4):
        decoder.feed(standard(sinsts=f"{450 + k:05d}", second=20 + k), k)
    assert len(sink.groups) == 20 + 3 * 2
    assert sink.groups[-1] == (b"SINSTS", None, b"00453")


def test_any_chunks_give_the_same():
    stream = b""
    for k in range(6):
        stream += standard(sinsts=f"{450 + 7 * k:05d}", second=k, index=f"{3971026 + k:09d}")
        if k == 2:
            stream = stream[:-300] + b"\x81" + stream[-299:]
        if k == 3:
            stream += historique()
    for data in (stream, parity(stream)):
        whole = decoded(data)
        for chunk in (1, 2, 3, 7, 64, 255, 256, 257):
            pieces = decoded(data, chunk=chunk)
            assert pieces.groups == whole.groups, chunk
            assert pieces.frames == whole.frames, chunk
            for name in whole.counters.all():
                assert pieces.count(name) == whole.count(name), (chunk, name)


def test_the_image_changes_nothing():
    stream = b""
    for k in range(12):
        more = (("MSG2", "COUPURE DEMAIN  "),) if k == 5 else ()
        data = standard(sinsts=f"{450 + k % 3:05d}", second=k, more=more)
        if k == 7:
            data = data[:200] + data[230:]  # lost bytes
        if k == 8:
            data = data[:-1]  # ETX lost, and STX of the next
            stream += data
            continue
        stream += data[1:] if k == 9 else data
    by_image, plain = decoded(stream), decoded(stream, image=False)
    assert len(plain.groups) == len(by_image.groups) + by_image.count("groups")
    for cause in ("parity", "checksum", "format", "overflow", "eot"):
        assert by_image.count(cause) == plain.count(cause), cause
    for label in plain.slots:
        last = [g for g in plain.groups if g[0] == label][-1]
        assert [g for g in by_image.groups if g[0] == label][-1] == last


def test_parity_is_checked_and_recognised():
    sink = Sink()
    decoder = Decoder(sink)
    assert decoder.parity() is None
    decoder.feed(parity(standard()), 0)
    assert decoder.parity() is True
    data = bytearray(parity(frame(group("SINSTS", "00999"))))
    data[9] ^= 0x80
    decoder.feed(data, 0)
    decoder.settle()
    assert sink.count("parity") == 1
    assert (b"SINSTS", None, b"00999") not in sink.groups


def test_what_parity_sees_and_the_checksum_does_not():
    data = bytearray(parity(standard() + frame(group("LTARF", " HEURE  CREUSE  "))))
    at = len(data) - 6
    assert data[at] & 0x7F == 0x20
    data[at] ^= 0x40  # a space becomes a backquote: the sum stays the same
    sink = decoded(data)
    assert sink.count("parity") == 1 and sink.count("checksum") == 0


def test_a_source_without_parity():
    sink = Sink()
    decoder = Decoder(sink)
    decoder.feed(standard(), 0)
    assert decoder.parity() is False
    data = bytearray(frame(group("SINSTS", "00999")))
    data[9] |= 0x80
    decoder.feed(data, 0)
    decoder.settle()
    assert sink.count("format") == 1
    decoder.feed(parity(standard(sinsts="00777")), 0)
    assert decoder.parity() is True  # and it is not taken for damage for ever
    assert (b"SINSTS", None, b"00777") in sink.groups


def test_one_damaged_bit_never_turns_parity_off():
    data = bytearray(parity(standard()))
    sink = Sink()
    decoder = Decoder(sink)
    decoder.feed(data, 0)
    for at in range(0, len(data), 5):
        damaged = bytearray(data)
        damaged[at] ^= 0x80
        decoder.feed(damaged, 0)
        assert decoder.parity() is True, at


def test_missing_stx_or_etx():
    one, two, three = standard(second=1), standard(second=2), standard(second=3)
    sink = decoded(one[:-1] + two + three)
    assert sink.frames == [(False, False), (True, True), (True, True)]
    assert len([g for g in sink.groups if g[0] == b"DATE"]) == 3
    sink = decoded(one + two[1:] + three)
    assert [f[0] for f in sink.frames] == [True, False, True]
    sink = decoded(one[:-1] + two[1:] + three)
    assert [f[0] for f in sink.frames] == [False, False, True]
    assert len([g for g in sink.groups if g[0] == b"DATE"]) == 3


def test_damaged_lf():
    for junk in (b"\x0f", b"\x0b", b"\x0e", b"\x1a", b"\x08", b"\x02"):
        sink = decoded(frame(group("VTIC", "02"), junk + group("IRMS1", "002")[1:]))
        assert (b"IRMS1", None, b"002") in sink.groups, junk
    data = bytearray(parity(standard()))
    at = data.find(parity(b"\nIRMS1"))
    data[at] ^= 0x20
    sink = decoded(data)
    assert (b"IRMS1", None, b"002") in sink.groups and len(sink.groups) == 20


def test_cr_that_a_terminal_changed_to_lf():
    cooked = historique().replace(b"\r", b"\n").replace(ETX, b"")
    sink = Sink()
    decoder = Decoder(sink)
    for _ in range(3):
        decoder.feed(cooked, 0)
    decoder.feed(STX, 0)
    decoder.settle()
    assert len(sink.groups) == 11 and sink.count("groups") == 22
    assert decoder.cooked() >= 11
    assert sink.count("format") == 0
    assert len(sink.frames) == 3


def test_cr_lost():
    sink = decoded(frame(group("VTIC", "02")[:-1], group("IRMS1", "002")))
    assert len(sink.groups) == 2


def test_noise_between_frames():
    junk = b"\xff\x00abc\x7f\x15xyz"
    sink = decoded(standard() + junk + standard(second=21) + junk + standard(second=22))
    assert sink.frames == 3 * [(True, True)]
    assert sink.count("format") == 0


def test_ff_inside_a_group():
    data = group("SINSTS", "00452")
    sink = decoded(standard() + frame(data[:9] + b"\xff" + data[9:], group("VTIC", "02")))
    assert sink.count("format") == 1
    assert sink.count("groups") == 1


def test_eot_drops_the_running_group_only():
    one = standard()
    at = one.find(b"\nSTGE") + 5
    sink = decoded(one[:at] + EOT + standard(sinsts="00777"))
    assert sink.count("eot") == 1
    assert sink.frames[0][0] is False and sink.frames[1][0] is True
    assert (b"SINSTS", None, b"00777") in sink.groups
    assert (b"STGE", None, b"9B3A9000") in sink.groups


def test_empty_groups_of_editors():
    data = STX + b"\r" + standard()[1:-1] + b"\n" + ETX
    sink = decoded(data)
    assert len(sink.groups) == 20 and sink.frames == [(True, True)]


def test_longest_group_and_overflow():
    value = 98 * "A"
    assert verified(frame(group("PPOINTE", "h260721093412", value))) == 1
    sink = decoded(frame(b"\n" + 400 * b"A" + b"\r", group("VTIC", "02")))
    assert sink.count("overflow") == 1
    assert sink.groups == [(b"VTIC", None, b"02")]


def test_format_errors():
    for bad in (b"\nABC\r", b"\nABC DEF\r", b"\n\t\t\t\r", b"\nA\tB\tC\tD\tE\r", b"\n      \r"):
        sink = decoded(STX + bad + group("VTIC", "02") + ETX)
        assert sink.count("format") == 1, bad
        assert len(sink.groups) == 1, bad


def test_frames_of_any_length():
    sink = Sink()
    decoder = Decoder(sink)
    for _ in range(2):  # more groups than the image holds
        decoder.feed(STX, 0)
        for k in range(120):
            decoder.feed(group(f"X{k:03d}", f"{k:05d}"), 0)
        decoder.feed(ETX, 0)
    decoder.settle()
    assert sink.frames == 2 * [(True, True)]
    assert [label for label, _, _ in sink.groups[:120]] == sink.slots
    assert len(sink.groups) + sink.count("groups") == 240


def test_more_bytes_than_the_image_holds():
    sink = Sink()
    decoder = Decoder(sink)
    for turn in range(4):
        decoder.feed(STX, 0)
        for k in range(24):
            decoder.feed(group(f"X{k:02d}", f"{turn * (k % 7):090d}"), 0)
        decoder.feed(ETX, 0)
        for label, _, value in sink.groups:
            k = int(label[1:])
            sink.last[k] = int(value)
        sink.groups.clear()
    assert sink.frames == 4 * [(True, True)]
    for k in range(24):
        assert sink.last[k] == 3 * (k % 7), k


def test_rejected_values_are_asked_for_again():
    sink = Sink(refuse=[b"SINSTS"])
    decoder = Decoder(sink)
    for _ in range(4):
        decoder.feed(standard(), 0)
    assert len([g for g in sink.groups if g[0] == b"SINSTS"]) == 4
    assert len(sink.groups) == 20 + 3


def test_labels_that_go_leave_the_image():
    sink = Sink()
    decoder = Decoder(sink)
    over = historique(more=[("ADPS", "035")])
    for data in [historique(), over, over] + 4 * [historique()]:
        decoder.feed(data, 0)
    decoder.settle()
    before = len(sink.groups)
    decoder.feed(historique(), 0)
    assert len(sink.groups) == before  # repeated as a whole again
    assert sink.frames == 8 * [(True, True)]


def test_steady_state_allocates_nothing():
    sink = Sink()
    decoder = Decoder(sink)
    data = parity(standard())
    for _ in range(3):
        decoder.feed(data, 0)
    sink.frames = None
    sink.frame = None
    room = decoder.room
    room[:100] = data[:100]
    gc.collect()
    before = gc.mem_alloc()
    decoder.decode(100, 1)
    used = gc.mem_alloc() - before
    assert used == 0, used


def test_random_bytes_never_raise():
    seed = 12345
    sink = Sink()
    decoder = Decoder(sink)
    block = bytearray(997)
    for _ in range(30):
        for i in range(len(block)):
            seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
            block[i] = seed >> 16
        decoder.feed(block, 0)
    decoder.feed(ETX + standard(), 0)
    decoder.feed(standard(sinsts="01234"), 0)
    assert (b"SINSTS", None, b"01234") in sink.groups


def test_stx_that_eot_follows_begins_no_frame():
    sink = decoded(STX + EOT + group("VTIC", "02") + ETX)
    assert sink.frames == [(False, False)] and sink.count("eot") == 1
