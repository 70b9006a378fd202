"""Messages in the shape that other programs read: when they are due. A source of messages.

What is said is written by a module that is loaded for it: tasmota.py, domoticz.py.
"""

from time import ticks_diff

from micropython import const

from firmware.publish.payload import Full
from firmware.rarely import load

_ONCE = const(0)


class Shape:
    """topics: whole ones, behind a "/"; every: ms between two messages to each, 0: once, when the
    connection is new. module has write(shape, topic, writer), false for nothing; it may keep in
    `last` what it needs the next time. identifiers: as of privacy.shown().
    """

    error = ""  # what went wrong last
    retain = busy = False
    need = 0
    last = None
    idx = 0  # the number of the device at Domoticz

    def __init__(self, module, topics, every, store, books, identifiers=False):
        self.topics = topics
        self.store = store
        self.books = books
        self.identifiers = identifiers
        self._module = module
        self._every = every
        self.renew()

    def renew(self) -> None:
        """A new connection: all of it is to be said."""
        self._told = [None] * len(self.topics)  # ticks
        self._turn = -1
        self._frames = self.store.frames

    def topic(self, now):
        """Where there is something to say, None if nowhere."""
        if self._turn < 0:
            for n in range(len(self._told)):
                if self._is_due(n, now):
                    self._turn = n
                    self._told[n] = now
                    break
            else:
                return None
        self.retain = self._every[self._turn] == _ONCE
        return self.topics[self._turn]

    def write(self, topic, writer, head) -> bool:
        """Write what there is to say there; false for nothing. Full if it has no room."""
        try:
            return load(self._module).write(self, topic, writer)
        except Full:
            raise
        except Exception as error:
            self.error = load("publish.dialling").words(error)
            return False

    def done(self) -> None:
        """It is on its way, or given up."""
        self._turn = -1

    def _is_due(self, n, now) -> bool:
        told, every = self._told[n], self._every[n]
        if every == _ONCE:
            return told is None
        if self.store.frames < 2 or told is None and self.store.frames == self._frames:
            return False  # the first frame is seldom whole
        return told is None or ticks_diff(now, told) >= every
