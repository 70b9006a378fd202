"""The cable, on the simulated W5500: its address, the lack of one, and what it does not do."""

import asyncio
import json
import os

import radio  # makes waiting short: before the modules under test
from machine import SPI, Pin
from network import LAN, PHY_W5500

from firmware.link import joining, scanning
from firmware.link.ethernet import Ethernet


def _cable(state):
    with open("wifi.json", "w") as file:
        json.dump({"cable": state}, file)


def _link(**changes):
    bus = SPI(1, sck=Pin(21), mosi=Pin(19), miso=Pin(20))
    lan = LAN(0, phy_type=PHY_W5500, phy_addr=0, spi=bus, cs=Pin(18), int=Pin(10))
    return Ethernet(lan, radio.settings(**changes))


async def _life(link, until):
    task = asyncio.create_task(link.run())
    try:
        await radio.until(until)
    finally:
        task.cancel()
        await asyncio.sleep_ms(0)


async def test_it_comes_up_goes_and_comes_again():
    _cable("")
    link = _link()
    assert link.status() == {"link": "ethernet", "state": "down"}
    task = asyncio.create_task(link.run())
    await radio.until(link.up.is_set)
    assert link.status() == {"link": "ethernet", "state": "up", "address": "127.0.0.1"}
    _cable("out")
    await radio.until(lambda: not link.up.is_set())
    assert link.error == "network lost"
    await radio.until(lambda: link.error == "no cable plugged in")
    _cable("")
    await radio.until(link.up.is_set)
    assert link.error == ""
    task.cancel()
    os.remove("wifi.json")


async def test_a_cable_without_an_address_is_told():
    _cable("deaf")
    link = _link()
    await _life(link, lambda: link.error == "no address from the network")
    os.remove("wifi.json")


async def test_a_static_address():
    link = _link(address="192.168.1.9", dns="9.9.9.9")
    await _life(link, link.up.is_set)
    assert link.wlan.ifconfig() == ("192.168.1.9", "255.255.255.0", "192.168.1.1", "9.9.9.9")


def test_it_has_no_radio():
    link = _link()
    for act in (lambda: scanning.scan(link), lambda: joining.begin(_Setup(link), "home", "", {})):
        try:
            act()
        except OSError as error:
            assert "on a cable" in str(error)
        else:
            raise AssertionError("a radio is used")


class _Setup:
    def __init__(self, link):
        self.link = link
