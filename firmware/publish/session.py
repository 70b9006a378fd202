"""One connection to a broker, from CONNECT to its loss: reads, writes, keeps alive, never waits.

Takes any open non-blocking stream (readinto, write, close), so TLS is the business of whoever
opens it. Every way in which a connection ends is an exception with words for the owner.
"""

import asyncio
from time import ticks_add, ticks_diff

from micropython import const

from firmware.publish.link import LinkError
from firmware.publish.packets import Inbox

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

    def __init__(self, stream, codec, outbox, ticks_ms, keepalive, deadline):
        self._stream = stream
        self._codec = codec
        self._outbox = outbox
        self._ticks_ms = ticks_ms
        self._idle = keepalive * 500  # ms without a byte in either direction before a ping
        self._deadline = deadline
        self._inbox = Inbox(self._received)
        self._welcome = False
        self._pinged = False
        now = ticks_ms()
        self._heard = self._wrote = self._stuck = self._asked = now

    async def begin(self, clean) -> None:
        """Send CONNECT and wait for its answer. LinkError or OSError, in time, if it fails."""
        end = ticks_add(self._ticks_ms(), self._deadline)
        packet = self._codec.hello(clean)
        while not self._welcome:
            if packet:
                packet = packet[self._stream.write(packet) or 0 :]
            else:
                self._inbox.read_from(self._stream)
            if self._welcome:
                break
            if ticks_diff(end, self._ticks_ms()) <= 0:
                raise LinkError("the broker does not answer")
            await asyncio.sleep_ms(_LOOK)
        self._heard = self._wrote = self._stuck = self._ticks_ms()

    def read(self, now) -> None:
        """Take in what has come."""
        if self._inbox.read_from(self._stream):
            self._heard = now

    def write(self, now) -> int:
        """Hand over what waits; bytes taken."""
        n = self._outbox.write_to(self._stream)
        if n:
            self._wrote = self._stuck = now
        elif not self._outbox.waiting:
            self._stuck = now
        elif ticks_diff(now, self._stuck) > self._deadline:
            raise LinkError("the broker takes nothing")
        return n

    def watch(self, now) -> None:
        """Ping when nothing was said for half the keepalive; raise if that is not answered."""
        if self._pinged:
            if min(ticks_diff(now, self._asked), ticks_diff(now, self._heard)) > self._deadline:
                raise LinkError("the broker went silent")
        elif max(ticks_diff(now, self._heard), ticks_diff(now, self._wrote)) >= self._idle:
            self._pinged = self._codec.ping()
            self._asked = now

    def close(self) -> None:
        """Close the stream, whatever its state."""
        try:
            self._stream.close()
        except OSError:
            pass  # it was dead already

    def _received(self, first, data, start, size) -> bool:
        """One packet of the broker's; false if it has to wait until the outbox has room."""
        kind = first & 0xF0
        if not self._welcome:
            self._greeted(first, data, start, size)
        elif first == _PUBACK and size == 2:
            self._outbox.acknowledge(data[start] << 8 | data[start + 1])
        elif first == _PINGRESP and size == 0:
            self._pinged = False
        elif kind == _PUBLISH and size >= 2:
            return self._message(first & 6, data, start, size)
        else:
            raise LinkError(f"the broker sent a packet {first:02x} that makes no sense")
        return True

    def _greeted(self, first, data, start, size):
        if first != _CONNACK or size != 2:
            raise LinkError("what answers is not an MQTT broker")
        code = data[start + 1]
        if code:
            known = code <= len(_REFUSALS)
            raise LinkError(_REFUSALS[code - 1] if known else f"the broker refuses, code {code}")
        self._welcome = True

    def _message(self, qos, data, start, size) -> bool:
        """A message nobody asked for (a session of an older firmware may have): acknowledged."""
        i = start + 2 + (data[start] << 8 | data[start + 1])
        if qos > 2 or i + qos > start + size:
            raise LinkError("the broker sent a damaged message")
        return not qos or self._codec.acknowledge(data[i], data[i + 1])
