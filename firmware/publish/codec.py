"""umqtt.simple as the codec of MQTT over a buffer.

As published it blocks in connect(), with QoS 1 and in every read. Here it gets a socket that is
only a buffer: what it writes lands in the outbox, and what it waits for (the acknowledgement of a
message) is there before it asks. The real answers are read by session.py. So nothing in it can
wait, whatever its version: 1.3.4 of PyPI, or 1.8 in the board's image.
"""

from micropython import const

from firmware.publish.payload import Full, Writer, copy

_AHEAD = const(11)  # first byte, up to 4 of length, 2 of topic length, 2 of packet id, 2 to spare
_NAME = const(32)  # longest name below the prefix of our topics


class Codec:
    """Writes packets into the outbox.

    client: of umqtt, see greeting.py; its last will is one of our topics, which all begin alike.
    """

    def __init__(self, outbox, client):
        prefix = client.lw_topic[: client.lw_topic.rfind(b"/") + 1]
        self._outbox = outbox
        self._at = 0  # where in it umqtt writes next
        self._answer = b""  # what umqtt reads next
        self._prefix = len(prefix)
        self._below = Writer(bytearray(prefix) + bytes(_NAME))
        self._topic = self._below  # of the message that has begun, or bytes
        self._payload = Writer(outbox.data)
        self.client = client
        client.sock = self

    def begin(self, name, label=b"", need=64) -> Writer:
        """Start a message to the topic <prefix><name><label>; what is returned takes its payload.

        Full if there is no room for need bytes. "+", "#" and "/" in a label become "_". A name
        that begins with "/" is a whole topic after it, which is none of ours.
        """
        payload, outbox = self._payload, self._outbox
        if name[0] == 0x2F:
            self._topic = name[1:]
            at = len(name) - 1
        else:
            self._topic = topic = self._below
            topic.at = self._prefix
            topic.write(name)
            at = topic.at
            topic.write(label)
            while at < topic.at:
                if topic.buffer[at] in b"+#/":
                    topic.buffer[at] = 0x5F
                at += 1
        room = outbox.room()
        if room < at + _AHEAD + need:
            raise Full
        self._at = outbox.tail
        payload.at = payload.start = self._at + at + _AHEAD
        payload.limit = self._at + room
        return payload

    def publish(self, retain=False) -> int:
        """Queue the message whose payload has been written; the bytes of its payload."""
        client = self.client
        if client.lw_qos:
            client.pid %= 65535
            pid = client.pid + 1
            self._answer = bytes((0x40, 2, pid >> 8, pid & 0xFF))
        client.publish(self._topic, self._payload, retain, client.lw_qos)
        self._outbox.tail = self._at
        return len(self._payload)

    # What umqtt wants of a socket.

    def write(self, data, size=-1):
        start = 0
        if isinstance(data, Writer):
            start, size, data = data.start, data.at, data.buffer
        elif size < 0:
            size = len(data)
        self._at = copy(self._outbox.data, self._at, data, start, size)

    def read(self, n):
        data, self._answer = self._answer[:n], self._answer[n:]
        return data

    def setblocking(self, flag):
        pass
