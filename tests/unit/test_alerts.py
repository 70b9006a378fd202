"""Events out of real frames: what begins, ends and happens, and what must stay untold."""

import gc
import sys

from frames import frame, group, his

from firmware.alerts import Alerts
from firmware.tic.decoder import Decoder
from firmware.tic.meter import Meter
from firmware.tic.store import Store

SETTINGS = {
    "alert_load": 90, "alert_load_seconds": 10, "alert_voltage_low": 207,
    "alert_voltage_high": 253, "alert_injection": 50, "alert_silent": 60,
}
STANDARD = (
    ("ADSC", "041961120162"), ("DATE", "E260721093412", ""), ("NGTF", "     TEMPO      "),
    ("LTARF", "    HP  BLEU    "), ("EAST", "003971026"), ("EASF01", "002296119"),
    ("EASF02", "001674907"), ("IRMS1", "002"), ("URMS1", "236"), ("PREF", "09"),
    ("SINSTS", "00452"), ("STGE", "013A8401"), ("DPM1", " 260722060000", "00"),
    ("FPM1", " 260723060000", "00"), ("RELAIS", "000"), ("NTARF", "02"),
)
THREE = (
    ("DATE", "E260721133412", ""), ("NGTF", "      BASE      "), ("EAST", "003971026"),
    ("EAIT", "000500000"), ("URMS1", "231"), ("URMS2", "232"), ("URMS3", "233"), ("PREF", "12"),
    ("SINSTS", "00600"), ("SINSTS1", "00100"), ("SINSTS2", "00300"), ("SINSTS3", "00200"),
    ("SINSTI", "00000"), ("STGE", "003A0101"), ("NTARF", "01"),
)
TEMPO = (
    ("ADCO", "021862120162"), ("OPTARIF", "BBR2"), ("ISOUSC", "45"), ("BBRHCJB", "001000000"),
    ("BBRHPJB", "002000000"), ("BBRHCJW", "000300000"), ("BBRHPJW", "000400000"),
    ("BBRHCJR", "000050000"), ("BBRHPJR", "000060000"), ("PTEC", "HPJW"), ("DEMAIN", "----"),
    ("IINST", "005"), ("IMAX", "090"), ("PAPP", "01170"),
)
EJP = (
    ("ADCO", "021862120162"), ("OPTARIF", "EJP."), ("ISOUSC", "45"), ("EJPHN", "001000000"),
    ("EJPHPM", "002000000"), ("PTEC", "HN.."), ("IINST", "005"), ("IMAX", "090"),
    ("PAPP", "01170"),
)
OLD_THREE = (
    ("ADCO", "021630120162"), ("OPTARIF", "BASE"), ("ISOUSC", "20"), ("BASE", "010151184"),
    ("PTEC", "TH.."), ("IINST1", "007"), ("IINST2", "002"), ("IINST3", "009"), ("IMAX1", "015"),
    ("IMAX2", "013"), ("IMAX3", "012"), ("PMAX", "08450"), ("PAPP", "04120"), ("PPOT", "00"),
)
INDUSTRIAL = (
    ("ADS", "031936131234"), ("MESURES1", "BT 4 SUP36"), ("DATE", "03/08/21 15:54:35"),
    ("EA_s", "2669Wh"), ("PTCOUR1", "HPE"), ("CONFIG", "CONSO"), ("EAP_s", "859156kWh"),
    ("PS", "120kVA"), ("PA1MN", "36kW"),
)


