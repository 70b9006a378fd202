"""The light: what is said by how many flashes, the button's word, the night, and the lamps."""

import asyncio
from time import ticks_add, ticks_ms

from machine import Pin

from firmware import light as module
from firmware.lamp import lamp, night
from firmware.light import ALONE, FAULTS, OPEN, UNREAD, UNSENT, WELL, Light
from firmware.tic.counters import CHECKSUM, Counters


class Link:
    def __init__(self):
        self.up = asyncio.Event()
        self.up.set()


class One:
    """A destination."""

    connected = working = True


class Gateway:
    """All is well with it, until the test says otherwise."""

    frames = 3
    open = False

    def __init__(self):
        self.store = self
        self.counters = Counters()
        self.link = Link()
        self.mqtt = One()
        self.uploads = [("influx", One())]

    def offered(self):
        return self.open

    def read(self):
        return self.frames


class Clock:
    """At some hour."""

    def __init__(self, hour):
        self.hour = hour
        self.clock = self

    def utc(self):
        return self.hour

    def local(self, utc):
        return (2026, 11, 29, utc, 0, 0, 6)


def _light(dark=bool):
    shown = []
    gateway = Gateway()
    return Light(gateway, lambda *colour: shown.append(colour), dark), gateway, shown


def test_the_worst_is_said_first():
    light, gateway, _ = _light()
    assert light.state() == WELL
    gateway.counters.add(CHECKSUM)
    assert light.state() == FAULTS
    gateway.uploads[0][1].working = False
    assert light.state() == UNSENT
    gateway.uploads[0][1].working = True
    gateway.mqtt.connected = False
    assert light.state() == UNSENT
    gateway.link.up.clear()
    assert light.state() == ALONE
    gateway.frames = None
    assert light.state() == UNREAD
    gateway.open = True
    assert light.state() == OPEN


def test_a_fault_of_the_line_is_told_for_a_minute():
    light, gateway, _ = _light()
    gateway.counters.add(CHECKSUM)
    told = [light.state() for _ in range(25)]
    assert told[:20] == [FAULTS] * 20 and told[21:] == [WELL] * 4


def test_what_is_off_is_no_fault():
    light, gateway, _ = _light()
    gateway.link = gateway.mqtt = None
    gateway.uploads = []
    assert light.state() == WELL


async def _cycle(light, ms=150):
    task = asyncio.create_task(light.run())
    await asyncio.sleep_ms(ms)
    task.cancel()
    await asyncio.sleep_ms(0)


async def test_a_flash_is_short_and_the_light_is_out_at_the_end():
    light, _, shown = _light()
    await asyncio.sleep_ms(2)
    await _cycle(light)
    assert shown == [(0, 255, 0), (0, 0, 0), (0, 0, 0)]


async def test_it_is_dark_at_night():
    light, _, shown = _light(lambda: True)
    await _cycle(light, 20)
    assert shown == [(0, 0, 0)]


async def test_the_button_comes_first():
    light, _, shown = _light()
    light.hold(True)
    await _cycle(light, 100)
    assert shown == [(255, 255, 255), (0, 0, 0)]


async def test_it_is_not_dark_for_days_because_nobody_pressed_the_button():
    light, _, shown = _light()
    half = (ticks_add(0, -1) >> 1) + 1  # of the period of ticks, six days on the board
    module.ticks_ms = lambda: ticks_add(ticks_ms(), half)
    try:
        await _cycle(light, 20)
    finally:
        module.ticks_ms = ticks_ms
    assert shown[0] == (0, 255, 0)


def test_the_night_by_legal_time():
    for begins, ends, hours in ((22, 7, (22, 23, 0, 6)), (1, 5, (1, 4)), (3, 3, ())):
        for hour in range(24):
            dark = night(Clock(hour), begins, ends)()
            assert dark == (hour in hours or begins > ends and (hour >= begins or hour < ends)
                            or begins < hour < ends), (begins, ends, hour)
    assert night(Clock(None), 22, 7)() is False


def test_a_plain_led_and_an_inverted_one():
    for kind, lit in (("plain", 1), ("inverted", 0)):
        pin = Pin(7, Pin.OUT)
        show = lamp(pin, kind, 5)
        assert pin() == 1 - lit
        show(0, 9, 0)
        assert pin() == lit
        show(0, 0, 0)
        assert pin() == 1 - lit


def test_a_ws2812_is_dimmed_but_not_out():
    lit = []

    class Pixel(list):
        def write(self):
            lit.append(self[0])

    import neopixel

    before, neopixel.NeoPixel = neopixel.NeoPixel, lambda pin, n: Pixel([None] * n)
    try:
        show = lamp(Pin(2, Pin.OUT), "ws2812", 5)
        show(255, 100, 1)
        show(0, 0, 0)
    finally:
        neopixel.NeoPixel = before
    assert lit == [(0, 0, 0), (13, 5, 1), (0, 0, 0)]
