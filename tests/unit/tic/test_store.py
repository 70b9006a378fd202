"""What reaches the store, what the third sieve holds back, and what is let through in the end."""

import gc

from frames import frame, group, his, historique, parity, standard

from firmware.tic import catalogue
from firmware.tic.decoder import Decoder
from firmware.tic.store import Store


class Reader:
    """Decoder and store, fed with one frame a second."""

    def __init__(self):
        self.store = Store()
        self.decoder = Decoder(self.store)
        self.now = 0

    def feed(self, *frames, seconds=1):
        for data in frames:
            self.now += 1000 * seconds
            self.decoder.feed(data, self.now)
        self.decoder.settle()
        return self

    def count(self, name):
        return self.store.counters.all()[name]

    def value(self, label):
        slot = self.store.find(label)
        return self.store.value(slot) if slot >= 0 else None

    def labels(self):
        return [self.store.label(slot) for slot in self.store.slots()]

    def events(self):
        found = []
        event = self.store.take_event()
        while event:
            found.append(event)
            event = self.store.take_event()
        return found


def test_values_are_exactly_as_sent():
    r = Reader().feed(standard())
    store = r.store
    assert catalogue.MODES[store.mode] == "standard"
    assert r.value(b"LTARF") == b" HEURE  PLEINE  "
    assert r.value(b"DATE") == b""
    assert store.horodate(store.find(b"DATE")) == b"H240104145720"
    assert store.horodate(store.find(b"SINSTS")) is None
    assert r.value(b"MSG1") == b"     PAS DE          MESSAGE    "
    assert len(r.labels()) == 20 and r.labels()[0] == b"ADSC"
    assert store.unit(store.find(b"EAST")) == b"Wh"
    assert store.unit(store.find(b"STGE")) == b""
    assert store.kind(store.find(b"EAST")) == catalogue.INDEX
    assert store.numeric(store.find(b"SINSTS")) and not store.numeric(store.find(b"PRM"))
    assert not store.numeric(store.find(b"DATE"))


def test_changes_are_marked():
    r = Reader().feed(standard())
    store = r.store
    sinsts, east = store.find(b"SINSTS"), store.find(b"EAST")
    before = store.sequence
    r.feed(standard())
    assert store.sequence == before
    r.feed(standard(sinsts="00600"))
    assert store.sequence == before + 1 == store.changed(sinsts)
    assert store.changed(east) <= before
    assert store.age(sinsts, r.now + 250) == 250 == store.age(east, r.now + 250)


def test_unknown_label_width_and_alphabet():
    bad = [("NOVELTY", "12"), ("IRMS2", "0002"), ("URMS2", "2A6"), ("RELAIS", "1"), ("VTIC", "")]
    r = Reader().feed(standard(), frame(*[group(*item) for item in bad]))
    assert r.count("unknown_label") == 1
    assert r.count("width") == 3
    assert r.count("alphabet") == 1
    assert r.value(b"IRMS2") is None and r.value(b"RELAIS") == b"000"


def test_impossible_horodate():
    impossible = "H241304093412 X240104093412 H240230093412 H240104253412 H2401040934"
    for horodate in impossible.split():
        r = Reader().feed(standard(), frame(group("SMAXSN", horodate, "03999")))
        assert r.count("format") == 1, horodate
        assert r.value(b"SMAXSN") == b"03112"
    dated = frame(group("SMAXSN", "03999"), group("IRMS1", "H240104093412", "003"))
    r = Reader().feed(standard(), dated)
    assert r.count("format") == 2


def test_index_goes_forward_only():
    r = Reader().feed(standard(index="003971026"), standard(index="003971027"))
    r.feed(standard(index="003971020"))
    assert r.count("backwards") == 1 and r.value(b"EAST") == b"003971027"
    r.feed(standard(index="003971028"))
    assert r.value(b"EAST") == b"003971028" and r.events() == []


def test_index_never_jumps():
    r = Reader().feed(standard(index="003971026"), standard(index="013971026"))
    assert r.count("jump") == 1 and r.value(b"EAST") == b"003971026"
    r.feed(standard(index="003971027"))
    assert r.value(b"EAST") == b"003971027"


