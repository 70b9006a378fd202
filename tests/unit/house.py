"""A gateway among stand-ins for the board, the line, the radio and the broker (MicroPython)."""

import asyncio
import gc
import sys

from firmware import assembly, destinations, supervisor
from firmware import gateway as module
from firmware.config import Config


class Pins:
    """machine.Pin, which notes the numbers of the pins that are made."""

    IN = PULL_UP = OUT = 0

    def __init__(self, numbers):
        self.numbers = numbers

    def __call__(self, number, *how):
        self.numbers.append(number)
        return lambda *level: 1


class Board:
    """A board without hardware, whose clock the test turns."""

    profile = "winky_c6"
    chip_id = "404cca0a01ff"

    def __init__(self):
        self.now = 0
        self.wired = False
        self.pins = []
        self.Pin = Pins(self.pins)
        self.watchdogs = []
        self.fed = 0

    def ticks_ms(self):
        return self.now

    def pin(self, name):
        return {"tic": 4, "button": 9, "led": 2}.get(name, -1) if self.wired else -1

    def clashes(self):
        return []

    def keys(self):
        return None

    def reset_cause(self):
        return "power_on"

    def RTC(self):
        return None

    def reset(self):
        self.restarted = True

    def UART(self, *options):
        raise OSError(19)

    def WDT(self, timeout):
        self.watchdogs.append(timeout)
        return self

    def feed(self):
        self.fed += 1


class Store:
    def __init__(self):
        self.frames = 0
        self.happened = []

    def take_event(self):
        return self.happened.pop(0) if self.happened else None


class Source:
    """A source that is told the state of its line."""

    def __init__(self, open_uart, store, ticks_ms, remember):
        self.state = "searching"
        self.frame = asyncio.Event()
        self.remember = remember

    async def run(self):
        while True:
            await asyncio.sleep(0)

    def status(self):
        return {"state": self.state, "words": f"the line is {self.state}"}


class Mqtt:
    """A destination that notes what it was given."""

    def __init__(
        self, config, device, store, source, open_connection, ticks_ms, health, sources, topics,
        heard, backlog, pages,
    ):
        self.sources = sources
        self.topics = topics
        self.heard = heard
        self.backlog = backlog
        self.device = device
        self.open = open_connection
        self.health = health
        self.connected = False
        self.last_error = ""
        self.accepted = 0
        self.events = []

    def event(self, key, fields):
        self.events.append((key, fields))

    async def run(self):
        while True:
            await asyncio.sleep(0)

    def close(self):
        self.closed = True


class Wifi:
    """A link that the test brings up."""

    error = ""

    def __init__(self, wlan, settings):
        self.given = (wlan, settings["wifi_ssid"], settings["wifi_password"])
        self.up = asyncio.Event()

    async def run(self):
        while True:
            await asyncio.sleep(0)

    def status(self):
        if self.up.is_set():
            return {"link": "wifi", "state": "up", "address": "192.0.2.7"}
        return {"link": "wifi", "state": "down"}


class Setup:
    """The way to a first network."""

    access_point = None

    def __init__(self, link, ap, name, settings, config):
        self.given = (link, ap, name, settings["ap_password"])
        self.opened = 0

    def open(self):
        self.opened += 1

    async def run(self):
        while True:
            await asyncio.sleep(0)


class Server:
    """The listener of the pages."""

    def __init__(self, port, load, ticks_ms, say, wanted=lambda: True):
        self.port = port
        MODULES["firmware.portal.server"].made = self
        self.wanted = wanted

    async def run(self):
        while True:
            await asyncio.sleep(0)


class HomeAssistant:
    """What it was made with."""

    def __init__(self, settings, words, store, books, health, watched):
        self.words, self.books, self.watched = words, books, watched
        self.told = []
        self.heard = self.told.append


class Shape:
    def __init__(self, module, topics, *_):
        self.topics = topics


class Dialler:
    def __init__(self, ticks_ms, find, deadline, tls, clock):
        assert find.__name__ == "find" and deadline == 10000
        self.tls = tls

    async def open(self, host, port):
        return f"a stream to {host}:{port}"


class Hurry:
    """asyncio for the module under test, in which a second takes no time."""

    @staticmethod
    async def sleep(seconds):
        await asyncio.sleep(0)


class Parts:
    """A module made of the given names."""

    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


class Network:
    """The network module: its radio is a word."""

    def __init__(self):
        self.WLAN = self
        self.IF_STA = 0
        self.IF_AP = 1
        self.names = []

    def __call__(self, interface):
        return f"radio {interface}"

    def country(self, code):
        pass

    def hostname(self, name):
        self.names.append(name)


MODULES = {
    "firmware.publish": Parts(),
    "firmware.publish.model": Parts(Model=lambda *_: "model"),
    "firmware.publish.homeassistant": Parts(HomeAssistant=HomeAssistant),
    "firmware.publish.shapes": Parts(Shape=Shape),
    "firmware.publish.mqtt": Parts(Mqtt=Mqtt),
    "firmware.publish.link": Parts(Dialler=Dialler),
    "firmware.link.setup": Parts(Setup=Setup),
    "firmware.link.wifi": Parts(Wifi=Wifi),
    "firmware.portal": Parts(),
    "firmware.portal.server": Parts(Server=Server),
    "firmware.portal.sessions": Parts(Sessions=lambda seconds: "sessions"),
    "network": Network(),
}


class Kept(Config):
    """Settings that note what would have been saved."""

    def __init__(self, path):
        super().__init__(path)
        self.saved = []

    def save(self):
        self.saved.append(self.get("ap_password"))


class House:
    """A gateway among stand-ins; leaves everything as it was."""

    def __init__(self, **changes):
        self.config = Kept("nowhere.json")
        # What is not asked for is off: the small heap of the 32-bit port has to do.
        off = {"model": "off", "page": "off", "ap_after": 0, "ntp_host": "", "led": "off"}
        self.config.update(off)
        self.config.update({"ap_password": "chosen-before"})
        self.config.update(changes)
        self.board = Board()
        self.said = []

    def __enter__(self):
        gc.threshold(8192)  # as gateway.start(), or what stays lies all over the small heap
        self._before = {name: sys.modules.get(name) for name in MODULES}
        for name in MODULES:
            sys.modules[name] = MODULES[name]
        self._parts = (assembly.Source, assembly.Store, assembly.machine, assembly.time)
        assembly.Source, assembly.Store, assembly.machine = Source, Store, self.board
        assembly.time = Parts(ticks_ms=self.board.ticks_ms)
        self._machine, module.machine = module.machine, self.board
        for part in (assembly, destinations, module, supervisor):
            part.print = self.said.append
        return self

    def __exit__(self, *_):
        gc.threshold(-1)
        assembly.Source, assembly.Store, assembly.machine, assembly.time = self._parts
        module.machine = self._machine
        for part in (assembly, destinations, module, supervisor):
            del part.print
        for name in MODULES:
            if self._before[name]:
                sys.modules[name] = self._before[name]
            else:
                del sys.modules[name]

    def build(self):
        """Put the gateway together."""
        self.gateway = assembly.assemble(self.config, self.board)
        return self.gateway

    async def start(self):
        """Let each task begin; the test turns the clock."""
        self.gateway.supervisor.step()
        await self.turns()

    async def turns(self):
        for _ in range(10):
            await asyncio.sleep(0)

    async def minutes(self, count):
        for _ in range(60 * count):
            self.board.now += 1000
            self.gateway.supervisor.step()
            await self.turns()

    async def stop(self):
        for task in self.gateway.supervisor.tasks:
            task.handle.cancel()
        await self.turns()
