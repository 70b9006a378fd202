"""The gateway at work: what it knows of its parts, and tells the console and the destinations."""

import asyncio
import gc
import sys
import time

import machine
from micropython import const, kbd_intr

from firmware.rarely import load

TYPE_CHECKING = False  # as the type checker reads it
if TYPE_CHECKING:
    from firmware.books import Books
    from firmware.installing import Installing
    from firmware.link.clock import Clock
    from firmware.link.setup import Setup
    from firmware.link.wifi import Wifi
    from firmware.log import Log
    from firmware.portal.server import Server
    from firmware.portal.sessions import Sessions
    from firmware.proving import Proof
    from firmware.publish.homeassistant import HomeAssistant
    from firmware.publish.mqtt import Mqtt
    from firmware.supervisor import Supervisor
    from firmware.tic.source import Source
    from firmware.tic.store import Store

_GARBAGE = const(8192)  # bytes allocated between two collections, so that the heap need not grow
_EVENTS = const(10)  # that are kept for the pages
INFO = const(2)  # as in log.py, which is not in memory without pages
_CTRL_C = const(3)
_LAST_WORDS = const(10)  # s to read an error, or stop the board by hand, before it starts again


def start() -> None:
    """Build the gateway from the settings in flash and run it; what escapes restarts the board."""
    gc.threshold(_GARBAGE)
    try:
        from firmware.assembly import build

        gateway = build()
        del build  # and with it the modules that are needed only once
        try:
            asyncio.run(gateway.supervisor.run())
        finally:
            kbd_intr(_CTRL_C)
            gateway.close()
    except Exception as error:
        sys.print_exception(error)
        time.sleep(_LAST_WORDS)
        machine.reset()
    finally:
        asyncio.new_event_loop()  # the old one holds what is left of our tasks


class Gateway:
    """Every part of the gateway; assembly.py makes them and puts them here.

    profile: the name of the board; reset: why it started; bite: seconds without food after which
    the watchdog bites, 0 for none.
    """

    supervisor: "Supervisor"
    store: "Store"
    source: "Source"
    # None is off.
    clock: "Clock | None" = None
    books: "Books | None" = None
    link: "Wifi | None" = None  # the way to the network
    joining: "Setup | None" = None
    mqtt: "Mqtt | None" = None
    home: "HomeAssistant | None" = None
    uploads: "list[tuple]" = []  # (name, Upload) of the destinations over HTTP
    pages: "Server | None" = None
    log: "Log | None" = None
    sessions: "Sessions | None" = None
    keys = None  # poll(0): whether something was typed; None while console.py listens
    safe = False  # safe mode: the pages only
    settled = False  # the settings in flash were all allowed when it started
    proof: "Proof | None" = None  # while this version has yet to show that it works
    update: "Installing | None" = None  # that is going on
    newer = ""  # the version at the owner's address, if it is newer than ours
    refused = ""  # why the last update was not installed
    _watchdog = None

    def __init__(self, profile, reset, bite, device=""):
        self.device = device
        self.servers = []  # (name, status) of what others on the network read
        self.events = []  # (utc or None, key, figures), the oldest first
        self.profile = profile
        self.reset = reset
        self.bite = bite
        self._tic = {}  # the state of the line, as the console saw it last

    def config(self):
        """The settings in flash, for the moment."""
        return load("config").Config().load(self.settled)

    def application(self):
        """The pages, when somebody asks for them."""
        return load("portal.opening").application(self)

    def offered(self) -> bool:
        """Whether the owner's pages are to be had only, and now, through the access point."""
        return self.joining is not None and self.joining.access_point is not None

    def utc(self):
        """Seconds since 2000-01-01, None while the time is unknown."""
        return self.clock and self.clock.utc()

    def seconds(self) -> int:
        """Seconds since the start, which never step."""
        return self.supervisor.uptime

    def restart(self, factory=False) -> None:
        """Restart in a second."""
        asyncio.create_task(load("restarting").restart(self, factory))

    def factory(self) -> None:
        """Forget all settings and all that was learnt and kept, and restart."""
        self.restart(True)

    def close(self) -> None:
        """Before a restart: write what is only in memory yet."""
        if self.mqtt:
            self.mqtt.close()
        if self.books:
            self.books.close()
        for _, upload in self.uploads:
            upload.backlog.close()
        if self.log:
            self.log.close()

    def say(self, words, level=INFO) -> None:
        """Tell the console and the log."""
        print(words)
        if self.log:
            self.log.add(level, words)

    def find(self, name):
        """Await it: the address of a name. If the name server is mute, the router is asked."""
        servers = reversed(self.link.wlan.ifconfig()[2:]) if self.link else ()
        return load("link.resolver").find(name, servers, time.ticks_ms)

    def opener(self, dialler):
        """open(host, port), as destinations want it: the connection of a Dialler, as soon as there
        is a network.
        """

        async def open(host, port):
            if self.link:
                await self.link.up.wait()
            return await dialler.open(host, port)

        return open

    def feed(self) -> None:
        """Feed the watchdog; the first time starts it, for good."""
        if self.bite:
            if not self._watchdog:
                self._watchdog = machine.WDT(timeout=self.bite * 1000)
            self._watchdog.feed()

    def read(self):
        """Frames so far; None while the line is not being read."""
        return self.store.frames if self._tic.get("state") == "reading" else None

    def sent(self):
        """Messages that the broker took; None while there is no broker."""
        return self.mqtt.accepted if self.mqtt.connected else None

    def tell(self, key, facts) -> None:
        """An event, for the console, the destinations and the pages."""
        self.say(f"event: {key}")
        if self.mqtt:
            self.mqtt.event(key, facts)
        if self.log:
            if len(self.events) == _EVENTS:
                self.events.pop(0)
            self.events.append((self.utc(), key, facts))

    def heard(self, topic, payload) -> None:
        """A message that MQTT subscribed to."""
        if b"/command/" in topic:
            load("publish.commands").obey(self, topic, payload)
        elif self.home:
            self.home.heard(payload)

    def facts(self):
        """Iterate over (key, value) of what the gateway knows of itself."""
        return load("health").facts(self)

    def health(self) -> dict:
        """The same, for its topic."""
        return dict(self.facts())

    async def run(self) -> None:
        """Tell the console what changed, and the destinations what happened on the line."""
        link, mqtt, books, told = self.link, self.mqtt, self.books, {}
        if self.keys:
            kbd_intr(-1)  # Ctrl-C is a byte as any other, see console.py
        while True:
            keys = self.keys
            if keys and keys.poll(0):
                self.keys = None
                load("console").start(self, keys)
            self._tic = self.source.status()
            news = {"tic": self._tic["words"]}
            if link:
                up = link.up.is_set()
                news["network"] = "joined as " + link.status()["address"] if up else link.error
            if mqtt:
                news["mqtt"] = "connected" if mqtt.connected else mqtt.last_error
            for name, upload in self.uploads:
                news[name] = "working" if upload.working else upload.error
            for name, words in news.items():
                if words and told.get(name) != words:
                    told[name] = words
                    self.say(f"{name}: {words}")
            if books:
                books.idle()
            event = self.store.take_event()
            while event:
                if books:
                    books.heard(event[0])
                self.tell(*event)
                event = self.store.take_event()
            if self.log:
                self.log.look()
            if self.proof and self.proof.look(self):
                self.proof = None
            await asyncio.sleep(1)
