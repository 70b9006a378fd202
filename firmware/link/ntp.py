"""Asks a time server for the time, now and then. One question: sntp.py, loaded for it."""

import asyncio
import random

from micropython import const

from firmware.rarely import load

_AGAIN = const(4 * 3600)  # s between two answers: a clock of 40 ppm is then 0.6 s off
_FIRST = const(16)  # s after a failure; doubled each time
_LONGEST = const(3600)  # s


class Ntp:
    """clock: a Clock, or None to ask only; host: a name or an address, "host:port" if not 123.

    find(name): await it for the address, see resolver.py; None: addresses only. up: an Event, set
    while there is a network; None: always. `server`: where the name led, looked up again only
    after a failure. `error`: of the last question, in words, "" if it was answered; `wait`: s to
    wait, if the server said so.
    """

    def __init__(self, clock, host, find=None, up=None):
        self.clock = clock
        self.host = host
        self.find = find
        self.server = None
        self.error = ""
        self.wait = 0
        self._up = up

    def ask(self):
        """Await it: the clock is set, and ms to the server and back. OSError in words if not."""
        return load("link.sntp").ask(self)

    async def run(self) -> None:
        """Ask for ever, with a random part in each pause: gateways of a street must not meet."""
        pause = _FIRST
        while True:
            if self._up:
                await self._up.wait()
            try:
                await self.ask()
                self.error = ""
                pause = _FIRST
                wait = _AGAIN
            except OSError as error:
                self.error = str(error)
                self.server = None
                wait = max(pause, self.wait)
                pause = min(2 * pause, _LONGEST)
                self.wait = 0
            await asyncio.sleep(wait + random.randrange(wait // 4 + 1))
