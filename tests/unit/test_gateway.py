"""The composition, with stand-ins for the board, the line, the radio and the broker."""

import asyncio
import sys

import firmware
from firmware import gateway as module
from firmware.config import Config
from firmware.gateway import Gateway


class Board:
    """A board without hardware, whose clock the test turns."""

    profile = "winky_c6"
    chip_id = "404cca0a01ff"

    def __init__(self):
        self.now = 0
        self.watchdogs = []
        self.fed = 0

    def ticks_ms(self):
        return self.now

    def open_uart(self, rate):
        raise OSError(19)

    def watchdog(self, ms):
        self.watchdogs.append(ms)
        return self

    def feed(self):
        self.fed += 1

    def reset_cause(self):
        return "power_on"

    def memory(self):
        return {"heap_used": 1}


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
        self.remember = remember

    async def run(self):
        while True:
            await asyncio.sleep(0)

    def status(self):
        return {"state": self.state, "words": f"the line is {self.state}"}


class Mqtt:
    """A destination that notes what it was given."""

    def __init__(self, config, device, store, source, open_connection, ticks_ms, health):
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


class Wifi:
    """A link that the test brings up."""

    def __init__(self, network, ssid, password, hostname):
        self.given = (network, ssid, password, hostname)
        self.up = asyncio.Event()

    async def run(self):
        while True:
            await asyncio.sleep(0)

    def status(self):
        if self.up.is_set():
            return {"link": "wifi", "state": "up", "address": "192.0.2.7"}
        return {"link": "wifi", "state": "down"}


class Dialler:
    def __init__(self, ticks_ms):
        pass

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


_MODULES = {
    "firmware.publish": Parts(),
    "firmware.publish.mqtt": Parts(Mqtt=Mqtt),
    "firmware.publish.link": Parts(Dialler=Dialler),
    "firmware.link": Parts(),
    "firmware.link.wifi": Parts(Wifi=Wifi),
    "network": Parts(WLAN="the radio"),
}


class House:
    """A gateway among stand-ins; leaves everything as it was."""

    def __init__(self, **changes):
        self.config = Config("nowhere.json")
        self.config.update(changes)
        self.board = Board()
        self.said = []

    def __enter__(self):
        self._before = {name: sys.modules.get(name) for name in _MODULES}
        for name in _MODULES:
            sys.modules[name] = _MODULES[name]
        self._parts = (module.Source, module.Store)
        module.Source, module.Store = Source, Store
        self.gateway = Gateway(self.config, self.board, self.said.append)
        return self

    def __exit__(self, *_):
        module.Source, module.Store = self._parts
        for name in _MODULES:
            if self._before[name]:
                sys.modules[name] = self._before[name]
            else:
                del sys.modules[name]

    async def start(self):
        """Start the tasks, as run() does, and let each begin; the test turns the clock."""
        self.gateway.greet(self.config)
        self.gateway.supervisor.run = self._nothing
        await self.gateway.run()
        self.gateway.supervisor.step()
        await self.turns()

    async def _nothing(self):
        pass

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


def test_a_destination_that_is_off_is_never_imported():
    with House() as house:
        for name in _MODULES:
            sys.modules[name] = Parts()  # nothing can be imported from these
        gateway = Gateway(house.config, house.board, house.said.append)
        assert gateway.mqtt is None and gateway.link is None
        house.config.set("mqtt_host", "broker")
        try:
            Gateway(house.config, house.board, house.said.append)
        except ImportError:
            pass
        else:
            raise AssertionError("not imported when it is on")


async def test_it_says_who_it_is_and_what_is_missing():
    with House() as house:
        house.config.problems.append("config.json is damaged")
        await house.start()
        assert house.said == [
            f"ticgate {firmware.__version__} on winky_c6, chip 404cca0a01ff, power_on",
            "settings: config.json is damaged",
            "mqtt: off, mqtt_host is empty",
            "network: none, wifi_ssid is empty",
            "tic: the line is searching",
        ]
        await house.stop()


async def test_it_says_where_it_publishes_and_no_secret():
    with House(
        mqtt_host="broker",
        mqtt_password="hush-hush",
        wifi_ssid="home",
        wifi_password="hush-hush",
    ) as house:
        await house.start()
        assert "mqtt: tic/winky-0a01ff/ at broker:1883" in house.said
        assert "hush" not in "".join(house.said) + str(house.gateway.health())
        await house.stop()


def test_the_device_is_named_by_the_chip_or_the_owner():
    with House(mqtt_host="broker", wifi_ssid="home", wifi_password="password") as house:
        assert house.gateway.mqtt.device == "winky-0a01ff"
        given = house.gateway.link.given
        assert given[0].WLAN == "the radio"
        assert given[1:] == ("home", "password", "winky-0a01ff")
    with House(mqtt_host="broker", mqtt_device="cellar") as house:
        assert house.gateway.mqtt.device == "cellar"


