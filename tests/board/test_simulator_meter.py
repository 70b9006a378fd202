"""The simulated meter: its frames by the documents, its numbers consistent with one another.

The frames are read by the tests' own reader, which shares no code with the simulator.
"""

import itertools

import pytest

from tests.support import sim_tables, tic_reader
from tools.simulator import civil
from tools.simulator.meter import MODES, Meter

CONTRACTS = ("base", "hchp", "ejp", "tempo", "multi")
ALL = [(mode, contract, phases, producer)
       for mode, contract, phases, producer in itertools.product(
           MODES, CONTRACTS, (1, 3), (False, True))
       if mode != "pmepmi" or (contract, phases, producer) == ("hchp", 3, False)]


def values(frame: list) -> dict:
    """{label: data} of a frame, or {label: (horodate, data)} where it is dated."""
    return {label: data if when is None else (when, data) for label, when, data in frame}


def sample(meter, times, seconds):
    """Frames, one every `seconds`."""
    for _ in range(times):
        yield meter.frame()
        meter.advance(seconds)


@pytest.mark.parametrize(("mode", "contract", "phases", "producer"), ALL)
def test_every_frame_reads_as_the_documents_say(mode, contract, phases, producer):
    meter = Meter(mode, contract, phases, producer, seed=3, start="2026-01-13 04:40:00")
    order = sim_tables.ORDERS[mode]
    for frame in sample(meter, 90, 977.7):
        octets = meter.encode(frame)
        reading = tic_reader.read(octets)
        assert reading.counters["groups"] == len(frame)
        assert not reading.rejected
        assert reading.frames[0].complete
        assert [tuple(group) for group in reading.groups] == frame
        assert [tic_reader.judge(group) for group in reading.groups] == [""] * len(frame)
        places = [order.index(label) for label, _, _ in frame]
        assert places == sorted(set(places))
        lasting = [label for label, _, _ in frame if label not in sim_tables.PASSING]
        if (mode, phases, producer) in sim_tables.COUNTS:
            assert len(lasting) == sim_tables.COUNTS[mode, phases, producer]


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("phases", [1, 3])
def test_historique_holds_the_indexes_of_its_contract(contract, phases):
    frame = values(Meter("historique", contract, phases).frame())
    indexes = sim_tables.HISTORIQUE_INDEXES[contract]
    every = sim_tables.HISTORIQUE[6:17]
    assert [label for label in every if label in frame] == indexes
    assert ("DEMAIN" in frame) == (contract == "tempo")
    assert ("PPOT" in frame) == (phases == 3)


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("producer", [False, True])
def test_the_sums_of_the_indexes_are_the_total_and_only_the_current_one_grows(contract, producer):
    meter = Meter("standard", contract, 3, producer, seed=9, start="2026-03-30 12:00:00")
    before, index = None, None
    for frame in sample(meter, 250, 599):
        now = values(frame)
        supplier = [int(now[f"EASF{n:02}"]) for n in range(1, 11)]
        operator = [int(now[f"EASD{n:02}"]) for n in range(1, 5)]
        assert sum(supplier) == sum(operator) == int(now["EAST"])
        if before:
            grown = {n for n in range(10) if supplier[n] != before[n]}
            assert all(supplier[n] >= before[n] for n in range(10))
            assert grown <= {index - 1, int(now["NTARF"]) - 1}
        before, index = supplier, int(now["NTARF"])


def test_the_load_curve_is_the_index_divided_by_time():
    meter = Meter("standard", "hchp", 1, seed=4, start="2026-02-03 06:30:00")
    index, before = {}, None
    for minute in range(0, 12 * 60, 30):
        now = values(meter.frame())
        index[minute] = int(now["EAST"])
        if minute >= 60:
            watts = int(now["CCASN"][1])
            assert abs(watts / 2 - (index[minute] - index[minute - 30])) <= 1
            assert now["CCASN-1"][1] == before
            assert now["CCASN"][0] == now["DATE"][0]
        before = now["CCASN"][1]
        meter.advance(1800)


