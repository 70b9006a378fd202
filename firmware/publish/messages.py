"""What there is to say to a broker, message by message, in the order of importance.

Nothing is queued here but events: every other message is composed from the newest state at the
moment it fits into the outbox.
"""

import json
from time import ticks_add, ticks_diff

from micropython import const

from firmware.publish.payload import Full
from firmware.publish.policy import Policy
from firmware.rarely import load

_SMALL = const(64)  # bytes that must be free before a message is tried
_AHEAD = const(1024)  # bytes waiting to be written beyond which it would only grow old
_SLICE = const(10)  # ms of work before other tasks get their turn
_HEALTH = const(20000)  # ms between two messages to the topic gateway
_EVENTS = const(16)  # events that wait for a connection
_POLITE = const(1000)  # ms that what needs much memory waits for what others do with it


class Messages:
    """The topics of DESIGN.md 5, written through a codec.

    health() gives a dict for the topic gateway; the counters of the store are added to it, and
    what status() gives, under "mqtt". sources: further sources of messages, the most important
    first, each with what model.py has: renew(), topic(now), write(topic, writer, head), done(),
    and retain, error, busy (it holds much memory until it has said all) and need (bytes that must
    be free before a message is tried, 0: as many as the last one to that topic had).
    """

    pages = None  # the Server of the pages, if there is one
    replay = None  # what waits since an outage (replay.py), while anything does
    behind = False  # it is being sent, and live values wait

    def __init__(self, config, store, outbox, codec, ticks_ms, health, status, sources=()):
        self.unsent = 0  # events that waited too long, messages that fit nowhere
        self.dropped = 0  # readings of an outage
        self._since = None  # tick of the last frame that was sent or kept
        self._labels = config.get("mqtt_labels")
        self._retain = self._labels and config.get("mqtt_retain_labels")
        self._epoch = None  # of the store, whose mode's labels the broker keeps
        self._frame = config.get("mqtt_frame")
        self._store = store
        self._outbox = outbox
        self._codec = codec
        self._ticks_ms = ticks_ms
        self._health = health
        self._status = status
        self._policy = Policy(config, store)
        self._sources = sources
        self._source = None  # that has something to say
        self._site = site = config.get("site")
        self._head = f'{{"site":{json.dumps(site)},'.encode() if site else b"{"
        self._events = []
        self._sizes = {}  # by topic: its last payload, to know when trying is of use
        self.renew()

    def renew(self) -> None:
        """A new connection: status, health and the newest state are to be said."""
        self._online = False
        self._told = None  # tick of the last message to gateway
        self._began = None  # tick since when others need much memory, None if nobody does
        for source in self._sources:
            source.renew()
        if self.replay:
            self.replay.renew()
        self._policy.resend()

    def resend(self, interval=0) -> None:
        """Say everything now; or in another interval from now on, in s."""
        if interval:
            self._policy.interval = interval * 1000
            return
        self._told = None
        for source in self._sources:
            source.renew()
        self._policy.resend()

    def event(self, key, fields) -> None:
        """One event, {"event": key} and the fields.

        An identifier among them is a text of twelve digits or more: a serial number, a PRM.
        """
        kept = {"event": key, "site": self._site} if self._site else {"event": key}
        shown = self._policy.shown
        for name in fields:
            value = fields[name]
            if isinstance(value, (str, bytes)) and len(value) >= 12 and value.isdigit():
                if not shown:
                    continue
                if shown is not True:
                    value = value if isinstance(value, bytes) else value.encode()
                    value = shown(value).decode()
            kept[name] = value
        if len(self._events) == _EVENTS:
            self._events.pop(0)
            self.unsent += 1
        self._events.append(kept)

    def late(self, now) -> bool:
        """A frame has ended that cannot be sent now: whether it is time to keep a reading."""
        interval, since = self._policy.interval, self._since
        passed = interval if since is None else ticks_diff(now, since)
        if 0 <= passed < interval or self._store.frames < 2:  # the first is seldom whole
            return False
        if not 0 <= passed < 2 * interval:
            passed = interval
        self._since = ticks_add(now, interval - passed)  # so the mean interval is right
        return True

    def keep(self, now) -> None:
        """Keep a reading until there is a connection."""
        replay = self.replay
        if replay:
            replay.keep(self._store, self._policy, self._head, now)

    def compose(self, now) -> bool:
        """Queue messages while there are any, there is room, and time; true if any are left."""
        self._policy.look(now)
        if self._retain and self._epoch != self._store.epoch:
            self._epoch = self._store.epoch
            self._sources = load("publish.leaving").begin(self._sources, self._store)
        while self._outbox.waiting() < _AHEAD:
            name = self._topic(now)
            if name is None:
                return self.replay is not None  # whose next may go when this one is written
            try:
                self._put(name, now)
            except Full:
                if self._outbox.tail:
                    break
                self.unsent += 1  # into an empty outbox or never
            self._done(name, now)
            if ticks_diff(self._ticks_ms(), now) >= _SLICE:
                break
        return True

    def _topic(self, now):
        """Where there is something to say, None if nowhere."""
        self._source = None
        if not self._online:
            return b"status"
        if self._events:
            return b"event"
        polite = self._polite(now)
        if not polite and (self._told is None or ticks_diff(now, self._told) >= _HEALTH):
            return b"gateway"
        if self.replay:
            name = self.replay.topic(now)
            self.behind = name is not None
            if name is not None:
                self._source = self.replay
                return name or None
            if not len(self.replay.backlog):
                self.dropped += self.replay.backlog.dropped
                self.replay = None
        if self._frame and self._policy.frame_due:
            return b"frame"
        for source in self._sources:
            name = source.topic(now) if source.busy or not polite else None
            if name:
                self._source = source
                return name
        if self._labels and self._policy.next() >= 0:
            return b"label/"
        return None

    def _polite(self, now) -> bool:
        """Whether somebody else should have the memory first, for a moment: who is answered by
        the pages, and the other destinations.
        """
        if not self.pages or not (self.pages.working() or self.pages.sending()):
            self._began = None
            return False
        if self._began is None:
            self._began = now
        return 0 <= ticks_diff(now, self._began) < _POLITE

    def _put(self, name, now):
        """Queue one message. Full if there is no room for it."""
        codec, policy, store, source = self._codec, self._policy, self._store, self._source
        retain = False
        need = source.need if source else 0
        if name == b"label/":
            # A label that has vanished gets an empty payload, which also ends its being retained.
            slot = policy.next()
            retain = self._retain
            writer = codec.begin(name, store.label(slot))
            if not policy.gone(slot):
                writer.write(policy.value(slot).strip() or store.horodate(slot) or b"")
        else:
            writer = codec.begin(name, b"", need or self._sizes.get(name, _SMALL))
            if name == b"status":
                retain = True
                writer.write(b"online")
            elif name == b"event":
                writer.json(self._events[0])
            elif name == b"gateway":
                writer.json(self._report())
            elif source:
                retain = source.retain
                if not source.write(name, writer, self._head):
                    return
            elif not writer.frame(store, policy, now, self._head):
                return
        size = codec.publish(retain)
        if not need and name not in (b"label/", b"status", b"event"):
            self._sizes[name] = size

    def _done(self, name, now):
        """It is on its way, or given up."""
        if name == b"status":
            self._online = True
        elif name == b"event":
            self._events.pop(0)
        elif name == b"gateway":
            self._told = now
        elif name == b"label/":
            self._policy.done(self._policy.next())
        elif self._source:
            self._source.done()
        else:
            self._policy.frame_due = False
            self._since = now

    def _report(self):
        """The payload of the topic gateway."""
        report = {"site": self._site} if self._site else {}
        try:
            report.update(self._health())
        except Exception as error:
            report["error"] = load("publish.dialling").words(error)
        for source in self._sources:
            if source.error:
                report["error"] = source.error
        report["mqtt"] = self._status()
        report["counters"] = self._store.counters.all()
        return report
