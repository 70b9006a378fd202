"""A broker on loopback that misbehaves as told, and writes down what it is sent (CPython).

    with FaultBroker("mute") as broker:
        ... connect to 127.0.0.1:broker.port ...
        broker.wait(lambda: broker.connections > 1)

It knows as much of MQTT 3.1.1 as a publisher needs, written from the standard for the tests; it
shares no code with the firmware. broker.mode may be changed at any time and counts from the next
packet on.
"""

import contextlib
import random
import socket
import struct
import threading
import time

from tools.simulator.ports import free_port

MODES = (
    "normal",  # as a broker should
    "refuse4",  # CONNACK with code 4, bad user or password
    "refuse5",  # CONNACK with code 5, not authorised
    "mute",  # accepts the connection and says nothing
    "mute_later",  # answers CONNECT, nothing after that, but goes on reading
    "no_puback",  # answers everything but messages
    "backwards",  # acknowledges messages in pairs, the second first
    "cut",  # closes in the middle of CONNACK
    "cut_later",  # answers CONNECT, closes in the middle of its second packet
    "reset_later",  # answers CONNECT, resets the connection at the first message
    "bytewise",  # answers byte by byte
    "flood",  # sends messages nobody asked for, as fast as they are taken
    "flood1",  # the same with QoS 1
    "garbage",  # random bytes for an answer
    "garbage_later",  # random bytes after CONNACK
    "huge",  # a packet of 256 MB is announced
    "endless",  # a length that does not end
    "close",  # closes at once
    "stuck",  # answers CONNECT, then reads nothing: the window fills
)


class Packet:
    """One packet received: its type (3 is PUBLISH), flags and body; the parts of a message."""

    def __init__(self, first: int, body: bytes, connection: int):
        self.connection = connection  # counted from 1
        self.type = first >> 4
        self.flags = first & 15
        self.body = body
        self.topic = self.payload = self.pid = None
        if self.type == 3:
            size = struct.unpack(">H", body[:2])[0]
            self.topic = body[2 : 2 + size].decode()
            rest = body[2 + size :]
            if self.qos:
                self.pid = struct.unpack(">H", rest[:2])[0]
                rest = rest[2:]
            self.payload = rest

    @property
    def qos(self) -> int:
        return self.flags >> 1 & 3

    @property
    def dup(self) -> bool:
        return bool(self.flags & 8)

    @property
    def retain(self) -> bool:
        return bool(self.flags & 1)

    def __repr__(self):
        return f"<{self.type} {self.flags:x} {self.topic or ''} {self.payload or self.body!r}>"


class Gone(Exception):
    """The connection ended."""


class FaultBroker:
    """Listens from `with` to its end; packets, connections and violations grow while it does."""

    def __init__(self, mode: str = "normal", seed: int = 1, port: int = 0):
        assert mode in MODES
        self.mode = mode
        self.packets: list[Packet] = []
        self.connections = 0
        self.violations: list[str] = []  # what a publisher must not do
        self.received = 0  # bytes
        self._random = random.Random(seed)
        self._news = threading.Condition()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._closing = False
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if mode == "stuck":
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.port = port or free_port()
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(8)

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        self._closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()
        for thread in self._threads:
            thread.join(10)

    def drop(self) -> None:
        """Close every connection."""
        for each in list(self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def wait(self, condition, seconds: float = 20):
        """Return what condition() gives as soon as it is true; fail after so many seconds."""
        with self._news:
            if not self._news.wait_for(condition, seconds):
                raise AssertionError(f"waited in vain; {self.connections=} {self.packets[-5:]}")
            return condition()

    def messages(self, topic: str = "") -> list[Packet]:
        """The messages so far whose topic ends so."""
        return [p for p in list(self.packets) if p.type == 3 and p.topic.endswith(topic)]

    def _start(self, work, *args):
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.add(connection)
            with self._news:
                self.connections += 1
                self._news.notify_all()
            self._start(self._serve, connection, self.connections)

    def _serve(self, connection, number):
        try:
            if self.mode == "close":
                return
            if self.mode == "garbage":
                self._send(connection, self._random.randbytes(4000))
            held: list[Packet] = []
            for packet in self._read(connection, number):
                self._answer(connection, packet, held)
        except (OSError, Gone):
            pass
        finally:
            self._sockets.discard(connection)
            connection.close()

    def _read(self, connection, number):
        """The packets of one connection."""
        stream = connection.makefile("rb")
        first_packet = True
        while True:
            first = self._take(stream, 1)[0]
            size = shift = 0
            while True:
                digit = self._take(stream, 1)[0]
                size |= (digit & 0x7F) << shift
                shift += 7
                if not digit & 0x80:
                    break
            packet = Packet(first, self._take(stream, size), number)
            with self._news:
                self.packets.append(packet)
                if (packet.type == 1) != first_packet:
                    self.violations.append(f"CONNECT is not the first packet: {packet}")
                if packet.type == 3 and not packet.qos and packet.dup:
                    self.violations.append(f"DUP without QoS: {packet}")
                self._news.notify_all()
            first_packet = False
            yield packet

    def _take(self, stream, n):
        data = stream.read(n)
        if len(data) < n:
            raise Gone
        self.received += n
        return data

    def _answer(self, connection, packet, held):
        mode = self.mode
        if packet.type == 1:
            self._welcome(connection, mode)
        elif packet.type == 14:
            raise Gone
        elif mode == "mute_later" or mode == "mute":
            pass
        elif mode == "reset_later":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise Gone
        elif packet.type == 12:
            self._send(connection, b"\xd0\0")
        elif packet.type == 3 and packet.qos == 1 and mode != "no_puback":
            held.append(packet)
            if mode == "backwards" and len(held) < 2:
                return
            while held:
                answer = b"\x40\x02" + struct.pack(">H", held.pop().pid)
                self._send(connection, answer)

    def _welcome(self, connection, mode):
        if mode == "mute":
            return
        if mode == "cut":
            self._send(connection, b"\x20\x02\0")
            raise Gone
        code = int(mode[-1]) if mode.startswith("refuse") else 0
        self._send(connection, bytes((0x20, 2, 0, code)))
        if code:
            raise Gone
        if mode == "cut_later":
            self._send(connection, b"\x40\x02\0")
            raise Gone
        if mode == "garbage_later":
            self._send(connection, self._random.randbytes(4000))
        elif mode == "huge":
            self._send(connection, b"\x30\xff\xff\xff\x7f" + bytes(4000))
        elif mode == "endless":
            self._send(connection, b"\x30" + b"\xff" * 4000)
        elif mode in ("flood", "flood1"):
            self._start(self._flood, connection, mode)
        elif mode == "stuck":
            while not self._closing and self.mode == "stuck":
                time.sleep(0.02)

    def _flood(self, connection, mode):
        pid = 0
        try:
            while not self._closing and self.mode == mode:
                pid = pid % 65535 + 1
                topic = b"\x00\x05other"
                if mode == "flood1":
                    body = topic + struct.pack(">H", pid) + b"x" * 40
                    connection.sendall(bytes((0x32, len(body))) + body)
                else:
                    body = topic + b"x" * 60
                    connection.sendall(bytes((0x30, len(body))) + body)
        except OSError:
            pass

    def _send(self, connection, data):
        if self.mode == "bytewise":
            for i in range(len(data)):
                connection.sendall(data[i : i + 1])
                time.sleep(0.03)
        else:
            connection.sendall(data)