def test_energy_is_the_integral_of_power_and_does_not_depend_on_the_steps():
    """A step of 20 ms errs by 20 ms at most where a load changes inside it."""
    one, many = (Meter("standard", "base", 1, seed=5) for _ in range(2))
    start = int(values(many.frame())["EAST"])
    watt_seconds = 0.0
    for _ in range(45_000):
        watt_seconds += many.p[0] * 0.02
        many.advance(0.02)
    one.advance(900)
    assert one.frame() == many.frame()
    counted = int(values(one.frame())["EAST"]) - start
    assert counted > 50
    assert counted == pytest.approx(watt_seconds / 3600, abs=1.5)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_status_word_agrees_with_the_other_groups(contract):
    meter = Meter("standard", contract, 1, True, seed=2, start="2026-04-07 08:00:00")
    for frame in sample(meter, 500, 977):
        now = values(frame)
        status = sim_tables.status(now["STGE"])
        assert status["index"] == int(now["NTARF"])
        assert status["open"] == 1 - (int(now["RELAIS"]) & 1)
        assert status["exceeded"] == (int(now["SINSTS"]) > 1000 * int(now["PREF"]))
        assert status["producer"] and status["standard"] and not status["degraded"]
        assert not status["cut"] and not status["zero"]
        assert not (int(now["SINSTS"]) and int(now["SINSTI"]))
        if int(now["SINSTI"]):
            assert status["injecting"]
        assert (status["today"] > 0) == (contract == "tempo")


def test_a_tempo_winter_shows_its_colours_its_peaks_and_its_notices():
    meter = Meter("standard", "tempo", 1, seed=8, start="2026-01-05 00:05:00")
    seen, colour, announced = set(), None, None
    for frame in sample(meter, 14 * 96, 900):
        now = values(frame)
        status = sim_tables.status(now["STGE"])
        hour = int(now["DATE"][0][7:9])
        seen.add(status["today"])
        assert status["index"] in (2 * status["today"] - 1, 2 * status["today"])
        assert status["index"] % 2 == (hour >= 22 or hour < 6)      # odd: off peak
        assert (status["tomorrow"] == 0) == (6 <= hour < 11)
        assert status["peak"] == status["today"] - 1
        if colour and colour != status["today"]:
            assert now["DATE"][0][7:11] == "0605"
            assert announced == status["today"]
        if status["peak"]:
            begin, end = now[f"DPM{status['peak']}"], now[f"FPM{status['peak']}"]
            assert begin[0][0] == end[0][0] == " "
            assert begin[0][7:] == end[0][7:] == "060000"
            assert begin[0][1:] <= now["DATE"][0][1:] < end[0][1:]
        assert ("PPOINTE" in now) == (status["notice"] > 0)
        if status["notice"]:
            assert status["notice"] == status["tomorrow"] - 1
            assert f"DPM{status['notice']}" in now
        colour, announced = status["today"], status["tomorrow"] or announced
    assert seen == {1, 2, 3}


def test_tempo_says_the_same_in_both_modes():
    standard, historique = (Meter(mode, "tempo", 1, seed=8, start="2026-01-05 00:05:00")
                            for mode in ("standard", "historique"))
    for _ in range(300):
        new, old = values(standard.frame()), values(historique.frame())
        status = sim_tables.status(new["STGE"])
        assert old["ADCO"] == new["ADSC"]
        assert old["DEMAIN"] == ("----", "BLEU", "BLAN", "ROUG")[status["tomorrow"]]
        assert old["PTEC"] == "H" + "PC"[status["index"] % 2] + "J" + " BWR"[status["today"]]
        labels = sim_tables.HISTORIQUE_INDEXES["tempo"]
        assert [old[label] for label in labels] == [new[f"EASF{n:02}"] for n in range(1, 7)]
        standard.advance(1731)
        historique.advance(1731)


