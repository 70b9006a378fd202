"""Home Assistant: our entities announced (MQTT discovery), and the topic "alert" for some of them.

A source of messages (messages.py). What stays in memory is here; a round of announcements is in
announcing.py, which is loaded for it. There is a round after each connection, when Home Assistant
says that it has started, and when there may be something else to announce than before.
"""

import gc
from time import ticks_diff

from micropython import const

from firmware.rarely import load

_PACE = const(50)  # ms between two announcements
_NEED = const(1024)  # bytes free in the outbox for one of them
_CALM = const(8)  # frames after which all labels have come
_PATIENCE = const(20000)  # ms to wait for them
_STATES = const(7)  # of alerts, that somebody is told of by the topic alert


class HomeAssistant:
    """words: what announcements are made of, see announcing.py. watched: bits of the alerts that
    are on, by their number, and of meter_silent. books None: all is taken back.

    health() gives the dict of the topic gateway.
    """

    error = ""  # what went wrong last
    retain = True
    busy = False  # there is a round
    need = _NEED

    def __init__(self, settings, words, store, books, health, watched):
        self.words = words
        self.interval = settings["meter_interval"]
        self.store = store
        self.books = books
        self.health = health
        self.watched = watched
        self._retain = settings["mqtt_retain_labels"]
        self._last = 0  # tick of the last announcement of a round, or of its beginning
        self.renew()

    def renew(self) -> None:
        """A new connection: all of it is to be said."""
        self._due = True
        self._asked = None  # tick since when a round is due
        self._end()
        self.mark = None  # of what was announced last
        self._alerts = self._told = self._seen = None
        self._silent = False
        self._news = False  # the topic alert is due
        self._frames = self._since = self.store.frames

    def heard(self, payload) -> None:
        """What Home Assistant says of itself: all is announced again when it has started."""
        if payload == b"online":
            self._due = True
            self.mark = None

    def topic(self, now):
        """Where there is something to say, None if nowhere."""
        if self.books:
            if self.store.frames != self._frames or self.books.alerts.silent != self._silent:
                self._look(now)
            if self._news:
                self.need = 0
                self.retain = self._retain
                return b"alert"
        if not self._round and self._due:
            self._open(now)
        if not self._round or ticks_diff(now, self._last) < _PACE:
            return None
        self._last = now
        if not self._round.topic:
            self._end()
            return None
        self.need = _NEED
        self.retain = True
        return self._round.topic

    def write(self, topic, writer, head) -> bool:
        """Write what there is to say there; false for nothing. Full if it has no room."""
        if self.need:
            self._round.write(writer)
            return True
        return load("causes").write(self.books.alerts, self.watched, writer, head)

    def done(self) -> None:
        """It is on its way, or given up."""
        if self.need:
            self._turn()
        else:
            self._news = False

    def _look(self, now):
        """A frame has ended: see what is new."""
        self._frames = self.store.frames
        alerts = self.books.alerts
        self._silent = bits = alerts.silent
        for n in range(_STATES):
            bits = 2 * bits + bool(alerts.state[n])
        since = -1 if self._told is None else ticks_diff(now, self._told)
        late = not 0 <= since < self.interval * 1000  # before 0: it was silent for days
        if late or bits != self._alerts:
            self._alerts = bits
            self._news = True
        if late:
            self._told = now
            labels = 0
            for _ in self.store.slots():
                labels += 1
            learnt = self.books.meter.learnt
            seen = self.store.epoch, labels, len(learnt.known), learnt.contract
            if seen != self._seen:
                self._since = self._frames
                self._seen = seen
                self._due = True

    def _open(self, now):
        """Begin a round, when all labels have come or do not come at all."""
        if self._asked is None:
            self._asked = now
        calm = self.store.frames - self._since >= _CALM
        if self.books and not calm and ticks_diff(now, self._asked) < _PATIENCE:
            return
        self._due = False
        self._asked = None
        gc.collect()  # it takes some memory for as long as it lasts
        try:
            self._round = load("publish.announcing").Round(self)
            self._last = now  # a tick of days ago would be one of the future
            self.busy = True
        except Exception as error:
            self.error = load("publish.dialling").words(error)

    def _turn(self):
        """The next announcement."""
        try:
            self._round.turn()
        except Exception as error:
            self._end()
            self.error = load("publish.dialling").words(error)

    def _end(self):
        """The round is over."""
        self._round = None
        self.busy = False
