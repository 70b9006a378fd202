"""Meters for the tests of the model, as the groups of a frame."""

import json

from frames import frame, group, his

from firmware.tic.decoder import Decoder
from firmware.tic.meter import Meter
from firmware.tic.store import Store

ENOUGH = 17  # frames: two looks of learnt.py

HISTORIQUE = (
    ("ADCO", "021862120162"), ("OPTARIF", "HC.."), ("ISOUSC", "45"), ("HCHC", "006906827"),
    ("HCHP", "007617934"), ("PTEC", "HP.."), ("IINST", "005"), ("IMAX", "090"), ("PAPP", "01170"),
    ("HHPHC", "A"), ("MOTDETAT", "000000"),
)
TEMPO = (
    ("ADCO", "021862120162"), ("OPTARIF", "BBR2"), ("ISOUSC", "45"), ("BBRHCJB", "001000000"),
    ("BBRHPJB", "002000000"), ("BBRHCJW", "000300000"), ("BBRHPJW", "000400000"),
    ("BBRHCJR", "000050000"), ("BBRHPJR", "000060000"), ("PTEC", "HPJW"), ("DEMAIN", "----"),
    ("IINST", "005"), ("IMAX", "090"), ("PAPP", "01170"),
)
THREE = (
    ("ADCO", "021630120162"), ("OPTARIF", "BASE"), ("ISOUSC", "20"), ("BASE", "010151184"),
    ("PTEC", "TH.."), ("IINST1", "007"), ("IINST2", "002"), ("IINST3", "022"), ("IMAX1", "015"),
    ("IMAX2", "013"), ("IMAX3", "012"), ("PMAX", "08450"), ("PAPP", "07120"), ("PPOT", "00"),
)
STANDARD = (
    ("ADSC", "041961120162"), ("DATE", "E260721093412", ""), ("NGTF", "H PLEINE/CREUSE "),
    ("LTARF", " HEURE  PLEINE  "), ("EAST", "003971026"), ("EASF01", "002296119"),
    ("EASF02", "001674907"), ("EASF03", "000000000"), ("EASF10", "000000000"), ("IRMS1", "010"),
    ("URMS1", "236"), ("PREF", "09"), ("PCOUP", "09"), ("SINSTS", "02360"),
    ("SMAXSN", "E260721073412", "03112"), ("STGE", "003A8401"),
    ("MSG1", "PAS DE          MESSAGE         "), ("PRM", "12590441986008"), ("RELAIS", "000"),
    ("NTARF", "02"), ("NJOURF", "00"), ("NJOURF+1", "00"),
)
PRODUCER = (
    ("DATE", "E260721133412", ""), ("NGTF", "      BASE      "), ("EAST", "003971026"),
    ("EASF01", "003971026"), ("EAIT", "000500000"), ("IRMS1", "001"), ("IRMS2", "003"),
    ("IRMS3", "002"), ("URMS1", "231"), ("URMS2", "232"), ("URMS3", "233"), ("PREF", "12"),
    ("SINSTS", "00013"), ("SINSTS1", "00000"), ("SINSTS2", "00568"), ("SINSTS3", "00000"),
    ("SINSTI", "00000"), ("STGE", "003A0101"), ("NTARF", "01"),
)
INDUSTRIAL = (
    ("ADS", "031936131234"), ("MESURES1", "BT 4 SUP36"), ("DATE", "03/08/21 15:54:35"),
    ("EA_s", "2669Wh"), ("EAPP_s", "2745VAh"), ("PTCOUR1", "HPE"), ("CONFIG", "CONSO"),
    ("DATEPA1", "03/08/21 15:50:00"), ("PA1_s", "34kW"), ("DATEPA2", "03/08/21 15:40:00"),
    ("PA2_s", "7TkW"), ("DebP", "07/07/21 01:00:00"), ("EAP_s", "859156kWh"), ("PS", "120kVA"),
    ("PA1MN", "36kW"), ("PMAX_s", "62kVA"), ("TGPHI_s", "-0.13"), ("MESURES2", "BT 4 SUP36"),
    ("PTCOUR2", "HPE"), ("EaP_s2", "859156kWh"),
)


class Flash:
    """Keeps what the meter learnt, as JSON does."""

    def __init__(self):
        self.text = "{}"
        self.writes = 0

    def load(self):
        return json.loads(self.text)

    def save(self, kept):
        self.text = json.dumps(kept)
        self.writes += 1


class Writer:
    """What the model is written to."""

    def __init__(self):
        self.json = b""

    def write(self, data):
        self.json += data

    def text(self, data):
        self.json += json.dumps(str(data, "ascii")).encode()


class Line:
    """A meter on its line: say() sends a frame, `meter` is what it is understood as."""

    def __init__(self, groups=(), flash=None, same=None):
        """`same`: a Line of the same meter, which speaks otherwise from now on."""
        self.store = same.store if same else Store()
        self.meter = same.meter if same else Meter(self.store, flash)
        self._decoder = same._decoder if same else Decoder(self.store, image=False)
        self._groups = groups
        self._now = 0
        if groups:
            self.say()

    def say(self, times=1, without=(), **changes):
        """Frames as the one before, but for what changes: IRMS1="003", (horodate, value) for a
        label that has both, NJOURF_1 for NJOURF+1.
        """
        groups = []
        for said in self._groups:
            known = said[0].replace("+1", "_1")
            if said[0] not in without:
                groups.append(_changed(known, changes) if known in changes else said)
        for known in sorted(changes):
            groups.append(_changed(known, changes))
        self._groups = groups
        make = group if groups[0][0] in ("ADSC", "DATE") else his
        data = frame(*[make(*fields) for fields in groups])
        for _ in range(times):
            self._now += 1000
            self._decoder.feed(data, self._now)
            self.meter.learnt.look()
        return self.meter

    def model(self, identifiers=False):
        """The JSON, read again."""
        writer = Writer()
        self.meter.write_json(writer, identifiers)
        return json.loads(str(writer.json, "ascii"))


def _changed(known, changes):
    value = changes.pop(known)
    label = known.replace("_1", "+1")
    return (label,) + value if isinstance(value, tuple) else (label, value)
