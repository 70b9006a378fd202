"""The cycle of firmware/quick, life after life, in a world whose time jumps (MicroPython).

    asleep_life.py hours [from-to=trouble ...]    trouble: away (no network), mute (the broker),
                                                   silent (the meter), brown_out (at that hour),
                                                   deaf (InfluxDB), unwilling (it answers 503),
                                                   broken (what is sent to it)
                 [to=mqtt,influx]                  destinations

Runs in an empty folder, the board's flash. Prints one JSON object: how many readings were taken,
what the broker got, and what was wrong with it.
"""

import errno
import json
import sys
import time as real

_BEGIN = 840_000_000  # s since 2000
_FRAME = 1500  # ms from one frame to the next
_RATE = 120  # bytes a second
_UNIX = 946684800


class Sleep(BaseException):
    """The board sleeps: what a deep sleep does to everything that runs."""


class World:
    """Time, and what goes wrong when."""

    def __init__(self, troubles):
        self.ms = 0
        self.start = 0  # of the life
        self.waited = 0  # ms, by asyncio
        self.wrong = 0  # s by which the RTC is wrong
        self._troubles = troubles
        self.sessions = 0
        self.uj = 0
        self.charge(13_500_000)  # 1.5 F at 4.24 V

    def charge(self, more):
        """More, or less, energy in the capacitor."""
        self.uj = min(max(self.uj + more, 8_000_000), 18_700_000)
        Adc.mv[3] = int((self.uj / 750_000) ** 0.5 * 500)

    def hours(self):
        return self.ms / 3_600_000

    def trouble(self, name) -> bool:
        return any(what == name and low <= self.hours() < high
                   for low, high, what in self._troubles)

    def utc(self) -> int:
        return _BEGIN + self.ms // 1000


class Time:
    """The module time of this world."""

    ticks_diff, ticks_add = real.ticks_diff, real.ticks_add
    gmtime = real.gmtime

    def __init__(self):  # "from time import" wants no methods
        self.ticks_ms, self.sleep_ms, self.time = self._ticks_ms, self._sleep_ms, self._time

    def _ticks_ms(self):
        return world.ms - world.start

    def _sleep_ms(self, ms):
        world.ms += ms

    def _time(self):
        return world.utc() + world.wrong + _UNIX


class Machine:
    """The module machine."""

    DEEPSLEEP_RESET, PWRON_RESET = 4, 1

    def __init__(self):
        self.kept = b""
        self.cause = 1

    def reset_cause(self):
        return self.cause

    def deepsleep(self, ms):
        raise Sleep(ms)

    def WDT(self, timeout):
        pass

    def freq(self, hertz):
        pass

    def RTC(self):
        return self

    def memory(self, data=None):
        if data is None:
            return self.kept
        self.kept = bytes(data)

    def datetime(self, fields):
        world.wrong = 0


class Adc:
    ATTN_11DB = 3
    mv = {1: 0, 3: 2300, 5: 1667}

    def __init__(self, pin, atten):
        self._pin = pin

    def read_uv(self):
        return self.mv[self._pin] * 1000


