"""Whether a new version works, or one that was restarted by a failure: looked at every second.

A new version is good once the meter is heard (if it was before the update) and a destination took
something, or, where there is none, the network is joined and the page answers. In memory only
while there is something to prove.
"""

import asyncio

from micropython import const

from firmware.rarely import load

MINUTE = 60  # s; the first one nothing is believed
_LONG = const(10)  # minutes of work after which a failure is forgotten
_DEADLINE = const(20)  # s for a visit to our own page
_WARNING = const(1)  # as in log.py


class Proof:
    """asked: what app.try says, empty if it is not a new version; limit: minutes it has; port:
    of our page, 0 if there is none.
    """

    answered = False

    def __init__(self, asked, limit, port):
        self._asked = asked
        self._limit = limit * MINUTE
        self._port = port
        self._next = MINUTE // 2

    def look(self, gateway) -> bool:
        """Whether there is no more to prove."""
        now = gateway.supervisor.uptime
        if not self._asked:
            if now < _LONG * MINUTE or not gateway.supervisor.proven:
                return False
            load("slots").well()
            return True
        if now >= MINUTE and self._works(gateway):
            load("slots").accept()
            gateway.say("update: this version works, and stays")
            return True
        if now >= self._limit:
            load("slots").reject()
            gateway.say("update: this version does not work: back to the one before", _WARNING)
            gateway.restart()
            return True
        if now >= self._next and self._port:
            self._next = now + MINUTE
            asyncio.create_task(self._visit(gateway))
        return False

    def _works(self, gateway):
        if "l" in self._asked and not gateway.store.frames:
            return False
        if any(task.sign and task.name != "source" and task.value
               for task in gateway.supervisor.tasks):
            return True  # a destination has taken something
        link = gateway.link
        return self.answered and (not link or not link.ssid or link.up.is_set())

    async def _visit(self, gateway):
        """Ask our own page."""
        link = gateway.link
        host = "127.0.0.1"
        if link and link.up.is_set():
            host = link.status()["address"]
        try:
            good = True
            for path in ("/", "/api/session"):
                good = good and await asyncio.wait_for(_get(host, self._port, path), _DEADLINE)
            self.answered = good
        except (OSError, asyncio.TimeoutError):
            pass  # it will be asked again


async def _get(host, port, path):
    """Whether it answers with 200."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        await writer.drain()
        line = await reader.readline()
        while await reader.read(256):
            pass  # to its end
        return b" 200 " in line
    finally:
        writer.close()
        await writer.wait_closed()
