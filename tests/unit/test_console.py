"""The console: what is typed, Ctrl-C within and without a packet, and the commands."""

import asyncio
import builtins
import time

from firmware.config import Config
from firmware.rarely import load

HELP_FIRST = "status                what the gateway knows of itself"
STATE = b"IMPROV\x01\x03\x02\x02\x00\xe5"  # a command of Improv: in what state are you?


class Keyboard:
    """Types these bytes, and then Ctrl-C; a number is a pause in s."""

    def __init__(self, *typed):
        self.parts = list(typed) + [b"\3"]
        self.at = 0

    def poll(self, ms):
        return [self]

    async def read(self, n):
        assert n == 1
        while not isinstance(self.parts[0], bytes) or self.at == len(self.parts[0]):
            part = self.parts.pop(0)
            self.at = 0
            if not isinstance(part, bytes):
                Time.passed += part * 1000
        self.at += 1
        return self.parts[0][self.at - 1 : self.at]


class Time:
    """The ticks of the module under test."""

    passed = 0

    @staticmethod
    def ticks_ms():
        return time.ticks_add(0, Time.passed)


class Log:
    def lines(self, level):
        for found, text in ((2, "network: joined"), (0, "mqtt: refused")):
            if found <= level:
                yield (None if found else 838_000_000), found, text


class Part:
    """A store, counters and a destination."""

    counters: "Part"

    def all(self):
        return {"frames": 3}

    def status(self):
        return {"connected": True}


class Link:
    up = asyncio.Event()
    found = None
    wired = trying = False
    owner = None
    wlan: "Link"

    def active(self):
        return True

    def scan(self):
        return [(b"home", b"", 6, -58, 3, 0), (b"far", b"", 1, -80, 0, 0)]


class Gateway:
    device = "winky-0a01ff"
    joining = None
    log = Log()
    link = Link()
    mqtt = store = Part()
    asked = ""
    keys = None

    def __init__(self):
        self.mqtt.counters = self.mqtt
        self.link.wlan = self.link
        Config("console.json").save()

    def config(self):
        return Config("console.json").load()

    def facts(self):
        yield "version", "1"
        yield "memory", {"heap_used": 5}

    def restart(self):
        self.asked = "restart"

    def factory(self):
        self.asked = "factory"


async def type(*typed, echo=False, gateway=None):
    """(lines that were printed, bytes that were written) when these bytes are typed."""
    gateway, keyboard = gateway or Gateway(), Keyboard(*typed)
    said, written = [], []
    module, kept = load("console"), builtins.print
    module.ticks_ms, builtins.print = Time.ticks_ms, lambda words: said.append(str(words))
    try:
        await module.listen(gateway, keyboard, keyboard, written.append, echo)
        raise AssertionError("it ended")
    except KeyboardInterrupt:
        pass
    finally:
        builtins.print = kept
    return said, b"".join(written)


async def test_help_and_what_is_no_command():
    said, written = await type(b"help\r\nhepl\n\n   \n")
    assert said[0].startswith(HELP_FIRST) and len(said) == 2 and not written
    assert said[1] == "hepl: no such command; help tells which there are"


async def test_it_shows_what_is_typed_where_nobody_else_does():
    said, written = await type(b"\x7fhekl\b\b\x7flp\r", echo=True)
    assert written == b"hekl\b \b\b \b\b \blp\r\n"
    assert said == ["hlp: no such command; help tells which there are"]


async def test_stop_and_ctrl_c():
    for typed in (b"stop\nhelp\n", b"repl\nhelp\n", b"he\3lp\nhelp\n"):
        said, _ = await type(typed)
        assert said == ([] if b"\3" in typed else [
            "stopped; a watchdog that runs already restarts the board"])


async def test_a_packet_is_no_ctrl_c():
    said, written = await type(STATE)
    assert written == b"\nIMPROV\x01\x02\x01\x00\xe1\n\nIMPROV\x01\x01\x01\x02\xe2\n"
    said, written = await type(b"he", STATE, STATE + b"\nhelp\n")
    assert written.count(b"IMPROV") == 4 and said[0].startswith(HELP_FIRST)


