"""The composition, with stand-ins for the board, the line, the radio and the broker."""

import asyncio
import sys

from house import MODULES, House, Hurry, Parts

import firmware
from firmware import gateway as module


def test_a_destination_that_is_off_is_never_imported():
    with House() as house:
        for name in MODULES:
            sys.modules[name] = Parts()  # nothing can be imported from these
        gateway = house.build()
        assert gateway.mqtt is None and gateway.link is None
        house.config.set("mqtt_host", "broker")
        try:
            house.build()
        except ImportError:
            pass
        else:
            raise AssertionError("not imported when it is on")


async def test_it_says_who_it_is_and_what_is_missing():
    with House() as house:
        house.config.problems.append("config.json is damaged")
        house.build()
        await house.start()
        assert house.said == [
            f"ticgate {firmware.__version__} on winky_c6, chip 404cca0a01ff, power_on",
            "settings: config.json is damaged",
            "network: none, wifi_ssid is empty and ap_after 0",
            "mqtt: off, mqtt_host is empty",
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
        house.build()
        await house.start()
        assert "mqtt: tic/winky-0a01ff/ at broker:1883" in house.said
        assert "hush" not in "".join(house.said) + str(house.gateway.health())
        await house.stop()


def test_the_device_is_named_by_the_chip_or_the_owner():
    with House(mqtt_host="broker", wifi_ssid="home", wifi_password="password") as house:
        house.build()
        assert house.gateway.mqtt.device == "winky-0a01ff"
        assert house.gateway.link.given == ("radio 0", "home", "password")
        assert MODULES["network"].names[-1] == "winky-0a01ff"
    with House(mqtt_host="broker", mqtt_device="cellar") as house:
        assert house.build().mqtt.device == "cellar"


async def test_a_connection_waits_for_the_network():
    with House(mqtt_host="broker", wifi_ssid="home") as house:
        opening = asyncio.create_task(house.build().mqtt.open("broker", 1883))
        await house.turns()
        assert not opening.done()
        house.gateway.link.up.set()
        assert await opening == "a stream to broker:1883"
    with House(mqtt_host="broker") as house:  # no network of ours: at once
        assert await house.build().mqtt.open("broker", 1883) == "a stream to broker:1883"


async def test_health_tells_of_every_part():
    with House(mqtt_host="broker", wifi_ssid="home") as house:
        health = house.build().mqtt.health()
        assert sorted(health["tasks"]) == ["console", "mqtt", "network", "page", "setup", "source"]
        assert health["tic"]["state"] == "searching" and health["reset"] == "power_on"
        assert health["network"] == {"link": "wifi", "state": "down"}
        assert health["board"] == "winky_c6" and health["memory"]["heap_used"] > 0
        assert health["version"] == firmware.__version__ and health["uptime"] == 0


def test_the_pages_are_on_the_network_or_behind_the_access_point_only():
    with House(page="on", page_port=8080) as house:  # a page without a network of ours
        gateway = house.build()
        server = MODULES["firmware.portal.server"].made
        assert server.port == 8080 and server.wanted() and gateway.sessions == "sessions"
        gateway.say("something", 1)
        assert [line[1:] for line in gateway.log.lines()] == [(1, "something")]
        gateway.log = None
    with House(ap_after=3) as house:
        gateway = house.build()
        server = MODULES["firmware.portal.server"].made
        assert not server.wanted()
        gateway.joining.access_point = "open"
        assert server.wanted()
    with House() as house:
        gateway = house.build()
        assert gateway.log is None and gateway.joining is None


def test_the_access_point_has_a_password_of_its_own_and_it_is_kept():
    with House(ap_after=3, ap_password="") as house:
        gateway = house.build()
        password = gateway.joining.given[3]
        assert len(password) >= 10 and house.config.saved == [password]
        assert gateway.joining.given[2] == "winky-0a01ff"
    with House(ap_after=3) as house:
        assert house.build().joining.given[3] == "chosen-before" and not house.config.saved


def test_the_button_opens_the_access_point():
    with House(ap_after=3) as house:
        house.board.wired = True
        gateway = house.build()
        tasks = [task.name for task in gateway.supervisor.tasks]
        assert "button" in tasks and "light" not in tasks
        assert house.board.pins == [9]
    with House() as house:
        house.board.wired = True
        assert "button" not in [task.name for task in house.build().supervisor.tasks]


def test_a_light_that_is_on_has_a_task():
    with House(led="plain") as house:
        house.board.wired = True
        assert "light" in [task.name for task in house.build().supervisor.tasks]
        assert house.board.pins == [2]


class Refusing:
    """machine.Pin of a chip without such a pin."""

    OUT = 0

    def __init__(self, number, *how):
        raise ValueError("invalid pin")


def test_a_pin_that_the_chip_lacks_is_told_and_the_rest_works():
    with House(led="plain") as house:
        house.board.wired = True
        house.board.Pin = Refusing
        tasks = [task.name for task in house.build().supervisor.tasks]
        assert "light" not in tasks and "source" in tasks
        assert "led: pin 2 cannot be used for it" in house.said


async def test_commands_are_heard_only_if_that_is_wanted():
    with House(mqtt_host="broker") as house:
        assert house.build().mqtt.topics == []
    with House(mqtt_host="broker", mqtt_commands="on", mqtt_base="home") as house:
        mqtt = house.build().mqtt
        assert mqtt.topics == [f"home/{house.gateway.device}/command/#".encode()]
        mqtt.heard(b"homeassistant/status", b"online")
        assert mqtt.events == []
        mqtt.heard(b"home/winky-a1b2c3/command/dance", b"")
        assert mqtt.events == [
            ("command_refused", {"command": "dance", "reason": "no such command"})]


def test_memory_counts_what_python_holds():
    with House() as house:
        gateway = house.build()
        before = gateway.health()["memory"]["heap_used"]
        ballast = bytearray(1500)
        assert 1000 < gateway.health()["memory"]["heap_used"] - before < 2000
        assert len(ballast) == 1500


async def test_events_go_to_the_console_and_to_the_broker():
    with House(mqtt_host="broker") as house:
        gateway = house.build()
        gateway.store.happened = [("meter_changed", {"to": "021"}), ("mode_changed", {})]
        await house.start()
        assert gateway.mqtt.events == [("meter_changed", {"to": "021"}), ("mode_changed", {})]
        assert house.said[-2:] == ["event: meter_changed", "event: mode_changed"]
        await house.stop()


async def test_the_console_tells_each_change_once():
    with House(mqtt_host="broker", wifi_ssid="home") as house:
        gateway = house.build()
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
            assert sorted(house.said[begin : begin + 2]) == [
                "mqtt: connection refused",
                "network: joined as 192.0.2.7",
            ]
            assert sorted(house.said[begin + 2 :]) == [
                "mqtt: connected",
                "tic: the line is reading",
            ]
            await house.stop()
        finally:
            module.asyncio = asyncio


async def _runs(house, minutes, state="reading", work=0):
    """Minutes with the console at work, while the line is in a state."""
    house.gateway.source.state = state
    for _ in range(minutes):
        house.gateway.store.frames += work
        if house.gateway.mqtt:
            house.gateway.mqtt.accepted += work
        await house.minutes(1)


async def _fed(settings, minutes, states=("reading",), work=0, connected=False):
    """The board of a gateway that ran so many minutes with its line in each of the states."""
    with House(**settings) as house:
        house.build()
        module.asyncio = Hurry
        try:
            if house.gateway.mqtt:
                house.gateway.mqtt.connected = connected
            await house.start()
            for state in states:
                await _runs(house, minutes, state, work)
            await house.stop()
        finally:
            module.asyncio = asyncio
        house.board.said = house.said
        return house.board


async def test_a_gateway_that_does_its_work_feeds_the_watchdog():
    settings = {"mqtt_host": "broker", "watchdog": 77}
    board = await _fed(settings, 10, work=1, connected=True)
    assert board.watchdogs == [77000] and board.fed == 541


async def test_no_frame_from_a_line_that_is_read_starves_the_watchdog():
    board = await _fed({}, 20)
    assert 0 < board.fed < 4 * 60
    assert "source: no sign of work for 121 s; again in 1 s" in board.said


async def test_no_delivery_to_a_broker_that_is_there_starves_the_watchdog():
    board = await _fed({"mqtt_host": "broker"}, 30, connected=True)
    assert 0 < board.fed < 10 * 60


async def test_an_absent_line_and_an_absent_broker_are_no_reason_to_restart():
    board = await _fed({"mqtt_host": "broker"}, 20, states=("silent", "noise", "searching"))
    assert board.fed == 59 * 60 + 1


async def test_a_watchdog_that_is_switched_off_is_never_started():
    board = await _fed({"watchdog": 0}, 5)
    assert board.watchdogs == []
