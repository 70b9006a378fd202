"""MicroPython's own image on the chip: esptool writes it, mpflash fetches it.

esptool is what everybody else uses for it, and knows every chip. mpflash would do both, but only
with a board that runs MicroPython already or that is named; so it is used to fetch the file, from
MicroPython's site, and only where FIRMWARE names none.
"""

import os
import re
import subprocess
from collections import namedtuple
from pathlib import Path

from tools.flash import Problem
from tools.runtime import CACHE, VENV
from tools.runtime.common import SetupError

VERSION = "1.29.0"  # as the type stubs that the firmware is checked by (tools/requirements.txt)
BOARDS = {"esp32c6": "ESP32_GENERIC_C6", "esp32c3": "ESP32_GENERIC_C3",
          "esp32s3": "ESP32_GENERIC_S3"}
_FOLDER = CACHE / "image"
_SMALLEST = 4  # MB of flash
_ESPTOOL = (str(VENV / "bin/python"), "-m", "esptool")
_MPFLASH = (str(VENV / "bin/mpflash"),)

Chip = namedtuple("Chip", "name megabytes")


class Tools:
    """The two programs; a test puts others in their place."""

    def __init__(self, esptool=_ESPTOOL, mpflash=_MPFLASH):
        self._esptool, self._mpflash = list(esptool), list(mpflash)

    def chip(self, port: str) -> Chip:
        """What answers in the chip's own loader."""
        done = subprocess.run([*self._esptool, "--port", port, "flash-id"],
                              text=True, capture_output=True, check=False)
        said = done.stdout + done.stderr
        kind = re.search(r"Chip type:\s+(?:unknown )?(ESP\d+(?:-[A-Z]\d+)?)", said, re.IGNORECASE)
        if done.returncode or not kind:
            raise Problem(_unheard(port, said))
        size = re.search(r"Detected flash size:\s+(\d+)(KB|MB)", said)
        megabytes = int(size[1]) // (1 if size[2] == "MB" else 1024) if size else 0
        return Chip(kind[1].lower().replace("-", ""), megabytes)

    def fetch(self, chip: str) -> Path:
        """The stock image for a chip, from MicroPython's site unless it is here already."""
        board = BOARDS[chip]
        pattern = f"{board}-*{VERSION}*.bin"
        _FOLDER.mkdir(parents=True, exist_ok=True)
        if not list(_FOLDER.rglob(pattern)):
            if self._mpflash == list(_MPFLASH):
                _install()
            done = subprocess.run(
                [*self._mpflash, "download", "--version", VERSION, "--board", board],
                env=dict(os.environ, MPFLASH_FIRMWARE=str(_FOLDER)), check=False)
            if done.returncode or not list(_FOLDER.rglob(pattern)):
                raise Problem(f"MicroPython's image {board} {VERSION} could not be fetched. Is "
                              "there a network? Else fetch it by hand and give FIRMWARE=file.bin")
        return sorted(_FOLDER.rglob(pattern))[-1]

    def write(self, port: str, image: Path, erase: bool) -> None:
        """Write it; esptool shows how far it is."""
        options = ["--erase-all"] if erase else []
        done = subprocess.run([*self._esptool, "--port", port, "--baud", "460800", "write-flash",
                               *options, "0x0", str(image)], check=False)
        if done.returncode:
            raise Problem("writing the image failed, see above. Nothing is lost for good: run "
                          "the same again; if the board is not found, hold BOOT while plugging "
                          "it in.")


def suitable(chip: Chip) -> None:
    """Problem, if the gateway cannot live on it."""
    if chip.name not in BOARDS:
        raise Problem(f"wrong chip: this is {chip.name.upper()}. The gateway runs on "
                      f"{', '.join(name.upper() for name in BOARDS)}.")
    if 0 < chip.megabytes < _SMALLEST:
        raise Problem(f"the flash is too small: {chip.megabytes} MB. It takes a board with "
                      f"{_SMALLEST} MB.")


def _install() -> None:
    from tools.runtime import python_env

    try:
        python_env.venv("image")
    except SetupError as error:
        raise Problem(str(error)) from None


def _unheard(port: str, said: str) -> str:
    if "busy" in said or "exclusively" in said:
        return f"{port} is busy: another program has it open. Close that and try again."
    return (f"nothing that answers at {port}, neither MicroPython nor the chip's loader. Hold "
            "BOOT, press RESET (or plug it in), let BOOT go, and try again.")
