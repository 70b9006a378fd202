"""A web server without a socket: takes requests, and answers them as the test says."""


class Connection:
    """One connection to a Server, as a non-blocking stream."""

    def __init__(self, server):
        self.server = server
        self.closed = False
        self.ended = False  # by the server
        self._in = bytearray()
        self._out = bytearray()

    def write(self, data):
        if self.closed or self.ended:
            raise OSError(104)
        n = min(len(data), self.server.room)
        if not n:
            return None
        self._in += data[:n]
        self._take()
        return n

    def readinto(self, buffer):
        n = min(len(buffer), len(self._out), self.server.step)
        if not n:
            return 0 if self.ended else None
        buffer[:n] = self._out[:n]
        self._out = self._out[n:]
        return n

    def close(self):
        self.closed = True

    def _take(self):
        end = self._in.find(b"\r\n\r\n")
        if end < 0:
            return
        lines = bytes(self._in[:end]).decode().split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        size = int(headers["content-length"])
        if len(self._in) < end + 4 + size:
            return
        body = bytes(self._in[end + 4 : end + 4 + size])
        assert len(self._in) == end + 4 + size, "more than was announced"
        self._in = bytearray()
        self.server.requests.append((lines[0], headers, body))
        answer = self.server.answer()
        if answer is None:
            self.ended = True
            return
        self._out += answer
        if b"connection: close" in answer.lower():
            self.ended = True


class Server:
    """`script`: what is answered, one after the other, then `usual`; None ends the connection
    without an answer, an OSError refuses it. `requests`: (first line, headers, body).
    """

    def __init__(self, usual=b"HTTP/1.1 204 No Content\r\n\r\n", *script):
        self.usual = usual
        self.script = list(script)
        self.requests = []
        self.connections = []
        self.refusals = 0
        self.room = 1 << 20  # bytes taken by one write
        self.step = 1 << 20  # bytes given to one read

    async def open(self, host, port):
        self.asked = host, port
        if self.refusals:
            self.refusals -= 1
            raise OSError("connection refused")
        self.connections.append(Connection(self))
        return self.connections[-1]

    def answer(self):
        return self.script.pop(0) if self.script else self.usual


def reply(status, body=b"", *headers):
    """The bytes of an answer."""
    lines = (b"HTTP/1.1 %d Whatever" % status, b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines + headers) + b"\r\n\r\n" + body
