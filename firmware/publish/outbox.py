"""MQTT packets on their way to the broker: one bounded buffer, nothing else.

A packet tells its own length (MQTT 3.1.1, 2.2), so the queue is just the packets one after the
other, and a QoS 1 message stays where it is until it is acknowledged.
"""

from micropython import const

from firmware.publish.payload import copy

_PUBLISH = const(0x30)
_DUP = const(8)
_QOS = const(6)
_ACKED = const(0)  # takes the place of a packet's first byte; 0 is no packet of MQTT
_SPARE = const(32)  # bytes kept for packets other than PUBLISH: pings, acknowledgements


def body(data, at) -> int:
    """Where what follows the remaining length of the packet at `at` begins."""
    at += 1
    while data[at] & 0x80:
        at += 1
    return at + 1


def end(data, at, stop) -> int:
    """Where the packet at `at` ends, 0 if data[:stop] does not tell; OSError if it is none."""
    size = shift = 0
    while shift < 28:
        at += 1
        if at >= stop:
            return 0
        size |= (data[at] & 0x7F) << shift
        shift += 7
        if not data[at] & 0x80:
            return at + 1 + size
    raise OSError("the broker sent something that is not MQTT")


def _waits(first):
    """Whether a packet with this first byte has to be acknowledged."""
    return first & 0xF0 == _PUBLISH and first & _QOS


class Outbox:
    """The packets to be written, and those of QoS 1 written but not acknowledged."""

    def __init__(self, size):
        self.data = memoryview(bytearray(size))
        self.tail = 0  # end of the last packet
        self.written = 0  # bytes, since start
        self._next = 0  # first byte not yet written
        self._refused = 0  # bytes that the stream did not take when it was asked last
        self._news = False  # something may be dropped

    def waiting(self) -> int:
        """Bytes not yet written."""
        return self.tail - self._next

    def room(self) -> int:
        """Bytes free for a message behind `tail`."""
        return len(self.data) - self.tail - _SPARE

    def control(self, packet) -> bool:
        """Queue a small packet that is no message; false if there is no room even for that."""
        at = self.tail
        if at + len(packet) > len(self.data):
            return False
        self.tail = copy(self.data, at, packet, 0, len(packet))
        return True

    def write_to(self, stream) -> int:
        """Give the stream what waits; bytes it took, 0 if none now. OSError if it is dead.

        What it refused is offered again as it was, though more may wait by now: TLS wants it so.
        """
        at = self._next
        if at == self.tail:
            return 0
        offer = self._refused or self.tail - at
        taken = stream.write(self.data[at : at + offer]) or 0
        self._refused = 0 if taken else offer
        if taken:
            self._next += taken
            self.written += taken
            self._news = True
        return taken

    def acknowledge(self, pid) -> bool:
        """The broker has this message; false if it is not waited for."""
        data, at = self.data, 0
        while at < self._next:
            if _waits(data[at]):
                i = body(data, at)
                i += 2 + (data[i] << 8 | data[i + 1])
                if data[i] << 8 | data[i + 1] == pid:
                    data[at] = _ACKED
                    self._news = True
                    return True
            at = end(data, at, self.tail)
        return False

    def settle(self) -> int:
        """Drop what needs not be kept any more; messages among it, which the broker accepted."""
        if not self._news:
            return 0
        self._news = False
        data, at, kept, accepted = self.data, 0, 0, 0
        while at < self._next:
            after = end(data, at, self.tail)
            if after > self._next:
                break
            if _waits(data[at]):
                kept = copy(data, kept, data, at, after) if kept < at else after
            elif data[at] == _ACKED or data[at] & 0xF0 == _PUBLISH:
                accepted += 1
            at = after
        if kept < at:
            self.tail = copy(data, kept, data, at, self.tail)
            self._next -= at - kept
        return accepted

    def rewind(self) -> int:
        """The connection is lost: keep what was not acknowledged, to send it again; how many."""
        data, at, kept, count = self.data, 0, 0, 0
        while at < self.tail:
            after = end(data, at, self.tail)
            if _waits(data[at]):
                if at < self._next:
                    data[at] |= _DUP
                kept = copy(data, kept, data, at, after)
                count += 1
            at = after
        self.tail = kept
        self._next = self._refused = 0
        return count
