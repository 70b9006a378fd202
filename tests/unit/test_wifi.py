"""Joining a network: over a stand-in that answers as the ESP32 does, and the simulated radio.

How the ESP32's radio behaves: ports/esp32/network_wlan.c of MicroPython.
"""

import asyncio
import gc

import network
import radio

from firmware.link.wifi import Wifi
from firmware.rarely import load

_PM = {"reconnects": 0, "pm": 1, "txpower": 20}


class Radio:
    """The station side of the radio; `says` are its answers, in order.

    The last one stays. 1010 is connected; numbers below are what status() gives meanwhile.
    """

    def __init__(self, *says, before=1000):
        self.says = list(says)
        self.before = before  # what it says before it is asked to connect
        self.calls = []
        self.asked = False
        self.address = "192.0.2.7"

    def active(self, on):
        self.calls.append(on)

    def config(self, **options):
        self.calls.append(options)

    def ipconfig(self, what=None, **options):
        if options:
            self.calls.append(options)
        return False

    def connect(self, ssid, key):
        self.asked = True
        self.calls.append((ssid, key))

    def disconnect(self):
        self.calls.append("disconnect")

    def isconnected(self):
        return self.asked and self.says[0] == 1010

    def status(self, what=None):
        if what is None:
            if not self.asked:
                return self.before
            return self.says.pop(0) if len(self.says) > 1 else self.says[0]
        assert what == "rssi"
        if not self.isconnected():
            raise OSError("Wifi Not Connected")
        return -61

    def ifconfig(self, given=None):
        if given:
            self.calls.append(given)
        return (self.address, "255.255.255.0", "192.0.2.1", "192.0.2.1")


async def _fails(wlan, **changes):
    """What run() raises."""
    link = Wifi(wlan, radio.settings(**changes))
    try:
        await link.run()
    except OSError as error:
        assert link.error == str(error)
        return str(error)
    finally:
        assert not link.up.is_set() and not link.trying
        assert link.status() == {"link": "wifi", "state": "down"}


async def test_the_radio_is_started_afresh_for_each_attempt():
    wlan = Radio(201)
    await _fails(wlan)
    started = [False, True, _PM, {"dhcp4": True}]
    assert wlan.calls == started + [("home", "password")]
    wlan = Radio(201)
    await _fails(wlan, wifi_password="", wifi_power=8)
    assert wlan.calls[2]["txpower"] == 8 and wlan.calls[-1] == ("home", None)  # an open network


async def test_a_radio_that_has_guests_is_not_started_afresh():
    wlan = Radio(201)
    link = Wifi(wlan, radio.settings())
    link.shared = True
    try:
        await link.run()
    except OSError:
        pass
    assert wlan.calls[:3] == [True, "disconnect", {"reconnects": 0, "pm": 0, "txpower": 20}]


async def test_a_failure_is_told_in_words():
    for answer, words in ((202, "wrong password"), (15, "wrong password"), (204, "wrong password"),
                          (201, "network not found"), (210, "password?"), (333, "status 333")):
        assert words in await _fails(Radio(1001, 1001, answer))


async def test_the_failure_before_is_not_taken_for_a_new_one():
    # The ESP32 tells the last failure until it is connected: 201 here is from an attempt before.
    link = Wifi(Radio(201, 201, 201, 1010, before=201), radio.settings())
    running = asyncio.create_task(link.run())
    await link.up.wait()
    running.cancel()
    # But it may be the same again.
    assert await _fails(Radio(201, before=201)) == "network not found"


async def test_a_radio_that_says_nothing_is_not_waited_for():
    for answer in (1000, 1001):
        assert (await _fails(Radio(answer))).startswith("no answer")


async def test_a_joined_network_is_reported_until_it_is_lost():
    wlan = Radio(1001, 1001, 1010)
    link = Wifi(wlan, radio.settings())
    running = asyncio.create_task(link.run())
    await link.up.wait()
    assert link.status() == {"link": "wifi", "state": "up", "address": "192.0.2.7", "rssi": -61}
    wlan.says = [200]
    assert "rssi" not in link.status()  # lost, and not noticed yet
    try:
        await running
    except OSError as error:
        assert str(error) == "network lost"
    assert link.status()["state"] == "down" and link.error == "network lost"


async def test_an_address_that_was_lost_is_noticed():
    wlan = Radio(1010)
    link = Wifi(wlan, radio.settings())
    running = asyncio.create_task(link.run())
    await link.up.wait()
    wlan.address = "0.0.0.0"  # the ESP32 goes on to say that it is connected
    try:
        await running
        raise AssertionError("goes on without an address")
    except OSError as error:
        assert str(error) == "address lost"


async def test_an_address_that_comes_between_two_questions_is_no_failure():
    class Late(Radio):
        count = 0

        def isconnected(self):
            self.count += 1
            return self.count > 1

        def status(self, what=None):
            return 1010 if what is None else -61

    link = Wifi(Late(1010), radio.settings())
    running = asyncio.create_task(link.run())
    await link.up.wait()
    running.cancel()


