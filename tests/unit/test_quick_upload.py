"""Readings that waited, as the destinations over HTTP write them."""

import json

from firmware.quick.marks import Marks
from firmware.quick.readings import Readings
from firmware.quick.upload import Sending
from firmware.rtcmem import CLOCK, MODE, SPILLED, Memory

STANDARD = [
    b"ADSC\t022161988996", b"VTIC\t02", b"DATE\tH240104145720\t", b"NGTF\tHEURE PLEINE/CREUS",
    b"LTARF\t  HEURE PLEINE  ", b"EAST\t014460852", b"EASF01\t004460852", b"EASF02\t010000000",
    b"IRMS1\t002", b"URMS1\t230", b"PREF\t06", b"PCOUP\t06", b"SINSTS\t00450", b"NTARF\t02",
]
HISTORIQUE = [
    b"OPTARIF\tHC..", b"ISOUSC\t30", b"HCHC\t014460852", b"HCHP\t012506372", b"PTEC\tHC..",
    b"IINST\t002", b"IMAX\t090", b"PAPP\t00450", b"HHPHC\tA",
]
TOLD = {
    "device": "winky-1a2b3c", "site": "", "identifiers": "omit", "identifiers_salt": "",
    "model": True, "listed": None, "influx_url": "http://192.0.2.1:8086", "influx_bucket": "",
    "influx_database": "house", "influx_org": "", "influx_token": "", "influx_user": "",
    "influx_password": "", "influx_measurement": "tic", "influx_tags": "",
    "influx_fields": "meter", "influx_batch": 1, "influx_fingerprint": "",
    "post_url": "http://192.0.2.1/x", "post_batch": 5, "post_body": "meter", "post_token": "",
    "post_header": "Authorization", "post_fingerprint": "",
}


class Rtc:
    def memory(self, data=None):
        return b""


def bodies(name, lines, mode, clock=1, **changes):
    """[what a request says of each reading]"""
    memory = Memory(Rtc())
    memory.cells[MODE], memory.cells[CLOCK] = mode, clock
    readings = Readings(memory)
    for n in range(3):
        said = [line.replace(b"00450", b"%05d" % (450 + n)) for line in lines]
        assert readings.add(800_000_000 + 10 * n, said)
    sending = Sending(name, dict(TOLD, **changes))
    sending.begin(readings, 1, memory.cells, lambda: True)  # the first it has already
    found = []
    while True:
        one = sending.next()
        if one is None:
            break
        found.append(b"".join(sending._upload.dated(one[1], one[0])).decode())
    sending.drop()
    assert sending.taken == len(found)
    return found


def test_influxdb_of_a_meter_in_historique():
    first, second = bodies("influx", HISTORIQUE, 1)
    model, *indexes = first.strip().split("\n")
    assert model.startswith("tic,device=winky-1a2b3c ") and model.endswith(" 1746684810")
    fields = model.split(" ")[1].split(",")
    assert "apparent_va=451i" in fields and 'period_now="hc"' in fields
    assert indexes == ["tic,device=winky-1a2b3c,period=hc index_wh=14460852i 1746684810",
                       "tic,device=winky-1a2b3c,period=hp index_wh=12506372i 1746684810"]
    assert "apparent_va=452i" in second


def test_influxdb_of_a_meter_in_standard_mode_labels_too():
    first, _ = bodies("influx", STANDARD, 2, influx_fields="both", listed=["SINSTS", "EAST"])
    assert "SINSTS=451i" in first and "EAST=14460852i" in first and "URMS1" not in first
    assert "apparent_va=451i" in first and "voltage_v_1=230i" in first
    assert "period=2 index_wh=10000000i 1746684810" in first


def test_without_the_model():
    first, _ = bodies("influx", HISTORIQUE, 1, model=False)
    assert "PAPP=451i" in first and "apparent_va" not in first


def test_post():
    first, _ = map(json.loads, bodies("post", STANDARD, 2))
    assert first["time"] == "2025-05-08T06:13:30Z" and first["device"] == "winky-1a2b3c"
    assert (first["apparent_va"], first["period_2_wh"]) == (451, 10_000_000)
    assert "serial" not in first
    first, _ = map(json.loads, bodies("post", STANDARD, 2, post_body="frame"))
    assert first["SINSTS"] == 451 and "ADSC" not in first
    first, _ = map(json.loads, bodies(
        "post", STANDARD, 2, post_body="frame", identifiers="hash", identifiers_salt="abcdef"))
    assert len(first["ADSC"]) == 16


def test_without_a_clock_they_wait():
    assert bodies("influx", HISTORIQUE, 1, 0) == []


class Queue:
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def drop(self, count):
        self.count -= count


def test_marks():
    cells = Memory(Rtc()).cells
    marks, queue = Marks(["mqtt", "influx"], cells), Queue(10)
    assert marks.due(1000, 10) == ["mqtt", "influx"]
    marks.took("mqtt", 10)
    marks.failed("influx", 1000, 0)
    marks.drop(queue)
    assert queue.count == 10 and marks.due(1010, 10) == [] and marks.due(1010, 11) == ["mqtt"]
    assert marks.due(1060, 10) == ["influx"] and marks.least(["mqtt", "influx"]) == 0
    marks.failed("influx", 1060, 0)
    assert marks.due(1170, 10) == [] and marks.due(1180, 10) == ["influx"]
    marks.took("influx", 4)
    marks.drop(queue)
    assert queue.count == 6 and (marks.of("mqtt"), marks.of("influx")) == (6, 0)
    cells[SPILLED] += 2  # of the oldest, for want of room
    queue.count -= 2
    assert marks.of("mqtt") == 4 and marks.of("influx") == 0
    again = Marks(["mqtt"], cells)  # InfluxDB is off now
    again.drop(queue)
    assert queue.count == 0 and again.of("mqtt") == 0


class Pins:
    chip_id = "001a2b3c4d5e"

    def pin(self, name):
        return 3


def test_what_the_cycle_is_told_without_a_broker():
    from firmware.config import Config
    from firmware.quick.prepare import _told

    config = Config()
    config.set("power", "supercap")
    config.set("wifi_ssid", "house")
    assert _told(config, Pins(), "winky") is None
    config.set("influx_url", "http://192.0.2.1:8086")
    config.set("influx_database", "house")
    config.set("labels", "PAPP, BASE")
    told = _told(config, Pins(), "winky")
    assert told["to"] == ["influx"] and "connect" not in told and "post_url" not in told
    assert told["influx_database"] == "house"
    assert told["listed"] == ["PAPP", "BASE"] and told["only"] is None
    config.set("influx_fields", "labels")
    assert _told(config, Pins(), "winky")["only"] == ["PAPP", "BASE"]
    Sending("influx", told)  # nothing that it asks for is missing
    config.set("influx_url", "")
    config.set("post_url", "http://192.0.2.1/x")
    Sending("post", _told(config, Pins(), "winky"))
