"""What a board is. The only module that names pins; loaded at start, and garbage afterwards.

Pins of the Winky boards: the templates published with their other firmware; of the generic
profile: free on the common development boards of the C6, C3 and S3. Tried on no real board yet.
"""

import select
import sys

from micropython import const

_NAMES = "tic led button usb capacitor line"
_KEYS = "tic_rx pin_led pin_button pin_usb pin_capacitor pin_line"
_PROFILE = const(-1)  # that of the profile; below it: none

# profile: TIC receive, LED, button, and the voltages of USB, capacitor and line; -1 is none
_PINS = {
    "winky_c6": (4, 2, 9, 1, 3, 5),
    "winky_c3": (3, 2, 9, 1, 4, -1),
    "generic": (4, -1, 9, -1, -1, -1),
}


class Board:
    """The hardware below the gateway, chosen by the setting "board", and by one for each pin.

    machine is the module of that name, or a stand-in in a test; name the text that tells the chip.
    """

    def __init__(self, config, machine, name=None):
        self._machine = machine
        self._own = [config.get(key) for key in _KEYS.split()]
        self.profile = config.get("board")
        if self.profile == "auto":
            self.profile = profile_of(sys.implementation._machine if name is None else name)
        self.chip_id = machine.unique_id().hex()

    def pin(self, name) -> int:
        """The number of a pin (tic, led, button, usb, capacitor, line); -1 if there is none."""
        n = _NAMES.split().index(name)
        own = self._own[n]
        return _PINS[self.profile][n] if own == _PROFILE else max(own, -1)

    def clashes(self) -> list:
        """In words, each pin that is wanted for two things: one of them will not work."""
        taken, words = {}, []
        for name in _NAMES.split():
            pin = self.pin(name)
            if pin in taken:
                words.append(f"pin {pin} is wanted twice, for {taken[pin]} and for {name}")
            elif pin >= 0:
                taken[pin] = name
        return words

    def keys(self):
        """What tells, by poll(0), whether something was typed on the console."""
        keys = select.poll()
        keys.register(sys.stdin.buffer, select.POLLIN)
        return keys

    def reset_cause(self) -> str:
        """Why the chip started: power_on (or a brown-out), hard (a restart of ours, or a crash),
        watchdog, deep_sleep, soft, or unknown.
        """
        cause = self._machine.reset_cause()
        words = "power_on hard watchdog deep_sleep soft".split()
        for name in "PWRON HARD WDT DEEPSLEEP SOFT".split():
            word = words.pop(0)
            if getattr(self._machine, name + "_RESET", None) == cause:
                return word
        return "unknown"


def profile_of(name) -> str:
    """The profile for the name MicroPython gives the hardware, "ESP32C6 module with ESP32C6".

    The name tells the chip, not the board around it: a C6 or C3 is taken for a Winky.
    """
    for chip in ("C6", "C3"):
        if "ESP32" + chip in name.replace("-", ""):
            return "winky_" + chip.lower()
    return "generic"
