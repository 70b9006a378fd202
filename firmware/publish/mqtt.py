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
from firmware.publish.link import words
from firmware.publish.messages import Messages
from firmware.publish.outbox import Outbox
from firmware.publish.session import Session
from firmware.supervisor import pause

_OUTBOX = const(3072)  # bytes; a frame of all 71 labels of standard mode has 2.4 KB
_LOOK = const(50)  # ms between two looks at the socket,
_NEAR = const(10)  # while something waits to be taken or acknowledged
_STABLE = const(60000)  # ms after which a connection has proved to hold


class Mqtt:
    """Publishes a store to a broker.

    device names the topics; open_connection(host, port) gives a connected non-blocking stream
    (readinto, write, close) or raises; health() gives a dict for the topic gateway. source may be
    None: frames are then noticed at the next look.
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
    ):
        self.connected = False
        self.accepted = 0  # messages a broker took: with QoS 1 acknowledged, else written
        self.last_success = None  # tick of the last of them
        self.last_error = ""
        self._connects = self._failures = self._drops = self._again = 0
        self._config = config
        self._store = store
        self._source = source
        self._open = open_connection
        self._ticks_ms = ticks_ms
        self._health = health
        self._deadline = deadline_ms
        self._outbox = outbox = Outbox(_OUTBOX)
        self._codec = Codec(outbox, config, device)
        self._messages = Messages(config, store, outbox, self._codec, ticks_ms, self._report)
        self.event = self._messages.event
        self._session = None
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
                    self.last_error = words(error)
                self._lost()
                await asyncio.sleep_ms(self._wait())
        finally:
            if follower:
                follower.cancel()
            self._farewell()
            self._close()

    def status(self) -> dict:
        """Connection, counters since start, last error, for the topic gateway and the pages."""
        return {
            "connected": self.connected,
            "connects": self._connects,
            "failures": self._failures,
            "drops": self._drops,
            "accepted": self.accepted,
            "again": self._again,
            "unsent": self._messages.unsent,
            "bytes": self._outbox.written,
            "error": self.last_error,
        }

    async def _live(self):
        """One connection, from its opening to its loss."""
        get = self._config.get
        stream = await self._open(get("mqtt_host"), get("mqtt_port"))
        self._session = session = Session(
            stream, self._outbox, self._ticks_ms, get("mqtt_keepalive"), self._deadline
        )
        await session.begin(self._codec.hello(), get("mqtt_qos"))
        self._connects += 1
        self._since = self._ticks_ms()
        self._fault = None
        self._messages.renew()
        self.connected = True
        while not self._fault:
            more = self._turn()
            await asyncio.sleep_ms(0 if more else _NEAR if self._outbox.tail else _LOOK)
        raise self._fault

    async def _follow(self):
        """Publish as soon as a frame has ended."""
        frames = -1
        while True:
            await self._source.frame.wait()
            if self._store.frames == frames:  # left set instead of pulsed: never spin
                await asyncio.sleep_ms(_LOOK)
            frames = self._store.frames
            while self._turn():
                await asyncio.sleep_ms(0)

    def _turn(self) -> bool:
        """A slice of work that never waits; true if there is more to do at once."""
        if not self.connected or self._fault:
            return False
        try:
            now = self._ticks_ms()
            self._session.read(now)
            self._settle(now)
            more = self._messages.compose(now)
            wrote = self._session.write(now)
            self._settle(now)
            return more and wrote > 0
        except Exception as error:
            self._fault = error
            return False

    def _settle(self, now):
        """Note what the broker took, and that a connection holds."""
        accepted = self._outbox.settle()
        if accepted:
            self.accepted += accepted
            self.last_success = now
        if self._since is not None and ticks_diff(now, self._since) > _STABLE:
            self._since = None
            self._streak = 0

    def _wait(self) -> int:
        """Milliseconds until the next attempt, 1 to 60 s with a random part."""
        self._streak += 1
        return min(pause(self._streak) * 1000 + random.getrandbits(9), 60000)

    def _lost(self):
        """Count what ended."""
        if self.connected:
            self._drops += 1
        else:
            self._failures += 1
        self._close()
        self._fault = None  # its traceback holds what failed in memory
        gc.collect()

    def _farewell(self):
        """Say that we go, if that can be done at once; if not, the last will does."""
        if self.connected and not self._outbox.waiting():
            try:
                self._messages.farewell()
                self._session.write(self._ticks_ms())
            except Exception as error:
                self.last_error = words(error)

    def _close(self):
        """Be ready for another connection, which begins with what has to be sent again."""
        self.connected = False
        self._again += self._outbox.rewind()
        if self._session:
            self._session.close()
            self._session = None

    def _report(self):
        """What the topic gateway says."""
        report = dict(self._health())
        report["mqtt"] = self.status()
        return report
