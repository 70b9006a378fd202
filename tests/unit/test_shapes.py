"""The topics of Tasmota and of Domoticz."""

import json

from frames import frame, group, his
from home import BASE, HC, STANDARD, Books

from firmware.publish.payload import Writer
from firmware.publish.shapes import Shape
from firmware.settings import default, keys
from firmware.tic.decoder import Decoder
from firmware.tic.store import Store

RUNTIMES = ("unix64",)  # store and model, uncompiled, are too much for unix32

TOPICS = [b"/tele/winky/LWT", b"/tele/winky/LIVE", b"/tele/winky/SENSOR", b"/tele/winky/TIC"]


class Scene:
    """A shape over a store; what it says is in `said`: [(topic, text)]."""

    def __init__(self, domoticz=False, identifiers=False):
        settings = {key: default(key) for key in keys()}
        self.store = Store()
        self.decoder = Decoder(self.store)
        self.books = Books(self.store, settings)
        if domoticz:
            self.shape = Shape(
                "publish.domoticz", [b"/domoticz/in"], [10000], self.store, self.books
            )
            self.shape.idx = 7
        else:
            every = (0, 3000, 30000, 30000)
            self.shape = Shape(
                "publish.tasmota", TOPICS, every, self.store, self.books, identifiers
            )
        self.now = 0
        self.said = []
        self.buffer = bytearray(3600)

    def feed(self, groups, count=3, step=1500, **others):
        make = group if groups[0][0] == "ADSC" else his
        data = frame(*(
            make(one[0], *(others[one[0]] if one[0] in others else one[1:])) for one in groups))
        for _ in range(count):
            self.now += step
            self.decoder.feed(data, self.now)
            self.books.alerts.look(self.now)
            self.say()

    def say(self):
        for _ in range(10):
            topic = self.shape.topic(self.now)
            if not topic:
                return
            writer = Writer(self.buffer)
            if self.shape.write(topic, writer, b"{"):
                text = bytes(writer.buffer[: writer.at])
                self.said.append((topic.decode().split("/")[-1], text, self.shape.retain))
            self.shape.done()

    def last(self, name):
        """The last object to a topic."""
        return json.loads([one[1] for one in self.said if one[0] == name][-1])


def test_tasmota_standard():
    scene = Scene()
    scene.say()
    assert scene.said == [("LWT", b"Online", True)]
    scene.feed(STANDARD, 30)
    assert [one[0] for one in scene.said[1:]].count("SENSOR") == 2
    assert 13 <= [one[0] for one in scene.said].count("LIVE") <= 16
    sensor = scene.last("SENSOR")
    assert set(sensor) == {"Time", "METER", "CONTRACT", "ALERT", "RELAY", "CAL"}
    assert sensor["Time"] == "2024-11-04T14:18:00"
    meter = sensor["METER"]
    found = [meter[key] for key in ("PH", "ISUB", "PSUB", "P", "U", "I")]
    assert found == [3, 20, 12000, 500, 231, 6]
    assert [meter[key] for key in ("U3", "I3", "P3", "W", "TDAY")] == [232, 3, 200, 2100, 1234]
    assert meter["PP"] == 0 and "C" not in meter and "YDAY" in meter and "PTDAY" not in meter
    contract = sensor["CONTRACT"]
    assert contract["CONSO"] == 3971026 and contract["PROD"] == 12345
    assert contract["HP BLEU"] == 1674907 and contract["hour"] == "HP"
    assert "serial" not in contract
    assert contract["color"] == contract["tday"]
    assert sensor["ALERT"] == {"Load": 0, "Volt": 0, "Preavis": 0}
    assert sensor["RELAY"]["V1"] == 1 and sensor["RELAY"]["V8"] == 0
    relay = sensor["RELAY"]
    assert (relay["C1"], relay["C2"], relay["N1"]) == (0, 1, "HC BLEU")
    assert sensor["CAL"]["hp"] == 1 and sensor["CAL"]["level"] in (1, 2, 3)
    assert set(scene.last("LIVE")) == {"Time", "METER"}
    tic = scene.last("TIC")["TIC"]
    assert tic["EAST"] == "003971026" and tic["SMAXSN"] == "H241104073412 03112"
    assert tic["DATE"] == "H241104141800" and not {"ADSC", "PRM"} & set(tic)
    assert scene.shape.error == ""