def test_index_after_a_silence():
    r = Reader().feed(standard(index="003971026"))
    r.feed(standard(index="003977026"), seconds=3600)  # 6 kVA for an hour
    assert r.value(b"EAST") == b"003977026" and r.count("jump") == 0


def test_a_real_change_of_index_is_accepted_and_told():
    r = Reader().feed(standard(index="003971026"))
    r.feed(standard(index="000000100"), standard(index="000000100"))
    assert r.value(b"EAST") == b"003971026" and r.count("backwards") == 2
    r.feed(standard(index="000000101"))
    assert r.value(b"EAST") == b"000000101"
    facts = {"label": "EAST", "from": "003971026", "to": "000000101"}
    assert r.events() == [("index_changed", facts)]


def test_the_same_error_now_and_then_is_not_a_change():
    r = Reader()
    for _ in range(6):
        r.feed(standard(), standard(index="000000100"))
    assert r.value(b"EAST") == b"003971026" and r.count("backwards") == 6
    assert r.events() == []


def test_serial_number_of_a_single_frame():
    r = Reader().feed(standard(), standard(serial="022161988991"), standard())
    assert r.count("identity") == 1
    assert r.value(b"ADSC") == b"022161988996" and r.events() == []


def test_meter_replaced():
    r = Reader().feed(standard(), standard())
    for k in range(4):
        r.feed(standard(serial="041961000001", index=f"{10 + k:09d}"))
    assert r.value(b"ADSC") == b"041961000001"
    assert r.value(b"EAST") == b"000000013"
    assert ("meter_changed", {}) in r.events()


def test_contract_changed():
    r = Reader().feed(historique(), historique())
    other = historique().replace(his("OPTARIF", "HC.."), his("OPTARIF", "BBR("))
    r.feed(other)
    assert r.value(b"OPTARIF") == b"HC.." and r.count("identity") == 1
    r.feed(other, other)
    assert r.value(b"OPTARIF") == b"BBR("
    assert r.events() == [("contract_changed", {"label": "OPTARIF", "from": "HC..", "to": "BBR("})]


def test_registers_change_at_once_on_a_clean_line():
    r = Reader().feed(standard())
    r.feed(standard().replace(group("STGE", "9B3A9000"), group("STGE", "463A0800")))
    assert r.value(b"STGE") == b"463A0800"


def test_registers_come_twice_on_a_noisy_line():
    bad = bytearray(group("IRMS1", "002"))
    bad[8] ^= 1
    other = standard().replace(group("STGE", "9B3A9000"), group("STGE", "463A0800"))
    r = Reader().feed(standard(), frame(bytes(bad)), other)
    assert r.value(b"STGE") == b"9B3A9000"
    r.feed(other)
    assert r.value(b"STGE") == b"463A0800"
    r.feed(standard(), seconds=30)
    assert r.value(b"STGE") == b"9B3A9000"  # clean again


def test_a_message_that_comes_once_is_kept():
    bad = bytearray(group("IRMS1", "002"))
    bad[8] ^= 1
    r = Reader().feed(standard(), frame(bytes(bad)), standard(more=[("MSG2", "COUPURE DEMAIN  ")]))
    assert r.value(b"MSG2") == b"COUPURE DEMAIN  "


def test_power_of_a_phase_beyond_reason():
    r = Reader().feed(standard(more=[("SINSTS1", "00200"), ("SINSTS2", "70000")]))
    assert r.value(b"SINSTS1") == b"00200" and r.value(b"SINSTS2") is None
    assert r.count("jump") == 1


def test_overload_vanishes():
    over = historique(more=[("ADPS", "035")])
    r = Reader().feed(historique(), over, over)
    assert r.value(b"ADPS") == b"035"
    r.feed(historique())
    assert r.value(b"ADPS") is None and b"ADPS" not in r.labels()


def test_short_frames_erase_nothing():
    short = frame(his("ADIR1", "064"), his("ADCO", "031762120162"), his("IINST1", "064"))
    calm = frame(his("ADCO", "031762120162"), his("IINST1", "014"))
    r = Reader().feed(historique(), historique())
    known = len(r.labels())
    for _ in range(20):
        r.feed(short)
    assert r.value(b"ADIR1") == b"064" and r.value(b"HCHC") == b"014460852"
    assert len(r.labels()) == known + 2
    r.feed(calm)
    assert r.value(b"ADIR1") is None
    for _ in range(19):
        r.feed(calm)
    assert r.value(b"PAPP") == b"00450"


