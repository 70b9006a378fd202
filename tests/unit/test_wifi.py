"""Joining a network, over a stand-in for the radio that answers as the ESP32's does."""

import asyncio

from firmware.link import wifi as module
from firmware.link.wifi import Wifi


class Hurry:
    """asyncio for the module under test, in which time takes no time."""

    Event = asyncio.Event
    slept = 0

    @staticmethod
    async def sleep_ms(ms):
        Hurry.slept += ms
        await asyncio.sleep(0)


class Network:
    """The station side of the radio; `says` are its answers, in order.

    The last one stays. 1010 is connected; numbers below are what status() gives meanwhile.
    """

    def __init__(self, *says):
        self.says = list(says)
        self.calls = []

    def active(self, on):
        self.calls.append(on)

    def config(self, **options):
        self.calls.append(options)

    def connect(self, ssid, key):
        self.calls.append((ssid, key))

    def isconnected(self):
        return self.says[0] == 1010

    def status(self, what=None):
        if what is None:
            return self.says.pop(0) if len(self.says) > 1 else self.says[0]
        assert what == "rssi"
        if not self.isconnected():
            raise OSError("Wifi Not Connected")
        return -61

    def ifconfig(self):
        return ("192.0.2.7", "255.255.255.0", "192.0.2.1", "192.0.2.1")


async def _fails(network, password="password"):
    """What run() raises, and the milliseconds it took."""
    module.asyncio, Hurry.slept = Hurry, 0
    link = Wifi(network, "home", password)
    try:
        await link.run()
    except OSError as error:
        return str(error), Hurry.slept
    finally:
        module.asyncio = asyncio
        assert not link.up.is_set() and link.status() == {"link": "wifi", "state": "down"}


async def test_the_radio_is_started_afresh_for_each_attempt():
    network = Network(201)
    await _fails(network)
    started = [False, True, {"reconnects": 0}]
    assert network.calls == started + [("home", "password")]
    network.calls = []
    await _fails(network, "")
    assert network.calls == started + [("home", None)]  # an open network


async def test_a_failure_is_told_in_words_and_at_once():
    for answer, words in ((202, "wrong password"), (15, "wrong password"), (201, "not found")):
        error, slept = await _fails(Network(1001, 1001, answer))
        assert words in error and slept == 1000
    error, _ = await _fails(Network(1001, 333))
    assert "333" in error


async def test_a_radio_that_says_nothing_is_given_twenty_seconds():
    for answer in (1000, 1001):
        error, slept = await _fails(Network(answer))
        assert error.startswith("no answer") and slept == 20000


async def test_a_joined_network_is_reported_until_it_is_lost():
    network = Network(1001, 1001, 1010)
    link = Wifi(network, "home", "password")
    module.asyncio = Hurry
    try:
        running = asyncio.create_task(link.run())
        await link.up.wait()
        assert link.status() == {
            "link": "wifi",
            "state": "up",
            "address": "192.0.2.7",
            "rssi": -61,
        }
        network.says = [200]
        assert "rssi" not in link.status()  # lost, and not noticed yet
        try:
            await running
        except OSError as error:
            assert str(error) == "network lost"
        assert link.status()["state"] == "down"
    finally:
        module.asyncio = asyncio


async def test_an_address_that_comes_between_two_questions_is_no_failure():
    class Late(Network):
        asked = 0

        def isconnected(self):
            self.asked += 1
            return self.asked > 1

        def status(self, what=None):
            return 1010 if what is None else -61

    link = Wifi(Late(1010), "home", "password")
    module.asyncio = Hurry
    try:
        running = asyncio.create_task(link.run())
        await link.up.wait()
        running.cancel()
        try:
            await running
        except asyncio.CancelledError:
            pass
    finally:
        module.asyncio = asyncio


async def test_a_cancelled_link_is_down():
    link = Wifi(Network(1010), "home", "password")
    running = asyncio.create_task(link.run())
    await link.up.wait()
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        pass
    assert not link.up.is_set()
