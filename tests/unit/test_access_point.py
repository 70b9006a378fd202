"""The access point of the first contact: when it opens and closes, and what it is called."""

import asyncio
import builtins

import network
import radio

from firmware.link import secret
from firmware.link.access_point import payload
from firmware.link.setup import Setup
from firmware.link.wifi import Wifi


class House:
    """A Setup on the simulated radio; `minutes` pass quickly."""

    def __init__(self, mood="", guests=0, up=False, **changes):
        radio.air(mood, guests)
        given = radio.settings(**changes)
        self.link = Wifi(radio.station(), given)
        if up:
            self.link.up.set()
        self.ap = radio.fresh(network.WLAN.IF_AP)
        self.setup = Setup(self.link, self.ap, "winky-0a01ff", given, None)
        self.said = []

    async def __aenter__(self):
        self._print = builtins.print
        builtins.print = lambda *words: self.said.append(" ".join(words))
        self.task = asyncio.create_task(self.setup.run())
        return self

    async def __aexit__(self, *_):
        builtins.print = self._print
        self.task.cancel()
        await radio.wait(1)
        assert not self.ap.active() and self.setup.access_point is None
        assert not self.link.shared and self.link.found is None
        radio.none()

    async def opened(self):
        await radio.until(lambda: self.setup.access_point and self.setup.access_point.address)

    async def closed(self):
        await radio.until(lambda: not self.setup.access_point)


def _words(house, text):
    return [line for line in house.said if text in line]


async def test_it_opens_at_once_when_no_network_is_known():
    async with House(wifi_ssid="") as house:
        await house.opened()
        assert house.ap.active() and house.ap.config("ssid") == "winky-0a01ff"
        assert house.ap.config("security") == network.WLAN.SEC_WPA2
        assert house.ap.config("key") == "abcdefgh2345"
        assert house.setup.access_point.address == house.ap.ifconfig()[0]
        assert [one[0] for one in house.link.found][0] == "home"  # seen before it was opened
        assert house.link.shared
        assert _words(house, "winky-0a01ff, password abcdefgh2345, page http://127.0.0.1/")
        assert _words(house, "WIFI:T:WPA;S:winky-0a01ff;P:abcdefgh2345;;")


async def test_it_opens_when_the_network_is_away_for_the_time_set():
    async with House() as house:
        await radio.wait(100)
        assert not house.ap.active()
        await house.opened()
    async with House(ap_after=0, wifi_ssid="") as house:
        await radio.wait(150)
        assert not house.ap.active()


async def test_it_stays_closed_while_there_is_a_network():
    async with House(up=True) as house:
        await radio.wait(250)
        assert not house.ap.active()


async def test_it_opens_when_asked_and_closes_when_nobody_came():
    async with House(up=True, ap_after=0) as house:
        house.setup.open()
        await house.opened()
        await house.closed()
        assert not house.ap.active() and house.said[-1] == "access point: closed"
        house.setup.open()
        await house.opened()


async def test_it_closes_when_the_station_has_joined_and_no_guest_is_left():
    async with House(guests=1, wifi_ssid="") as house:
        await house.opened()
        await radio.wait(100)
        assert house.setup.access_point.guests
        house.link.ssid = "home"
        house.link.up.set()
        await radio.wait(50)
        assert house.setup.access_point  # somebody is there
        radio.air(guests=0)
        await house.closed()


async def test_it_does_not_stay_open_for_a_guest_that_never_leaves():
    async with House(guests=1, up=True) as house:
        house.setup.open()
        await house.opened()
        radio.Fast.factor = 1000
        await house.closed()
        radio.Fast.factor = 100


async def test_open_only_if_the_owner_says_so():
    async with House(wifi_ssid="", ap_open=True) as house:
        await house.opened()
        assert house.ap.config("security") == network.WLAN.SEC_OPEN
        assert _words(house, "WIFI:T:nopass;S:winky-0a01ff;;")
    for password in ("", "short"):
        house = House(wifi_ssid="", ap_password=password)
        try:
            await house.setup.run()
            raise AssertionError("open by mistake")
        except OSError as error:
            assert "no password" in str(error)
        assert not house.ap.active()


async def test_a_radio_that_refuses_its_name_is_switched_off():
    class Stubborn:
        SEC_WPA2 = 3
        on = False

        def config(self, *what, **options):
            return "ESP_0A01FF" if what else None

        def active(self, on):
            self.on = on

    house = House(wifi_ssid="")
    house.setup.ap = Stubborn()
    try:
        await house.setup.run()
        raise AssertionError("open under another name")
    except OSError as error:
        assert "did not take" in str(error)
    assert not house.setup.ap.on and house.setup.access_point is None


def test_the_payload_of_the_code_is_escaped():
    assert payload('a;b,c:"d"', "\\e") == 'WIFI:T:WPA;S:a\\;b\\,c\\:\\"d\\";P:\\\\e;;'
    assert payload("winky", None) == "WIFI:T:nopass;S:winky;;"


def test_passwords_are_random_and_can_be_read():
    made = {secret.password() for _ in range(50)}
    assert len(made) == 50 and {len(one) for one in made} == {12}
    letters = set("".join(made))
    assert len(letters) == 31 and not letters & set("0O1lIio+")
    dull = iter(b"\x00\x1f\xff\x21" * 12)
    assert secret.password(4, lambda n: bytes((next(dull),))) == "abab"
