"""Readings of an outage, for MQTT: kept while there is no broker, sent when there is one again.

In memory only while something waits (rarely.py). It is one of the sources of Messages, and the
only one that may make all that is not urgent wait: what was missed goes first, in order, each as a
message to the topic frame with its "time" as the first member.

One reading is under way at a time. It leaves the backlog when it has arrived: with QoS 1 when
nothing in the outbox waits for its acknowledgement any more (if the connection is lost before, the
outbox sends it again), with QoS 0 when all of it was written.
"""

import sys

from firmware.link.clock import calendar
from firmware.publish.payload import Full, Writer
from firmware.rarely import load

_LARGEST = 4096  # bytes of a reading
_TIME = 40  # that its time adds, and some to spare


def recall(messages, outbox, settings, qos) -> None:
    """At start: go on with what waits in flash, if there is any."""
    found = _backlog(settings)
    if len(found):
        messages.replay = Replay(found, outbox, qos)


def begin(messages, outbox, settings, qos) -> None:
    """A first reading is about to be kept."""
    messages.replay = Replay(_backlog(settings), outbox, qos)


def _backlog(settings):
    # Destinations that always have a backlog keep its module in memory.
    module = sys.modules.get("firmware.publish.backlog") or load("publish.backlog")
    return module.Backlog(*settings)


class Replay:
    """What waits, and how much of it is on its way."""

    error = ""
    retain = False
    need = 0

    def __init__(self, backlog, outbox, qos):
        self.backlog = backlog
        self._outbox = outbox
        self._qos = qos
        self._utc = 0
        self._body = b""  # of the reading that goes into the outbox when there is room
        self._busy = False  # a reading is under way
        self._end = 0  # bytes that the outbox has written when all of it is
        self._size = 512

    def keep(self, store, policy, head, now) -> None:
        """Take a reading: the frame as it would be sent now."""
        policy.look(now)
        while self._size <= _LARGEST:
            writer = Writer(bytearray(self._size))
            try:
                if writer.frame(store, policy, now, head):
                    self.backlog.add(memoryview(writer.buffer)[: writer.at])
                return
            except Full:
                self._size *= 2
        self._size = _LARGEST
        self.backlog.dropped += 1

    def renew(self) -> None:
        """A new connection."""
        if self._busy and not self._arrived() and not self._qos:
            self._busy = False  # the outbox has forgotten it
        if not self._busy:
            self.backlog.rewind()
            self._body = b""

    def topic(self, now):
        """b"frame" for the next reading; b"" to wait; None when there is nothing to send."""
        if self._busy and not self._arrived():
            return b""
        if not self._body:
            try:
                found = self.backlog.next()
            except MemoryError:
                found = None  # later, then
            if not found:
                return None
            self._utc, self._body = found
        self.need = len(self._body) + _TIME
        return b"frame"

    def write(self, topic, writer, head) -> bool:
        """The reading, with its time."""
        writer.write(b'{"time":"%04d-%02d-%02dT%02d:%02d:%02dZ",' % calendar(self._utc)[:6])
        writer.write(self._body[1:])
        return True

    def done(self) -> None:
        """It is on its way, or given up."""
        self._body = b""
        self._busy = True
        self._end = self._outbox.written + self._outbox.waiting()

    def _arrived(self) -> bool:
        """Whether what is under way is where it should be; it waits no more then."""
        outbox = self._outbox
        if outbox.tail if self._qos else outbox.written < self._end:
            return False
        self.backlog.drop()
        self._busy = False
        return True
