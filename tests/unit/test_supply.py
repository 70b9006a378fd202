"""Voltages behind dividers, and what they say of the supply."""

import json
import os

from firmware import supply
from firmware.config import Config
from firmware.supply import Supply

TOLD = {
    "power": "auto", "power_usb": 4400, "usb": 1, "capacitor": 3, "line": 5,
    "usb_ratio": 2000, "capacitor_ratio": 2000, "line_ratio": 5700,
}


def adc(**millivolts):
    """A stand-in for machine.ADC: mV at the pins p1, p3, p5."""
    class Adc:
        ATTN_11DB = 3

        def __init__(self, pin, atten):
            self._pin = pin

        def read_uv(self):
            return millivolts[f"p{self._pin}"] * 1000

    return Adc


def test_dividers():
    read = Supply(adc(p1=2500, p3=2125, p5=1667), TOLD).read
    assert [read(name) for name in ("usb", "capacitor", "line")] == [5000, 4250, 9501]
    read = Supply(adc(p1=2500, p3=2125), dict(TOLD, line=-1, capacitor_ratio=2043)).read
    assert (read("line"), read("capacitor")) == (None, 4341)


def test_who_feeds_us():
    def alone(at_usb, at_capacitor, **changes):
        return Supply(adc(p1=at_usb, p3=at_capacitor, p5=0), dict(TOLD, **changes)).alone()

    assert alone(0, 2100)
    assert not alone(2200, 2100)
    assert not alone(0, 700)  # no capacitor, no divider: another board
    assert alone(0, 700, power="supercap")
    assert not alone(2500, 700, power="supercap")
    assert not alone(0, 2100, usb=-1)
    assert alone(0, 2100, usb=-1, power="supercap")
    assert not alone(0, 2100, capacitor=-1, power="supercap")


def test_a_known_voltage_calibrates_a_divider():
    import machine

    with open(supply.FILE, "w") as file:
        json.dump(TOLD, file)
    try:
        # The simulated board shows 2250 mV at the pin of the capacitor.
        assert supply.known().read("capacitor") == 4500
        assert supply.calibrate("capacitor", 4410) == 1960
        assert Config().load().get("power_capacitor_ratio") == 1960
        try:
            supply.calibrate("unknown", 4410)
        except (ValueError, KeyError):
            pass
        else:
            raise AssertionError("no error")
        assert machine.ADC(3).read_uv() == 2_250_000
    finally:
        os.remove(supply.FILE)
        os.remove("config.json")
    assert supply.known() is None
