"""What a board is. The only module that names pins, and the only one that imports machine.

Pins of the Winky boards: the templates published with their other firmware; of the generic
profile: free on the common development boards of the C6, C3 and S3. Tried on no real board yet.
"""

import gc
import sys
import time

from micropython import const

_RXBUF = const(8192)  # bytes: 8.5 s at 9600, longer than any known stall (DNS, scan, TLS, flash)
_TX = const(10)  # where a firmware without tx=-1 puts its unused output: free on all the profiles

# profile: TIC receive, LED, button, and the voltages of USB, capacitor and line; -1 is none
_PINS = {
    "winky_c6": (4, 2, 9, 1, 3, 5),
    "winky_c3": (3, 2, 9, 1, 4, -1),
    "generic": (4, -1, 9, -1, -1, -1),
}
_NAMES = ("tic", "led", "button", "usb", "capacitor", "line")


class Board:
    """The hardware below the gateway, chosen by the settings "board" and "tic_rx".

    hardware is the machine module, or a stand-in in a test; name the text that tells the chip.
    """

    def __init__(self, config, hardware=None, name=None):
        if hardware is None:
            import machine as hardware
        self._machine = hardware
        self._tic = config.get("tic_rx")
        self.profile = config.get("board")
        if self.profile == "auto":
            self.profile = profile_of(sys.implementation._machine if name is None else name)
        self.ticks_ms = time.ticks_ms
        self.chip_id = hardware.unique_id().hex()

    def pin(self, name) -> int:
        """The number of a pin (tic, led, button, usb, capacitor, line); -1 if there is none."""
        if name == "tic" and self._tic >= 0:
            return self._tic
        return _PINS[self.profile][_NAMES.index(name)]

    def open_uart(self, rate):
        """The TIC line as a stream at rate baud: 8N1, since the decoder checks the parity itself.

        Always UART 1: 0 is the console, 2 the low-power one. A timeout_char above 0 would let a
        read hold the interpreter. OSError or ValueError if the UART cannot be had.
        """
        try:
            return self._uart(rate, -1)
        except ValueError:  # before MicroPython 1.28 tx could not be left out
            return self._uart(rate, _TX)

    def _uart(self, rate, tx):
        return self._machine.UART(
            1,
            baudrate=rate,
            bits=8,
            parity=None,
            stop=1,
            tx=tx,
            rx=self.pin("tic"),
            rxbuf=_RXBUF,
            timeout=0,
            timeout_char=0,
        )

    def watchdog(self, ms):
        """Start the watchdog, for good; what it returns wants feed() at least every ms."""
        return self._machine.WDT(timeout=ms)

    def reset_cause(self) -> str:
        """Why the chip started: power_on (or a brown-out), hard (restart() or a crash), watchdog,
        deep_sleep, soft, or unknown.
        """
        cause = self._machine.reset_cause()
        words = "power_on hard watchdog deep_sleep soft".split()
        for name in "PWRON HARD WDT DEEPSLEEP SOFT".split():
            word = words.pop(0)
            if getattr(self._machine, name + "_RESET", None) == cause:
                return word
        return "unknown"

    def memory(self) -> dict:
        """Bytes: heap_used by Python; system_free, system_block (largest), where the chip tells.

        gc.mem_free() is left out: on the ESP32 it counts memory the heap has not got.
        """
        gc.collect()
        figures = {"heap_used": gc.mem_alloc()}
        try:
            import esp32

            regions = esp32.idf_heap_info(esp32.HEAP_DATA)
        except (ImportError, AttributeError):
            return figures
        figures["system_free"] = sum(region[1] for region in regions)
        figures["system_block"] = max(region[2] for region in regions)
        return figures


class LastRate:
    """The rate at which the meter was last read, in a file of its own."""

    def __init__(self, path="tic.last"):
        self._path = path
        self._saved = 0

    def load(self) -> int:
        """The rate in baud, 0 if none is known."""
        try:
            with open(self._path) as file:
                self._saved = int(file.read(8))
        except (OSError, ValueError):  # never written, or cut while it was
            self._saved = 0
        return self._saved

    def save(self, rate) -> None:
        """Remember a rate; the flash is written only when it is another one."""
        if rate != self._saved:
            with open(self._path, "w") as file:
                file.write(str(rate))
            self._saved = rate


def restart() -> None:
    """Start again from the boot loader."""
    import machine

    machine.reset()


def profile_of(name) -> str:
    """The profile for the name MicroPython gives the hardware, "ESP32C6 module with ESP32C6".

    The name tells the chip, not the board around it: a C6 or C3 is taken for a Winky.
    """
    for chip in ("C6", "C3"):
        if "ESP32" + chip in name.replace("-", ""):
            return "winky_" + chip.lower()
    return "generic"
