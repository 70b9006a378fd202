"""The MQTT destination: one connection to the broker after the other, over umqtt as a codec.

The task never waits for the network: it looks at the socket some times a second, and at once when
a frame ends. So a broker that is slow, mute or gone costs nothing but freshness, and memory stays
what it was.
"""

import asyncio
import gc
import random
from time import ticks_diff

from micropython import const

from firmware.publish.codec import Codec
from firmware.publish.messages import Messages
from firmware.publish.outbox import Outbox
from firmware.publish.session import Session
from firmware.rarely import load
from firmware.supervisor import pause

# Bytes. A frame of the 71 labels of a three-phase producer with a degraded clock, identifiers
# too, all at full width, has 2610 (the longest seen of a simulated one: 2092); the longest topic
# and the head of the packet 114; 32 are spared for pings.
_OUTBOX = const(2768)
# The model of such a meter has 2900 to 3500: its keys are longer than labels.
_MODEL = const(3648)
_LOOK = const(50)  # ms between two looks at the socket,
_NEAR = const(10)  # while something waits to be taken or acknowledged
_STABLE = const(60000)  # ms after which a connection has proved to hold


class Mqtt:
    """Publishes a store to a broker.

    device names the topics; open_connection(host, port) gives a connected non-blocking stream
    (readinto, write, close) or raises; health() gives a dict for the topic gateway. source may be
    None: frames are then noticed at the next look. sources: further sources of messages, see
    Messages. topics (list of bytes) are subscribed to, and what comes is given to
    heard(topic, payload), both bytes: see inbox.py. backlog: what Backlog is made with, so that
    readings are kept while nobody is connected (replay.py); None: they are not. pages: the Server
    of the pages, which answers first when memory is short, or None.
    """

    def __init__(
        self,
        config,
        device,
        store,
        source,
        open_connection,
        ticks_ms,
        health=dict,
        deadline_ms=10000,
        sources=(),
        topics=None,
        heard=None,
        backlog=None,
        pages=None,
    ):
        self.connected = False
        self.accepted = 0  # messages a broker took: with QoS 1 acknowledged, else written
        self.last_error = ""
        self.connects = self.failures = self.again = 0
        self._server = config.get("mqtt_host"), config.get("mqtt_port")
        self._source = source
        self._open = open_connection
        self._ticks_ms = ticks_ms
        self._deadline = deadline_ms
        self._outbox = outbox = Outbox(_MODEL if sources else _OUTBOX)
        self._codec = codec = Codec(
            outbox, load("publish.greeting").introduce(config, device)
        )
        self._messages = Messages(
            config, store, outbox, codec, ticks_ms, health, self.status, sources
        )
        self._messages.pages = pages
        self.event = self._messages.event
        self.resend = self._messages.resend
        self._backlog = backlog
        if backlog:
            load("publish.replay").recall(self._messages, outbox, backlog, codec.client.lw_qos)
        self._inbox = None
        if topics:
            from firmware.publish.inbox import Inbox

            self._inbox = Inbox(topics, heard, codec.client, deadline_ms)
        self._stream = self._session = None
        self._fault = None  # what ended the session
        self._since = None  # tick at which it began, until it has proved to hold
        self._streak = 0  # connections in a row that did not

    async def run(self) -> None:
        """Connect, publish, connect again; only a cancellation ends it."""
        follower = asyncio.create_task(self._follow()) if self._source else None
        try:
            while True:
                try:
                    await self._live()
                except Exception as error:
                    self.last_error = load("publish.dialling").words(error)
                if not self.connected:
                    self.failures += 1
                self._close()
                self._fault = None  # its traceback holds what failed in memory
                gc.collect()
                await asyncio.sleep_ms(self._wait())
        finally:
            if follower:
                follower.cancel()
            self._farewell()
            self._close()

    def status(self) -> dict:
        """Connection, counters since start, last error, for the topic gateway and the pages."""
        return load("publish.telling").mqtt(self, self._messages, self._outbox, self._inbox)

    def close(self) -> None:
        """Before a restart: what waits goes to flash."""
        if self._messages.replay:
            self._messages.replay.backlog.close()

    async def _live(self):
        """One connection, from its opening to its loss."""
        client, ticks_ms, deadline = self._codec.client, self._ticks_ms, self._deadline
        self._stream = stream = await self._open(*self._server)
        await load("publish.greeting").greet(stream, client, ticks_ms, deadline)
        self._since = now = ticks_ms()
        self._session = Session(
            stream, self._outbox, now, client.lw_qos, client.keepalive, deadline, self._inbox
        )
        self.connects += 1
        self._fault = None
        self._messages.renew()
        if self._inbox:
            self._inbox.open()
        self.connected = True
        while not self._fault:
            more = self._turn()
            await asyncio.sleep_ms(0 if more else _NEAR if self._outbox.tail else _LOOK)
        raise self._fault

    async def _follow(self):
        """Publish as soon as a frame has ended."""
        while True:
            await self._source.frame.wait()
            while self._turn():
                await asyncio.sleep_ms(0)
            if self._backlog and (not self.connected or self._fault or self._messages.behind):
                self._keep()

    def _keep(self):
        """A reading for later, if it is time for one."""
        messages, now = self._messages, self._ticks_ms()
        if messages.late(now):
            try:
                if not messages.replay:
                    qos = self._codec.client.lw_qos
                    load("publish.replay").begin(messages, self._outbox, self._backlog, qos)
                messages.keep(now)
            except Exception as error:
                messages.dropped += 1
                self.last_error = load("publish.dialling").words(error)

    def _turn(self) -> bool:
        """A slice of work that never waits; true if there is more to do at once."""
        if not self.connected or self._fault:
            return False
        session, outbox, now = self._session, self._outbox, self._ticks_ms()
        if self._since is not None and ticks_diff(now, self._since) > _STABLE:
            self._since = None
            self._streak = 0
        try:
            session.read(now)
            self.accepted += outbox.settle()
            more = self._messages.compose(now)
            wrote = session.write(now)
            self.accepted += outbox.settle()
            return more and wrote > 0
        except Exception as error:
            self._fault = error
            return False

    def _wait(self) -> int:
        """Milliseconds until the next attempt, 1 to 60 s with a random part."""
        self._streak += 1
        return min(pause(self._streak) * 1000 + random.getrandbits(9), 60000)

    def _farewell(self):
        """Say what the last will would, if that can be done at once, and DISCONNECT."""
        codec, outbox = self._codec, self._outbox
        if self.connected and not outbox.waiting():
            try:
                codec.begin(b"status").write(b"offline")
                codec.publish(True)
                outbox.control(b"\xe0\x00")
                self._session.write(self._ticks_ms())
            except Exception as error:
                self.last_error = str(error)

    def _close(self):
        """Be ready for another connection, which begins with what has to be sent again."""
        self.connected = False
        self.again += self._outbox.rewind()
        stream, self._stream, self._session = self._stream, None, None
        if stream:
            try:
                stream.close()
            except OSError:
                pass  # it was dead already
