"""A proxy on loopback between a destination over HTTP and its server, which misbehaves as told.

    with FaultProxy(server.port) as proxy:
        proxy.mode = "mute"         # from the next request on
        proxy.cut()                 # every connection ends; nobody is let in until proxy.mend()

It knows of HTTP where a request ends, and no more; written for the tests, it shares no code with
the firmware.
"""

import contextlib
import random
import socket
import struct
import threading
import time

from tools.simulator.ports import free_port

MODES = (
    "normal",  # hands on what it gets
    "reset",  # resets the connection in the middle of a request
    "mute",  # takes the request, and says nothing
    "bytewise",  # hands on the answer byte by byte
    "500",  # answers this itself
    "429",  # answers this itself, and asks for a second
    "close after head",  # ends the connection when the head of the request has come
    "close in answer",  # the server gets the request; of its answer only the first line comes back
    "lost answer",  # the server gets the request; the connection is reset then
    "garbage",  # random bytes for an answer
    "endless",  # an answer without an end
)
_SOON = 0.0005  # s


class FaultProxy:
    """Listens from `with` to its end, or until cut(). `requests`: how many it has seen."""

    def __init__(self, server: int, seed: int = 1):
        self.mode = "normal"
        self.requests = self.connections = 0
        self._server = server
        self._random = random.Random(seed)
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = None
        self.port = free_port()

    def __enter__(self):
        self.mend()
        return self

    def __exit__(self, *_):
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def mend(self) -> None:
        """Listen (again, on the same port)."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(8)
        self._listener = listener
        self._start(self._accept, listener)

    def cut(self) -> None:
        """Refuse connections, and end those there are."""
        listener, self._listener = self._listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for each in list(self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _start(self, work, *args):
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener):
        while self._listener is listener:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.add(client)
            self.connections += 1
            self._start(self._serve, client)

    def _serve(self, client):
        server = None
        try:
            stream = client.makefile("rb")
            while True:
                head = _head(stream)
                self.requests += 1
                mode = self.mode
                if mode == "close after head":
                    return
                size = next(int(line.split(b":")[1]) for line in head
                            if line.lower().startswith(b"content-length:"))
                if mode == "reset":
                    stream.read(size // 2)
                    _reset(client)
                    return
                body = _whole(stream, size)
                if mode in ("500", "429", "garbage", "endless", "mute"):
                    self._pretend(client, mode)
                    continue
                server = server or socket.create_connection(("127.0.0.1", self._server), 10)
                server.sendall(b"".join(head) + body)
                answer = _answer(server)
                if mode == "lost answer":
                    _reset(client)
                    return
                if mode == "close in answer":
                    client.sendall(answer.split(b"\r\n")[0])
                    return
                for i in range(len(answer)) if mode == "bytewise" else ():
                    client.sendall(answer[i:i + 1])
                    time.sleep(_SOON)
                if mode != "bytewise":
                    client.sendall(answer)
                if b"\r\nconnection: close" in answer.lower():
                    return
        except (OSError, EOFError):
            pass
        finally:
            self._sockets.discard(client)
            client.close()
            if server:
                server.close()

    def _pretend(self, client, mode):
        """An answer that is not the server's, or none."""
        if mode == "mute":
            while self.mode == "mute" and self._listener:
                time.sleep(_SOON)
            raise EOFError
        if mode == "garbage":
            client.sendall(self._random.randbytes(4000))
            raise EOFError
        if mode == "endless":
            client.sendall(b"HTTP/1.1 500 no\r\n")
            while self.mode == "endless":
                client.sendall(b"X-More: yes\r\n" * 100)
                time.sleep(_SOON)
            raise EOFError
        again = b"Retry-After: 1\r\n" if mode == "429" else b""
        head = b"HTTP/1.1 %s no\r\n%s" % (mode.encode(), again)
        client.sendall(head + b"Content-Length: 4\r\n\r\nbusy")


def _head(stream) -> list:
    """The lines of a head; EOFError if the connection has ended."""
    lines = []
    while not lines or lines[-1] != b"\r\n":
        lines.append(stream.readline())
        if not lines[-1]:
            raise EOFError
    return lines


def _whole(stream, size):
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _answer(server) -> bytes:
    """A whole answer of the server."""
    stream = server.makefile("rb")
    head = _head(stream)
    sizes = [int(line.split(b":")[1]) for line in head
             if line.lower().startswith(b"content-length:")]
    return b"".join(head) + _whole(stream, sizes[0] if sizes else 0)


def _reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
