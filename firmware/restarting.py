"""The end of a life of the gateway: a restart, and the way back to the factory state.

Loaded for it (rarely.py).
"""

import asyncio
import os

import machine

from firmware.rarely import load

_HISTORY = "history"
_BACKLOG = "backlog_"
_OURS = (
    "config.json", "config.bad", "config.tmp", "config.old", "admin.json",
    "admin.json.tmp", "meter.json", "meter.json.tmp", "tic.last", "log", "log.old", "ca.der",
    "ca.tmp", "labels.json", "labels.json.tmp",
)


async def restart(gateway, factory) -> None:
    """Restart in a second, so that an answer gets out; factory: with nothing of the owner left."""
    await asyncio.sleep(1)
    gateway.close()
    if factory:
        forget()
    load("slots").ordered(factory or gateway.safe)
    machine.reset()


def forget() -> None:
    """Remove all that the owner, the meter and the past have left in flash."""
    paths = list(_OURS)
    for folder in os.listdir():
        if folder == _HISTORY or folder[: len(_BACKLOG)] == _BACKLOG:
            paths += [f"{folder}/{name}" for name in os.listdir(folder)]
    for path in paths:
        try:
            os.remove(path)
        except OSError:
            pass  # it was never written
