"""What the meter is and what it measures, in every mode: firmware/tic/meter.py, model.py."""

import gc
import sys

from meters import (
    HISTORIQUE,
    INDUSTRIAL,
    PRODUCER,
    STANDARD,
    TEMPO,
    THREE,
    Line,
)

from firmware.tic import identity
from firmware.tic.meter import Meter
from firmware.tic.store import Store


def test_nothing_is_known_before_the_first_frame():
    meter = Meter(Store())
    assert meter.mode == "unknown"
    for key in ("serial", "maker", "phases", "contract", "period", "period_name", "withdrawn_wh",
                "apparent_va", "net_va", "load_percent", "overload", "date", "next_change",
                "contact_open", "message", "subscribed_va", "colour", "tomorrow", "peak"):
        assert getattr(meter, key) is None, key
    assert list(meter.periods()) == []
    assert meter.current(1) is None and meter.voltage(1) is None and meter.apparent(1) is None
    assert meter.load_percent_phase(1) is None


def test_what_is_no_key_is_no_attribute():
    meter = Meter(Store())
    for key in ("power", "current_b_1", "x", "serial_"):
        try:
            getattr(meter, key)
        except AttributeError:
            continue
        raise AssertionError(key)


def test_serial_numbers():
    assert identity.describe(b"031961363261") == ("itron", 2019, "linky_mono_60_g3")
    assert identity.describe(b"021676000001") == ("sagemcom", 2016, "linky_tri_60_g3")
    assert identity.describe(b"049509000001") == ("landis_gyr", 1995, "blue_tri")
    assert identity.describe(b"031936131234")[2] == "pmepmi"
    assert identity.describe(b"990060000001") == (None, 2000, "linky_mono_60_g1")
    assert identity.describe(b"016299000001") == ("crouzet", None, None)


def test_single_phase_historique():
    meter = Line(HISTORIQUE).meter
    assert (meter.mode, meter.serial, meter.maker) == ("historique", b"021862120162", "sagemcom")
    assert (meter.year, meter.type, meter.phases) == (2018, "linky_mono_90_g1", 1)
    assert meter.producer is None and meter.date is None and meter.clock_degraded is None
    assert meter.subscribed_va == 9000
    assert (meter.apparent_va, meter.net_va, meter.load_percent) == (1170, 1170, 13)
    assert (meter.current(1), meter.current(2), meter.voltage(1)) == (5, None, None)
    assert (meter.apparent(1), meter.apparent(2), meter.load_percent_phase(1)) == (1170, None, 13)
    assert meter.overload is False and meter.injected_va is None


def test_an_overload_in_historique_comes_and_goes():
    line = Line(HISTORIQUE)
    assert line.say(ADPS="046").overload is True
    assert line.say(without=("ADPS",), times=2).overload is False


def test_three_phases_in_historique():
    line = Line(THREE)
    meter = line.meter
    assert (meter.phases, meter.subscribed_va, meter.apparent_va) == (3, 12000, 7120)
    assert [meter.current(n) for n in (1, 2, 3)] == [7, 2, 22]
    assert [meter.load_percent_phase(n) for n in (1, 2, 3)] == [35, 10, 110]
    assert [meter.apparent(n) for n in (1, 2, 3)] == [None] * 3
    assert meter.phase_missing_1 is False
    line.say(PPOT="0C", times=2)
    assert [getattr(meter, f"phase_missing_{n}") for n in (1, 2, 3)] == [False, True, True]


def test_short_frames_take_nothing_away():
    line = Line(THREE)
    short = (("ADIR3", "062"), ("ADCO", "021630120162"), ("IINST1", "007"), ("IINST2", "002"),
             ("IINST3", "062"))
    meter = Line(short, same=line).say(times=20)
    assert meter.overload is True and meter.current(3) == 62
    assert (meter.contract, meter.subscribed_va, meter.withdrawn_wh) == ("base", 12000, 10151184)


def test_the_subscription_of_three_phases_is_sent_in_whole_amperes():
    assert Line(THREE).say(ISOUSC="11", times=4).subscribed_va == 7000
    assert Line(THREE).say(ISOUSC="60", times=4).subscribed_va == 36000
    assert Line(THREE).say(ISOUSC="00", times=4).subscribed_va is None


def test_pmax_says_two_things():
    meter = Line(THREE).meter
    assert (meter.highest_w, meter.maximum_yesterday_va) == (8450, None)
    meter = Line(THREE).say(IMAX1="060", IMAX2="060", IMAX3="060", times=2)
    assert (meter.highest_w, meter.maximum_yesterday_va) == (None, 8450)


