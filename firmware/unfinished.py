"""Why an update was not installed, in words. Loaded when that has happened."""

import asyncio

from firmware.rarely import load

_FLASH = (5, 28, 84)  # EIO, ENOSPC, and LittleFS's own for what is damaged


def words(error) -> str:
    """For the owner to read."""
    if isinstance(error, MemoryError):
        return "no memory for this now: try again"
    if isinstance(error, asyncio.CancelledError):  # whoever is too slow is cut
        return "the sender went away"
    if isinstance(error, OSError):
        if error.args and error.args[0] in _FLASH:
            return f"the flash does not take it ({error})"
        return load("publish.dialling").words(error)
    return f"{error.args[0] if error.args else error}"
