"""The end of a life of the gateway: a restart, and the way back to the factory state.

Loaded for it (rarely.py).
"""

import asyncio
import os

import machine

_HISTORY = "history"
_OURS = (
    "config.json", "config.bad", "config.tmp", "admin.json", "admin.json.tmp", "meter.json",
    "meter.json.tmp", "tic.last", "log", "log.old",
)


async def restart(gateway, factory) -> None:
    """Restart in a second, so that an answer gets out; factory: with nothing of the owner left."""
    await asyncio.sleep(1)
    gateway.close()
    if factory:
        forget()
    machine.reset()


def forget() -> None:
    """Remove all that the owner, the meter and the past have left in flash."""
    try:
        paths = [f"{_HISTORY}/{name}" for name, *_ in os.ilistdir(_HISTORY)]
    except OSError:
        paths = []  # there is no history
    for path in paths + list(_OURS):
        try:
            os.remove(path)
        except OSError:
            pass  # it was never written