def test_single_phase_standard():
    meter = Line(STANDARD).meter
    assert (meter.mode, meter.maker, meter.phases) == ("standard", "landis_gyr", 1)
    assert meter.prm == b"12590441986008"
    assert (meter.subscribed_va, meter.cutoff_va) == (9000, 9000)
    assert (meter.current(1), meter.voltage(1), meter.apparent(1)) == (10, 236, 2360)
    assert (meter.maximum_va, meter.maximum_yesterday_va) == (3112, None)
    assert meter.producer is False and meter.overload is False and meter.clock_degraded is False
    assert meter.load_percent == 26
    assert meter.date == b"E260721093412"


def test_the_pilot_meters_have_other_labels():
    line = Line(STANDARD)
    line.say(without=("SINSTS", "SMAXSN"), times=14)
    meter = line.say(SINST1="00777", SMAXN=("E260721073412", "01234"), times=2)
    assert (meter.apparent_va, meter.maximum_va) == (777, 1234)


def test_a_degraded_clock():
    line = Line(STANDARD)
    assert line.say(DATE=("e260721093413", "")).clock_degraded is True
    line.say(DATE=("E260721093414", ""), STGE="003B8401", times=2)
    assert line.meter.clock_degraded is True
    assert line.say(STGE="003A8401", times=2).clock_degraded is False


def test_messages():
    line = Line(STANDARD)
    assert line.meter.message is None and line.meter.message_short is None
    meter = line.say(MSG1="     PAS DE          MESSAGE    ", times=2)
    assert meter.message is None
    meter = line.say(MSG1="COUPURE  LE 12.                 ", MSG2="  COUPURE 12    ", times=2)
    assert (meter.message, meter.message_short) == ("COUPURE LE 12.", "COUPURE 12")


def test_relays_and_the_contact_have_opposite_signs():
    line = Line(STANDARD)
    assert line.meter.contact_open is True
    assert [getattr(line.meter, f"relay_{n}") for n in range(1, 9)] == [False] * 8
    meter = line.say(RELAIS="141", STGE="003A8400", times=2)
    assert meter.contact_open is False
    assert [n for n in range(1, 9) if getattr(meter, f"relay_{n}")] == [1, 3, 4, 8]


def test_every_bit_of_the_register():
    line = Line(STANDARD)
    meter = line.say(STGE="9B3A90D5", times=2)  # above 2^31
    assert meter.stge == b"9B3A90D5"
    assert meter.contact_open is True and meter.cutoff == "overvoltage"
    assert meter.cover_open is True and meter.overvoltage is True and meter.overload is True
    assert (meter.supplier_index, meter.operator_index) == (5, 3)
    assert (meter.euridis, meter.plc, meter.plc_synchronised) == ("secured", "locked", False)
    assert (meter.colour, meter.tomorrow) == ("red", "white")
    assert (meter.peak_notice, meter.peak) == (1, 2)
    meter = line.say(STGE="00C8020E", times=2)
    assert meter.cutoff is None and meter.injecting is True  # 7 means nothing
    assert (meter.euridis, meter.plc, meter.plc_synchronised) == ("open", "registered", True)
    assert meter.colour is None and meter.peak is None


def test_injection_of_one_phase():
    line = Line(STANDARD)
    meter = line.say(SINSTS="00000", SINSTI="01486", STGE="003A8701", EAIT="003626876", times=2)
    assert meter.producer is True and meter.injecting is True
    assert (meter.apparent_va, meter.injected_va, meter.net_va) == (0, 1486, -1486)
    assert meter.apparent(1) == -1486 and meter.injected_wh == 3626876
    assert meter.load_percent == 0


def test_phases_that_inject():
    meter = Line(PRODUCER).meter  # as in a recording: 13 in all, 568 on phase 2
    assert (meter.net_va, meter.apparent(2)) == (13, 568)
    assert (meter.apparent(1), meter.apparent(3)) == (-185, -370)
    line = Line(PRODUCER)
    meter = line.say(SINSTS="00000", SINSTI="00700", SINSTS3="00100", IRMS1="006")
    assert meter.net_va == -700
    assert [meter.apparent(n) for n in (1, 2, 3)] == [-1368, 568, 100]
    meter = line.say(IRMS1="000")
    assert meter.apparent(1) == 0  # no current, so nothing flows


def test_phases_that_only_draw():
    line = Line(PRODUCER)
    meter = line.say(SINSTS="01168", SINSTS1="00499", SINSTS2="00271", SINSTS3="00398")
    assert [meter.apparent(n) for n in (1, 2, 3)] == [499, 271, 398]
    assert [meter.load_percent_phase(n) for n in (1, 2, 3)] == [12, 6, 9]
    # A meter that counts no injection says nothing about it.
    line.say(without=("SINSTI", "EAIT"), times=14, SINSTS="00000", SINSTS1="00000")
    assert line.meter.injected_va is None and line.meter.apparent(1) == 0


