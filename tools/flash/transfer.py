"""From the folder that `make board` fills onto the board: only what differs, in a safe order.

Cut at any point, the board still starts what it started before, or nothing, and the next run
goes on where this one stopped: a slot counts only from its manifest on (boot.py), which is
removed first and comes last; app.good, by which the slot is chosen, comes after everything.
"""

import hashlib
from pathlib import Path

from tools.flash import Problem
from tools.flash.bar import Bar
from tools.flash.device import Device

SLOT = "a"
_MANIFEST = f"{SLOT}/manifest"
_CHOICE = "app.good"
_OPEN = ("app.try", "app.bad", "app.starts")  # what is not decided yet about another slot
_BLOCK = 4096
_MARGIN = 128 * 1024  # of flash for settings, history and log


def changes(folder: Path, there: dict) -> tuple:
    """-> ([files to copy, in order], [paths to remove]); there: as of Device.files"""
    wanted = {path.relative_to(folder).as_posix(): path
              for path in folder.rglob("*") if path.is_file()}
    copy = [name for name, path in wanted.items()
            if there.get(name, (0, ""))[1] != hashlib.sha256(path.read_bytes()).hexdigest()]
    copy.sort(key=lambda name: (name == _CHOICE, not name.startswith(SLOT + "/"),
                                name == _MANIFEST, name))
    surplus = [name for name in there if name.startswith(SLOT + "/") and name not in wanted]
    return copy, surplus


def look(device: Device) -> dict:
    """What is on the board of that."""
    return device.files(SLOT, "boot.py", "main.py", _CHOICE)


def room(folder: Path, there: dict, free: int, total: int) -> str:
    """Whether it fits: Problem if not. -> a warning, or "" """
    need = sum(_blocks(path.stat().st_size) for path in folder.rglob("*") if path.is_file())
    if total < need + _MARGIN:
        raise Problem(f"the flash is too small: {total // 1024} KB for files, "
                      f"{(need + _MARGIN) // 1024} KB are needed. It takes a board with 4 MB.")
    mine = sum(_blocks(size) for size, _ in there.values())
    if free + mine < need:
        raise Problem(f"no room: {need // 1024} KB are needed, {(free + mine) // 1024} KB are "
                      "there. make flash with ERASE=1 empties the board, settings and history "
                      "too.")
    if total < 2 * need + _MARGIN:
        return "no room for a second version: this board cannot be updated by its page"
    return ""


def transfer(device: Device, folder: Path, there: dict) -> int:
    """Copy what differs, and check it. -> files copied"""
    copy, surplus = changes(folder, there)
    if surplus or any(name.startswith(SLOT + "/") for name in copy):
        device.remove(_MANIFEST, *surplus)
        if _MANIFEST not in copy:
            copy.insert(sum(name.startswith(SLOT + "/") for name in copy), _MANIFEST)
    with Bar(sum((folder / name).stat().st_size for name in copy)) as bar:
        for name in copy:
            _file(device, folder, name, bar)
    device.remove(*_OPEN)
    return len(copy)


def _file(device: Device, folder: Path, name: str, bar: Bar) -> None:
    """A file; it has its name only when it is whole and has been read again."""
    data = (folder / name).read_bytes()
    bar.file(name)
    part = f"{name}.part"
    device.write(part, data, bar.add)
    if not device.settle(part, name, hashlib.sha256(data).hexdigest()):
        raise Problem(f"{name} came out damaged on the board. Try again; if that is of no use, "
                      "its flash is worn, or the cable is bad.")


def _blocks(size: int) -> int:
    return -(-max(size, 1) // _BLOCK) * _BLOCK
