"""The composition: settings in, parts built and put together. Only this place knows every part.

All this is needed once: build() forgets the modules, and its caller lets go of it.
"""

import sys
import time

import machine
from micropython import const

import firmware
from firmware.board import Board
from firmware.config import Config
from firmware.gateway import Gateway
from firmware.line import Line
from firmware.supervisor import Supervisor
from firmware.tic.source import Source
from firmware.tic.store import Store

_NO_FRAME = const(120)  # s without a frame from a line that is being read
_NO_DELIVERY = const(300)  # s without a message accepted by a destination that can be reached


def build(path="config.json") -> Gateway:
    """The gateway that the settings in flash ask for; it has told the console who it is."""
    config = Config(path).load()
    gateway = assemble(config, Board(config, machine))
    for name in ("assembly", "board", "config", "settings", "refusal"):
        if sys.modules.pop(f"firmware.{name}", None):
            delattr(firmware, name)
    return gateway


def assemble(config, board) -> Gateway:
    """A gateway with its parts, and its tasks ready to run; what is off is never imported."""
    # A copy: a part may keep it, and the settings' code is still free to go.
    settings = {key: config.get(key) for key in config.keys()}
    reset = board.reset_cause()
    device = settings["mqtt_device"] or f"winky-{board.chip_id[-6:]}"
    print(f"ticgate {firmware.__version__} on {board.profile}, chip {board.chip_id}, {reset}")
    for problem in config.problems:
        print(f"settings: {problem}")

    ticks_ms = time.ticks_ms
    gateway = Gateway(board.profile, reset, settings["watchdog"])
    gateway.supervisor = Supervisor(ticks_ms, gateway.feed)
    gateway.store = Store()
    line = Line(machine.UART, board.pin("tic"))
    gateway.source = Source(line.open, gateway.store, ticks_ms, line)
    gateway.supervisor.add("source", gateway.source.run, _NO_FRAME, gateway.read)
    if settings["model"]:
        from firmware.link.clock import Clock

        gateway.clock = Clock(ticks_ms, machine.RTC())
    if settings["model"]:
        _keep(gateway, settings)
    _join(gateway, settings, device)
    _publish(gateway, settings, device)
    gateway.supervisor.add("console", gateway.run)
    return gateway


def _keep(gateway, settings):
    """The model of the meter, and the books: they stand on the store alone."""
    from firmware.books import Books

    store, source = gateway.store, gateway.source
    gateway.books = Books(settings, store, source, gateway.clock, gateway.tell, _output)
    gateway.supervisor.add("books", gateway.books.run)


def _output(number, value):
    """An output of the board."""
    return machine.Pin(number, machine.Pin.OUT, value=value)


def _join(gateway, settings, device):
    """The way to the network, if one is set."""
    ssid = settings["wifi_ssid"]
    if not ssid:
        print("network: none, wifi_ssid is empty")
        return
    import network

    from firmware.link.wifi import Wifi

    network.hostname(device)  # counts only before the first address
    wlan = network.WLAN(network.WLAN.IF_STA)
    gateway.link = Wifi(wlan, ssid, settings["wifi_password"])
    gateway.supervisor.add("network", gateway.link.run)


def _publish(gateway, settings, device):
    """The MQTT destination, if a broker is set."""
    host = settings["mqtt_host"]
    if not host:
        print("mqtt: off, mqtt_host is empty")
        return
    from firmware.publish.link import Dialler
    from firmware.publish.mqtt import Mqtt

    ticks_ms = time.ticks_ms
    gateway.dialler = Dialler(ticks_ms)
    store, source = gateway.store, gateway.source
    model = None
    if gateway.books and settings["mqtt_meter"]:
        from firmware.publish.model import Model

        model = Model(settings, store, gateway.books.write)
    gateway.mqtt = Mqtt(
        settings, device, store, source, gateway.open, ticks_ms, gateway.health, model=model
    )
    gateway.supervisor.add("mqtt", gateway.mqtt.run, _NO_DELIVERY, gateway.sent)
    print(f"mqtt: {settings['mqtt_base']}/{device}/ at {host}:{settings['mqtt_port']}")