async def test_a_cancelled_link_is_down():
    link = Wifi(Radio(1010), radio.settings())
    running = asyncio.create_task(link.run())
    await link.up.wait()
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        pass
    assert not link.up.is_set()


async def test_a_static_address_and_its_defaults():
    wlan = Radio(201)
    await _fails(wlan, address="192.0.2.9")
    assert ("192.0.2.9", "255.255.255.0", "192.0.2.1", "192.0.2.1") in wlan.calls
    wlan = Radio(201)
    await _fails(wlan, address="10.1.2.3", netmask="255.255.0.0", router="10.1.0.1", dns="9.9.9.9")
    assert ("10.1.2.3", "255.255.0.0", "10.1.0.1", "9.9.9.9") in wlan.calls


async def test_a_name_server_of_ones_own_without_a_static_address():
    link = Wifi(Radio(1010), radio.settings(dns="192.0.2.53"))
    running = asyncio.create_task(link.run())
    await link.up.wait()
    running.cancel()
    assert network.ipconfig("dns") == "192.0.2.53"


async def test_without_a_network_it_waits_for_one():
    wlan = Radio(1010)
    link = Wifi(wlan, radio.settings(wifi_ssid=""))
    running = asyncio.create_task(link.run())
    await radio.wait(5)
    assert not running.done() and wlan.calls == []
    link.ssid = "home"
    await link.up.wait()
    running.cancel()


async def test_it_gives_the_radio_away_while_it_tries_and_while_it_is_joined():
    for wlan in (Radio(1001), Radio(1010)):
        link = Wifi(wlan, radio.settings())
        running = asyncio.create_task(link.run())
        await radio.until(lambda link=link, wlan=wlan: wlan.asked and (
            link.up.is_set() or wlan.says == [1001]))
        link.owner = "somebody"
        await radio.until(lambda link=link: not link.trying and not link.up.is_set())
        wlan.calls = []
        await radio.wait(5)
        assert wlan.calls == [] and not running.done()
        wlan.says = [1010]
        link.owner = None
        await link.up.wait()
        running.cancel()


async def test_the_simulated_radio_says_what_went_wrong_like_a_real_one():
    radio.air()
    for ssid, password, words in (
        ("home", "password", ""),
        ("home", "passwort", "wrong password"),
        ("homer", "password", "network not found"),
        ("home", "", "does it want a password?"),
        ("open", "", ""),
        ("mute", "password", "no address from the network"),
        ("attic", "attic-key", ""),
    ):
        link = Wifi(radio.station(), radio.settings(wifi_ssid=ssid, wifi_password=password))
        running = asyncio.create_task(link.run())
        await radio.until(lambda link=link: link.error or link.up.is_set())
        if words:
            assert words in link.error and not link.up.is_set(), (ssid, link.error)
        else:
            assert link.up.is_set(), (ssid, link.error)
        running.cancel()
    radio.none()


async def test_the_simulated_network_goes_and_comes_back():
    radio.air()
    link = Wifi(radio.station(), radio.settings())
    for mood, words in (("lost", "network lost"), ("expired", "address lost")):
        running = asyncio.create_task(link.run())
        await link.up.wait()
        radio.air(mood)
        try:
            await running
        except OSError as error:
            assert str(error) == words
        try:
            await link.run()
        except OSError as error:
            assert str(error).startswith("n")  # not found, no address
        radio.air()
    running = asyncio.create_task(link.run())
    await link.up.wait()
    running.cancel()
    radio.none()


async def test_scan():
    radio.air(networks=dict(radio.HOME, **{"": ["key", 9, -95, ""]}))
    link = Wifi(radio.station(), radio.settings())
    scan = load("link.scanning").scan
    found = scan(link)
    assert [one[0] for one in found] == ["home", "open", "mute", "", "far"]
    assert found[0] == ("home", -58, "wpa2", 6, False) and found[1][2] == "open"
    assert found[3] == ("", -75, "wpa2", 3, True)  # the strongest of the hidden ones
    radio.air(networks={"new": ["", 1, -40, ""]})
    assert scan(link) is found
    assert [one[0] for one in scan(link, True)] == ["new"]
    link.trying = True
    assert scan(link) == link.found
    try:
        scan(link, True)
        raise AssertionError("scans while the radio is joining")
    except OSError as error:
        assert "again" in str(error)
    radio.none()


def test_scan_of_what_a_street_can_hold():
    class Street:
        def active(self):
            return True

        def scan(self):
            names = [b"\xff\xfe", b"caf\xc3\xa9"] + [b"net%d" % (n % 60) for n in range(90)]
            return [(name, b"\0" * 6, 1, -20 - n, n % 16, False) for n, name in enumerate(names)]

    link = Wifi(Street(), radio.settings())
    gc.collect()
    found = load("link.scanning").scan(link)
    assert len(found) == 24 and found[0] == ("café", -21, "wep", 1, False)
    assert {one[2] for one in found} == {
        "open", "wep", "wpa", "wpa2", "wpa3", "enterprise", "other"}
