"""The serial port of a board: found, and opened, or told why not."""

import errno
from pathlib import Path

import serial
from serial.tools import list_ports

from tools.flash import Problem

# Makers of USB connectors on ESP32 boards: Espressif, Silicon Labs, WCH, FTDI.
_MAKERS = (0x303A, 0x10C4, 0x1A86, 0x0403)
_NONE = """no board found. Is the cable one for data, too? A board that sleeps, or runs a program
that is not MicroPython, is woken so: hold BOOT, plug it in (or press RESET), let BOOT go."""


def find(wanted: str = "") -> str:
    """The port that was asked for, or the only one that may be a board's."""
    there = {port.device: port for port in list_ports.comports()}
    if wanted:
        if wanted not in there and "://" not in wanted and not Path(wanted).exists():
            raise Problem(f"no board at {wanted}. {_told(there)}")
        return wanted
    likely = sorted(name for name, port in there.items() if port.vid in _MAKERS)
    if not likely:
        raise Problem(_NONE)
    if len(likely) > 1:
        raise Problem(f"which board? PORT={' or PORT='.join(likely)}")
    return likely[0]


def open_port(port: str, **options) -> serial.Serial:
    """The port, for this program alone. Problem says why it cannot be had."""
    try:
        return serial.serial_for_url(port, baudrate=115200, exclusive=True, **options)
    except (OSError, ValueError) as error:
        raise refused(port, error) from None


def refused(port: str, error: Exception) -> Problem:
    """What to do about a port that does not open."""
    code = getattr(error, "errno", None)
    if code in (errno.EBUSY, errno.EAGAIN):
        return Problem(f"{port} is busy: another program has it open (mpremote, a serial monitor, "
                       "an editor). Close that and try again.")
    if code == errno.EACCES:
        return Problem(f"{port} may not be opened by you. On Debian: "
                       "sudo usermod -a -G dialout $USER, then log out and in.")
    if code in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO):
        return Problem(f"no board at {port}: it has been unplugged, or restarts. Try again.")
    return Problem(f"{port} cannot be opened: {error}")


def _told(there: dict) -> str:
    if not there:
        return "There is no serial port at all: is the cable one for data, too?"
    return f"Serial ports here: {', '.join(sorted(there))}."
