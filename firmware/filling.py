"""The files of an update, into the slot that is free.

Loaded for it, when the manifest is known to be right (update.py).
"""

import asyncio
import os
from hashlib import sha256

from micropython import const

from firmware.rarely import load

_MARGIN = const(65536)  # bytes of flash left for what the gateway writes


def make_room(slot, room) -> None:
    """Empty a slot, if that makes room enough. ValueError (words, "")"""
    free = _free()
    there = _size_of(slot)
    old = 0
    if load("slots").running():  # what was installed in the root, before there were slots
        old = _size_of("firmware") + _size_of("web")
    need = room + _MARGIN
    if free + there + old < need:
        raise ValueError(f"no room: {need // 1024} KB are needed, "
                         f"{(free + there + old) // 1024} KB are there", "")
    load("slots").remove(slot + "/manifest")  # from here on the slot is not whole
    remove(slot)
    if free + there < need:
        remove("firmware")
        remove("web")


async def fill(update, slot, path) -> None:
    """Write the files of an update (Update) into a slot, and check them. path: of the manifest.

    ValueError (words, "") if they are not what it says, OSError if the flash does not keep them.
    """
    made = set()
    _folder(slot, made)
    with open(path) as manifest:
        for line in manifest:
            if line[:5] == "file ":
                await _take(update, slot, made, *line.split()[1:])
    await update.end()
    with open(path) as manifest:
        for line in manifest:
            if line[:5] == "file ":
                await _check(slot, update.buffer, *line.split()[1:])


async def _take(update, slot, made, path, size, digest):
    """A file, as it comes."""
    at = path.find("/")
    while at >= 0:
        _folder(f"{slot}/{path[:at]}", made)
        at = path.find("/", at + 1)
    total, left = sha256(), int(size)
    with open(f"{slot}/{path}", "wb") as file:
        while left:
            piece = await update.piece(left)
            file.write(piece)
            total.update(piece)
            left -= len(piece)
            update.done += len(piece)
    if total.digest().hex() != digest:
        raise ValueError(f"{path} was altered, or damaged on its way", "")


async def _check(slot, buffer, path, size, digest):
    """What the flash has of it."""
    total, view, left = sha256(), memoryview(buffer), int(size)
    with open(f"{slot}/{path}", "rb") as file:
        n = file.readinto(view)
        while n:
            total.update(view[:n])
            left -= n
            await asyncio.sleep_ms(0)
            n = file.readinto(view)
    if left or total.digest().hex() != digest:
        raise OSError(f"the flash did not keep {path}")


def _free() -> int:
    """Bytes of flash that nobody uses."""
    told = os.statvfs("/" if os.getcwd() == "/" else ".")
    return told[0] * told[3]


def _folder(path, made):
    """Make a folder, unless it was made."""
    if path not in made:
        made.add(path)
        try:
            os.mkdir(path)
        except OSError:
            pass  # it is there; if not, the file will say so


def _size_of(path) -> int:
    """Bytes of flash that would be free without a folder."""
    total = 0
    try:
        for name, kind, *_ in os.ilistdir(path):
            if kind & 0x4000:
                total += _size_of(f"{path}/{name}")
            else:
                total += (os.stat(f"{path}/{name}")[6] + 4095) // 4096 * 4096
    except OSError:
        pass
    return total


def remove(path) -> None:
    """Remove a folder and all in it, as far as that can be."""
    try:
        for name, kind, *_ in list(os.ilistdir(path)):
            if kind & 0x4000:
                remove(f"{path}/{name}")
            else:
                os.remove(f"{path}/{name}")
        os.rmdir(path)
    except OSError:
        pass
