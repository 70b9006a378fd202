"""firmware/safe.py: the access point and the pages only, after failures in a row."""

from firmware import safe
from firmware.config import Config
from firmware.settings import keys


class Point:
    guests = False


class Gateway:
    def __init__(self):
        self.supervisor = self.joining = self
        self.access_point = None
        self.uptime = 0
        self.said = []
        self.restarts = 0

    def say(self, words, level=2):
        self.said.append(words)

    def restart(self):
        self.restarts += 1


def test_it_is_the_third_restart_of_each_slot_that_begins_it():
    assert [n for n in range(13) if safe.wanted(n)] == [3, 4, 5, 9, 10, 11]


def test_all_that_can_be_left_out_is_off():
    config = Config("nowhere.json")
    config.update({"mqtt_host": "broker", "wifi_ssid": "home", "wifi_password": "long enough",
                   "influx_url": "http://db", "modbus": "on", "site": "cellar", "watchdog": 0,
                   "ap_password": "of the owner", "identifiers_salt": "of the owner"})
    settings = safe.reduced(dict(config.items()))
    assert sorted(settings) == sorted(keys())
    assert settings["site"] == "cellar" and settings["ap_password"] == "of the owner"
    assert settings["identifiers_salt"] == "of the owner"
    for key in ("mqtt_host", "wifi_ssid", "influx_url", "ntp_host"):
        assert settings[key] == "", key
    assert settings["model"] is settings["modbus"] is settings["raw_tic"] is False
    assert settings["page"] is True and settings["ap_after"] > 0 and settings["power"] == "usb"
    assert settings["watchdog"] > 0


def test_every_setting_that_keeps_its_value_exists():
    for key in safe._KEPT.split():
        assert key in list(keys()), key


def test_an_hour_without_a_guest_ends_it():
    gateway = Gateway()
    rest = safe.Rest(3)
    for gateway.uptime in range(3600):
        assert not rest.look(gateway)
    assert gateway.said == ["safe mode after 3 restarts: access point and page only"]
    gateway.access_point = Point()
    gateway.access_point.guests = True
    for gateway.uptime in range(3600, 9000):
        assert not rest.look(gateway)
    gateway.access_point.guests = False
    for gateway.uptime in range(9000, 20_000):
        if rest.look(gateway):
            break
    assert gateway.uptime == 8999 + 3600 and gateway.restarts == 1
