"""Runs in MicroPython: the console and Improv, on what is made here from a seed.

argv: seed, number of pieces. Prints how many answers, lines and stops there were; an answer that
is no packet, or anything but Ctrl-C that ends the console, ends it.
"""

import asyncio
import builtins
import random
import sys

from firmware import rarely
from firmware.config import Config
from firmware.link.setup import Setup

_HEAD = b"IMPROV\x01"
_LINES = (b"help", b"get site", b"set site a b", b"settings wifi", b"log", b"status", b"scan",
          b"set mqtt_port 99999", b"factory", b"get", b"set")
_COMMANDS = (b"\x02\x00", b"\x03\x00", b"\x04\x00", b"\x05\x00", b"\x05\x04barn", b"\x06\x02ab",
             b"\x01\x0e\x04home\x08password", b"\x07\x00")
_loaded = {}


class Link:
    """A radio that finds two networks and joins none."""

    found = owner = None
    wired = trying = False

    def __init__(self):
        self.up = asyncio.Event()
        self.wlan = self

    def active(self):
        return True

    def scan(self):
        return [(b"home", b"", 6, -58, 3, 0), (bytes(32), b"", 1, -80, 0, 0)]


class Joining(Setup):
    """A trial that fails at once."""

    def __init__(self):
        self.trial = {"state": "idle"}

    def join(self, ssid, password="", **fixed):
        if len(password) < 8:
            raise ValueError(password)
        self.trial = {"state": "failed"}


class Gateway:
    """What the two ask a gateway for."""

    device = "winky-0a01ff"
    profile = "winky_c6"
    log = mqtt = keys = None

    def __init__(self):
        self.link = Link()
        self.joining = Joining()
        self._config = Config("fuzz.json")
        self._config.save = lambda: True
        self.counters = self.store = self

    def all(self):
        return {}

    def config(self):
        return self._config

    def facts(self):
        yield "version", "1"


def packet():
    """A right packet, sometimes damaged, cut or with chance for data."""
    data = random.choice(_COMMANDS)
    if not random.randrange(3):
        data = data[:1] + bytes(random.getrandbits(8) for _ in range(random.randrange(40)))
    text = _HEAD + bytes((random.choice((3, 3, 3, 3, 1, 255)), len(data))) + data
    made = bytearray(text + bytes((sum(text) & 255,)))
    if not random.randrange(4):
        made[random.randrange(len(made))] = random.getrandbits(8)
    return bytes(made[: random.randrange(len(made))] if not random.randrange(9) else made)


def piece():
    kind = random.randrange(10)
    if kind < 6:
        return packet()
    if kind < 8:
        return random.choice(_LINES) + random.choice((b"\n", b"\r", b"\r\n"))
    return bytes(random.getrandbits(8) for _ in range(random.randrange(60)))


class Keyboard:
    """Types the pieces."""

    def poll(self, ms):
        return [self]

    def __init__(self, count):
        self.left = count
        self.typed = b""
        self.at = 0

    async def read(self, n):
        while self.at == len(self.typed):
            if not self.left:
                return b""
            self.left -= 1
            self.typed, self.at = piece(), 0
            if not random.randrange(3):
                Time.now += 2000
        self.at += 1
        return self.typed[self.at - 1 : self.at]


class Time:
    now = 0

    @staticmethod
    def ticks_ms():
        return Time.now & 0x3FFFFFFF


def check(written):
    """Count the answers; ValueError if one is no packet of ours."""
    at = n = 0
    while at < len(written):
        size = written[at + 9] + 12
        whole = written[at : at + size]
        right = (whole[:8] == b"\n" + _HEAD and whole[8] in (1, 2, 4) and whole[-1:] == b"\n"
                 and sum(whole[1:-2]) & 255 == whole[-2])
        if not right:
            raise ValueError(whole.hex())
        at += size
        n += 1
    return n


def load(name):
    """Each module once."""
    if name not in _loaded:
        _loaded[name] = rarely.load(name)
        _loaded[name].ticks_ms, _loaded[name].load = Time.ticks_ms, load
    return _loaded[name]


async def main(seed, count):
    random.seed(seed)
    keyboard, gateway = Keyboard(count), Gateway()
    answers = lines = stops = 0
    written = []

    def say(*words):  # kept, they would fill the heap
        nonlocal lines
        lines += 1

    builtins.print = say
    while True:
        try:
            await load("console").listen(gateway, keyboard, keyboard, written.append, False)
            break  # the end
        except KeyboardInterrupt:
            stops += 1
        await asyncio.sleep_ms(0)
        answers += check(b"".join(written))
        written.clear()
    answers += check(b"".join(written))
    builtins.print = out
    print(answers, lines, stops)


out = print
asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
