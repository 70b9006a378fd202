"""The button (BOOT): 5 s open the access point, 15 s restore the factory state.

The LED is lit from 5 s on, and blinks from 10 s on: to let go now changes nothing more.
"""

import asyncio
import time

from micropython import const

_LOOK = const(50)  # ms
_STEADY = const(2)  # looks that must agree: a contact bounces for less
_OPEN = const(5000)  # ms
_WARN = const(10000)
_FACTORY = const(15000)
_BLINK = const(100)  # ms on, and off


async def watch(pin, led, open_door, factory, ticks_ms=time.ticks_ms) -> None:
    """Watch it for ever. pin() is 0 while it is pressed; led(on) lights what there is.

    open_door() and factory() are called once each in one press. A button that has been down since
    the start is stuck, or shorted, and means nothing until it has been seen up.
    """
    steady = done = 0
    down, since = True, None
    while True:
        if (not pin()) == down:
            steady = 0
        else:
            steady += 1
            if steady >= _STEADY:
                down, steady = not down, 0
                since, done = (ticks_ms() if down else None), 0
                led(False)
        if since is not None and done < 2:
            held = time.ticks_diff(ticks_ms(), since)
            if not done and held >= _OPEN:
                done = 1
                led(True)
                open_door()
            if held >= _WARN:
                led(held // _BLINK & 1)
            if held >= _FACTORY and not steady:
                done = 2
                led(True)
                factory()
        await asyncio.sleep_ms(_LOOK)


def watcher(pin, led, open_door, factory):
    """A function that gives the coroutine of watch(), for the supervisor."""
    return lambda: watch(pin, led, open_door, factory)
