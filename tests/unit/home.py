"""For the tests of Home Assistant and its like: a store that frames are fed to, and its books."""

import json
import os

from frames import frame, group, his
from read_meter import Figures

from firmware.alerts import Alerts
from firmware.publish.homeassistant import HomeAssistant
from firmware.publish.payload import Writer
from firmware.settings import default, keys
from firmware.tic.decoder import Decoder
from firmware.tic.meter import Meter
from firmware.tic.store import Store

CHIP = "40f5201a2b3c"
HC = (
    ("ADCO", "041776199277"), ("OPTARIF", "HC.."), ("ISOUSC", "45"), ("HCHC", "920750000"),
    ("HCHP", "000000018"), ("PTEC", "HP.."), ("IINST", "002"), ("IMAX", "090"),
    ("PAPP", "00450"), ("HHPHC", "A"), ("MOTDETAT", "000000"),
)
BASE = (
    ("ADCO", "041776199277"), ("OPTARIF", "BASE"), ("ISOUSC", "45"), ("BASE", "000100000"),
    ("PTEC", "TH.."), ("IINST", "002"), ("PAPP", "00450"),
)
STANDARD = (
    ("ADSC", "041776199277"), ("DATE", "H241104141800", ""), ("NGTF", "      TEMPO     "),
    ("LTARF", "    HP  BLEU    "), ("EAST", "003971026"),
    ("EASF01", "002296119"), ("EASF02", "001674907"), ("EASF03", "000000001"),
    ("EASF04", "000000001"), ("EASF05", "000000001"), ("EASF06", "000000001"),
    ("EASF07", "000000001"), ("EASF08", "000000001"), ("EASF09", "000000001"),
    ("EASF10", "000000001"), ("EAIT", "000012345"), ("ERQ1", "000000001"), ("ERQ2", "000000001"),
    ("ERQ3", "000000001"), ("ERQ4", "000000001"), ("IRMS1", "001"), ("IRMS2", "002"),
    ("IRMS3", "003"), ("URMS1", "230"), ("URMS2", "231"), ("URMS3", "232"), ("PREF", "12"),
    ("PCOUP", "12"), ("SINSTS", "00500"), ("SINSTS1", "00100"), ("SINSTS2", "00200"),
    ("SINSTS3", "00200"), ("SINSTI", "00000"), ("SMAXSN", "H241104073412", "03112"),
    ("STGE", "053AC501"), ("RELAIS", "001"), ("NTARF", "02"), ("PRM", "12590441986008"),
)


class Books:
    """What Home Assistant asks the books for."""

    cost = None

    def __init__(self, store, settings):
        self.meter = Meter(store)
        self.ledger = Figures()
        self.alerts = Alerts(store, self.meter, lambda *_: None, settings)


class Home:
    """The source of messages over a store; what it says is in `said`: {topic: object or None}."""

    def __init__(self, fresh=True, on=True, **changes):
        if fresh and "announced.json" in os.listdir():
            os.remove("announced.json")
        settings = {key: default(key) for key in keys()}
        settings.update(changes)
        words = (
            settings["homeassistant_prefix"], "1" if settings["homeassistant_device"] else "",
            CHIP, json.dumps({"ids": [CHIP], "name": settings["device_name"] or "winky"}),
            settings["mqtt_base"] + "/" + (settings["mqtt_device"] or "winky-1a2b3c"),
            settings["language"],
        )
        self.now = 0
        self.store = Store()
        self.decoder = Decoder(self.store)
        self.books = Books(self.store, settings)
        self.source = HomeAssistant(
            settings, "\n".join(words), self.store, self.books if on else None, self.health, 255
        )
        self.said = {}
        self.order = []
        self.longest = 0
        self.buffer = bytearray(3600)

    def health(self):
        return {"uptime": 5, "reset": "power_on", "tic": {"state": "reading"},
                "network": {"rssi": -60}, "memory": {"heap_used": 1}}

    def feed(self, groups, count=10, **others):
        """So many frames, the source being asked all the while. Groups may be given otherwise."""
        make = group if groups[0][0] == "ADSC" else his
        data = frame(*(
            make(one[0], *(others[one[0]] if one[0] in others else one[1:])) for one in groups))
        for _ in range(count):
            self.now += 1500
            self.decoder.feed(data, self.now)
            self.books.alerts.look(self.now)
            self.say(self.now)

    def say(self, now):
        """What there is to say at a tick."""
        for _ in range(4):
            topic = self.source.topic(now)
            if not topic:
                break
            writer = Writer(self.buffer)
            if self.source.write(topic, writer, b"{"):
                text = bytes(writer.buffer[: writer.at])
                self.longest = max(self.longest, writer.at + len(topic))
                self.said[topic.decode()] = json.loads(text) if text else None
                self.order.append(topic.decode())
            self.source.done()

    def wait(self, ms=25000):
        """Let it speak."""
        for _ in range(ms // 50):
            self.now += 50
            self.say(self.now)

    def announced(self):
        """{last part of the unique id: what was announced}"""
        return {topic.split("/")[-2]: self.said[topic] for topic in self.said
                if topic.startswith("/homeassistant/") and self.said[topic]}

    def gone(self):
        return sorted(topic.split("/")[-2] for topic in self.said
                      if topic[0] == "/" and self.said[topic] is None)
