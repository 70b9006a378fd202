"""Asks daily for a new version, if the owner wants that; installs it if he wants that, too.

By itself it installs only what is newer, and signed with the key that came with this version.
"""

import asyncio
import random

from micropython import const

from firmware.rarely import load

_FIRST = const(600)  # s after the start, at least
_HOUR = const(3600)  # s
_DAY = const(86400)  # s
_WARNING = const(1)  # as in log.py


class Newer:
    """install: whether to install by itself."""

    def __init__(self, gateway, install):
        self._gateway = gateway
        self._install = install

    async def run(self) -> None:
        """Look now and then."""
        await asyncio.sleep(_FIRST + random.randrange(_HOUR))
        while True:
            await self.look()
            await asyncio.sleep(_DAY - _HOUR // 2 + random.randrange(_HOUR))

    async def look(self) -> None:
        """Look once, and say what is new."""
        gateway = self._gateway
        known = gateway.newer
        try:
            version = await check(gateway)
        except OSError as error:
            gateway.say(f"update: {load('publish.dialling').words(error)}", _WARNING)
            return
        if not version:
            return
        if version != known:
            gateway.tell("update_available", {"version": version})
        board = load("manifest").Board(load("slots").running())
        if self._install and board.key and not load("slots").trying():
            try:
                await load("installing").install(gateway, None, "")
            except (OSError, ValueError):
                pass  # it has been said


async def check(gateway) -> str:
    """The version at the owner's address if it is newer than ours, else empty."""
    version = await load("fetching").look(gateway)
    manifest = load("manifest")
    ours = manifest.Board("").version
    gateway.newer = version if manifest.older(ours, version) else ""
    return gateway.newer
