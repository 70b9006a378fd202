"""What a board is. The only module that names pins; loaded at start, and garbage afterwards.

Pins of the Winky boards: the templates published with their other firmware; of the generic
profile: free on the common development boards of the C6, C3 and S3. Tried on no real board yet.
"""

import sys

# profile: TIC receive, LED, button, and the voltages of USB, capacitor and line; -1 is none
_PINS = {
    "winky_c6": (4, 2, 9, 1, 3, 5),
    "winky_c3": (3, 2, 9, 1, 4, -1),
    "generic": (4, -1, 9, -1, -1, -1),
}


class Board:
    """The hardware below the gateway, chosen by the settings "board" and "tic_rx".

    machine is the module of that name, or a stand-in in a test; name the text that tells the chip.
    """

    def __init__(self, config, machine, name=None):
        self._machine = machine
        self._tic = config.get("tic_rx")
        self.profile = config.get("board")
        if self.profile == "auto":
            self.profile = profile_of(sys.implementation._machine if name is None else name)
        self.chip_id = machine.unique_id().hex()

    def pin(self, name) -> int:
        """The number of a pin (tic, led, button, usb, capacitor, line); -1 if there is none."""
        if name == "tic" and self._tic >= 0:
            return self._tic
        return _PINS[self.profile]["tic led button usb capacitor line".split().index(name)]

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
