"""The burst to the broker, byte by byte, over a stream that answers as told."""

import errno
import json

from firmware.quick.mqtt import Burst, iso
from firmware.quick.radio import Radio
from firmware.quick.readings import Readings
from firmware.rtcmem import CLOCK, MODE, Memory

TOLD = {
    "mqtt_base": "tic", "device": "winky-1a2b3c", "mqtt_qos": 0, "mqtt_labels": False,
    "mqtt_retain_labels": False, "site": "", "identifiers": "omit", "identifiers_salt": "",
    "connect": b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04gate".hex(),
}


class Rtc:
    def memory(self, data=None):
        return b""


class Broker:
    """A stream to a broker: writes down packets, answers them in whole."""

    def __init__(self, code=0, later=2, mute=False, acks=True, closes=False, step=3):
        self.sent = b""
        self.packets = []
        self.writes = 0
        self._answer = b""
        self._code, self._later, self._mute, self._acks = code, later, mute, acks
        self._closes, self._step = closes, step

    def write(self, data):
        if self._later:
            self._later -= 1
            raise OSError(errno.EAGAIN)
        self.writes += 1
        self.sent += bytes(data)
        while self.sent:
            size = shift = 0
            at = 1
            while True:
                size |= (self.sent[at] & 127) << shift
                shift += 7
                at += 1
                if not self.sent[at - 1] & 128:
                    break
            self._take(self.sent[0], self.sent[at : at + size])
            self.sent = self.sent[at + size :]
        return len(data)

    def _take(self, kind, body):
        self.packets.append((kind, body))
        if self._mute:
            return
        if kind == 0x10:
            self._answer += bytes((0x20, 2, 0, self._code))
        elif kind == 0xC0:
            self._answer += b"\xd0\0"
        elif kind & 0xF6 == 0x32 and self._acks:
            topic = 2 + body[1]
            self._answer += bytes((0x40, 2)) + body[topic : topic + 2]

    def readinto(self, buffer):
        if self._closes:
            return 0
        n = min(len(buffer), len(self._answer), self._step)
        buffer[:n] = self._answer[:n]
        self._answer = self._answer[n:]
        return n or None

    def messages(self, qos=0):
        found = []
        for kind, body in self.packets:
            if kind & 0xF0 == 0x30:
                end = 2 + body[1]
                topic = body[2:end].decode()
                found.append((topic.split("/", 2)[2], body[end + (2 if qos else 0) :], kind & 1))
        return found


def memory(mode=1, clock=1):
    made = Memory(Rtc())
    made.cells[MODE], made.cells[CLOCK] = mode, clock
    return made


def some(count, clock=1):
    readings = Readings(memory(1, clock))
    for n in range(count):
        lines = [b"BASE\t%09d" % (14_460_852 + n), b"PTEC\tTH..", b"PAPP\t%05d" % (450 + n)]
        assert readings.add(800_000_000 + 10 * n, lines)
    return readings


def deliver(readings, broker, going=lambda: True, more=lambda: True, **changes):
    told = dict(TOLD, **changes)
    ticks = [0]

    def ticks_ms():
        ticks[0] += 20
        return ticks[0]

    radio = Radio(None, told, Memory(Rtc()), going, ticks_ms)
    burst = Burst(told)
    burst.begin(readings, {"power": {"burst": 3}})
    return burst.deliver(radio, broker, more)


def refused(words, *args, **changes):
    try:
        deliver(*args, **changes)
    except OSError as error:
        assert words in str(error), error
    else:
        raise AssertionError("no error")


def test_everything_goes_out_before_the_first_answer():
    broker = Broker()
    assert deliver(some(3), broker) == 3
    assert [kind for kind, _ in broker.packets] == [0x10, 0x31] + [0x30] * 4 + [0xC0, 0xE0]
    assert broker.writes == 2  # the second says goodbye
    status, one, two, three, health = broker.messages()
    assert status == ("status", b"online", 1)
    assert json.loads(one[1]) == {
        "time": "2025-05-08T06:13:20Z", "BASE": 14_460_852, "PTEC": "TH..", "PAPP": 450}
    assert json.loads(three[1])["time"] == "2025-05-08T06:13:40Z"
    assert (two[0], health[0]) == ("frame", "gateway")
    assert json.loads(health[1]) == {"power": {"burst": 3}}


def test_without_a_clock_without_a_time_and_with_the_place():
    broker = Broker()
    deliver(some(1, 0), broker, site="cellar")
    assert json.loads(broker.messages()[1][1]) == {
        "site": "cellar", "BASE": 14_460_852, "PTEC": "TH..", "PAPP": 450}


def test_labels_of_the_newest():
    broker = Broker()
    deliver(some(2), broker, mqtt_labels=True, mqtt_retain_labels=True)
    labels = {name[6:]: (value, kept) for name, value, kept in broker.messages()
              if name.startswith("label/")}
    assert labels == {
        "BASE": (b"014460853", 1), "PTEC": (b"TH..", 1), "PAPP": (b"00451", 1)}


def test_values_with_a_horodate_and_identifiers():
    readings = Readings(memory(2))
    readings.add(1, [b"ADSC\t022161988996", b"DATE\tH240104145720\t",
                     b"SMAXSN\tE240704093412\t03112", b"NTARF\t02"])
    broker = Broker()
    deliver(readings, broker, identifiers="send")
    said = json.loads(broker.messages()[1][1])
    assert said["ADSC"] == "022161988996" and said["NTARF"] == 2
    assert said["DATE"] == "2024-01-04T14:57:20+01:00"
    assert said["SMAXSN"] == {"value": 3112, "at": "2024-07-04T09:34:12+02:00"}
    broker = Broker()
    deliver(readings, broker, identifiers="hash", identifiers_salt="abcdef")
    said = json.loads(broker.messages()[1][1])
    assert len(said["ADSC"]) == 16 and said["ADSC"] != "022161988996"


def test_many_go_in_portions():
    readings = some(120)
    broker = Broker()
    assert deliver(readings, broker) == 120
    frames = [json.loads(body)["BASE"] for name, body, _ in broker.messages() if name == "frame"]
    assert frames == list(range(14_460_852, 14_460_972))
    assert [kind for kind, _ in broker.packets].count(0xC0) > 1


def test_quality_of_service_1_is_acknowledged():
    broker = Broker()
    assert deliver(some(3), broker, mqtt_qos=1) == 3
    published = [body for kind, body in broker.packets if kind & 0xF6 == 0x32]
    pids = [body[2 + body[1] : 4 + body[1]] for body in published]
    assert len(set(pids)) == 5
    refused("does not acknowledge", some(3), Broker(acks=False), mqtt_qos=1)


def test_what_can_go_wrong_is_said():
    refused("the broker refuses, code 5", some(1), Broker(code=5))
    refused("does not answer", some(1), Broker(mute=True))
    refused("closed the connection", some(1), Broker(closes=True))
    refused("no charge", some(1), Broker(mute=True), going=lambda: False)


def test_what_was_taken_before_the_charge_ran_out_counts():
    left = [9]  # looks

    def going():
        left[0] -= 1
        return left[0] > 0

    taken = deliver(some(120), Broker(step=1), going=going)
    assert 0 < taken < 120


def test_it_stops_between_two_portions_when_the_charge_is_wanted_elsewhere():
    broker = Broker()
    assert 0 < deliver(some(120), broker, more=lambda: False) < 120
    assert broker.packets[-1][0] == 0xE0


def test_times():
    assert iso(0) == "2000-01-01T00:00:00Z"
    assert iso(845_549_999) == "2026-10-17T10:59:59Z"
