"""umqtt.simple as the codec of MQTT over a buffer.

As published it blocks in connect(), with QoS 1 and in every read. Here it gets a socket that is
only a buffer, and takes it from a module that is only that socket: what it writes lands in the
outbox, and what it waits for (the answer to CONNECT, the acknowledgement of a message) is there
before it asks. The real answers are read by session.py. So nothing in it can wait, whatever its
version: 1.3.4 of PyPI, or 1.8 in the board's image.
"""

import umqtt.simple as simple
from micropython import const

from firmware.publish.payload import Full, Writer, copy

_AHEAD = const(11)  # first byte, up to 4 of length, 2 of topic length, 2 of packet id, 2 to spare
_NAME = const(48)  # longest name below the prefix of our topics


class Codec:
    """Writes packets into the outbox; every topic begins with <base>/<device>/."""

    def __init__(self, outbox, config, device):
        get = config.get
        prefix = f"{get('mqtt_base')}/{device}/".encode()
        self._outbox = outbox
        self._to = outbox.data
        self._at = 0  # where in it umqtt writes next
        self._answer = b""  # what umqtt reads next
        self._pid = 0
        self._qos = get("mqtt_qos")
        self._prefix = len(prefix)
        self._topic = _Piece(bytearray(prefix) + bytes(_NAME))
        self._payload = _Piece(outbox.data)
        self._writer = Writer(outbox.data)
        self._client = client = simple.MQTTClient(
            (get("mqtt_client_id") or device).encode(),
            "",
            user=get("mqtt_user").encode() or None,
            password=get("mqtt_password").encode(),
            keepalive=get("mqtt_keepalive"),
        )
        client.set_last_will(prefix + b"status", b"offline", True, self._qos)
        client.sock = self

    def hello(self) -> memoryview:
        """The CONNECT packet, in a buffer of its own: it goes out before all that waits.

        The session is a clean one unless QoS 1 wants the broker to remember.
        """
        client = self._client
        size = 64 + len(client.client_id) + len(client.lw_topic)
        self._to = bytearray(size + len(client.user or b"") + len(client.pswd))
        self._at = 0
        self._answer = b"\x20\x02\0\0"
        module = simple.socket  # pyright: ignore[reportAttributeAccessIssue]
        simple.socket = self  # pyright: ignore[reportAttributeAccessIssue]
        try:
            client.connect(1 - self._qos)
            return memoryview(self._to)[: self._at]
        finally:
            simple.socket = module  # pyright: ignore[reportAttributeAccessIssue]
            self._to = self._outbox.data

    def begin(self, name, label=b"", need=64) -> Writer:
        """Start a message to the topic <prefix><name><label>; what is returned takes its payload.

        Full if there is no room for need bytes. "+", "#" and "/" in a label become "_".
        """
        topic, writer = self._topic, self._writer
        room = self._outbox.room()
        if len(name) + len(label) > _NAME:
            raise Full
        at = copy(topic.data, self._prefix, name, 0, len(name))
        topic.end = copy(topic.data, at, label, 0, len(label))
        while at < topic.end:
            if topic.data[at] in b"+#/":
                topic.data[at] = 0x5F
            at += 1
        if room < at + _AHEAD + need:
            raise Full
        self._at = self._outbox.tail
        writer.at = self._payload.start = self._at + at + _AHEAD
        writer.limit = self._at + room
        return writer

    def publish(self, retain=False) -> int:
        """Queue the message whose payload has been written; the bytes of its payload."""
        self._payload.end = self._writer.at
        if self._qos:
            self._pid = pid = self._pid % 65535 + 1
            self._client.pid = pid - 1
            self._answer = bytes((0x40, 2, pid >> 8, pid & 0xFF))
        self._client.publish(self._topic, self._payload, retain, self._qos)
        self._outbox.tail = self._at
        return len(self._payload)

    # What umqtt wants of a socket, and of the module of that name.

    def write(self, data, size=-1):
        start = 0
        if isinstance(data, _Piece):
            start, size, data = data.start, data.end, data.data
        elif size < 0:
            size = len(data)
        self._at = copy(self._to, self._at, data, start, size)

    def read(self, n):
        data, self._answer = self._answer[:n], self._answer[n:]
        return data

    def socket(self, *_):
        return self

    def getaddrinfo(self, *_):
        return (("", None),)

    def connect(self, *_):
        pass

    settimeout = setblocking = close = connect


class _Piece:
    """Bytes somewhere in a buffer, handed through umqtt without a copy."""

    def __init__(self, data):
        self.data = data
        self.start = 0
        self.end = 0

    def __len__(self):
        return self.end - self.start
