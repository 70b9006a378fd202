"""A long stay of the whole gateway: as long as USB feeds it, or as the charge lasts."""

import asyncio

import machine
from micropython import const

_LOOK = const(500)  # ms
_GUARD = const(130)  # mV above the stop threshold, as in power.py
_GONE = const(4)  # looks at which USB has to be missing


async def watch(supply, close) -> None:
    """Watch the supply, and restart when the gateway is to sleep again; close() comes before."""
    told = supply.told
    looks = 2 * told["power_stay"]
    fed = not supply.alone()
    missing = 0
    while True:
        await asyncio.sleep_ms(_LOOK)
        alone = supply.alone()
        missing = missing + 1 if alone else 0
        fed = fed or not alone
        if not fed:
            looks -= 1
        low = supply.read("capacitor") <= told["power_stop"] + _GUARD
        if fed and missing >= _GONE or not fed and (low or looks <= 0):
            close()
            machine.deepsleep(10)  # a reset would count as a restart (boot.py)


def watcher(supply, close):
    """A function that gives the coroutine of watch(), for the supervisor."""
    return lambda: watch(supply, close)