async def test_half_a_packet_is_forgotten_after_a_second():
    said, written = await type(STATE[:9], 2, b"help\n", STATE[:8], 2, STATE)
    assert said[0].startswith(HELP_FIRST) and written.count(b"IMPROV") == 2
    said, written = await type(STATE[:9], 2)
    assert not said and not written


async def test_status_and_log():
    said, _ = await type(b"status\nlog\nlog error\nlog loud\n")
    assert said[:3] == ["device: winky-0a01ff", 'version: "1"', 'memory: {"heap_used": 5}']
    assert said[3:5] == ['counters: {"frames": 3}', 'mqtt: {"connected": true}']
    assert said[5:] == [
        "- info: network: joined", "2026-07-22 01:46:40 error: mqtt: refused",
        "2026-07-22 01:46:40 error: mqtt: refused", "log error, log warning or log"]


async def test_settings_and_no_secret():
    said, _ = await type(
        b"set mqtt_password hush hush\nset site  the barn \nset mqtt_port 8883\nset page off\n"
        b"get mqtt_password\nget site\nget page\nsettings\nsettings wifi_p\n")
    kept = "kept; it counts after a restart"
    assert said[:4] == [kept] * 4
    assert said[4:7] == ["mqtt_password = (set)   (secret, 1..128)",
                         "site = the barn   (text, 1..32)", "page = off   (bool, off|on)"]
    assert sorted(said[7:11]) == [
        "mqtt_password = (set)", "mqtt_port = 8883", "page = off", "site = the barn"]
    assert said[11:] == ["wifi_password = (none)", "wifi_power = 20"]
    said, _ = await type(b"settings all\n")
    assert len(said) > 60 and "hush" not in "".join(said)
    said, _ = await type(
        b"set site\nset mqtt_password\nset mqtt_port 1883\nset page on\nsettings\n")
    assert said == [kept] * 4


async def test_settings_that_cannot_be():
    said, _ = await type(
        b"set mqtt_prot 1\nset mqtt_port 0\nget mqtt\nset\nset wifi_password abc\n")
    assert "mqtt_port" in said[0] and "1 to 65535" in said[1]
    assert len(said) == 5 and "abc" not in said[4]


async def test_restart_and_factory():
    gateway = Gateway()
    said, _ = await type(b"factory\nfactory no\n", gateway=gateway)
    assert len(said) == 2 and not gateway.asked
    await type(b"restart\n", gateway=gateway)
    assert gateway.asked == "restart"
    await type(b"factory yes\n", gateway=gateway)
    assert gateway.asked == "factory"


async def test_scan():
    gateway = Gateway()
    said, _ = await type(b"scan\n", gateway=gateway)
    assert said == ["-58 dBm  wpa2        home", "-80 dBm  open        far"]
    gateway.link = None
    said, _ = await type(b"scan\n", gateway=gateway)
    assert said == ["there is no radio"]


async def test_rubbish_and_long_lines():
    said, _ = await type(b"\xff\xfe\n", b"x" * 2000 + b"\nhelp\n", b"\x1b[A\n")
    assert "help" in said[1] or said[-2].startswith(HELP_FIRST)
    assert all("x" * 30 not in line for line in said)
    gateway = Gateway()
    gateway.mqtt = None
    gateway.store = None
    said, _ = await type(b"status\nhelp\n", gateway=gateway)
    assert "AttributeError" in said[-2] and said[-1].startswith(HELP_FIRST)


async def test_it_ends_when_nothing_more_is_typed():
    gateway, keyboard = Gateway(), Keyboard(b"get site\nget site\n")
    keyboard.parts.pop()  # the Ctrl-C
    keyboard.poll = lambda ms: keyboard.at < len(keyboard.parts[0])
    await load("console").listen(gateway, keyboard, keyboard, None, False)
    assert gateway.keys is keyboard


async def test_nobody_types():
    class Nobody:
        async def read(self, n):
            return b""

    gateway = Gateway()
    await load("console").listen(gateway, Nobody(), Nobody(), None, True)
    assert gateway.keys is None  # and is looked at no more


async def test_a_line_that_fails_is_not_the_end():
    gateway, keyboard = Gateway(), Keyboard(b"x")

    def write(data):
        raise OSError(5)

    await load("console").listen(gateway, keyboard, keyboard, write, True)
    assert gateway.keys is keyboard
