"""An update from its source to the restart, whoever asked for it. Loaded for it.

There is no memory for the pages beside it: they are forgotten, and whoever asks for them is told.
"""

import asyncio
import gc
from time import ticks_add

from micropython import const

from firmware.rarely import load

_WARNING = 1  # as in log.py
_GARBAGE = const(1024)  # bytes between two collections
_LEAVE = const(3000)  # ms to say what is wanted, to read the answer, and to be heard out
_FLASH = (5, 28, 84)  # EIO, ENOSPC, and LittleFS's own for what is damaged
_PATH = const(13)  # bytes of a request in which its path shows, without the first


class Installing:
    """What has the place of the pages (Server.leave). `update`: Update, once there is one;
    `page`: the file of what a browser is shown, once that is known.
    """

    update = page = None

    async def busy(self, server, connection) -> None:
        """Tell whoever asks to come back: a person by a page, which does that by itself and knows
        how far it is from what programs, which ask below /api/, are told.
        """
        stream, buffer, n = connection.stream, bytearray(64), 0
        connection.due = ticks_add(server.ticks_ms(), _LEAVE)
        while n < _PATH:
            came = await stream.readinto(memoryview(buffer)[n:])
            if came == 0:
                return
            n += came or 0
        connection.told = True
        stream.write(b"HTTP/1.0 503 Updating\r\nRetry-After: 10\r\nCache-Control: no-store\r\n")
        if self.page and buffer.find(b" /api/", 0, _PATH) < 0:
            with open(self.page, "rb") as file:
                stream.write(b"Content-Type: text/html\r\nContent-Encoding: gzip\r\n"
                             b"Content-Length: %d\r\n\r\n" % file.seek(0, 2))
                file.seek(0)
                n = file.readinto(buffer)
                while n:
                    stream.write(memoryview(buffer)[:n])
                    await stream.drain()
                    n = file.readinto(buffer)
        else:
            going = self.update
            done = going.done * 100 // going.size if going and going.size else 0
            told = b'{"error": "an update is being installed", "percent": %d}' % done
            stream.write(b"Refresh: 10\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (len(told), told))
            await stream.drain()
        # To close now would reset the connection before the answer is read.
        while await stream.readinto(buffer):
            pass

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
            going.page = load("portal.assets").FOLDER + "/updating.html.gz"
        threshold = gc.threshold()
        gc.threshold(_GARBAGE)
        version = await going.run(gateway, source, confirmed)
    except BaseException as error:
        gateway.refused = words = _words(error)
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


def _words(error) -> str:
    """Why nothing is installed, for the owner to read."""
    if isinstance(error, MemoryError):
        return "no memory for this now: try again"
    if isinstance(error, asyncio.CancelledError):  # whoever is too slow is cut
        return "the sender went away"
    if isinstance(error, OSError):
        if error.args and error.args[0] in _FLASH:
            return f"the flash does not take it ({error})"
        return load("publish.dialling").words(error)
    return f"{error.args[0] if error.args else error}"