class Uart:
    """What the meter sends, at its pace: frame number n begins at n * _FRAME."""

    def __init__(self, number, baudrate, **options):
        self._good = baudrate == 1200
        self._at = world.ms

    def deinit(self):
        pass

    def readinto(self, room):
        since, self._at = self._at, world.ms
        if not self._good or world.trouble("silent"):
            return None
        n = 0
        for ms in range(since, world.ms):  # a byte each 8.3 ms
            place = ms % _FRAME
            byte = place * _RATE // 1000
            if byte != (place - 1) * _RATE // 1000 or place == 0:
                octets = frame_of(ms // _FRAME)
                if byte < len(octets) and n < len(room) - 4:
                    room[n] = octets[byte]
                    n += 1
        return n or None


_made = {}


def frame_of(n) -> bytes:
    """Frame number n as it is on the wire."""
    if n not in _made:
        if len(_made) > 4:
            _made.clear()
        papp, index = values(n)
        _made[n] = parity(historique(papp=f"{papp:05d}", index=f"{index:09d}"))
    return _made[n]


def values(n) -> tuple:
    return 300 + n * 7 % 5000, 14_000_000 + n // 8


class Wlan:
    IF_STA = 0
    PM_NONE = 0

    def __init__(self, interface=0):
        self._asked = 0

    def active(self, on):
        world.ms += 120

    def config(self, name=None, **options):
        return 6

    def ifconfig(self, fixed=None):
        return ("192.0.2.7", "255.255.255.0", "192.0.2.1", "192.0.2.1")

    def connect(self, ssid, key, bssid=None):
        world.sessions += 1
        self._asked = world.ms

    def isconnected(self):
        return not world.trouble("away") and world.ms - self._asked >= 600

    def status(self):
        return 201 if world.trouble("away") and world.ms - self._asked > 2300 else 1001

    def scan(self):
        world.ms += 2500
        return [(b"house", b"\x02\0\0\0\0\1", 6, -58, 3, False)]


class Network:
    WLAN = Wlan

    def country(self, code):
        pass

    hostname = country


class Stream:
    """A connection to the broker."""

    def __init__(self):
        self._sent = b""
        self._answer = b""
        self._http = False

    def setblocking(self, flag):
        pass

    def connect(self, address):
        self._http = address[1] == 8086
        raise OSError(errno.EINPROGRESS)

    def close(self):
        pass

    def write(self, data):
        if world.trouble("deaf" if self._http else "mute"):
            return len(data)
        self._sent += bytes(data)
        if self._http:
            self._write()
            return len(data)
        while self._sent:
            size = shift = 0
            at = 1
            while True:
                size |= (self._sent[at] & 127) << shift
                shift += 7
                at += 1
                if not self._sent[at - 1] & 128:
                    break
            take(self, self._sent[0], self._sent[at : at + size])
            self._sent = self._sent[at + size :]
        return len(data)

    def _write(self):
        """A request, once it is whole."""
        head, found, body = self._sent.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.split(b"Content-Length: ")[1]):
            return
        self._sent = b""
        if world.trouble("unwilling"):
            self.answer(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
            return
        for line in body.split(b"\n"):
            if line.startswith(b"tic,device=winky "):
                series, values, stamp = line.split(b" ")
                said = dict(one.split(b"=") for one in values.split(b","))
                note(points, int(stamp) - _UNIX, int(said[b"apparent_va"][:-1]), None)
            elif line:
                assert line.startswith(b"tic,device=winky,period=h"), line
        self.answer(b"HTTP/1.1 204 No Content\r\n\r\n")

    def answer(self, octets):
        self._answer += octets

    def readinto(self, buffer):
        n = min(len(buffer), len(self._answer))
        buffer[:n] = self._answer[:n]
        self._answer = self._answer[n:]
        return n or None


class Socket:
    SOCK_STREAM = 1

    def getaddrinfo(self, host, port, *_):
        return [(2, 1, 0, "", (host, port))]

    def socket(self, *_):
        return Stream()


class Select:
    """The module select: what asyncio waits for is time, and streams are always ready."""

    POLLIN, POLLOUT, POLLERR, POLLHUP = 1, 4, 8, 16

    def __init__(self):
        self._streams = []

    def poll(self):
        return Select()

    def register(self, stream, events):
        self._streams.append((stream, 4))

    def ipoll(self, ms):
        world.ms += max(ms, 0)
        world.waited += max(ms, 0)
        return iter(self._streams)


def take(stream, kind, body):
    """A packet that the broker gets."""
    if kind == 0x10:
        stream.answer(b"\x20\x02\0\0")
    elif kind == 0xC0:
        stream.answer(b"\xd0\0")
    elif kind & 0xF0 == 0x30:
        end = 2 + body[1]
        if body[2:end].endswith(b"/frame"):
            judge(json.loads(body[end:]))


def judge(said):
    """Is it what the meter said, when it said it?"""
    result["frames"] += 1
    stamp = said.get("time")
    if not stamp:
        result["undated"] += 1
        return
    fields = [int(part) for part in stamp[:-1].replace("T", "-").replace(":", "-").split("-")]
    seconds = real.mktime(tuple(fields) + (0, 0)) - real.mktime((2000, 1, 1, 0, 0, 0, 0, 0))
    note(result, seconds, said["PAPP"], said["HCHC"])


def note(result, seconds, papp, index):
    """A reading, and its time."""
    n = (seconds - _BEGIN) * 1000 // _FRAME
    papps, indexes = zip(*[values(one) for one in range(n - 4, n + 3)])
    if papp not in papps or index is not None and index not in indexes:
        result["wrong"] += 1
    if result is points:
        result["frames"] += 1
    if seconds <= result["last"]:
        result["again"] += 1
    elif result["last"]:
        gap = seconds - result["last"]
        result["gaps"][gap // 30 * 30] = result["gaps"].get(gap // 30 * 30, 0) + 1
    result["last"] = max(result["last"], seconds)


def life() -> int:
    """From waking to sleeping; -> ms it sleeps."""
    world.ms += 350
    world.start = world.ms - 350
    try:
        cycle.live(supply.known())
    except Sleep as sleep:
        return sleep.args[0]
    raise AssertionError("a long stay was not asked for")


def main():
    told = {key: settings.typed(kind, text) for key, kind, _, text in settings.rows()
            if key.startswith("power")}
    told.update(
        power="supercap", power_stay_every=0, usb=1, capacitor=3, line=5, tic=4, button=-1,
        usb_ratio=2000, capacitor_ratio=2000, line_ratio=5700, wifi_ssid="house",
        wifi_password="password", wifi_power=20, wifi_country="FR", hostname="winky", fixed="",
        mqtt_host="192.0.2.1", mqtt_port=1883, mqtt_base="tic", device="winky", mqtt_qos=0,
        mqtt_tls=False, mqtt_fingerprint="",
        mqtt_labels=False, mqtt_retain_labels=False, site="", identifiers="omit",
        identifiers_salt="", to=to, listed=None, model=True, only=None,
        omit=["ADCO"], backlog_flash=256, ntp_host="clock",
        connect="100c00044d515454040200000000", checksum=supply.checksum())
    if "influx" in to:
        told.update({key: settings.typed(kind, text) for key, kind, _, text in settings.rows()
                     if key.startswith("influx_")})
        told["influx_url"] = "http://192.0.2.1:8086"
    with open("asleep.json", "w") as file:
        json.dump(told, file)
    cut = [low for low, _, what in world._troubles if what == "brown_out"]
    while world.hours() < hours:
        before, sessions = world.ms, world.sessions
        ms = life()  # time passes in it
        world.ms += ms
        world.charge((world.ms - before) * 104 - 250_000 - 400_000 * (world.sessions - sessions))
        machine.cause = 4
        if cut and world.hours() >= cut[0]:
            cut.pop(0)
            machine.kept = b""
            machine.cause = 1
            world.wrong = -world.utc()
    memory = rtcmem.Memory(machine)
    cells = memory.cells
    result["readings"] = cells[rtcmem.CYCLES]
    result["missed"], result["lost"] = cells[rtcmem.MISSED], cells[rtcmem.SPILLED]
    result["sessions"], result["failed"] = cells[rtcmem.SESSIONS], cells[rtcmem.FAILED]
    result["flash"] = cells[rtcmem.FLASH]
    points["gaps"] = sorted(points["gaps"].items())
    result["points"] = points
    result["gaps"] = sorted(result["gaps"].items())
    print("@" + json.dumps(result))


result = {"frames": 0, "undated": 0, "wrong": 0, "again": 0, "last": 0, "gaps": {}}
points = {"frames": 0, "wrong": 0, "again": 0, "last": 0, "gaps": {}}
hours = float(sys.argv[1])
troubles, to = [], ["mqtt"]
for word in sys.argv[2:]:
    span, _, name = word.partition("=")
    if span == "to":
        to = name.split(",")
        continue
    low, _, high = span.partition("-")
    troubles.append((float(low), float(high or low), name))
world = World(troubles)
machine = Machine()
machine.ADC, machine.UART = Adc, Uart
sys.modules["time"] = Time()
sys.modules["machine"] = machine
sys.modules["network"] = Network()
sys.modules["socket"] = Socket()
sys.modules["select"] = Select()

sys.path.append(sys.argv[0].rsplit("/", 2)[0] + "/unit")

import asyncio  # noqa: E402

from frames import historique, parity  # noqa: E402

from firmware import rtcmem, settings, supply  # noqa: E402
from firmware.quick import cycle, session  # noqa: E402

# Its queue takes the ticks of the machine, in C: those, and what was waited for.
asyncio.core.ticks = lambda: real.ticks_add(real.ticks_ms(), world.waited)
if any(what == "broken" for _, _, what in troubles):
    from firmware.quick.upload import Sending

    begin = Sending.begin

    def broken(*args):
        if world.trouble("broken"):
            raise MemoryError("no room")
        begin(*args)

    Sending.begin = broken  # type: ignore[method-assign]
session._ask = lambda host, one: one.set(world.utc())
main()
