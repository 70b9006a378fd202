"""Runs on RV32 in QEMU: what the way from reset to the last byte sent costs, phase by phase.

`before`: the whole gateway's modules, settings, two frames, CONNECT, its answer, the messages.
`after`: the cycle of firmware/quick. Prints {phase: instructions} and the round trips of both.
What waits (UART, radio, network) is there at once: only our own work counts.
"""

import io
import json
import sys
import time as real

import rvbench
import vfs

_NOW = 840_000_000


class Flash:
    """The files of a ROMFS, code among them as streams: see target/heap.py."""

    def __init__(self, rom):
        self._rom = rom

    def mount(self, readonly, mkfs):
        pass

    def stat(self, path):
        return self._rom.stat(path)

    def open(self, path, mode):
        file = self._rom.open(path, mode)
        return file if path.endswith(".txt") else io.BytesIO(memoryview(file))


class Anything:
    """Stands in for hardware: every attribute and call gives itself, or 0."""

    AF_INET = SOCK_STREAM = IF_STA = PM_NONE = ATTN_11DB = IN = PULL_UP = 0

    def __init__(self, *args, **options):
        pass

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **options):
        return self


class Time:
    """The module time, with what the machine has not; a day is as good as another."""

    def __getattr__(self, name):
        return getattr(real, name)

    def gmtime(self, seconds=0):
        return (2026, 8, 14, 21, 20, 0, 4, 226) if seconds else (2000, 1, 1, 0, 0, 0, 5, 1)


class Adc(Anything):
    def __init__(self, pin, atten):
        self._pin = pin

    def read_uv(self):
        return (0, 0, 0, 2_250_000, 0, 1_667_000)[self._pin]


class Rtc:
    data = b""

    def memory(self, data=None):
        if data is None:
            return self.data
        Rtc.data = bytes(data)


class Wlan(Anything):
    def isconnected(self):
        return True

    def status(self):
        return 1010

    def config(self, *args, **options):
        return 6


class Stream:
    """A broker that answers at once; counts how often somebody had to wait for it."""

    def __init__(self):
        self.trips = 1  # TCP's own
        self._answer = b""
        self.sent = 0

    def write(self, data):
        self.sent += len(data)
        at = 0
        while at < len(data):
            kind, size, shift = data[at], 0, 0
            at += 1
            while True:
                byte = data[at]
                size |= (byte & 127) << shift
                shift += 7
                at += 1
                if byte < 128:
                    break
            at += size
            if kind == 0x10:
                self._answer += b"\x20\x02\0\0"
            elif kind == 0xC0:
                self._answer += b"\xd0\0"
        return len(data)

    def readinto(self, buffer):
        if not self._answer:
            return None
        self.trips += 1
        n = min(len(buffer), len(self._answer))
        buffer[:n] = self._answer[:n]
        self._answer = self._answer[n:]
        return n


class Uart:
    """Frames, as fast as they are read."""

    def __init__(self, octets):
        self._octets = memoryview(octets)

    def open(self, rate):
        return self

    def deinit(self):
        pass

    def readinto(self, room):
        n = min(60, len(self._octets))
        room[:n] = self._octets[:n]
        self._octets = self._octets[n:]
        return n


def tick():
    """The firmware's clock stands still: nothing waits."""
    return 5_000


def no_sleep(ms):
    """Nothing waits."""


def _import(names):
    for name in names:
        __import__(name)