def test_labels_come_and_go():
    r = Reader().feed(standard(more=[("MSG2", "COUPURE DEMAIN  ")]))
    assert r.value(b"MSG2") == b"COUPURE DEMAIN  "
    r.feed(standard(), standard(), standard())
    assert r.value(b"MSG2") is None
    r.feed(standard(more=[("MSG2", "COUPURE ANNULEE ")]))
    assert r.value(b"MSG2") == b"COUPURE ANNULEE "


def test_mode_switched():
    r = Reader().feed(historique(), historique())
    r.feed(standard(), standard())
    assert catalogue.MODES[r.store.mode] == "standard"
    assert r.value(b"SINSTS") == b"00452" and r.value(b"PAPP") is None
    assert r.events() == [("mode_changed", {"from": "historique", "to": "standard"})]
    r.feed(historique(papp="00700"), historique(papp="00700"))
    assert r.value(b"PAPP") == b"00700" and b"SINSTS" not in r.labels()


def test_pmepmi():
    def block(k):
        return frame(
            his("ADS", "304131668471"),
            his("MESURES1", "BT 4 SUP36"),
            his("DATE", f"03/08/21 15:41:{k:02d}"),
            his("EA_s", f"{1130 + k}Wh"),
            his("ER-_s", "182varh"),
            his("PTCOUR1", "HPE"),
            his("DATEPA1", "03/08/21 15:40:00"),
            his("PA1_s", "34TkW"),
            his("PS", "120kVA"),
            his("TGPHI_s", "-0.17"),
            his("MESURES2", "BT 4 SUP36"),
            his("PTCOUR1", "HCE"),
            his("EaP_s2", "859148kWh"),
        )

    r = Reader()
    for k in range(6):
        r.feed(block(k))
    assert catalogue.MODES[r.store.mode] == "pmepmi"
    assert r.value(b"EA_s") == b"1135Wh" and r.value(b"PA1_s") == b"34TkW"
    assert r.value(b"TGPHI_s") == b"-0.17" and r.value(b"EaP_s2") == b"859148kWh"
    pairs = [(r.store.label(s), r.store.value(s)) for s in r.store.slots()]
    assert (b"PTCOUR1", b"HPE") in pairs and (b"PTCOUR1_2", b"HCE") in pairs
    rejected = r.count("groups")
    swapped = frame(his("PA1_s", "3k4W"), his("DATE", "0/038/21 15:41:55"), his("PS", "10k2VA"))
    r.feed(swapped)
    assert r.count("groups") == rejected and r.count("alphabet") == 3


def test_all_modes_fit_side_by_side():
    r = Reader()
    for mode, sep in ((catalogue.HISTORIQUE, b" "), (catalogue.STANDARD, b"\t")):
        lines = str(catalogue.table(mode), "ascii").strip().split("\n")
        groups = []
        for line in lines:
            label, code = line.split(" ")[:2]
            width = int("".join(c for c in code[2:] if "0" <= c <= "9"))
            fields = ["E240704093412"] if "h" in code[2:] else []
            groups.append(group(label, *fields, width * "0", sep=sep))
        for _ in range(3):
            r.feed(frame(*groups))
        assert len(r.labels()) == len(lines)
    assert r.count("width") == r.count("alphabet") == 0


def test_a_changed_value_costs_no_heap():
    r = Reader().feed(parity(historique()), parity(historique(papp="00460")))
    data = parity(frame(his("PAPP", "00470")))
    r.decoder.room[:len(data)] = data
    gc.collect()
    before = gc.mem_alloc()
    r.decoder.decode(len(data), 5000)
    used = gc.mem_alloc() - before
    assert r.value(b"PAPP") == b"00470"
    assert used == 0, used


def test_catalogue_fits():
    size = sum(len(catalogue.table(mode)) for mode in range(4))
    assert size < 4096 - 3 * 16, size