def test_a_third_phase_that_is_not_known_yet():
    line = Line(PRODUCER)
    line.say(without=("SINSTS3",), times=14)
    assert line.meter.apparent(1) == 0 and line.meter.apparent(3) is None


def test_industrial_meter():
    meter = Line(INDUSTRIAL).meter
    assert (meter.mode, meter.serial, meter.type) == ("pmepmi", b"031936131234", "pmepmi")
    assert (meter.phases, meter.producer, meter.contract) == (3, False, "other")
    assert meter.contract_name == "BT 4 SUP36" and meter.date == b"03/08/21 15:54:35"
    assert (meter.subscribed_va, meter.subscribed_w, meter.load_percent) == (120000, None, None)
    assert (meter.minute_w, meter.interval_wh, meter.highest_va) == (36000, 2669, 62000)
    assert (meter.curve_w_1, meter.curve_w_2, meter.curve_w_3) == (34000, 7000, None)
    assert meter.curve_at_2 == b"03/08/21 15:40:00"
    assert meter.apparent_va is None and meter.withdrawn_wh is None and meter.overload is None
    assert meter.next_change is None


def test_industrial_meter_in_watts():
    meter = Line(INDUSTRIAL).say(PS="80kW", PMAX_s="62kW", CONFIG="PROD", PREAVIS="DEP", times=4)
    assert (meter.subscribed_va, meter.subscribed_w) == (None, 80000)
    assert (meter.highest_va, meter.highest_w) == (None, 62000)
    assert meter.load_percent == 45 and meter.producer is True and meter.notice == "DEP"


def test_a_meter_that_changes_its_mode():
    line = Line(HISTORIQUE)
    assert line.meter.subscribed_va == 9000
    meter = Line(STANDARD, same=line).say(times=4)
    assert (meter.mode, meter.contract, meter.period) == ("standard", "hchp", "2")
    assert meter.voltage(1) == 236 and meter.overload is False


def test_json_holds_the_attributes():
    for groups in (HISTORIQUE, TEMPO, THREE, STANDARD, PRODUCER, INDUSTRIAL):
        line = Line(groups)
        found = line.model(identifiers=True)
        assert found["mode"] == line.meter.mode
        assert None not in found.values()
        for key in found:
            if key.endswith("_at") or key.startswith("period_") or key == "date":
                continue
            value = getattr(line.meter, key) if not key.startswith("next_") else None
            if isinstance(value, bytes):
                value = str(value, "ascii")
            if value is not None and "_at_" not in key:
                assert found[key] == value, key
    assert found["curve_at_2"] == "2021-08-03T15:40:00"
    assert found["date"] == "2021-08-03T15:54:35"


def test_json_without_identifiers():
    line = Line(STANDARD)
    found = line.model()
    keys = ("serial", "prm")
    assert not [key for key in keys if key in found]
    found = line.model(identifiers=True)
    sent = [found[key] for key in keys]
    assert sent == ["041961120162", "12590441986008"]
    # Or each is shown as something else.
    found = line.model(identifiers=lambda value: b"<%s>" % value)
    assert [found[key] for key in keys] == [f"<{text}>" for text in sent]


def test_json_dates_the_values_that_have_one():
    found = Line(STANDARD).model()
    assert found["maximum_va"] == 3112
    assert found["maximum_va_at"] == "2026-07-21T07:34:12+02:00"
    assert found["date"] == "2026-07-21T09:34:12+02:00"
    dated = {key for key in found if key.endswith("_at")}
    assert dated == {"maximum_va_at"}


def test_json_of_a_period():
    found = Line(TEMPO).model()
    assert found["period_hcjw_wh"] == 300000 and found["period_hcjw_name"] == "HCJW"
    assert "period_base_wh" not in found


def test_a_writer_that_is_full_stops_the_writing():
    class Full(Exception):
        pass

    class Short:
        def write(self, data):
            raise Full

        text = write

    try:
        Line(STANDARD).meter.write_json(Short())
    except Full:
        return
    raise AssertionError("nobody was told")


def test_writing_keeps_nothing():
    class Nowhere:
        def write(self, data):
            pass

        text = write

    line = Line(STANDARD)
    nowhere = Nowhere()
    line.meter.write_json(nowhere)
    used = []
    for _ in range(3):
        line.say()
        line.meter.write_json(nowhere)
        gc.collect()
        used.append(gc.mem_alloc())
    assert used[2] <= used[0] + 64, used


def test_modules_that_are_needed_now_and_then_are_let_go():
    line = Line(STANDARD)
    assert line.meter.maker == "landis_gyr" and line.meter.next_change is None
    for name in ("identity", "calendar"):
        assert name not in sys.modules
