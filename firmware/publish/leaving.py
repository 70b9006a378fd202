"""Retained topics label/... of a mode that the meter has left, taken back from the broker.

A broker keeps them for ever, and they look like values of today. Which modes have some there is
kept in labels.json, written before the first of a mode is published. So those of another mode are
taken back also after a restart, and again until a connection has outlived the last of them.

A source of messages (messages.py), loaded when a mode is known, and forgotten with its work.
"""

from time import ticks_diff

from micropython import const

from firmware.rarely import load
from firmware.tic import catalogue

_KEPT = "labels.json"
_NEED = const(64)  # bytes free in the outbox for a message without a payload
_PROOF = const(30000)  # ms for which a connection has to last after it took the last one


def begin(sources, store):
    """Labels of store.mode are about to be published. -> the sources, with what takes back others.
    """
    mode = store.mode
    if not mode:
        return sources  # it is yet to be found
    kept = load("notes").read(_KEPT).get("modes") or []
    # Whatever is at it for the mode before has nothing to do any more.
    sources = [one for one in sources if not hasattr(one, "modes")]
    leaving = Leaving(sources, mode, [one for one in kept if one != mode])
    if mode not in kept:
        leaving.keep(kept + [mode])
    if leaving.modes:
        sources.append(leaving)
    return sources


class Leaving:
    """`modes`: numbers (catalogue.MODES) of those whose labels are taken back, for that of `mode`.

    sources: the list that it is in until its work is done.
    """

    error = ""  # what the flash said
    retain = True
    busy = False
    need = _NEED

    def __init__(self, sources, mode, modes):
        self.modes = modes
        self._sources = sources
        self._mode = mode
        self.renew()

    def renew(self) -> None:
        """A new connection: all of it again."""
        self._left = self._walk()
        self._since = None  # tick at which the last one was on its way
        self.done()

    def topic(self, now):
        """Where there is something to take back, None if nowhere."""
        if not self._name:
            if self._since is None:
                self._since = now
            elif ticks_diff(now, self._since) >= _PROOF:
                self._sources.remove(self)
                self.keep([self._mode])
        return self._name

    def write(self, topic, writer, head) -> bool:
        """A payload of nothing ends a topic's being retained."""
        return True

    def done(self) -> None:
        """It is on its way: the next one."""
        self._name = next(self._left, None)

    def keep(self, modes) -> None:
        """Write down which modes have labels at the broker."""
        error = load("notes").write(_KEPT, {"modes": modes})
        self.error = f"the flash does not take it ({error})" if error else ""

    def _walk(self):
        """The topics, one after the other."""
        for mode in self.modes:
            table = load("tic.labels_" + catalogue.MODES[mode]).TABLE
            at = 1
            while at < len(table):
                label = table[at : table.find(b" ", at)]
                at = table.find(b"\n", at) + 1
                if catalogue.find(self._mode, label) < 0:
                    label = b"label/" + label.replace(b"+", b"_")
                    yield label
                    if mode == catalogue.PMEPMI:
                        yield label + b"_2"  # of its second block
