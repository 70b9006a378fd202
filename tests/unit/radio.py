"""The simulated board's radio for unit tests: `home` and others around, and time made short.

To be imported before the modules under test: they find an asyncio here whose waits are short.
"""

import asyncio
import json
import os
import sys

import network

HOME = {"home": ["password", 6, -58, ""], "far": ["password", 11, -80, ""],
        "open": ["", 1, -70, ""], "mute": ["password", 6, -70, "deaf"],
        "attic": ["attic-key", 3, -75, "hidden"]}
_SETTINGS = {"wifi_ssid": "home", "wifi_password": "password", "wifi_power": 20, "address": "",
             "netmask": "", "router": "", "dns": "", "ap_after": 3, "ap_open": False,
             "ap_password": "abcdefgh2345"}


def settings(**changes):
    """What the parts are given."""
    return dict(_SETTINGS, **changes)


def air(mood="", guests=0, networks=HOME, pace=0.01):
    """What is around from now on."""
    with open("wifi.json", "w") as file:
        json.dump({"networks": networks, "mood": mood, "guests": guests, "pace": pace}, file)


def station():
    """The station's side of a radio that has just got power."""
    return fresh(network.WLAN.IF_STA)


def fresh(interface):
    """One side of a radio that has just got power."""
    network.WLAN._made.pop(interface, None)
    return network.WLAN(interface)


def none():
    """Nothing is told of the radio: it joins everything, at once."""
    try:
        os.remove("wifi.json")
    except OSError:
        pass


class Fast:
    """asyncio for all modules that are imported after this one: waiting takes a hundredth."""

    factor = 100
    owed = 0  # of what is too short for a hundredth of it

    def __getattr__(self, name):
        return getattr(asyncio, name)

    @staticmethod
    async def sleep_ms(ms):
        Fast.owed += ms
        now = Fast.owed // Fast.factor
        Fast.owed -= Fast.factor * now
        await asyncio.sleep_ms(now)

    @staticmethod
    async def sleep(seconds):
        await asyncio.sleep_ms(int(seconds * 10))


sys.modules["asyncio"] = Fast()
wait = Fast.sleep


async def until(condition, ms=8000):
    """Wait for something to be so."""
    while not condition():
        ms -= 2
        assert ms > 0, "it has not come to be"
        await asyncio.sleep_ms(2)
