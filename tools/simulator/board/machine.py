"""The simulated board's `machine`: names and signatures of the ESP32-C6.

A module found on MICROPYPATH goes before the built-in one of the unix port.
Environment: TICGATE_STATE folder of rtc.bin, TICGATE_ID 12 hex digits, TICGATE_CAUSE how the board
was started (the number of reset_cause), TICGATE_ADC "pin=mV,..." at the pins, unless the file
adc.txt says it, TICGATE_PTY.
A reset ends the process with status 64, deep sleep with 65 (its length is left in sleep.ms), the
watchdog with 66.
"""

import binascii
import os
import sys
import time

from sim_uart import UART  # noqa: F401  part of this module's face

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
PIN_WAKE, TIMER_WAKE = 2, 4
_RESET, _SLEEP, _BITTEN = 64, 65, 66
_RTC_SIZE = 2048
_LEVELS = {0: 0, 9: 1, 23: 1}           # pins that something holds: the button is not pressed
_ADC_MV = {1: 2500, 3: 2250, 5: 1842}   # Winky C6: VUSB / 2, Vcapa / 2, VLinky / 5.7
_drawn = {}                             # value put out, by pin
_frequency = 160000000


def _state(name: str) -> str:
    return f"{os.getenv('TICGATE_STATE') or '.'}/{name}"


def unique_id() -> bytes:
    """The six bytes of the chip's identity."""
    return binascii.unhexlify(os.getenv("TICGATE_ID") or "40f5201a2b3c")


def freq(hz=None):
    """Clock of the processor in Hz, or set it."""
    global _frequency
    if hz is None:
        return _frequency
    if hz not in (80000000, 160000000):
        raise ValueError("frequency can only be 80Mhz or 160MHz")
    _frequency = hz


def reset_cause() -> int:
    """Why the board started."""
    return int(os.getenv("TICGATE_CAUSE") or PWRON_RESET)


def wake_reason() -> int:
    """TIMER_WAKE after a deep sleep of given length."""
    return TIMER_WAKE if reset_cause() == DEEPSLEEP_RESET else 0


def reset() -> None:
    """The process ends; the conductor starts it again."""
    sys.exit(_RESET)


def soft_reset() -> None:
    """The same, for the PC."""
    sys.exit(_RESET)


def deepsleep(time_ms=0) -> None:
    """The process ends; the conductor starts it again after time_ms, or soon if that is 0."""
    with open(_state("sleep.ms"), "w") as file:
        file.write(str(time_ms))
    sys.exit(_SLEEP)


def lightsleep(time_ms=0) -> None:
    """Waits: on the ESP32-C6 it resets the board in the versions out today."""
    time.sleep_ms(time_ms)


def idle() -> None:
    """Gives the processor away for a moment."""
    time.sleep_ms(1)


def disable_irq() -> int:
    """There are none."""
    return 0


def enable_irq(state) -> None:
    """There are none."""


class RTC:
    """The clock, and 2048 bytes that outlive every reset."""

    def __init__(self, id=0):
        pass

    def memory(self, data=None):
        """The bytes kept, or keep these."""
        if data is None:
            try:
                with open(_state("rtc.bin"), "rb") as file:
                    return file.read()
            except OSError:
                return b""
        if len(data) > _RTC_SIZE:
            raise ValueError("buffer too long")
        with open(_state("rtc.bin"), "wb") as file:
            file.write(data)

    def datetime(self, datetimetuple=None):
        """(year, month, day, weekday, hours, minutes, seconds, microseconds) in UTC; never set."""
        if datetimetuple is None:
            now = time.gmtime()
            return (now[0], now[1], now[2], now[6], now[3], now[4], now[5], 0)


class WDT:
    """A watchdog that bites when it is fed too late: it has no thread of its own."""

    def __init__(self, *, id=0, timeout=5000):
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        self._timeout = timeout
        self._fed = time.ticks_ms()

    def feed(self) -> None:
        """In time, or the board restarts."""
        now = time.ticks_ms()
        if time.ticks_diff(now, self._fed) > self._timeout:
            print("simulated board: the watchdog was not fed in time, restart")
            sys.exit(_BITTEN)
        self._fed = now


class Pin:
    """A pin; levels from outside are what a quiet Winky shows."""

    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_UP, PULL_DOWN = 2, 1
    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None):
        if not 0 <= id <= 30:
            raise ValueError("invalid pin")
        self._id = id
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=None) -> None:
        """Mode and first value."""
        if value is not None:
            _drawn[self._id] = int(bool(value))

    def value(self, x=None):
        """The level, or put it out."""
        if x is None:
            return _drawn.get(self._id, _LEVELS.get(self._id, 0))
        _drawn[self._id] = int(bool(x))

    def __call__(self, x=None):
        return self.value(x)

    def on(self) -> None:
        """High."""
        self.value(1)

    def off(self) -> None:
        """Low."""
        self.value(0)

    def toggle(self) -> None:
        """The other level."""
        self.value(not self.value())

    def irq(self, handler=None, trigger=3):
        """Nothing ever happens at a simulated pin."""


class SPI:
    """A bus; only network.LAN is told of it."""

    def __init__(self, id, baudrate=500000, *, sck=None, mosi=None, miso=None):
        if not (sck and mosi and miso):
            raise ValueError("pins are needed")


class ADC:
    """An input measured in microvolts at the pin."""

    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = 0, 1, 2, 3
    WIDTH_12BIT = 12

    def __init__(self, id, *, sample_ns=0, atten=3):
        self._pin = id._id if isinstance(id, Pin) else id
        if not 0 <= self._pin <= 6:
            raise ValueError("invalid pin")

    def init(self, *, sample_ns=0, atten=3) -> None:
        """Nothing to set."""

    def atten(self, atten) -> None:
        """Nothing to set."""

    def read_uv(self) -> int:
        """Microvolts."""
        try:
            with open(_state("adc.txt")) as file:  # kept up to date by capacitor.py
                told = file.read()
        except OSError:
            told = os.getenv("TICGATE_ADC") or ""
        for pair in told.split(","):
            pin, _, millivolts = pair.partition("=")
            if pin == str(self._pin):
                return int(millivolts) * 1000
        return _ADC_MV.get(self._pin, 0) * 1000

    def read_u16(self) -> int:
        """0..65535 for 0..3.3 V."""
        return min(65535, self.read_uv() // 1000 * 65535 // 3300)
