"""The MQTT destination over a stream that the test holds in its hands, and what it has sent."""

import asyncio
import time

from fake_store import FakeConfig, FakeSource, FakeStore
from fake_stream import FakeStream

from firmware.publish.model import Model
from firmware.publish.mqtt import Mqtt
from firmware.publish.outbox import body, end

CONNACK = b"\x20\x02\x00\x00"


class Scene:
    """A destination whose connections are what is put into `streams`, OSErrors among them."""

    def __init__(
        self, source=True, health=dict, write=None, topics=None, backlog=None, **settings
    ):
        self.store = FakeStore()
        self.source = FakeSource(self.store)
        self.streams = []
        self.opened = []
        self.heard = []
        config = FakeConfig(**settings)
        self.model = write and Model(config, self.store, write)
        self.mqtt = Mqtt(
            config,
            "winky-a1b2c3",
            self.store,
            self.source if source else None,
            self.open,
            time.ticks_ms,
            health,
            sources=[self.model] if self.model else (),
            topics=topics,
            heard=lambda topic, payload: self.heard.append((topic, payload)),
            backlog=backlog,
        )
        self.mqtt._wait = lambda: 5
        self.task = None

    async def open(self, host, port):
        self.opened.append((host, port))
        while not self.streams:
            await asyncio.sleep_ms(1)
        stream = self.streams.pop(0)
        if isinstance(stream, Exception):
            raise stream
        return stream

    async def start(self):
        """Run, and be connected."""
        stream = FakeStream(CONNACK)
        self.streams.append(stream)
        if not self.task:
            self.task = asyncio.create_task(self.mqtt.run())
        await until(lambda: self.mqtt.connected and stream.sent.find(b"/gateway") > 0)
        return stream

    async def stop(self):
        self.task.cancel()
        try:
            await self.task
        except asyncio.CancelledError:
            return True

    async def turns(self, stream):
        """Let it run until it has nothing more to send."""
        size = -1
        while size != len(stream.sent) or self.mqtt._outbox.waiting():
            size = len(stream.sent)
            await asyncio.sleep_ms(60)


async def until(condition):
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep_ms(2)
    raise AssertionError("waited in vain")


def messages(data):
    """[(topic below the device, payload, retain, qos, dup, pid)] and other packets as bytes."""
    found, at = [], 0
    while at < len(data):
        after = end(data, at, len(data))
        start = body(data, at)
        first = data[at]
        if first >> 4 == 3:
            i = start + 2 + (data[start] << 8 | data[start + 1])
            topic = bytes(data[start + 2 : i]).decode()
            assert topic.startswith("tic/winky-a1b2c3/"), topic
            pid = None
            if first & 6:
                pid = data[i] << 8 | data[i + 1]
                i += 2
            payload = bytes(data[i:after])
            found.append((topic[17:], payload, first & 1, first >> 1 & 3, first & 8, pid))
        else:
            found.append(bytes(data[at:after]))
        at = after
    return found


def said(data):
    """{topic: payload} of the messages, the last of each."""
    return {one[0]: one[1] for one in messages(data) if not isinstance(one, bytes)}
