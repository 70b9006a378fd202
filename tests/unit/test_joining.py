"""The trial of a network while the access point is open, on the simulated radio."""

import asyncio

import network
import radio

from firmware.config import Config
from firmware.link.setup import Setup
from firmware.link.wifi import Wifi


class House:
    """A station and an access point of one radio; the settings in a file of their own."""

    def __init__(self, ssid="", guests=0, mood=""):
        radio.air(mood, guests)
        given = radio.settings(wifi_ssid=ssid)
        self.path = "joining.json"
        config = Config(self.path).load()
        config.update({"address": "", "dns": ""})
        config.update({"wifi_ssid": ssid, "wifi_password": "password" if ssid else ""})
        config.save()
        self.link = Wifi(radio.station(), given)
        self.ap = radio.fresh(network.WLAN.IF_AP)
        self.setup = Setup(self.link, self.ap, "winky-0a01ff", given, self.config)
        self.tasks = []

    def config(self):
        return Config(self.path).load()

    async def __aenter__(self):
        self.tasks = [asyncio.create_task(self.setup.run()), asyncio.create_task(self._stay())]
        if not self.link.ssid:
            await radio.until(lambda: self.setup.access_point and self.ap.active())
        return self

    async def _stay(self):
        """As the supervisor does."""
        while True:
            try:
                await self.link.run()
            except OSError:
                await radio.wait(1)

    async def __aexit__(self, *_):
        for task in self.tasks:
            task.cancel()
        await radio.wait(1)
        radio.none()

    async def tried(self):
        """What came of the trial."""
        await radio.until(lambda: self.setup.trial["state"] != "trying")
        return self.setup.trial


async def test_what_was_joined_is_kept():
    async with House() as house:
        assert house.setup.trial == {"state": "idle"}
        house.setup.join("home", "password")
        assert house.setup.trial["state"] == "trying"
        told = await house.tried()
        assert told == {"state": "joined", "ssid": "home", "words": "joined",
                        "address": "127.0.0.1"}
        config = house.config()
        assert (config.get("wifi_ssid"), config.get("wifi_password")) == ("home", "password")
        assert house.link.up.is_set() and house.link.ssid == "home" and house.ap.active()
        radio.air("lost")
        await radio.until(lambda: not house.link.up.is_set())  # run() has taken it over
        radio.air()
        await house.link.up.wait()


async def test_what_was_not_joined_is_not_kept():
    async with House() as house:
        for ssid, password, words in (
            ("home", "passwort", "wrong password"),
            ("nowhere", "password", "network not found"),
            ("mute", "password", "no address"),
        ):
            house.setup.join(ssid, password)
            told = await house.tried()
            assert told["state"] == "failed" and told["ssid"] == ssid and words in told["words"]
            assert told["address"] is None and "passwor" not in told["words"].replace(words, "")
            assert house.config().get("wifi_ssid") == "" and house.link.ssid == ""
            assert house.ap.active() and house.link.owner is None
        house.setup.join("home", "password")  # the right one, after all of those
        assert (await house.tried())["state"] == "joined"


async def test_a_trial_that_fails_goes_back_to_the_network_before():
    async with House("home") as house:
        await house.link.up.wait()
        house.setup.join("far", "wrong password")
        assert (await house.tried())["words"] == "wrong password"
        await house.link.up.wait()
        assert house.link.wlan.config("ssid") == "home"
        assert house.config().get("wifi_ssid") == "home"
        house.setup.join("far", "password")
        assert (await house.tried())["state"] == "joined"
        assert house.link.ssid == "far" and house.config().get("wifi_ssid") == "far"


async def test_a_static_address_goes_with_it():
    async with House() as house:
        house.setup.join("home", "password", address="192.0.2.9", dns="192.0.2.53")
        assert (await house.tried())["address"] == "192.0.2.9"
        assert house.config().get("address") == "192.0.2.9"
        assert house.config().get("dns") == "192.0.2.53"
        house.setup.join("home", "password")  # and back to DHCP
        assert (await house.tried())["address"] == "127.0.0.1"
        assert house.config().get("address") == ""


async def test_what_cannot_be_is_said_at_once_and_nothing_is_tried():
    async with House() as house:
        for ssid, password, more, words in (
            ("", "password", {}, "name of a network"),
            ("x" * 33, "password", {}, "wifi_ssid"),
            ("home", "short", {}, "wifi_password"),
            (12, "password", {}, "wifi_ssid"),
            ("home", "password", {"address": "300.1.1.1"}, "address:"),
            ("home", "password", {"dns": "name.server"}, "dns:"),
            ("home", "password", {"mqtt_host": "broker"}, "mqtt_host"),
        ):
            try:
                house.setup.join(ssid, password, **more)
            except ValueError as error:
                assert words in str(error) and "short" not in str(error), error
            else:
                raise AssertionError("tried all the same")
        assert house.setup.trial == {"state": "idle"}
        house.setup.join("home", "password")
        try:
            house.setup.join("far", "password")
        except OSError as error:
            assert "being tried" in str(error)
        else:
            raise AssertionError("two at a time")
        assert (await house.tried())["ssid"] == "home"


async def test_a_flash_that_refuses_is_told():
    async with House() as house:
        class Full(Config):
            def save(self):
                raise OSError(28)

        house.setup.config = lambda: Full(house.path).load()
        house.setup.join("home", "password")
        told = await house.tried()
        assert told["state"] == "joined" and "could not be kept" in told["words"]
        assert house.link.up.is_set()


async def test_the_guests_drop_when_the_channel_moves_and_find_the_result():
    async with House(guests=1) as house:
        await radio.until(lambda: house.setup.access_point.guests)
        house.setup.join("far", "password")  # channel 11
        await radio.until(lambda: house.ap.status("stations") == [])
        told = await house.tried()
        assert told["state"] == "joined" and house.ap.config("channel") == 11
        await radio.until(lambda: house.ap.status("stations") != [])  # the phone returns
        assert house.setup.trial is told and house.ap.active()
