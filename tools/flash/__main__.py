"""python -m tools.flash flash | deploy: see `make help`.

    PORT=/dev/ttyACM0    the board; without it the only one there is
    FAMILY=esp32c6       what to compile for; without it what the board is
    FIRMWARE=file.bin    flash: this image, even if there is MicroPython already
    ERASE=1              flash: all that is on the board is removed first, settings too
"""

import os
import sys
import time
from pathlib import Path

import serial

from tools import board, slot
from tools.flash import Problem, console, image, ports, transfer
from tools.flash.device import OLDEST, Device, Gone
from tools.runtime.common import SetupError

_AFTER_IMAGE = 30  # s that a board may take to come back


def say(text: str) -> None:
    """A step."""
    print(text, flush=True)


def flash(port: str, wanted: dict, tools: image.Tools) -> None:
    """From any board to one whose console tells how to reach it."""
    erase = wanted.get("ERASE", "0") not in ("", "0")
    device = None if erase else Device.connect(port)
    if device:
        facts = _known(device)
        which = f"{port}: {facts.chip}, MicroPython {_dotted(facts.version)}"
        if wanted.get("FIRMWARE") or facts.version < OLDEST:
            say(f"{which}; is replaced, files stay")
            device.close()
            device = None
        else:
            say(f"{which}, stays")
    elif not erase:
        erase = _may_erase(port)
    if not device:
        _write_image(port, wanted, tools, erase)
        device = _again(port)
    console.follow(port, line=_copy(device, wanted))


def deploy(port: str, wanted: dict) -> None:
    """What has changed, onto a board that has been flashed."""
    device = Device.connect(port)
    if not device:
        raise Problem(f"no MicroPython answers at {port}: make flash puts it there")
    _copy(device, wanted).close()


def _write_image(port: str, wanted: dict, tools: image.Tools, erase: bool) -> None:
    chip = tools.chip(port)
    image.suitable(chip)
    _fits(wanted.get("FAMILY"), chip.name)
    if wanted.get("FIRMWARE"):
        file = Path(wanted["FIRMWARE"]).expanduser()
        if not file.is_file():
            raise Problem(f"FIRMWARE={file}: there is no such file")
    else:
        file = tools.fetch(chip.name)
    say(f"{port}: {chip.name}, {chip.megabytes} MB; writing {file.name}")
    tools.write(port, file, erase)


def _may_erase(port: str) -> bool:
    """Ask: it could be a gateway that cannot answer at the moment, with all its settings."""
    say(f"{port}: no MicroPython answers. If this is a new board, all that is on it is erased.\n"
        "If it is a gateway already, its settings and history would be lost: unplug it, plug it\n"
        "in and try again first.")
    if not sys.stdin.isatty():
        raise Problem("not done unasked. With ERASE=1 the board is erased.")
    if input("Erase it? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Problem("nothing was changed")
    return True


def _again(port: str) -> Device:
    """The board, after its image was written."""
    end = time.monotonic() + _AFTER_IMAGE
    while True:
        try:
            device = Device.connect(port)
            if device:
                return device
            raise Problem(f"the image is written, but no MicroPython answers at {port}. Press "
                          "RESET and run the same again.")
        except Problem:
            if time.monotonic() > end:
                raise
            time.sleep(1)


def _known(device: Device):
    """Facts of a chip that we know; Problem for others."""
    facts = device.facts()
    if facts.chip != "simulator":
        image.suitable(image.Chip(facts.chip, 0))
    return facts


def _fits(family: str | None, chip: str) -> str:
    """-> the family to compile for"""
    for name, (_, chips) in slot.FAMILIES.items():
        if chip in chips.split() and family in (None, "", name):
            return name
    raise Problem(f"wrong chip: this is {chip.upper()}, and FAMILY={family} is for another")


def _copy(device: Device, wanted: dict) -> serial.Serial:
    """Bring the files up to date, and restart. -> the port, open"""
    with device:
        facts = _known(device)
        if facts.version < OLDEST:
            raise Problem(f"MicroPython {_dotted(facts.version)} is too old, "
                          f"{_dotted(OLDEST)} or later is needed: make flash replaces it")
        board.build(_fits(wanted.get("FAMILY"), facts.chip))
        try:
            there = transfer.look(device)
            warning = transfer.room(board.OUT, there, facts.free, facts.total)
            if warning:
                say(warning)
            count = transfer.transfer(device, board.OUT, there)
        except Gone:
            raise Problem("the copy was interrupted: the board does not answer any more. Plug it "
                          "in and run the same again; what is there already stays.") from None
        except KeyboardInterrupt:
            raise Problem("stopped by you in the middle of the copy; run the same again to "
                          "finish it") from None
        say(f"{count} files copied" if count else "nothing to copy: the board has all of it")
        return device.restart()


def _dotted(version: tuple) -> str:
    return ".".join(str(n) for n in version)


def main(names: list, wanted=None, tools=None) -> int:
    """The commands described above. -> exit status"""
    wanted = os.environ if wanted is None else wanted
    if names not in (["flash"], ["deploy"]):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        port = ports.find(wanted.get("PORT") or "")
        if names == ["flash"]:
            flash(port, wanted, tools or image.Tools())
        else:
            deploy(port, wanted)
    except (Problem, SetupError) as problem:
        print(f"\n{names[0]}: {problem}", file=sys.stderr)
        return 1
    except Gone as gone:
        print(f"\n{names[0]}: the board does not answer any more ({gone}). Plug it in again, and "
              "run the same again.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
