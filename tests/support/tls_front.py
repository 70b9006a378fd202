"""TLS in front of a server of loopback that speaks none, for the service tests (CPython)."""

import contextlib
import select
import socket
import ssl
import threading

_ROOM = 65536
_PATIENCE = 20  # s


class TlsFront:
    """Listens on `port` with a certificate (certificates.Server), from `with` to its end, and
    hands on what comes in. `connections`: those whose handshake was done.
    """

    def __init__(self, server: int, certificate):
        self._server = server
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.pem, certificate.key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self._open = []
        self._threads = []

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        for one in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_PATIENCE)
        self._listener.close()

    def _start(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                self._start(self._serve, self._listener.accept()[0])

    def _serve(self, client):
        client.settimeout(_PATIENCE)
        with contextlib.suppress(OSError), client:
            with (
                self._context.wrap_socket(client, server_side=True) as secured,
                socket.create_connection(("127.0.0.1", self._server)) as plain,
            ):
                self.connections += 1
                self._open += [client, plain]
                while ready := secured.pending() and [secured] or _ready(secured, plain):
                    for one in ready:
                        some = one.recv(_ROOM)
                        if not some:
                            return
                        (plain if one is secured else secured).sendall(some)


def _ready(*sockets):
    return select.select(sockets, [], [], _PATIENCE)[0]