def test_tasmota_historique():
    scene = Scene(identifiers=True)
    scene.feed(HC, 3)
    sensor = scene.last("SENSOR")
    assert "Time" not in sensor and "U" not in sensor["METER"] and sensor["METER"]["I1"] == 2
    assert sensor["CONTRACT"] == {
        "serial": "041776199277", "name": "HC", "period": "HP", "hour": "HP",
        "CONSO": 920750018, "HC": 920750000, "HP": 18,
    }
    assert sensor["CAL"] == {"level": 1, "hp": 1}
    assert scene.last("TIC")["TIC"]["ADCO"] == "041776199277"
    scene = Scene(identifiers=lambda value: b"0123456789abcdef")
    scene.feed(HC, 3)
    assert scene.last("TIC")["TIC"]["ADCO"] == "0123456789abcdef"
    assert scene.last("SENSOR")["CONTRACT"]["serial"] == "0123456789abcdef"


def test_tasmota_calendar():
    day = "00004001 06004002 22004001 " + "NONUTILE " * 7 + "NONUTILE"
    groups = [one for one in STANDARD if one[0] not in ("NGTF", "LTARF")]
    groups += [("NGTF", "H PLEINE/CREUSE "), ("LTARF", " HEURE  PLEINE  "), ("NJOURF", "00"),
               ("NJOURF+1", "00"), ("PJOURF+1", day)]
    scene = Scene()
    scene.feed(groups, 3)
    calendar = scene.last("SENSOR")["CAL"]
    for name in ("tday", "tmrw"):
        assert len(calendar[name]) == 48
        assert [calendar[name][str(n)] for n in (0, 11, 12, 43, 44)] == [10, 10, 11, 11, 10]


def test_a_new_connection_says_all_of_it():
    scene = Scene()
    scene.feed(HC, 3)
    scene.said = []
    scene.shape.renew()
    scene.say()
    assert [one[0] for one in scene.said] == ["LWT"]
    scene.feed(HC, 1)
    assert [one[0] for one in scene.said] == ["LWT", "LIVE", "SENSOR", "TIC"]


def test_what_is_wrong_is_told():
    scene = Scene()
    scene.books.ledger = None
    scene.feed(HC, 3)
    assert "AttributeError" in scene.shape.error
    assert {one[0] for one in scene.said} == {"LWT", "TIC"}


def test_domoticz():
    scene = Scene(True)
    scene.feed(HC, 7)
    assert not scene.said
    scene.feed(HC, 9)
    assert scene.last("in") == {"idx": 7, "nvalue": 0, "svalue": "920750000;18;0;0;2100;0"}
    scene.books.ledger.active_w = None
    scene.feed(HC, 10)
    assert scene.last("in")["svalue"] == "920750000;18;0;0;450;0"
    # Without the index off peak nothing is said, nor with one that goes back.
    scene.said = []
    scene.feed([one for one in HC if one[0] != "HCHC"], 40)
    count = len(scene.said)
    scene.feed([one for one in HC if one[0] != "HCHC"], 40)
    assert len(scene.said) == count <= 3
    scene.shape.last = [scene.shape.last[0], (920750001, 18, 0), 0]
    scene.feed(HC, 30)
    assert len(scene.said) == count
    scene.feed(HC, 130)
    assert scene.last("in")["svalue"] == "920750000;18;0;0;450;0"
    scene.feed(BASE, 60)
    assert scene.last("in")["svalue"] == "100000;0;0;0;450;0"
    scene = Scene(True)
    scene.feed(STANDARD, 20)
    low = 2296119 + 4
    assert scene.last("in")["svalue"] == f"{low};{3971026 - low};12345;0;2100;0"
