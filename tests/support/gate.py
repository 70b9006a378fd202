"""A gate on loopback between a destination and its server, that is open or shut (CPython).

    with Gate(server.port) as gate:
        gate.shut()                 # every connection is cut, and each new one at once
        gate.open()
"""

import contextlib
import socket
import threading


class Gate:
    """`port`: where it listens; `cuts`: connections that were cut while they were open."""

    def __init__(self, server: int):
        self.cuts = 0
        self._server = server
        self._closed = False
        self._lock = threading.Lock()
        self._pairs: list[tuple] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        self.shut()
        # Closing alone does not wake who waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def open(self) -> None:
        self._closed = False

    def shut(self) -> None:
        with self._lock:
            self._closed = True
            self.cuts += len(self._pairs)
            for pair in self._pairs:
                _end(*pair)
            self._pairs.clear()

    def _start(self, work, *arguments) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                with self._lock:
                    if self._closed:
                        client.close()
                        continue
                    server = socket.create_connection(("127.0.0.1", self._server), 10)
                    self._pairs.append((client, server))
                for source, sink in ((client, server), (server, client)):
                    source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._start(self._pump, source, sink)

    def _pump(self, source, sink) -> None:
        """Hand on what comes, until one of both ends."""
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                sink.sendall(data)
        _end(source, sink)
        with self._lock:
            self._pairs = [pair for pair in self._pairs if source not in pair]
        source.close()


def _end(*sockets) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
