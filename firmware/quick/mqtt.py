"""All that waits, to the broker, in one burst.

CONNECT and what follows it go out together: the protocol lets a client speak before it is answered
(MQTT 3.1.1, 3.1.4). A ping closes the burst: its answer says that the broker has taken what came
before it, with QoS 0 too. So the first reading is accepted after two round trips, TCP's included.
"""

import errno
import json
import time

import umqtt.simple as umqtt
from micropython import const

from firmware.publish.codec import Codec
from firmware.publish.outbox import Outbox, body, end
from firmware.publish.payload import Full, copy
from firmware.quick.readings import chosen
from firmware.rarely import load
from firmware.tic import catalogue

_OUTBOX = const(5760)  # bytes: what lwIP takes without an answer
_ANSWER = const(6000)  # ms
_ROOM = const(256)
_NUMBERS = b"dn"
_IDENTIFIERS = b" ADCO ADSC ADS PRM MSG1 MSG2 "
_UNIX = const(946684800)


def iso(utc) -> str:
    """Seconds since 2000 as ISO 8601."""
    if time.gmtime(0)[0] == 1970:
        utc += _UNIX
    year, month, day, hour, minute, second = time.gmtime(utc)[:6]
    return f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"


class Burst:
    """told: the settings (prepare.py)."""

    accepted = False  # with an error, no reading is

    def __init__(self, told):
        self._told = told
        client = umqtt.MQTTClient(b"", "")
        topic = f"{told['mqtt_base']}/{told['device']}/status".encode()
        client.set_last_will(topic, b"", True, told["mqtt_qos"])  # for the names of the topics
        self._outbox = Outbox(_OUTBOX)
        self._codec = Codec(self._outbox, client)
        self._inbox = memoryview(bytearray(_ROOM))
        self._got = 0  # bytes in it
        self._greeted = False  # the broker has accepted us
        self._listed = [name.encode() for name in told.get("listed") or ()]
        site = told["site"]
        shown = told["identifiers"] == "hash" and load("publish.privacy").shown(told)
        self._mask = shown if callable(shown) else None
        self._head = f'{{"site":{json.dumps(site)},'.encode() if site else b"{"

    def begin(self, readings, health, skip=0) -> None:
        """Write as much as there is room for: all that readings.each(skip) gives, then what health
        says.
        """
        self._health = health
        self._waiting = readings.each(skip)
        self._following = next(self._waiting, None)
        self._newest = ()
        self._tried = 0
        self._outbox.control(bytes.fromhex(self._told["connect"]))
        self._say(b"status", b"online", True)
        self._portion()

    def _portion(self):
        """As many readings as there is room for, and the ping that tells that they are taken."""
        while self._following:
            try:
                self._frame(*self._following)
            except Full:
                if not self._tried:
                    raise OSError("a reading is too long to be sent")
                break
            self._newest = self._following[1]
            self._tried += 1
            self._following = next(self._waiting, None)
        if not self._following:
            self._last(self._newest, self._health)
        self._outbox.control(b"\xc0\x00")

    def deliver(self, radio, stream, more) -> int:
        """Send it, and what had no room yet as long as more() is true. -> how many readings the
        broker has taken; OSError in words if something went wrong before that.
        """
        self._stream = stream
        taken = 0
        try:
            while True:
                radio.wait(self._answered, _ANSWER, "the broker does not answer")
                self._settle()
                taken = self._tried
                if not self._following or not more():
                    break
                self._portion()
            self._outbox.control(b"\xe0\x00")
            self._outbox.write_to(stream)
        except OSError:
            if not taken:
                raise
        return taken

    def _last(self, lines, health):
        """With the newest reading: its labels one by one, and how we are."""
        told = self._told
        try:
            if told["mqtt_labels"]:
                for line in chosen(lines, self._listed):
                    label, at, value = self._parts(line)
                    self._codec.begin(b"label/", label).write(value.strip() or at)
                    self._codec.publish(told["mqtt_retain_labels"])
            writer = self._codec.begin(b"gateway")
            writer.json(health)
            self._codec.publish()
        except Full:
            pass  # the readings are what counts

    def _say(self, name, payload, retain):
        self._codec.begin(name).write(payload)
        self._codec.publish(retain)

    def _frame(self, time, lines, mode):
        self._mode = mode
        writer = self._codec.begin(b"frame")
        writer.write(self._head)
        if time is not None:
            writer.write(b'"time":')
            writer.json(iso(time))
        comma = b"" if time is None else b","
        for line in chosen(lines, self._listed):
            writer.write(comma)
            comma = b","
            label, at, value = self._parts(line)
            writer.member(label, value, at, self._number(label))
        writer.write(b"}")
        self._codec.publish()

    def _parts(self, line) -> tuple:
        """(label, horodate or None, value) of a line, as they may be seen."""
        label, _, value = line.partition(b"\t")
        at, tab, dated = value.partition(b"\t")
        if tab:
            return label, at, dated
        if self._mask and b" " + label + b" " in _IDENTIFIERS:
            value = self._mask(value.strip())
        return label, None, value

    def _number(self, label) -> bool:
        """Whether its value is a plain number (Labels.numeric)."""
        if label[-2:] == b"_2":
            label = label[:-2]
        at = catalogue.find(self._mode, label)
        table = catalogue.table(self._mode)
        return at >= 0 and table[at] != catalogue.IDENTITY and table[at + 1] in _NUMBERS

    def _answered(self) -> bool:
        """Write what waits, read what has come; whether our ping is answered."""
        outbox, view, stream = self._outbox, self._inbox, self._stream
        try:
            if outbox.waiting():
                outbox.write_to(stream)
            n = stream.readinto(view[self._got :])
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ENOTCONN, errno.EINPROGRESS):
                return False  # not connected yet
            raise OSError(f"the broker cannot be reached ({error})")
        if n == 0:
            raise OSError("the broker closed the connection")
        self._got += n or 0
        at, ponged = 0, False
        while at < self._got:
            after = end(view, at, self._got)
            if not 0 < after <= self._got:
                break
            ponged = self._packet(view, at) or ponged
            at = after
        self._got = copy(view, 0, view, at, self._got)
        return ponged

    def _settle(self):
        """All of it is with the broker."""
        outbox = self._outbox
        outbox.settle()
        if outbox.tail:
            raise OSError("the broker does not acknowledge")

    def _packet(self, view, at) -> bool:
        """One packet of the broker's; whether it answers our ping."""
        kind, start = view[at], body(view, at)
        if not self._greeted:
            if kind != 0x20:
                raise OSError("what answers is not an MQTT broker")
            if view[start + 1]:
                raise OSError(f"the broker refuses, code {view[start + 1]}")
            self._greeted = True
        elif kind == 0x40:
            self._outbox.acknowledge(view[start] << 8 | view[start + 1])
        return kind == 0xD0
