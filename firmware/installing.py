"""An update from its source to the restart, whoever asked for it. Loaded for it.

There is no memory for the pages beside it: they are forgotten, and whoever asks for them is told
(portal/meanwhile.py). It begins while they are in memory, so what can come later is elsewhere.
"""

import gc

from micropython import const

from firmware.rarely import load

_WARNING = 1  # as in log.py
_GARBAGE = const(1024)  # bytes between two collections


class Installing:
    """What has the place of the pages (Server.leave). `update`: Update, once there is one."""

    update = _told = None

    def busy(self, server, connection):
        """Await it: tell whoever asks to come back."""
        self._told = told = self._told or load("portal.meanwhile").Told()
        return told.busy(self.update, server, connection)

    async def run(self, gateway, source, confirmed) -> str:
        """Install from a stream; None: what is at the owner's address. -> the version"""
        download = source or load("fetching").Download(gateway)
        try:
            if not source:
                await download.open()
            reading = gateway.read() is not None and gateway.store.frames > 0
            self.update = load("update").Update(download, confirmed, reading)
            return await self.update.run()
        finally:
            if not source:
                download.close()


async def install(gateway, source, confirmed, connection=None) -> str:
    """Install from a stream (None: what is at the owner's address), and restart. -> the version

    connection: that of the pages which waits for the outcome. ValueError (words, what confirms
    it) if it is refused, OSError or EOFError if the flash or the sender fails: nothing is changed
    then, and gateway.refused says why.
    """
    if gateway.update:
        raise ValueError("another update is going on", "")
    gateway.update = going = Installing()
    gateway.refused = ""
    pages, threshold = gateway.pages, 0
    try:
        if pages:
            await pages.leave(going, connection)
        threshold = gc.threshold()
        gc.threshold(_GARBAGE)
        version = await going.run(gateway, source, confirmed)
    except BaseException as error:
        gateway.refused = words = load("unfinished").words(error)
        gateway.say(f"update: not installed, {words}", _WARNING)
        raise
    finally:
        if threshold:
            gc.threshold(threshold)
        gateway.update = None
        if pages:
            pages.guest = None
    gateway.say(f"update: version {version} is there, restart")
    gateway.restart()
    return version
