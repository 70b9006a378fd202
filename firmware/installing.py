"""An update from its source to the restart, whoever asked for it. Loaded for it.

There is no memory for the pages beside it: they are forgotten, and whoever asks for them is told.
"""

import gc
from time import ticks_add

from micropython import const

from firmware.rarely import load

_WARNING = 1  # as in log.py
_GARBAGE = const(1024)  # bytes between two collections
_LEAVE = const(3000)  # ms to hear out whoever is told


class Installing:
    """What has the place of the pages (Server.leave). `update`: Update, once there is one."""

    update = None

    async def busy(self, server, connection) -> None:
        """Tell whoever asks for a page to come back."""
        going = self.update
        done = going.done * 100 // going.size if going and going.size else 0
        told = b'{"error": "an update is being installed", "percent": %d}' % done
        connection.told = True
        connection.due = ticks_add(server.ticks_ms(), _LEAVE)
        connection.stream.write(
            b"HTTP/1.0 503 Updating\r\nRetry-After: 10\r\nRefresh: 10\r\n"
            b"Cache-Control: no-store\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(told), told))
        await connection.stream.drain()
        # To close now would reset the connection before the answer is read.
        buffer = bytearray(64)
        while await connection.stream.readinto(buffer):
            pass

    async def run(self, gateway, source, confirmed) -> str:
        """Install from a stream. -> the version"""
        reading = gateway.read() is not None and gateway.store.frames > 0
        self.update = load("update").Update(source, confirmed, reading)
        try:
            return await self.update.run()
        except ValueError as refused:
            gateway.say(f"update: refused, {refused.args[0]}", _WARNING)
            raise
        except (OSError, EOFError) as error:
            gateway.say(f"update: failed ({error})", _WARNING)
            raise

    async def fetch(self, gateway, confirmed) -> str:
        """Install what is at the owner's address. -> the version"""
        download = load("fetching").Download(gateway)
        try:
            await download.open()
            return await self.run(gateway, download, confirmed)
        finally:
            download.close()


async def install(gateway, source, confirmed, connection=None) -> str:
    """Install from a stream (None: what is at the owner's address), and restart. -> the version

    connection: that of the pages which waits for the outcome. ValueError (words, what confirms
    it) if it is refused, OSError or EOFError if the flash or the sender fails: nothing is changed
    then.
    """
    if gateway.update:
        raise ValueError("another update is going on", "")
    gateway.update = going = Installing()
    pages, threshold = gateway.pages, 0
    try:
        if pages:
            await pages.leave(going, connection)
        threshold = gc.threshold()
        gc.threshold(_GARBAGE)
        if source:
            version = await going.run(gateway, source, confirmed)
        else:
            version = await going.fetch(gateway, confirmed)
    finally:
        if threshold:
            gc.threshold(threshold)
        gateway.update = None
        if pages:
            pages.guest = None
    gateway.say(f"update: version {version} is there, restart")
    gateway.restart()
    return version
