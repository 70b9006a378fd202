"""What we want to hear from the broker: topics subscribed to again after each CONNACK.

Loaded only if there are any. Nothing here can end a connection but a broker that does not answer
the subscription.
"""

from time import ticks_diff

from micropython import const

from firmware.publish.outbox import body
from firmware.rarely import load

_RETAIN = const(1)
_FAILED = const(0x80)  # what SUBACK says of a topic that the broker refuses


class Inbox:
    """topics: list of bytes, wildcards allowed. heard(topic, payload), both bytes, takes in what
    comes; deadline in ms, for the answer to a subscription.

    client is umqtt's: its last will tells the quality of service, and it counts the packets.
    """

    error = ""  # what the broker refused, or went wrong last in heard()

    def __init__(self, topics, heard, client, deadline):
        self._topics = topics
        self._heard = heard
        self._client = client
        self._deadline = deadline
        self.open()

    def open(self) -> None:
        """A new connection: nothing is subscribed to."""
        self._asked = None  # when that was queued
        self._granted = False

    def ask(self, outbox, now) -> None:
        """Subscribe, as soon as there is room for it. OSError if there is no answer in time."""
        if self._granted:
            return
        if self._asked is not None:
            if ticks_diff(now, self._asked) > 2 * self._deadline:
                raise OSError("the broker does not answer the subscription")
            return
        client = self._client
        pid = client.pid % 65535 + 1
        packet = bytearray(pid.to_bytes(2, "big"))
        for topic in self._topics:
            packet += len(topic).to_bytes(2, "big") + topic + bytes((client.lw_qos,))
        size = len(packet)
        head = bytes((0x82, size) if size < 128 else (0x82, size & 0x7F | 0x80, size >> 7))
        if outbox.control(head + packet):
            client.pid = pid
            self._asked = now

    def answer(self, codes) -> None:
        """What SUBACK says, a byte a topic."""
        self._granted = True
        self.error = ""
        for topic, code in zip(self._topics, codes):
            if code & _FAILED:
                self.error = "the broker refuses to tell us " + topic.decode()

    def take(self, data, at, start, after) -> None:
        """The message at `at` with its payload at `start`.

        One that the broker had kept is old: a command in it would be obeyed at each connection.
        """
        if data[at] & _RETAIN:
            return
        at = body(data, at)
        size = data[at] << 8 | data[at + 1]
        try:
            self._heard(bytes(data[at + 2 : at + 2 + size]), bytes(data[start:after]))
        except Exception as error:
            self.error = load("publish.dialling").words(error)
