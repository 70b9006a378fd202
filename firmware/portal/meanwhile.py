"""What is told to those who ask while an update has the place of the pages (installing.py).

Loaded when somebody asks, and kept until the end of the update.
"""

from time import ticks_add

from micropython import const

from firmware.rarely import load

_LEAVE = const(3000)  # ms to say what is wanted, to read the answer, and to be heard out
_PATH = const(13)  # bytes of a request in which its path shows, without the first


class Told:
    """A person gets a page, which comes back by itself and knows how far it is from what programs,
    which ask below /api/, are told.
    """

    def __init__(self):
        self._page = load("portal.assets").FOLDER + "/updating.html.gz"

    async def busy(self, update, server, connection) -> None:
        """Answer. update: Update, None as long as there is none."""
        stream, buffer, n = connection.stream, bytearray(64), 0
        connection.due = ticks_add(server.ticks_ms(), _LEAVE)
        while n < _PATH:
            came = await stream.readinto(memoryview(buffer)[n:])
            if came == 0:
                return
            n += came or 0
        connection.told = True
        stream.write(b"HTTP/1.0 503 Updating\r\nRetry-After: 10\r\nCache-Control: no-store\r\n")
        if buffer.find(b" /api/", 0, _PATH) < 0:
            with open(self._page, "rb") as file:
                stream.write(b"Content-Type: text/html\r\nContent-Encoding: gzip\r\n"
                             b"Content-Length: %d\r\n\r\n" % file.seek(0, 2))
                file.seek(0)
                n = file.readinto(buffer)
                while n:
                    stream.write(memoryview(buffer)[:n])
                    await stream.drain()
                    n = file.readinto(buffer)
        else:
            done = update.done * 100 // update.size if update and update.size else 0
            told = b'{"error": "an update is being installed", "percent": %d}' % done
            stream.write(b"Refresh: 10\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (len(told), told))
            await stream.drain()
        # To close now would reset the connection before the answer is read.
        while await stream.readinto(buffer):
            pass