async def test_a_connection_waits_for_the_network():
    with House(mqtt_host="broker", wifi_ssid="home") as house:
        opening = asyncio.create_task(house.gateway.mqtt.open("broker", 1883))
        await house.turns()
        assert not opening.done()
        house.gateway.link.up.set()
        assert await opening == "a stream to broker:1883"
    with House(mqtt_host="broker") as house:  # no network of ours: at once
        assert await house.gateway.mqtt.open("broker", 1883) == "a stream to broker:1883"


async def test_health_tells_of_every_part():
    with House(mqtt_host="broker", wifi_ssid="home") as house:
        await house.start()
        health = house.gateway.mqtt.health()
        assert sorted(health["tasks"]) == ["console", "mqtt", "network", "source"]
        assert health["tic"]["state"] == "searching" and health["reset"] == "power_on"
        assert health["network"] == {"link": "wifi", "state": "down"}
        assert health["board"] == "winky_c6" and health["memory"] == {"heap_used": 1}
        assert health["version"] == firmware.__version__ and health["uptime"] == 0
        await house.stop()


async def test_events_go_to_the_console_and_to_the_broker():
    with House(mqtt_host="broker") as house:
        gateway = house.gateway
        gateway.store.happened = [("meter_changed", {"to": "021"}), ("mode_changed", {})]
        await house.start()
        assert gateway.mqtt.events == [("meter_changed", {"to": "021"}), ("mode_changed", {})]
        assert house.said[-2:] == ["event: meter_changed", "event: mode_changed"]
        await house.stop()


async def test_the_console_tells_each_change_once():
    with House(mqtt_host="broker", wifi_ssid="home") as house:
        gateway = house.gateway
        module.asyncio = Hurry
        try:
            await house.start()
            begin = len(house.said)
            await house.turns()
            assert len(house.said) == begin
            gateway.link.up.set()
            gateway.mqtt.last_error = "connection refused"
            await house.turns()
            gateway.mqtt.connected = True
            gateway.source.state = "reading"
            await house.turns()
            assert house.said[begin:] == [
                "network: joined as 192.0.2.7",
                "mqtt: connection refused",
                "tic: the line is reading",
                "mqtt: connected",
            ]
            await house.stop()
        finally:
            module.asyncio = asyncio


async def test_a_gateway_that_does_its_work_feeds_the_watchdog():
    with House(mqtt_host="broker", watchdog=77) as house:
        gateway = house.gateway
        gateway.source.state = "reading"
        gateway.mqtt.connected = True
        await house.start()
        for _ in range(10):
            gateway.store.frames += 1
            gateway.mqtt.accepted += 1
            await house.minutes(1)
        assert house.board.watchdogs == [77000] and house.board.fed == 540
        await house.stop()


async def test_no_frame_from_a_line_that_is_read_starves_the_watchdog():
    with House() as house:
        house.gateway.source.state = "reading"
        await house.start()
        await house.minutes(20)
        assert 0 < house.board.fed < 4 * 60
        assert "source: ended; again in 1 s" in house.said
        await house.stop()


async def test_no_delivery_to_a_broker_that_is_there_starves_the_watchdog():
    with House(mqtt_host="broker") as house:
        house.gateway.mqtt.connected = True
        await house.start()
        await house.minutes(30)
        assert 0 < house.board.fed < 10 * 60
        await house.stop()


async def test_an_absent_line_and_an_absent_broker_are_no_reason_to_restart():
    with House(mqtt_host="broker") as house:
        await house.start()
        for state in ("silent", "noise", "searching"):
            house.gateway.source.state = state
            await house.minutes(20)
        assert house.board.fed == 59 * 60
        await house.stop()


async def test_a_watchdog_that_is_switched_off_is_never_started():
    with House(watchdog=0) as house:
        await house.start()
        await house.minutes(5)
        assert house.board.watchdogs == []
        await house.stop()


def test_what_escapes_restarts_the_board():
    board = Board()

    class Failing:
        def __init__(self, config, given):
            self.board = given

        def greet(self, config):
            assert config.get("mqtt_port") == 1883

        async def run(self):
            assert not hasattr(firmware, "config") and not hasattr(firmware, "settings")
            raise MemoryError

    told = []
    before = (module.Board, module.Gateway, module.sys, module.time, module.restart)
    module.Board, module.Gateway = lambda config: board, Failing
    module.sys = Parts(print_exception=told.append, modules=sys.modules)
    module.restart = lambda: told.append("restart")
    module.time = Parts(sleep=told.append)
    try:
        module.start()
    finally:
        module.Board, module.Gateway, module.sys, module.time, module.restart = before
    assert isinstance(told[0], MemoryError) and told[1:] == [10, "restart"]
