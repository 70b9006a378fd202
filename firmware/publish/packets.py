"""MQTT packets on their way out and in: two bounded buffers, nothing else.

A packet tells its own length (MQTT 3.1.1, 2.2), so the outgoing queue is just the packets one
after the other, and a QoS 1 message stays where it is until it is acknowledged.
"""

from micropython import const

from firmware.publish.link import LinkError
from firmware.publish.payload import copy

_PUBLISH = const(0x30)
_DUP = const(8)
_QOS = const(6)
_ACKED = const(0)  # takes the place of a packet's first byte; 0 is no packet of MQTT
_SPARE = const(32)  # bytes kept for packets other than _PUBLISH: pings, acknowledgements
_READS = const(4)  # reads in one go: a broker that floods us gets no more of our time


def body(data, at) -> int:
    """Where what follows the remaining length of the packet at `at` begins."""
    at += 1
    while data[at] & 0x80:
        at += 1
    return at + 1


def end(data, at) -> int:
    """Where the packet at `at` ends."""
    start = body(data, at)
    size = 0
    last = start
    while last > at + 1:
        last -= 1
        size = size << 7 | data[last] & 0x7F
    return start + size


class Outbox:
    """The packets to be written, and those of QoS 1 written but not acknowledged."""

    def __init__(self, size):
        self.data = bytearray(size)
        self._view = memoryview(self.data)
        self._head = 0  # the oldest packet kept
        self._next = 0  # first byte not yet written
        self.tail = 0  # end of the last packet
        self.written = 0  # bytes, since start

    @property
    def waiting(self) -> int:
        """Bytes not yet written."""
        return self.tail - self._next

    @property
    def empty(self) -> bool:
        """Nothing to write and nothing to be acknowledged."""
        return self._head == self.tail

    def room(self, n, control=False) -> int:
        """Free bytes after `tail`, at least n of them if that can be had by moving what is kept.

        A message is not given the bytes spared for control packets.
        """
        limit = len(self.data) - (0 if control else _SPARE)
        if self.tail + n > limit and self._head:
            self.tail = copy(self.data, 0, self.data, self._head, self.tail)
            self._next -= self._head
            self._head = 0
        return limit - self.tail

    def write_to(self, stream) -> int:
        """Give the stream what waits; bytes it took, 0 if none now. OSError if it is dead."""
        if self._next == self.tail:
            return 0
        taken = stream.write(self._view[self._next : self.tail])
        if not taken:
            return 0
        self._next += taken
        self.written += taken
        return taken

    def settle(self) -> int:
        """Drop what needs not be kept any more; messages among it, which the broker accepted."""
        data, accepted = self.data, 0
        while self._head < self._next:
            after = end(data, self._head)
            first = data[self._head]
            if after > self._next or (first & 0xF0 == _PUBLISH and first & _QOS):
                break
            if first == _ACKED or first & 0xF0 == _PUBLISH:
                accepted += 1
            self._head = after
        if self._head == self.tail:
            self._head = self._next = self.tail = 0
        return accepted

    def acknowledge(self, pid) -> bool:
        """The broker has this message; false if it is not waited for."""
        data, at = self.data, self._head
        while at < self._next:
            if data[at] & 0xF0 == _PUBLISH and data[at] & _QOS:
                i = body(data, at)
                i += 2 + (data[i] << 8 | data[i + 1])
                if data[i] << 8 | data[i + 1] == pid:
                    data[at] = _ACKED
                    return True
            at = end(data, at)
        return False

    def rewind(self) -> int:
        """The connection is lost: keep what was not acknowledged, to send it again; how many."""
        data, at, kept, count = self.data, self._head, 0, 0
        while at < self.tail:
            after = end(data, at)
            if data[at] & 0xF0 == _PUBLISH and data[at] & _QOS:
                if at < self._next:
                    data[at] |= _DUP
                kept = copy(data, kept, data, at, after)
                count += 1
            at = after
        self._head = self._next = 0
        self.tail = kept
        return count


class Inbox:
    """Cuts what the broker sends into packets for handle(first, data, start, size) -> bool.

    first is the packet's first byte, data[start : start + size] the rest after its length. If
    handle returns false, it is called again with the same packet later.
    """

    def __init__(self, handle, size=256):
        self._handle = handle
        self._data = bytearray(size)
        self._view = memoryview(self._data)
        self._end = 0

    def clear(self) -> None:
        """Forget what an old connection left."""
        self._end = 0

    def read_from(self, stream) -> int:
        """Take what the stream has, within limits; bytes read. LinkError at its end."""
        total = 0
        for _ in range(_READS):
            if self._end == len(self._data):
                break  # handle() refused what is there
            n = stream.readinto(self._view[self._end :] if self._end else self._view)
            if n is None:
                break
            if n == 0:
                raise LinkError("the broker closed the connection")
            total += n
            self._end += n
            self._cut()
        if not total and self._end:
            self._cut()
        return total

    def _cut(self):
        data, at = self._data, 0
        while True:
            size = self._packet(at)
            if size < 0:
                break
            start = body(data, at)
            if not self._handle(data[at], data, start, size):
                break
            at = start + size
        if at:
            self._end = copy(data, 0, data, at, self._end)

    def _packet(self, at) -> int:
        """The remaining length of the packet at `at`, -1 if it is not all there."""
        data, i, size = self._data, at + 1, 0
        while i < self._end:
            digit = data[i]
            size |= (digit & 0x7F) << 7 * (i - at - 1)
            i += 1
            if not digit & 0x80:
                if i - at + size > len(data):
                    raise LinkError(f"the broker sent a packet of {size} bytes, too long for us")
                return size if i + size <= self._end else -1
            if i - at > 4:
                raise LinkError("the broker sent something that is not MQTT")
        return -1
