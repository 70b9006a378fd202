"""One connection to a broker, from CONNACK to its loss: reads, writes, keeps alive, never waits.

Takes any open non-blocking stream (readinto, write, close), so TLS is the business of whoever
opens it. Every way in which a connection ends is an OSError with words for the owner.
"""

from time import ticks_diff

from micropython import const

from firmware.publish.outbox import body, end
from firmware.publish.payload import copy

_INBOX = const(256)  # bytes; the longest packet we take, a longer message is passed over
_LONGEST = const(65536)  # bytes; whoever sends more is no broker that we asked for a command
_READS = const(4)  # reads in one go: a broker that floods us gets no more of our time

_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_SUBACK = const(0x90)
_PINGRESP = const(0xD0)


class Session:
    """keepalive in s; deadline in ms, for an answer and for the broker to take anything at all.

    inbox (inbox.py) gets the messages that were subscribed to; None: there are none.
    """

    def __init__(self, stream, outbox, now, qos, keepalive, deadline, inbox=None):
        self._stream = stream
        self._outbox = outbox
        self._inbox = inbox
        self._qos = qos
        self._idle = keepalive * 500  # ms without a byte in either direction before a ping
        self._deadline = deadline
        self._data = memoryview(bytearray(_INBOX))
        self._end = 0  # of what has come
        self._skip = 0  # bytes to come of a message that is too long for us
        self._asked = None  # when a ping was sent that has no answer yet
        self._heard = self._wrote = self._stuck = self._owed = now

    def read(self, now) -> None:
        """Take in what has come."""
        if self._inbox:
            self._inbox.ask(self._outbox, now)
        for _ in range(_READS):
            n = None
            if self._end < _INBOX:
                n = self._stream.readinto(self._data[self._end :] if self._end else self._data)
                if n == 0:
                    raise OSError("the broker closed the connection")
                if n:
                    self._end += n
                    self._heard = now
            if self._skip:
                self._pass()
            if self._end:
                self._cut(now)
            if n is None:
                break

    def write(self, now) -> int:
        """Hand over what waits, ping if it is time; bytes taken. OSError for want of an answer."""
        outbox = self._outbox
        if self._asked is not None:
            if min(ticks_diff(now, self._asked), ticks_diff(now, self._heard)) > self._deadline:
                raise OSError("the broker went silent")
        elif max(ticks_diff(now, self._heard), ticks_diff(now, self._wrote)) >= self._idle:
            if outbox.control(b"\xc0\x00"):
                self._asked = now
        n = outbox.write_to(self._stream)
        if n:
            self._wrote = now
        if n or not outbox.waiting():
            self._stuck = now
        elif ticks_diff(now, self._stuck) > self._deadline:
            raise OSError("the broker takes nothing")
        if not outbox.tail:
            self._owed = now
        elif self._qos and ticks_diff(now, self._owed) > 2 * self._deadline:
            raise OSError("the broker does not acknowledge")
        return n

    def _cut(self, now):
        """Cut what has come into packets."""
        data, at = self._data, 0
        while at < self._end:
            after = end(data, at, self._end)
            if after - at > _INBOX:
                if self._long(data, at, after):
                    return
                break
            if not 0 < after <= self._end or not self._received(data, at, after, now):
                break
            at = after
        if at:
            self._end = copy(data, 0, data, at, self._end)

    def _pass(self):
        """Forget what has come of a message that is too long."""
        n = min(self._skip, self._end)
        self._skip -= n
        self._end = copy(self._data, 0, self._data, n, self._end)

    def _long(self, data, at, after) -> bool:
        """A packet longer than the inbox; false if more of it, or room in the outbox, is needed.

        A message is passed over, but acknowledged, or it would come again for ever.
        """
        if data[at] & 0xF4 != _PUBLISH or after - at > _LONGEST:
            raise OSError(f"the broker sent a packet of {after - at} bytes, too long for us")
        if self._end - at < _INBOX:
            return False
        i = body(data, at)
        i += 2 + (data[i] << 8 | data[i + 1])
        if data[at] & 2 and i + 2 <= self._end:
            if not self._outbox.control(bytes((_PUBACK, 2, data[i], data[i + 1]))):
                return False
        self._skip = after - self._end
        self._end = 0
        return True

    def _received(self, data, at, after, now) -> bool:
        """One packet of the broker's; false if it has to wait until the outbox has room."""
        first = data[at]
        start = body(data, at)
        size = after - start
        if first == _PUBACK and size == 2:
            self._outbox.acknowledge(data[start] << 8 | data[start + 1])
            self._owed = now
        elif first == _PINGRESP and size == 0:
            self._asked = None
        elif first & 0xF4 == _PUBLISH and size > 1:
            # If nobody asked for it, the session of an older firmware has: acknowledged, too.
            i = start + 2 + (data[start] << 8 | data[start + 1])
            qos = first & 2
            if i + qos > after:
                raise OSError("the broker sent a damaged message")
            if qos:
                if not self._outbox.control(bytes((_PUBACK, 2, data[i], data[i + 1]))):
                    return False
            if self._inbox:
                self._inbox.take(data, at, i + qos, after)
        elif first == _SUBACK and size > 2 and self._inbox:
            self._inbox.answer(data[start + 2 : after])
        else:
            raise OSError(f"the broker sent a packet {first:02x} that makes no sense")
        return True
