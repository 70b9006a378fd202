"""The topics of the model, "meter" and "energy": when they are due, and what is said.

One of the further sources of messages that Messages takes; all have the same few methods. A topic
that begins with "/" is a whole topic behind it; others are below the prefix of ours.
"""

from time import ticks_diff

from firmware.publish.payload import Full
from firmware.rarely import load

TOPICS = (b"meter", b"energy")


class Model:
    """write(topic, writer, head, identifiers) writes the object of a topic, which begins with
    head; false if there is nothing to say. identifiers: as of privacy.shown().
    """

    error = ""  # what went wrong last
    retain = busy = False
    need = 0

    def __init__(self, config, store, write):
        self.retain = config.get("mqtt_retain_labels")
        self._identifiers = load("publish.privacy").shown(config)
        self._interval = config.get("meter_interval") * 1000
        self._store = store
        self._write = write
        self.renew()

    def renew(self) -> None:
        """A new connection: all of it is to be said at the end of the next frame."""
        self._since = None  # tick at which it was last due
        self._frames = 0  # of the store at the last look
        self._due = len(TOPICS)  # the first of them that is to be sent

    def topic(self, now):
        """Where there is something to say, None if nowhere."""
        frames = self._store.frames
        if frames != self._frames:
            self._frames = frames
            since = self._since
            # The first frame is seldom whole. Before 0: the meter was silent for days.
            early = since is not None and 0 <= ticks_diff(now, since) < self._interval
            if frames > 1 and not early:
                self._since = now
                self._due = 0
        return TOPICS[self._due] if self._due < len(TOPICS) else None

    def write(self, topic, writer, head) -> bool:
        """Write what there is to say there; false for nothing. Full if it has no room.

        What is wrong with it costs no other message.
        """
        try:
            return self._write(topic, writer, head, self._identifiers)
        except Full:
            raise
        except Exception as error:
            self.error = load("publish.dialling").words(error)
            return False

    def done(self) -> None:
        """It is on its way, or given up."""
        self._due += 1
