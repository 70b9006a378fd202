"""The light: every three seconds a number of flashes says how things are. A Winky's has colours.

Flashes and colour say the same, so that a plain LED, or an eye for which red is green, loses
nothing. Flashes are short: what feeds a Winky has no power to give away.
"""

import asyncio
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

from firmware.tic.counters import CHECKSUM, FORMAT, PARITY

_FLASH = const(30)  # ms
_DARK = const(270)
_CYCLE = const(3000)
_HELD = const(1000)  # ms that the button's word counts
_FAULTY = const(20)  # cycles, a minute, in which a damaged group is told

# What is said, by the number of flashes: red, green, blue. The last is that of the button.
_COLOURS = b"\0\xff\0\xff\xa0\0\xa0\0\xff\0\0\xff\xff\0\0\xff\xff\xff"
WELL, FAULTS, UNSENT, ALONE, UNREAD, OPEN = range(1, 7)


class Light:
    """show(red, green, blue) lights it, of 255 each; dark() is whether it is to stay off now."""

    def __init__(self, gateway, show, dark):
        self._gateway = gateway
        self._show = show
        self._dark = dark
        self._held = None  # tick until which it belongs to the button
        self._rejected = self._faulty = 0

    def hold(self, on) -> None:
        """Lit or not, for the button: what somebody does at the board comes first."""
        self._held = ticks_add(ticks_ms(), _HELD)
        self._lit(OPEN if on else 0)

    async def run(self) -> None:
        """Show for ever how things are."""
        try:
            while True:
                flashes = 0 if self._dark() else self.state()
                for _ in range(flashes):
                    await self._flash(flashes)
                await asyncio.sleep_ms(_CYCLE - flashes * (_FLASH + _DARK))
        finally:
            self._lit(0)

    def state(self) -> int:
        """What is to be said: what stands behind the worst comes after it was mended."""
        gateway = self._gateway
        value = gateway.store.counters.value
        rejected = value(PARITY) + value(CHECKSUM) + value(FORMAT)
        if rejected != self._rejected:
            self._rejected = rejected
            self._faulty = _FAULTY
        elif self._faulty:
            self._faulty -= 1
        if gateway.offered():
            return OPEN
        if gateway.read() is None:
            return UNREAD
        if gateway.link and not gateway.link.up.is_set():
            return ALONE
        if gateway.mqtt and not gateway.mqtt.connected:
            return UNSENT
        for _, upload in gateway.uploads:
            if not upload.working:
                return UNSENT
        return FAULTS if self._faulty else WELL

    async def _flash(self, colour):
        if self._free():
            self._lit(colour)
            await asyncio.sleep_ms(_FLASH)
            if self._free():
                self._lit(0)
        else:
            await asyncio.sleep_ms(_FLASH)
        await asyncio.sleep_ms(_DARK)

    def _free(self):
        """Whether the button has let go of it. A tick of days ago would be one of the future."""
        if self._held is not None and ticks_diff(ticks_ms(), self._held) >= 0:
            self._held = None
        return self._held is None

    def _lit(self, colour):
        at = 3 * colour - 3
        self._show(*(_COLOURS[at : at + 3] if colour else bytes(3)))
