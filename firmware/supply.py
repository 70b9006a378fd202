"""What feeds the gateway: the voltages behind the dividers of the board.

The dividers differ by some percent from board to board, and so does the ADC: each has a setting,
in thousandths, and calibrate() finds it from a voltage that was measured by hand.
"""

import json
from binascii import crc32

from micropython import const

import firmware

FILE = "asleep.json"  # what the cycle has to know: prepare.py writes it
_SAMPLES = const(8)
_THERE = const(2500)  # mV: the chip does not run on less, so no divider, no capacitor


class Supply:
    """adc: machine.ADC, or a stand-in; told: a dict with the pins usb, capacitor, line (-1: none)
    and the settings of the same names (prepare.py).
    """

    def __init__(self, adc, told):
        self.told = told
        self._inputs = {}
        for name in ("usb", "capacitor", "line"):
            if told[name] >= 0:
                self._inputs[name] = adc(told[name], atten=adc.ATTN_11DB), told[name + "_ratio"]

    def read(self, name):
        """mV of usb, capacitor or line; None if the board cannot tell."""
        if name not in self._inputs:
            return None
        adc, ratio = self._inputs[name]
        total = 0
        for _ in range(_SAMPLES):
            total += adc.read_uv()
        return total // (_SAMPLES * 1000) * ratio // 1000

    def alone(self) -> bool:
        """Whether nothing but the meter feeds it."""
        usb = self.read("usb")
        if usb is not None and usb >= self.told["power_usb"]:
            return False
        capacitor = self.read("capacitor")
        if self.told["power"] == "supercap":
            return capacitor is not None
        return usb is not None and capacitor is not None and capacitor >= _THERE


def checksum(path="config.json") -> int:
    """Of the settings in flash, and of who reads them."""
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError:
        text = b""
    return crc32(text + firmware.__version__.encode()) & 0x3FFFFFFF


def known():
    """A Supply as prepare.py left it word, None if it did not."""
    import machine

    try:
        with open(FILE) as file:
            return Supply(machine.ADC, json.load(file))
    except (OSError, ValueError, KeyError):
        return None


def calibrate(name, millivolts):
    """Call it on the console with what a voltmeter shows at usb, capacitor or line: keeps the
    ratio of that divider in the settings, and returns it. It counts after a restart.
    """
    from firmware.config import Config

    supply = known()
    if not supply or not supply.read(name):
        raise ValueError(f"{name}: nothing to be measured")
    ratio = millivolts * supply.told[name + "_ratio"] // supply.read(name)
    config = Config().load()
    config.set(f"power_{name}_ratio", ratio)
    config.save()
    return ratio
