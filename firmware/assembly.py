"""The composition: settings in, parts built and put together. Only this place knows every part.

All this is needed once: build() forgets the modules, and its caller lets go of it.
"""

import sys
import time

import machine
from micropython import const

import firmware
from firmware import destinations
from firmware.board import Board
from firmware.config import Config
from firmware.gateway import Gateway
from firmware.line import Line
from firmware.rarely import load
from firmware.supervisor import Supervisor
from firmware.tic.source import Source
from firmware.tic.store import Store

_NO_FRAME = const(120)  # s without a frame from a line that is being read
_BITE = const(180)  # s


def build(path="config.json") -> Gateway:
    """The gateway that the settings in flash ask for; it has told the console who it is."""
    load("migrating").run()
    config = Config(path).load()
    gateway = assemble(config, Board(config, machine))
    for name in ("assembly", "board", "config", "destinations", "settings"):
        if sys.modules.pop(f"firmware.{name}", None):
            delattr(firmware, name)
    return gateway


def assemble(config, board) -> Gateway:
    """A gateway with its parts, and its tasks ready to run; what is off is never imported."""
    # A copy: a part may keep it, and the settings' code is still free to go.
    settings = {key: value for key, value in config.items() if key[:6] != "power_"}
    reset = board.reset_cause()
    device = settings["mqtt_device"] or f"winky-{board.chip_id[-6:]}"
    print(f"ticgate {firmware.__version__} on {board.profile}, chip {board.chip_id}, {reset}")
    for problem in config.problems + board.clashes():
        print(f"settings: {problem}")

    ticks_ms = time.ticks_ms
    settings, proof, safe = _doubt(settings)
    gateway = Gateway(board.profile, reset, settings["watchdog"], device)
    gateway.proof = proof
    gateway.settled = not config.problems
    gateway.safe = safe
    if proof:
        gateway.bite = gateway.bite or _BITE  # boot.py has started the watchdog already
    gateway.supervisor = Supervisor(ticks_ms, gateway.feed, gateway.say)
    gateway.store = Store()
    line = Line(machine.UART, board.pin("tic"))
    open_uart = line.open
    if settings["raw_tic"]:
        open_uart = destinations.add_raw_tic(gateway, settings, open_uart, ticks_ms)
    gateway.source = Source(open_uart, gateway.store, ticks_ms, line)
    if not gateway.safe:
        gateway.supervisor.add("source", gateway.source.run, _NO_FRAME, gateway.read)
    names = [name for name in ("influx", "post") if settings[f"{name}_url"]]
    if settings["model"] or settings["ntp_host"] or names:
        from firmware.link.clock import Clock

        gateway.clock = Clock(ticks_ms, machine.RTC())
    if settings["identifiers"] == "hash" and not settings["identifiers_salt"]:
        _invent(settings, config, "identifiers_salt")
    if settings["model"]:
        _keep(gateway, settings)
    if settings["modbus"]:
        destinations.add_modbus(gateway, settings, ticks_ms)
    _join(gateway, settings, config)
    _watch(gateway, board, _shine(gateway, settings, board))
    _open(gateway, settings)
    destinations.add_mqtt(gateway, settings, board, ticks_ms)
    if names:
        gateway.uploads = [(one, destinations.add_upload(gateway, settings, one)) for one in names]
        if gateway.pages:
            gateway.pages.others = gateway.uploads
    if settings["update_check"] and settings["update_url"]:
        from firmware.newer import Newer

        gateway.supervisor.add("update", Newer(gateway, settings["update_install"]).run)
    gateway.supervisor.add("console", gateway.run)
    gateway.keys = board.keys()
    if settings["power"] != "usb" and board.pin("capacitor") >= 0:
        _supply(gateway, config, board, device)
    return gateway


def _supply(gateway, config, board, device):
    """Where the meter may be all that feeds it: a look at the supply, and word for the cycle that
    sleeps (firmware/quick).
    """
    from firmware.supply import checksum, known

    first = known() is None
    if load("quick.prepare").prepare(config, board, device, checksum()):
        from firmware.quick.stay import watcher

        supply = known()
        if first and supply.alone():
            machine.deepsleep(10)  # it wakes to the cycle
        gateway.supervisor.add("supply", watcher(supply, gateway.close))


def _doubt(settings) -> tuple:
    """(settings, what is to be proven, whether in safe mode): what is new has to show that it
    works, and what was restarted by a failure likewise; after the third one with next to nothing
    switched on.
    """
    slots = load("slots")
    asked, starts = slots.trying(), slots.starts()
    if not asked and starts:
        safe = load("safe")
        if safe.wanted(starts):
            return safe.reduced(settings), safe.Rest(starts), True
    if asked or starts:
        from firmware.proving import Proof

        port = settings["page"] and settings["page_port"]
        return settings, Proof(asked, settings["update_minutes"], port), False
    return settings, None, False


