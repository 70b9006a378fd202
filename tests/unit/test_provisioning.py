"""Improv over the serial line, byte by byte, on the simulated radio."""

import asyncio
import os

import network
import radio

import firmware
from firmware.config import Config
from firmware.link.setup import Setup
from firmware.link.wifi import Wifi
from firmware.rarely import load

HEAD = b"IMPROV\x01"
FINE = b"\nIMPROV\x01\x02\x01\x00\xe1\n"  # the error state: none
READY = b"\nIMPROV\x01\x01\x01\x02\xe2\n"
TRYING = b"\nIMPROV\x01\x01\x01\x03\xe3\n"
JOINED = b"\nIMPROV\x01\x01\x01\x04\xe4\n"
NOT_CONNECTED = b"\nIMPROV\x01\x02\x01\x03\xe4\n"
# The example of the description: the Wi-Fi MyWirelessAP, the password mysecurepassword.
EXAMPLE = b"\x01\x1e\x0cMyWirelessAP\x10mysecurepassword"


def packet(data, kind=3):
    text = HEAD + bytes((kind, len(data))) + data
    return bytearray(text + bytes((sum(text) & 255,)))


def error(code):
    return b"\n" + bytes(packet(bytes((code,)), 2)) + b"\n"


def result(command, *texts):
    body = b"".join(bytes((len(text),)) + text for text in texts)
    return b"\n" + bytes(packet(bytes((command, len(body))) + body, 4)) + b"\n"


def wifi(ssid, password):
    data = bytes((len(ssid),)) + ssid + bytes((len(password),)) + password
    return bytes((1, len(data))) + data


class House:
    """A gateway with a radio, whose answers are kept."""

    profile = "winky_c6"
    device = "winky-0a01ff"

    def __init__(self, **changes):
        radio.air()
        self.path = "improv.json"
        try:
            os.remove(self.path)
        except OSError:
            pass
        config = Config(self.path).load()
        config.update(changes)
        config.save()
        given = radio.settings(wifi_ssid="")
        self.link = Wifi(radio.station(), given)
        ap = radio.fresh(network.WLAN.IF_AP)
        self.joining = Setup(self.link, ap, self.device, given, self.config)
        self.said = b""

    def config(self):
        return Config(self.path).load()

    def write(self, data):
        self.said += data

    async def send(self, data):
        """What comes back to a packet at once."""
        self.said = b""
        await load("link.provisioning").answer(self, data, self.write)
        return self.said

    async def ask(self, data):
        """Likewise to a command, without the word that there is no error."""
        said = await self.send(packet(data))
        assert said.startswith(FINE), said
        return said[len(FINE) :]


async def test_the_state_of_a_new_gateway():
    house = House()
    assert await house.ask(b"\x02\x00") == READY


async def test_what_it_is():
    house = House()
    version = firmware.__version__.encode()
    assert await house.ask(b"\x03\x00") == result(
        3, b"ticgate", version, b"ESP32-C6", b"winky-0a01ff")
    house = House(device_name="La cave é")
    house.profile = "generic"
    assert await house.ask(b"\x03\x00") == result(
        3, b"ticgate", version, b"linux", "La cave é".encode())


async def test_networks():
    house = House()
    said = await house.ask(b"\x04\x00")
    assert said.startswith(result(4, b"home", b"-58", b"YES"))
    assert result(4, b"open", b"-70", b"NO") in said and said.endswith(result(4))
    house.link.trying = True
    assert await house.ask(b"\x04\x00") == error(255)


async def test_a_network_is_joined_and_the_page_is_told():
    house = House(page_port=8080)
    assert await house.ask(wifi(b"home", b"password")) == TRYING
    assert await house.ask(b"\x02\x00") == TRYING
    assert await house.ask(wifi(b"home", b"password")) == error(3)  # one at a time
    house.said = b""
    await radio.until(lambda: house.said)
    url = result(1, b"http://127.0.0.1:8080/")
    assert house.said == JOINED + url
    assert house.config().get("wifi_ssid") == "home"
    assert house.config().get("wifi_password") == "password"
    assert await house.ask(b"\x02\x00") == JOINED + result(2, b"http://127.0.0.1:8080/")
    radio.none()


async def test_without_pages_there_is_no_address():
    house = House(page="off")
    await house.ask(wifi(b"open", b""))
    house.said = b""
    await radio.until(lambda: house.said)
    assert house.said == JOINED + result(1)
    radio.none()


async def test_a_network_that_cannot_be_joined():
    house = House()
    for ssid, password in ((b"home", b"passwort"), (b"nowhere", b"password")):
        assert await house.ask(wifi(ssid, password)) == TRYING
        house.said = b""
        await radio.until(lambda: READY in house.said)
        assert house.said == NOT_CONNECTED + READY
        assert house.config().get("wifi_ssid") == ""
    assert await house.ask(wifi(b"home", b"short")) == NOT_CONNECTED
    assert await house.ask(wifi(b"", b"password")) == NOT_CONNECTED
    radio.none()


async def test_the_example_of_the_description():
    house = House()
    assert await house.ask(EXAMPLE) == TRYING
    assert house.joining.trial["ssid"] == "MyWirelessAP"
    await radio.until(lambda: house.joining.trial["state"] == "failed")
    radio.none()


async def test_names():
    house = House()
    assert await house.ask(b"\x05\x00") == result(5, b"winky-0a01ff")
    assert await house.ask(b"\x05\x04barn") == result(5, b"barn")
    assert house.config().get("hostname") == "barn"
    for wrong in (b"-barn", b"barn-", b"my_barn", b"caf\xc3\xa9", b"a b", b"x" * 33, b"a.b"):
        assert await house.ask(bytes((5, len(wrong))) + wrong) == error(5), wrong
    assert await house.ask(b"\x06\x09The house") == result(6, b"The house")
    assert await house.ask(b"\x06\x00") == result(6, b"The house")
    assert await house.ask(b"\x06\x28" + b"x" * 40) == error(255)
    house.link.up.set()
    assert await house.ask(b"\x06\x02no") == error(255)  # it is set up
    assert await house.ask(b"\x05\x00") == result(5, b"barn")


async def test_what_is_wrong():
    house = House()
    good = packet(b"\x02\x00")
    bad = bytearray(good)
    bad[-1] ^= 1
    assert await house.send(bad) == error(1)
    for data in (b"", b"\x02", b"\x02\x01", b"\x02\x00\x00"):
        assert await house.send(packet(data)) == error(1), data
    for command in (0, 7, 8, 128, 255):
        assert await house.ask(bytes((command, 0))) == error(2), command
    for data in (b"\x01\x00", b"\x01\x01\x04", b"\x01\x05\x04home", b"\x01\x06\x04home\x08",
                 b"\x01\x07\x04home\x00\x00", b"\x01\x06\x04\xff\xfe\xfd\xfc\x00"):
        assert await house.ask(data) == error(1), data
    for kind in (0, 1, 2, 4, 255):
        assert await house.send(packet(b"\x02\x00", kind)) == b""


async def test_without_a_radio():
    house = House()
    house.joining = house.link = None
    assert await house.ask(b"\x02\x00") == READY
    assert await house.ask(wifi(b"home", b"password")) == error(255)
    assert await house.ask(b"\x04\x00") == error(255)
    await asyncio.sleep_ms(0)
