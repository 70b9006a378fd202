"""A stream that gives what the test put in and keeps what it is given (MicroPython)."""


class FakeStream:
    """Non-blocking like a socket: None when there is nothing to read or no room to write."""

    def __init__(self, incoming=b"", step=0, room=1 << 20):
        self.incoming = bytearray(incoming)
        self.sent = bytearray()
        self.step = step  # bytes given at most by one read, 0 for no limit
        self.room = room  # bytes taken before the window is full
        self.closed = False
        self.ended = False  # the other side has closed

    def readinto(self, buffer):
        n = min(len(buffer), len(self.incoming), self.step or 1 << 20)
        if not n:
            return 0 if self.ended else None
        buffer[:n] = self.incoming[:n]
        self.incoming = self.incoming[n:]
        return n

    def write(self, data):
        n = min(len(data), self.room, self.step or 1 << 20)
        if not n:
            return None
        self.sent += data[:n]
        self.room -= n
        return n

    def close(self):
        self.closed = True

    def take(self):
        """What was sent since the last time."""
        sent, self.sent = bytes(self.sent), bytearray()
        return sent
