"""The composition: settings in, parts built, tasks started. Only this place knows every part."""

import asyncio
import gc
import sys
import time

from micropython import const

import firmware
from firmware.board import Board, LastRate, restart
from firmware.supervisor import Supervisor
from firmware.tic.source import Source
from firmware.tic.store import Store

_GARBAGE = const(8192)  # bytes allocated between two collections, so that the heap need not grow
_LAST_WORDS = const(10)  # s to read an error, or stop the board by hand, before it starts again
_NO_FRAME = const(120)  # s without a frame from a line that is being read
_NO_DELIVERY = const(300)  # s without a message accepted by a destination that can be reached


def start() -> None:
    """Build the gateway from the settings in flash and run it; what escapes restarts the board."""
    gc.threshold(_GARBAGE)
    try:
        gateway = _built()
        _forget("config", "settings", "refusal")
        asyncio.run(gateway.run())
    except Exception as error:
        sys.print_exception(error)
        time.sleep(_LAST_WORDS)
        restart()
    finally:
        asyncio.new_event_loop()  # the old one holds what is left of our tasks


def _built():
    """The gateway that the settings in flash ask for."""
    from firmware.config import Config

    config = Config().load()
    gateway = Gateway(config, Board(config))
    gateway.greet(config)
    return gateway


def _forget(*names):
    """Let go of modules that have done their work; who needs one again imports it again."""
    for name in names:
        if sys.modules.pop(f"firmware.{name}", None):
            delattr(firmware, name)


class Gateway:
    """Every part of the gateway, built from its settings and put together."""

    def __init__(self, config, board, say=print):
        self.board = board
        self._say = say
        self._bite = config.get("watchdog") * 1000
        self._watchdog = None
        self.device = config.get("mqtt_device") or f"winky-{board.chip_id[-6:]}"
        self.supervisor = Supervisor(board.ticks_ms, self._feed, self._failed)
        self.store = Store()
        self.source = Source(board.open_uart, self.store, board.ticks_ms, LastRate())
        self.link = self._build_link(config)
        self.mqtt = self._build_mqtt(config)

    def greet(self, config) -> None:
        """Tell the console who this is, and where it publishes."""
        say = self._say
        chip, profile = self.board.chip_id, self.board.profile
        reset = self.board.reset_cause()
        say(f"ticgate {firmware.__version__} on {profile}, chip {chip}, {reset}")
        for problem in config.problems:
            say(f"settings: {problem}")
        if self.mqtt:
            host, port = config.get("mqtt_host"), config.get("mqtt_port")
            say(f"mqtt: {config.get('mqtt_base')}/{self.device}/ at {host}:{port}")
        else:
            say("mqtt: off, mqtt_host is empty")
        if not self.link:
            say("network: none, wifi_ssid is empty")

    async def run(self) -> None:
        """Run all tasks until cancelled."""
        add, source, mqtt = self.supervisor.add, self.source, self.mqtt

        def unread():
            return source.status()["state"] != "reading"

        add("source", source.run, lambda: self.store.frames, _NO_FRAME, unread)
        if self.link:
            add("network", self.link.run)
        if mqtt:
            accepted, absent = lambda: mqtt.accepted, lambda: not mqtt.connected
            add("mqtt", mqtt.run, accepted, _NO_DELIVERY, absent)
        add("console", self._console)
        gc.collect()
        await self.supervisor.run()

    def health(self) -> dict:
        """What the gateway knows of itself, for its topic."""
        health = {
            "version": firmware.__version__,
            "board": self.board.profile,
            "uptime": self.supervisor.uptime,
            "reset": self.board.reset_cause(),
            "tic": self.source.status(),
            "memory": self.board.memory(),
            "tasks": self.supervisor.status(),
        }
        if self.link:
            health["network"] = self.link.status()
        return health

    def _build_link(self, config):
        """The way to the network, None if none is set."""
        ssid = config.get("wifi_ssid")
        if not ssid:
            return None
        import network

        from firmware.link.wifi import Wifi

        return Wifi(network, ssid, config.get("wifi_password"), self.device)

    def _build_mqtt(self, config):
        """The MQTT destination, None (and never imported) if no broker is set."""
        if not config.get("mqtt_host"):
            return None
        from firmware.publish.link import Dialler
        from firmware.publish.mqtt import Mqtt

        ticks_ms = self.board.ticks_ms
        dial = Dialler(ticks_ms).open

        async def open_connection(host, port):
            if self.link:
                await self.link.up.wait()
            return await dial(host, port)

        store, source = self.store, self.source
        return Mqtt(config, self.device, store, source, open_connection, ticks_ms, self.health)

    def _feed(self):
        """Feed the watchdog; the first time starts it."""
        if self._watchdog:
            self._watchdog.feed()
        elif self._bite:
            self._watchdog = self.board.watchdog(self._bite)

    def _failed(self, name, error, wait):
        """Tell the console what the supervisor met."""
        self._say(f"{name}: {error or 'ended'}; again in {wait} s")
        if error and not isinstance(error, OSError):
            sys.print_exception(error)

    async def _console(self):
        """Tell the console what changed, and the destinations what happened on the line."""
        told = {}
        while True:
            for name, words in self._news():
                if words and told.get(name) != words:
                    told[name] = words
                    self._say(f"{name}: {words}")
            event = self.store.take_event()
            while event:
                self._say(f"event: {event[0]}")
                if self.mqtt:
                    self.mqtt.event(*event)
                event = self.store.take_event()
            await asyncio.sleep(1)

    def _news(self):
        """Each part, and its state in words."""
        yield "tic", self.source.status()["words"]
        if self.link and self.link.up.is_set():
            yield "network", f"joined as {self.link.status()['address']}"
        if self.mqtt:
            yield "mqtt", "connected" if self.mqtt.connected else self.mqtt.last_error
