"""A broker that only listens: it takes every message and notes when its last byte came."""

import socket
import threading
import time
from collections import namedtuple

Message = namedtuple("Message", "time topic size")  # size: bytes of the packet

_CONNECT, _PUBLISH, _SUBSCRIBE, _PINGREQ, _DISCONNECT = 1, 3, 8, 12, 14


class Listener:
    """On 127.0.0.1 at `port`, for one client at a time, until close(). context: for TLS."""

    def __init__(self, context=None):
        self.messages = []
        self._context = context
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._client = None
        self._thread = threading.Thread(target=self._serve, name="listener", daemon=True)
        self._thread.start()

    def drop(self) -> None:
        """Cut the connection; another one may come."""
        self._client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Listen no more."""
        for end in (self._client, self._server):
            if end:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it is closed already
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with client:
                try:
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    if self._context:
                        client = self._context.wrap_socket(client, server_side=True)
                    self._client = client
                    self._listen(client)
                except OSError:
                    pass
                finally:
                    client.close()

    def _listen(self, client) -> None:
        data = b""
        while True:
            more = client.recv(65536)
            now = time.monotonic()
            if not more:
                return
            data += more
            while (cut := _end_of_packet(data)) and len(data) >= cut[1]:
                packet, data = data[: cut[1]], data[cut[1] :]
                answer = self._take(packet[0], packet[cut[0] :], now, len(packet))
                client.sendall(answer)

    def _take(self, first: int, body: bytes, now: float, size: int) -> bytes:
        """The answer to a packet."""
        kind = first >> 4
        if kind == _CONNECT:
            return b"\x20\x02\0\0"
        if kind == _PINGREQ:
            return b"\xd0\0"
        if kind == _SUBSCRIBE:
            count, at = 0, 2
            while at < len(body):
                at += 3 + int.from_bytes(body[at : at + 2], "big")
                count += 1
            return bytes((0x90, 2 + count)) + body[:2] + bytes(count)
        if kind == _PUBLISH:
            end = 2 + int.from_bytes(body[:2], "big")
            self.messages.append(Message(now, body[2:end].decode(), size))
            return b"\x40\x02" + body[end : end + 2] if first & 6 else b""
        return b""


def _end_of_packet(data: bytes) -> tuple | None:
    """(start, end) of what follows the length of the first packet; None when that is not there."""
    length = shift = 0
    for at, part in enumerate(data[1:5], 2):
        length |= (part & 127) << shift
        shift += 7
        if part < 128:
            return at, at + length
    return None
