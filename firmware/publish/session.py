"""One connection to a broker, from CONNECT to its loss: reads, writes, keeps alive, never waits.

Takes any open non-blocking stream (readinto, write, close), so TLS is the business of whoever
opens it. Every way in which a connection ends is an OSError with words for the owner.
"""

import asyncio
from time import ticks_add, ticks_diff

from micropython import const

from firmware.publish.outbox import body, end
from firmware.publish.payload import copy

_INBOX = const(256)  # bytes; the longest packet we take
_READS = const(4)  # reads in one go: a broker that floods us gets no more of our time
_LOOK = const(20)  # ms between two looks while the connection is made

_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_PINGRESP = const(0xD0)

_REFUSALS = (
    "the broker speaks another version of MQTT",
    "the broker refuses the client id",
    "the broker is not available",
    "the broker refuses the user or the password",
    "the broker does not authorise this client",
)


class Session:
    """keepalive in s; deadline in ms, for an answer and for the broker to take anything at all."""

    def __init__(self, stream, outbox, ticks_ms, keepalive, deadline):
        self._stream = stream
        self._outbox = outbox
        self._ticks_ms = ticks_ms
        self._idle = keepalive * 500  # ms without a byte in either direction before a ping
        self._deadline = deadline
        self._data = bytearray(_INBOX)
        self._view = memoryview(self._data)
        self._end = 0  # of what has come
        self._welcome = False
        self._pinged = False
        self._heard = self._wrote = self._stuck = self._owed = self._asked = 0

    async def begin(self, packet, qos) -> None:
        """Send CONNECT and wait for its answer. OSError, in time, if it fails."""
        now = self._ticks_ms()
        stop = ticks_add(now, self._deadline)
        while not self._welcome:
            if packet:
                packet = packet[self._stream.write(packet) or 0 :]
            else:
                self.read(now)
            now = self._ticks_ms()
            if ticks_diff(stop, now) <= 0:
                raise OSError("the broker does not answer")
            await asyncio.sleep_ms(_LOOK)
        self._qos = qos
        self._heard = self._wrote = self._stuck = self._owed = now

    def read(self, now) -> None:
        """Take in what has come."""
        for _ in range(_READS):
            n = None
            if self._end < _INBOX:
                n = self._stream.readinto(self._view[self._end :] if self._end else self._view)
                if n == 0:
                    raise OSError("the broker closed the connection")
                if n:
                    self._end += n
                    self._heard = now
            if self._end:
                self._cut(now)
            if n is None:
                break

    def write(self, now) -> int:
        """Hand over what waits, ping if it is time; bytes taken. OSError for want of an answer."""
        outbox = self._outbox
        if self._pinged:
            if min(ticks_diff(now, self._asked), ticks_diff(now, self._heard)) > self._deadline:
                raise OSError("the broker went silent")
        elif max(ticks_diff(now, self._heard), ticks_diff(now, self._wrote)) >= self._idle:
            self._pinged = outbox.control(b"\xc0\x00")
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

    def close(self) -> None:
        """Close the stream, whatever its state."""
        try:
            self._stream.close()
        except OSError:
            pass  # it was dead already

    def _cut(self, now):
        """Cut what has come into packets."""
        data, at = self._data, 0
        while at < self._end:
            after = end(data, at, self._end)
            if after - at > _INBOX:
                raise OSError(f"the broker sent a packet of {after - at} bytes, too long for us")
            if not 0 < after <= self._end or not self._received(data, at, after, now):
                break
            at = after
        if at:
            self._end = copy(data, 0, data, at, self._end)

    def _received(self, data, at, after, now) -> bool:
        """One packet of the broker's; false if it has to wait until the outbox has room."""
        first = data[at]
        start = body(data, at)
        size = after - start
        if not self._welcome:
            if first != _CONNACK or size != 2:
                raise OSError("what answers is not an MQTT broker")
            code = data[start + 1]
            if code:
                known = code <= len(_REFUSALS)
                raise OSError(_REFUSALS[code - 1] if known else f"the broker refuses, code {code}")
            self._welcome = True
        elif first == _PUBACK and size == 2:
            self._outbox.acknowledge(data[start] << 8 | data[start + 1])
            self._owed = now
        elif first == _PINGRESP and size == 0:
            self._pinged = False
        elif first & 0xF4 == _PUBLISH and size > 1:
            # Nobody asked for it, but the session of an older firmware may have: acknowledged.
            i = start + 2 + (data[start] << 8 | data[start + 1])
            qos = first & 2
            if i + qos > after:
                raise OSError("the broker sent a damaged message")
            if qos:
                return self._outbox.control(bytes((_PUBACK, 2, data[i], data[i + 1])))
        else:
            raise OSError(f"the broker sent a packet {first:02x} that makes no sense")
        return True