def _keep(gateway, settings):
    """The model of the meter, and the books: they stand on the store alone."""
    from firmware.books import Books

    store, source = gateway.store, gateway.source
    gateway.books = Books(settings, store, source, gateway.clock, gateway.tell, _output)
    gateway.supervisor.add("books", gateway.books.run)


def _output(number, value):
    """An output of the board."""
    return machine.Pin(number, machine.Pin.OUT, value=value)


def _join(gateway, settings, config):
    """The way to a network, our own one for the first contact, and the time from outside."""
    wired = settings["ethernet"]
    if not settings["wifi_ssid"] and not settings["ap_after"] and not wired:
        print("network: none, wifi_ssid is empty and ap_after 0")
        return
    import network

    from firmware.link.setup import Setup
    from firmware.link.wifi import Wifi

    if not settings["ap_password"]:
        _invent(settings, config, "ap_password")
    network.country(settings["wifi_country"])
    network.hostname(settings["hostname"] or gateway.device)  # before the first join
    link = _cable(network, settings) if wired else None
    gateway.link = link = link or Wifi(network.WLAN(network.WLAN.IF_STA), settings)
    point = network.WLAN(network.WLAN.IF_AP)
    gateway.joining = Setup(link, point, gateway.device, settings, gateway.config)
    gateway.supervisor.add("network", link.run)
    gateway.supervisor.add("setup", gateway.joining.run)
    if settings["ntp_host"]:
        from firmware.link.ntp import Ntp

        ntp = Ntp(gateway.clock, settings["ntp_host"], gateway.find, link.up)
        gateway.supervisor.add("time", ntp.run)


def _cable(network, settings):
    """The link over a W5500; None, and it is told, if there is none on these pins."""
    from firmware.link.ethernet import Ethernet

    pins = {name: settings[f"ethernet_{name}"] for name in ("sck", "mosi", "miso", "cs", "int")}
    try:
        for name in pins:
            pins[name] = machine.Pin(pins[name])
        bus = machine.SPI(1, sck=pins.pop("sck"), mosi=pins.pop("mosi"), miso=pins.pop("miso"))
        pins.update(spi=bus, phy_type=network.PHY_W5500, phy_addr=0)
        return Ethernet(network.LAN(0, **pins), settings)
    except (AttributeError, OSError, ValueError) as error:
        print(f"ethernet: no W5500 on these pins ({error}); Wi-Fi instead")


def _invent(settings, config, key):
    """A secret of ours, for as long as the owner chooses no other."""
    settings[key] = load("link.secret").password(20 if key == "identifiers_salt" else 12)
    try:
        config.set(key, settings[key])
        config.save()
    except OSError as error:
        print(f"settings: {key} cannot be kept ({error})")


def _shine(gateway, settings, board):
    """The light, if there is one. -> led(on) for the button"""
    number, kind = board.pin("led"), settings["led"]
    if number < 0 or kind == "off":
        return int
    made = load("lamp")
    pin = _pin("led", number, machine.Pin.OUT)
    if not pin:
        return int
    from firmware.light import Light

    show = made.lamp(pin, "ws2812" if kind == "auto" else kind, settings["led_brightness"])
    night = made.night(gateway, settings["led_night_from"], settings["led_night_to"])
    light = Light(gateway, show, night)
    gateway.supervisor.add("light", light.run)
    return light.hold


def _watch(gateway, board, led):
    """The button, if there is one and something for it to do."""
    number = board.pin("button")
    if number < 0 or not gateway.joining:
        return
    pin = _pin("button", number, machine.Pin.IN, machine.Pin.PULL_UP)
    if pin:
        from firmware.button import watcher

        watch = watcher(pin, led, gateway.joining.open, gateway.factory)
        gateway.supervisor.add("button", watch)


def _pin(name, number, *how):
    """A machine.Pin; None, and it is told, if the chip has no such one."""
    try:
        return machine.Pin(number, *how)
    except ValueError:
        print(f"{name}: pin {number} cannot be used for it")


def _open(gateway, settings):
    """The owner's pages: on the network, or only through the access point."""
    if not settings["page"] and not gateway.joining:
        return
    from firmware.log import Log
    from firmware.portal.server import Server
    from firmware.portal.sessions import Sessions

    gateway.log = Log(gateway.utc, gateway.seconds)
    gateway.sessions = Sessions(gateway.seconds)
    given = settings["page_port"], gateway.application, time.ticks_ms, gateway.say
    server = Server(*given) if settings["page"] else Server(*given, wanted=gateway.offered)
    gateway.pages = server
    gateway.supervisor.add("page", server.run)