def after(octets, text) -> dict:
    """The cycle; octets: two frames and more; text: asleep.json."""
    count, found = rvbench.count, {}
    found["imports"], _ = count(_import, ["firmware.supply", "firmware.quick.cycle"])
    from firmware.power import Power
    from firmware.quick.reading import Reader
    from firmware.quick.readings import Readings
    from firmware.rtcmem import Memory
    from firmware.supply import Supply

    def settle():
        return Supply(Adc, json.loads(text))

    def wake():
        memory = Memory(Rtc())
        power = Power(supply.told, memory.cells)
        power.wake(_NOW, supply.read("capacitor"), supply.read("line"), True)
        return memory

    def keep():
        readings.add(_NOW + 10, reader.lines((), (b"ADCO", b"ADSC", b"PRM")))
        memory.save()

    found["settings"], supply = count(settle)
    # A life before, so that there is something to compare with.
    memory = Memory(Rtc())
    reader = Reader(memory, [], 0, tick, no_sleep)
    memory.cells[17] = 9600 if b"\nADSC" in bytes(octets) or b"VTIC" in bytes(octets) else 1200
    reader.take(Uart(octets), bool_)
    readings = Readings(memory)
    readings.add(_NOW, reader.lines((), (b"ADCO", b"ADSC", b"PRM")))
    memory.save()
    found["RTC memory, decision"], memory = count(wake)
    readings = Readings(memory)

    reader = Reader(memory, readings.state, 8_000, tick, no_sleep)
    found["decoding"], whole = count(reader.take, Uart(octets), bool_)
    assert whole
    found["keeping"], _ = count(keep)
    found["imports of a session"], _ = count(_import, [
        "firmware.quick.session", "firmware.publish.mqtt"])
    from firmware.quick.mqtt import Burst
    from firmware.quick.radio import Radio

    radio = Radio(Wlan(), supply.told, memory, bool_, tick)
    memory.cells[12] = memory.cells[16] = _NOW  # the clock is right, the lease is fresh
    memory.lease = b"192.0.2.7,255.255.255.0,192.0.2.1,192.0.2.1"
    stream = Stream()

    def compose():
        burst = Burst(supply.told)
        burst.begin(readings, {"power": {"burst": 1}})
        return burst

    def send():
        radio.join(_NOW + 10)
        return burst.deliver(radio, stream, bool_)

    found["connect"], _ = count(radio.start, _NOW + 10)
    found["composing, while Wi-Fi joins"], burst = count(compose)
    found["publish"], taken = count(send)
    assert taken
    return {"phases": found, "trips": stream.trips, "bytes": stream.sent}


def bool_():
    return True


def before(octets, modules) -> dict:
    """The whole gateway; modules: what it imports."""
    count, found = rvbench.count, {}
    found["imports"], _ = count(_import, modules)
    from firmware.config import Config
    from firmware.publish.codec import Codec
    from firmware.publish.greeting import connect, introduce
    from firmware.publish.messages import Messages
    from firmware.publish.outbox import Outbox
    from firmware.tic.decoder import CHUNK, Decoder
    from firmware.tic.store import Store

    def settle():
        config = Config("/none.json").load()
        return dict(config.items())

    def read():
        store = Store()
        decoder = Decoder(store)
        at = 0
        while store.frames < 2:
            n = min(60, CHUNK, len(octets) - at)
            decoder.room[:n] = octets[at : at + n]
            decoder.decode(n, 5_000)
            at += n
        return store

    found["settings"], settings = count(settle)
    found["decoding"], store = count(read)
    settings["mqtt_host"] = "192.0.2.1"
    stream = Stream()

    def start():
        outbox = Outbox(2768)
        codec = Codec(outbox, introduce(settings, "winky-1a2b3c"))
        stream.write(connect(codec.client))
        stream.readinto(bytearray(4))
        return outbox, Messages(settings, store, outbox, codec, tick, dict, dict)

    def send():
        more = True
        while more or outbox.waiting():
            more = messages.compose(5_000)
            outbox.write_to(stream)
            outbox.settle()

    found["connect"], (outbox, messages) = count(start)
    found["publish"], _ = count(send)
    return {"phases": found, "trips": stream.trips + 1, "bytes": stream.sent}


def main(which, place, modules):
    """which: before or after; place: where the files are."""
    prompt = rvbench.instret()
    sys.modules["time"] = Time()
    for name in "machine network socket usocket select".split():
        sys.modules[name] = Anything()
    # As from the board's flash: out of the image itself code would run where it is.
    rom = [system for system, path in vfs.mount() if path == "/rom"][0]
    vfs.mount(Flash(rom), "/flash")
    sys.path[:] = ["/flash", ".frozen"]
    with open(place + "frames.bin", "rb") as file:
        octets = file.read()
    with open(place + "asleep.json") as file:
        text = file.read()
    found = before(octets, modules) if which == "before" else after(octets, text)
    found["prompt"] = prompt
    found["files"] = len([name for name in sys.modules if name[:8] == "firmware"])
    print(json.dumps(found))