class Scene:
    """A meter that sends a frame every so many ms, and what was told."""

    def __init__(self, groups, step=1500, **settings):
        self.groups = groups
        self.step = step
        self.store = Store()
        self.decoder = Decoder(self.store)
        self.told = []
        self.now = 1 << 30  # begins again at once
        chosen = dict(SETTINGS)
        chosen.update(settings)
        self.alerts = Alerts(self.store, Meter(self.store), self.tell, chosen)

    def tell(self, key, facts):
        self.told.append((key, facts))

    def send(self, groups):
        form = group if self.groups[0][0] in ("ADSC", "DATE") else his
        self.now += self.step
        self.decoder.feed(frame(*[form(*item) for item in groups]), self.now & 0x3FFFFFFF)
        self.alerts.look(self.now & 0x3FFFFFFF)

    def run(self, seconds, gone=(), more=(), **changes):
        """Frames for so long, some values otherwise; what was told meanwhile."""
        groups = []
        for item in self.groups:
            value = changes.get(item[0])
            if value is not None:
                item = (item[0], value) + item[2:]
            if item[0] not in gone:
                groups.append(item)
        groups += more
        for _ in range((seconds * 1000 + self.step - 1) // self.step):
            self.send(groups)
        told, self.told = self.told, []
        return told

    def wait(self, seconds):
        for _ in range(seconds):
            self.now += 1000
            self.alerts.idle(self.now & 0x3FFFFFFF)
        told, self.told = self.told, []
        return told


def keys(told):
    return [key for key, _ in told]


def test_nothing_is_told_of_what_merely_is():
    for groups in (STANDARD, THREE, TEMPO, EJP, OLD_THREE, INDUSTRIAL):
        scene = Scene(groups)
        assert scene.run(600) == []
    # Tomorrow's colour is known already, and power flows out.
    assert Scene(STANDARD).run(60, STGE="0D3A8401") == []
    assert Scene(TEMPO).run(60, DEMAIN="ROUG") == []
    assert Scene(THREE).run(200, SINSTS="00000", SINSTI="02000", STGE="003A0301") == []


def test_overload_of_standard():
    scene = Scene(STANDARD)
    scene.run(30)
    assert scene.alerts.load == 5
    told = scene.run(6, SINSTS="09720", STGE="013A8481")
    assert keys(told) == ["overload_begins"]
    assert told[0][1] == {"load_percent": 108, "apparent_va": 9720, "subscribed_va": 9000,
                          "current_a_1": 2}
    told = scene.run(54, SINSTS="09720", STGE="013A8481")
    assert keys(told) == ["overload_near_begins"]
    assert scene.run(27) == []
    told = scene.run(60)
    assert keys(told) == ["overload_ends", "overload_near_ends"]
    assert told[0][1]["seconds"] == told[1][1]["seconds"] == 60
    assert told[0][1]["apparent_va"] == 452
    assert scene.run(600) == []


def test_overload_that_comes_and_goes_is_one():
    scene = Scene(STANDARD)
    scene.run(30)
    told = []
    for _ in range(20):
        told += scene.run(20, SINSTS="09720", STGE="013A8481")
        told += scene.run(20)
    assert keys(told) == ["overload_begins", "overload_near_begins"]


def test_overload_in_progress_is_news_at_start():
    told = Scene(STANDARD).run(20, SINSTS="09720", STGE="013A8481")
    assert keys(told) == ["overload_begins", "overload_near_begins"]


def test_overload_of_historique():
    scene = Scene(TEMPO)
    scene.run(30)
    told = scene.run(9, IINST="047", PAPP="10800", more=[("ADPS", "047")])
    assert told == [("overload_begins", {"load_percent": 120, "apparent_va": 10800,
                                         "subscribed_va": 9000, "current_a_1": 47})]
    told = scene.run(120)
    assert keys(told) == ["overload_ends"] and told[0][1]["seconds"] == 9


def test_overload_of_one_phase_in_short_frames():
    scene = Scene(OLD_THREE)
    scene.run(60)
    short = [("ADIR3", "025"), ("ADCO", "021630120162"), ("IINST1", "007"), ("IINST2", "002"),
             ("IINST3", "025")]
    told = []
    for _ in range(6):
        scene.step = 500
        for _ in range(20):
            scene.send(short)
        scene.step = 2000
        told += scene.run(2, IINST3="025", PAPP="08100")
    assert keys(told) == ["overload_begins", "overload_near_begins"]
    assert told[0][1]["load_percent"] == 125 and told[0][1]["current_a_3"] == 25
    told = scene.run(120)
    assert keys(told) == ["overload_ends", "overload_near_ends"]


def test_near_needs_its_time_and_its_margin():
    scene = Scene(STANDARD, alert_load=80, alert_load_seconds=30)
    scene.run(30)
    assert scene.run(24, SINSTS="07300") == []
    assert scene.run(3, SINSTS="07100") == []
    assert keys(scene.run(45, SINSTS="07300")) == ["overload_near_begins"]
    assert scene.run(300, SINSTS="06800") == []  # 75 %, within the margin
    assert scene.run(45, SINSTS="06600") == []
    assert scene.run(6, SINSTS="07200") == []
    told = scene.run(90, SINSTS="06600")
    assert keys(told) == ["overload_near_ends"] and told[0][1]["load_percent"] == 73
    assert Scene(STANDARD, alert_load=0).run(200, SINSTS="08900") == []


def test_near_by_the_notice_of_an_industrial_meter():
    scene = Scene(INDUSTRIAL)
    scene.run(30)
    told = scene.run(30, PA1MN="115kW", more=[("PREAVIS", "DEP")])
    assert told == [("overload_near_begins", {"minute_w": 115000, "subscribed_va": 120000})]
    assert keys(scene.run(180)) == ["overload_near_ends"]
    scene = Scene([item if item[0] != "PS" else ("PS", "120kW") for item in INDUSTRIAL])
    scene.run(30)
    told = scene.run(30, PA1MN="115kW")
    assert told == [("overload_near_begins", {"load_percent": 95, "minute_w": 115000,
                                              "subscribed_w": 120000})]


def test_voltage():
    scene = Scene(THREE)
    scene.run(30)
    assert scene.run(9, URMS2="206") == []
    assert scene.run(9) == []
    told = scene.run(30, URMS2="206")
    assert told == [("voltage_low_begins", {"voltage_v_1": 231, "voltage_v_2": 206,
                                            "voltage_v_3": 233})]
    assert scene.run(200, URMS2="208") == []
    assert scene.run(50, URMS2="209") == []
    told = scene.run(30)
    assert keys(told) == ["voltage_low_ends"]
    assert scene.run(60, URMS1="253") == []
    assert keys(scene.run(30, URMS1="254")) == ["voltage_high_begins"]
    assert scene.run(100, URMS1="252") == []
    assert keys(scene.run(100, URMS1="251")) == ["voltage_high_ends"]
    off = Scene(THREE, alert_voltage_low=0, alert_voltage_high=0)
    assert off.run(100, URMS1="000", URMS2="300") == []


def test_period():
    scene = Scene(STANDARD)
    scene.run(60)
    assert scene.run(1, NTARF="01") == []
    told = scene.run(30, NTARF="01", LTARF="    HC  BLEU    ")
    assert told == [("period_changed", {"from": "2", "to": "1", "name": "HC BLEU",
                                        "colour": "blue"})]
    assert scene.run(60, NTARF="01", LTARF="    HC  BLEU    ", gone=["NTARF"]) == []
    scene = Scene(TEMPO)
    scene.run(60)
    told = scene.run(30, PTEC="HCJR")
    assert told == [("period_changed", {"from": "hpjw", "to": "hcjr", "name": "HCJR",
                                        "colour": "red"})]


def test_tomorrow():
    scene = Scene(STANDARD)
    scene.run(60)
    assert scene.run(30, STGE="0D3A8401") == [("tomorrow_known", {"colour": "red"})]
    assert scene.run(30) == []
    assert scene.run(30, STGE="053A8401") == [("tomorrow_known", {"colour": "blue"})]
    scene = Scene(TEMPO)
    scene.run(60)
    assert scene.run(30, DEMAIN="BLAN") == [("tomorrow_known", {"colour": "white"})]
    assert scene.run(60, gone=["DEMAIN"]) == []
    assert scene.run(60, DEMAIN="BLAN") == []


def test_peak_of_standard():
    scene = Scene(STANDARD)
    scene.run(60)
    told = scene.run(30, STGE="113A8401")
    assert told == [("peak_notice", {"number": 1, "from": "2026-07-22T06:00:00",
                                     "to": "2026-07-23T06:00:00"})]
    told = scene.run(60, STGE="413A8401")
    assert told == [("peak_begins", {"number": 1})]
    told = scene.run(60)
    assert keys(told) == ["peak_ends"]
    assert told[0][1] == {"number": 1, "seconds": 60}
    assert keys(Scene(STANDARD).run(30, STGE="113A8401")) == ["peak_notice"]
    assert keys(Scene(STANDARD).run(30, STGE="413A8401")) == ["peak_begins"]


def test_peak_of_historique():
    scene = Scene(EJP)
    scene.run(60)
    assert scene.run(30, more=[("PEJP", "30")]) == [("peak_notice", {"number": 1})]
    told = scene.run(60, PTEC="PM..", more=[("PEJP", "30")])
    assert told == [
        ("peak_begins", {"number": 1}),
        ("period_changed", {"from": "hn", "to": "pm", "name": "PM"}),
    ]
    assert keys(scene.run(60)) == ["peak_ends", "period_changed"]


def test_injection():
    scene = Scene(THREE)
    scene.run(60)
    told = []
    for _ in range(10):  # clouds
        told += scene.run(40, SINSTS="00000", SINSTI="01500", STGE="003A0301")
        told += scene.run(30)
    assert told == []
    told = scene.run(90, SINSTS="00000", SINSTI="01500", STGE="003A0301")
    assert told == [("injection_begins", {"injected_va": 1500})]
    assert scene.run(300, SINSTS="00000", SINSTI="00030", STGE="003A0301") == []
    told = scene.run(90, SINSTI="00024")
    assert keys(told) == ["injection_ends"] and told[0][1]["injected_va"] == 24


def test_injection_of_which_only_the_direction_is_known():
    scene = Scene(STANDARD)
    scene.run(60)
    assert scene.run(90, SINSTS="00000", STGE="013A8601") == [("injection_begins", {})]
    assert keys(scene.run(90)) == ["injection_ends"]
    assert Scene(STANDARD, alert_injection=0).run(90, STGE="013A8601") == []


def test_silence():
    scene = Scene(STANDARD)
    assert scene.wait(300) == []  # no meter yet: the state of the line says so
    scene.run(30)
    assert scene.wait(59) == []
    told = scene.wait(200)
    assert told == [("meter_silent", {"seconds": 60})] and scene.alerts.silent
    scene.step = 1000
    assert scene.run(1) == [("meter_back", {"seconds": 260})]
    assert scene.run(30) == [] and not scene.alerts.silent
    off = Scene(STANDARD, alert_silent=0)
    off.run(5)
    assert off.wait(300) == []


def test_a_long_silence_is_counted_in_full():
    scene = Scene(STANDARD, step=1000)
    scene.run(5)
    scene.wait(60)
    for _ in range(20):
        scene.now += 86_500_000
        scene.alerts.idle(scene.now & 0x3FFFFFFF)
    assert keys(scene.told) == []
    assert scene.run(1) == [("meter_back", {"seconds": 60 + 20 * 86_500 + 1})]


def test_a_gap_proves_nothing():
    scene = Scene(STANDARD)
    scene.run(60)
    scene.now += 45_000
    assert scene.run(3, SINSTS="08900") == []
    assert keys(scene.run(10, SINSTS="08900")) == ["overload_near_begins"]


def test_another_meter_ends_what_lasted():
    scene = Scene(STANDARD)
    scene.run(20)
    assert len(scene.run(30, SINSTS="09720", STGE="013A8481")) == 2
    scene.alerts.forget()
    assert scene.told == [("overload_ends", {}), ("overload_near_ends", {})]
    scene.told.clear()
    assert scene.run(30, NTARF="01") == []


def test_another_mode_is_no_change_of_period():
    scene = Scene(STANDARD)
    scene.run(30)
    scene.groups = TEMPO
    assert scene.run(90) == []
    assert scene.store.mode == 1
    assert keys(scene.run(30, PTEC="HCJW")) == ["period_changed"]


def test_a_quiet_frame_costs_little():
    scene = Scene(THREE)
    scene.run(900)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(20):
        scene.now += 1500
        scene.alerts.look(scene.now & 0x3FFFFFFF)
    taken = gc.mem_alloc() - before
    gc.enable()
    assert taken <= 20 * (720 if sys.maxsize < 1 << 40 else 1300), taken // 20