@pytest.mark.parametrize("contract", ["hchp", "multi", "tempo"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_tariff_switches_when_yesterday_said_it_would(contract, seed):
    meter = Meter("standard", contract, 1, seed=seed, start="2026-06-15 23:55:30")
    plan = values(meter.frame())["PJOURF+1"]
    blocks = [block for block in plan.split(" ") if block != "NONUTILE"]
    assert blocks[0][:4] == "0000"
    assert blocks == sorted(blocks)
    meter.advance(300)
    for _ in range(143):
        now = values(meter.frame())
        time = now["DATE"][0][7:11]
        action = int([block for block in blocks if block[:4] <= time][-1][4:], 16)
        if "PPOINTE" not in now and not sim_tables.status(now["STGE"])["peak"]:
            assert int(now["NTARF"]) == action & 0xF
            if action & 0x8000:
                assert int(now["RELAIS"]) == (action >> 14 & 1)
        meter.advance(600)


def test_the_offer_with_many_indexes_uses_all_ten_and_names_them():
    meter = Meter("standard", "multi", 1, seed=1, start="2026-01-01 00:00:00")
    names = {}
    for day in range(0, 365, 5):
        meter = Meter("standard", "multi", 1, seed=1,
                      start=civil.epoch("2026-01-01 00:01:00") + day * 86400)
        for hour in range(24):
            tariff = meter.contract.state(meter.time + hour * 3600)
            names.setdefault(tariff.index, set()).add(tariff.ltarf)
    assert sorted(names) == list(range(1, 11))
    assert len({name for both in names.values() for name in both}) == 10
    assert all(len(name) == 16 for both in names.values() for name in both)


@pytest.mark.parametrize(("start", "seconds", "horodate"), [
    ("2026-03-29 01:59:59", 1, "E260329030000"), ("2026-10-25 02:59:59", 0, "E261025025959"),
    ("2026-10-25 02:59:59", 1, "H261025020000"), ("2026-10-25 02:59:59", 3600, "H261025025959"),
    ("2026-07-01 12:00:00", 0.9, "E260701120000")])
def test_the_season_letter_follows_the_clock(start, seconds, horodate):
    meter = Meter("standard", start=start)
    meter.advance(seconds)
    assert values(meter.frame())["DATE"][0] == horodate
    meter.degraded = True
    assert values(meter.frame())["DATE"][0][0] in "he"
    assert sim_tables.status(values(meter.frame())["STGE"])["degraded"]


def test_noon_in_june_injects():
    meter = Meter("standard", "base", 1, True, seed=1, start="2026-06-20 11:30:00")
    before = values(meter.frame())
    injecting = 0
    for frame in sample(meter, 360, 10):
        now = values(frame)
        status = sim_tables.status(now["STGE"])
        injecting += status["injecting"] and int(now["SINSTI"]) > 500 and now["SINSTS"] == "00000"
    after = values(meter.frame())
    assert injecting > 180
    assert int(after["EAIT"]) > int(before["EAIT"]) + 500
    assert sum(int(after[f"ERQ{n}"]) - int(before[f"ERQ{n}"]) for n in (2, 3)) > 0
    night = Meter("standard", "base", 1, True, seed=1, start="2026-06-20 23:30:00")
    assert values(night.frame())["SINSTI"] == "00000"


def test_three_phases_add_up_by_the_rule_of_the_sign():
    meter = Meter("standard", "base", 3, True, seed=1, start="2026-06-20 11:30:00")
    mixed = 0
    for frame in sample(meter, 500, 7):
        now = values(frame)
        withdrawn = sum(int(now[f"SINSTS{n}"]) for n in (1, 2, 3))
        total = int(now["SINSTS"]) - int(now["SINSTI"])
        injected = sum(int(now[f"IRMS{n}"]) * int(now[f"URMS{n}"]) for n in (1, 2, 3)
                       if now[f"SINSTS{n}"] == "00000")
        assert total <= withdrawn
        assert withdrawn - total == pytest.approx(injected, abs=3 * 130)    # IRMS is in whole A
        mixed += 0 < total < withdrawn
    assert mixed


def test_an_ultra_short_message_is_in_one_frame_after_msg1():
    meter = Meter("standard", seed=6)
    frames = list(sample(meter, 1500, 1))
    with_it = [n for n, frame in enumerate(frames) if "MSG2" in values(frame)]
    assert len(with_it) >= 2
    assert all(b - a > 60 for a, b in zip(with_it, with_it[1:]))
    labels = [label for label, _, _ in frames[with_it[0]]]
    assert labels[labels.index("MSG2") - 1] == "MSG1"


def test_one_phase_above_the_subscription_shows_adps():
    meter = Meter("historique", seed=1)
    assert "ADPS" not in values(meter.frame())
    meter.boost(meter.pref * 1200, 30)
    now = values(meter.frame())
    assert now["ADPS"] == now["IINST"]
    assert int(now["ADPS"]) > int(now["ISOUSC"])
    meter.advance(31)
    assert "ADPS" not in values(meter.frame())


def test_three_phases_send_twenty_short_frames_for_a_long_one_and_a_minute_longer():
    meter = Meter("historique", phases=3, seed=1)
    assert "OPTARIF" in values(meter.frame())
    meter.boost(9000, 30, phase=2)
    shapes, last_adir = [], 0
    for n in range(300):
        now = values(meter.frame())
        short = "OPTARIF" not in now
        shapes.append(short)
        if short:
            assert set(now) - {"ADIR1", "ADIR2", "ADIR3"} == {"ADCO", "IINST1", "IINST2", "IINST3"}
            if "ADIR2" in now:
                assert now["ADIR2"] == now["IINST2"]
                last_adir = n
        meter.advance(0.6)
    runs = [len(list(run)) for short, run in itertools.groupby(shapes) if short]
    assert 45 <= last_adir <= 50
    assert runs[:-1] == [20] * (len(runs) - 1)
    assert 143 <= max(n for n, short in enumerate(shapes) if short) <= 151


def test_overloads_come_by_themselves():
    meter = Meter("historique", seed=3)
    assert any("ADPS" in values(frame) for frame in sample(meter, 3 * 3600, 4))


def test_maxima_voltages_and_the_day_before():
    meter = Meter("standard", "base", 3, seed=4, start="2026-05-04 21:00:00")
    evening = None
    for frame in sample(meter, 300, 60):
        now = values(frame)
        for name in ("SMAXSN", "SMAXSN1", "SMAXSN2", "SMAXSN3"):
            when, _ = now[name]
            assert when[1:7] == now["DATE"][0][1:7] and when <= now["DATE"][0]
        assert int(now["UMOY1"][1]) == pytest.approx(236, abs=10)
        assert now["UMOY1"][0][9:] in ("0000", "1000", "2000", "3000", "4000", "5000")
        if now["DATE"][0][1:7] == "260504":
            evening = now
        else:
            assert now["SMAXSN-1"][0][1:7] == "260504"
            assert now["SMAXSN-1"][1] >= evening["SMAXSN"][1]


def test_the_seed_decides_everything():
    def play(seed):
        meter = Meter("standard", "hchp", 3, True, seed=seed)
        return b"".join(meter.encode(frame) for frame in sample(meter, 50, 61.3))

    assert play(1) == play(1)
    assert play(1) != play(2)


def test_the_mode_can_be_switched_and_the_meter_stays_the_same():
    meter = Meter("historique", "hchp", seed=1)
    old = values(meter.frame())
    meter.mode = "standard"
    new = values(meter.frame())
    assert old["ADCO"] == new["ADSC"]
    assert old["HCHC"] == new["EASF01"]


def test_a_frame_takes_time_and_a_switch_of_tariff_can_fall_into_it():
    meter = Meter("standard", "tempo", seed=1, start="2026-01-20 21:59:59")
    now = values(meter.frame_during(2.4))
    assert now["DATE"][0] == "H260120215959"
    assert "HP" in now["LTARF"]
    assert int(now["NTARF"]) % 2 == 1
    assert sim_tables.status(now["STGE"])["index"] == int(now["NTARF"])


def test_pmepmi_glues_units_and_changes_its_index_with_the_period():
    meter = Meter("pmepmi", seed=1, start="2026-01-20 21:40:00")
    day = values(meter.frame())
    meter.advance(3600)
    night = values(meter.frame())
    assert (day["PTCOUR1"], night["PTCOUR1"]) == ("HPH", "HCH")
    assert day["EAP_s"].endswith("kWh") and day["EAP_s"] != night["EAP_s"]
    assert day["EAP_s"] == day["EaP_s2"]
    assert day["DATE"] == "20/01/26 21:40:00"
    assert night["DATEPA1"] == "20/01/26 22:40:00"
    assert day["EA_s"] == "0Wh"


def test_a_meter_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="no such meter: linky"):
        Meter("linky")
    with pytest.raises(ValueError, match="2 phases"):
        Meter(phases=2)
