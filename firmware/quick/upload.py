"""What waits, to a destination over HTTP: InfluxDB or the owner's address.

Loaded in the sessions that have one. A reading becomes again what the meter sent: its frame goes
through the decoder to a store, over which the destinations of the gateway that never sleeps write
what they always do. What these keep over time is not there: see README.
"""

import sys
import time

from micropython import const

from firmware.quick.reading import frame
from firmware.quick.readings import chosen
from firmware.rarely import load
from firmware.rtcmem import BURST, CLOCK
from firmware.tic.decoder import CHUNK, Decoder
from firmware.tic.store import Store

_STANDARD = const(2)
_MOST = const(8000)  # bytes of readings that are ready to be sent
_ANSWER = const(6000)  # ms
_IDENTIFIERS = b" ADCO ADSC ADS PRM MSG1 MSG2 "


class Heard:
    """The store of one reading after the other."""

    def __init__(self):
        self.store = Store()

    def __getattr__(self, name):
        return getattr(self.store, name)

    def hear(self, lines, mode) -> None:
        """What the meter said then, and nothing else."""
        self.store = Store()
        decoder, octets = Decoder(self.store), frame(lines, mode == _STANDARD, True)
        for at in range(0, len(octets), CHUNK):
            piece = octets[at : at + CHUNK]
            decoder.room[: len(piece)] = piece
            decoder.decode(len(piece), 0)
        decoder.settle()


class Books:
    """As firmware/books.py, without what is kept over time."""

    ledger = cost = None

    def __init__(self, heard):
        from firmware.tic.meter import Meter

        self._heard = heard
        self._learnt = load("notes").read("meter.json")  # of the last long stay
        self.meter = Meter(heard, self)

    def load(self) -> dict:
        """What was learnt of the meter."""
        return self._learnt

    def write(self, topic, writer, head, identifiers) -> bool:
        """The object of the topic meter."""
        if self._heard.mode:
            self.meter.write_json(writer, identifiers, head)
        return self._heard.mode > 0


class Choice:
    """As a Policy: all that was kept is due, but for labels that are not listed."""

    def __init__(self, told, heard):
        self._heard = heard
        self._listed = [name.encode() for name in told.get("listed") or ()]
        self._lines = ()
        shown = self.shown = load("publish.privacy").shown(told)
        self._mask = shown if callable(shown) else None

    def choose(self, lines) -> None:
        """Of these lines."""
        self._lines = [line[: line.find(b"\t")] for line in chosen(lines, self._listed)]

    def selects(self, slot, now) -> bool:
        """Whether a label is among them."""
        label = self._heard.label(slot)
        return label in self._lines and (self.shown or b" %s " % label not in _IDENTIFIERS)

    def value(self, slot):
        """As it may be seen."""
        value = self._heard.value(slot)
        if self._mask and b" %s " % self._heard.label(slot) in _IDENTIFIERS:
            return self._mask(value.strip())
        return value


class Sending:
    """One destination in one session, and the backlog of its Upload. name: influx or post;
    ticks_ms is for the stands-in of a test.

    `taken`: readings that need not be sent again; `accepted`: whether the server took one.
    """

    dropped = 0
    error = ""
    accepted = False

    def __init__(self, name, told, ticks_ms=time.ticks_ms):
        if name == "influx":
            from firmware.publish.influx import Influx as kind
        else:
            from firmware.publish.post import Post as kind

        self.taken = 0
        self.ticks_ms = ticks_ms
        self._name = name
        self._tls = told[name + "_fingerprint"] if told[name + "_url"][:6] == "https:" else None
        self._heard = Heard()
        self._choice = Choice(told, self._heard)
        self._upload = kind(
            told, told["device"], Books(self._heard) if told["model"] else None,
            self._heard, None, self, self._choice, self._open, self, time.time,
        )
        self._upload.deadline = _ANSWER
        self._ready = []  # [(utc, body, readings that go with it)]
        self._at = 0

    # What Upload wants of a backlog.

    def __len__(self):
        return len(self._ready)

    def rewind(self) -> None:
        """The walk begins again, at the oldest."""
        self._at = 0

    def next(self):
        """(utc, body), None behind the last."""
        if self._at == len(self._ready):
            return None
        self._at += 1
        return self._ready[self._at - 1][:2]

    def drop(self) -> None:
        """What next() has given is where it should be."""
        self.taken += sum(one[2] for one in self._ready[: self._at])
        self._ready = self._ready[self._at :]
        self._at = 0

    # What there is to do.

    def begin(self, readings, skip, cells, going) -> None:
        """Put as many into words as there is room for, of what readings.each(skip) gives, as long
        as there is the charge for it: going().
        """
        self._cells = cells
        self._going = going
        self._waiting = readings.each(skip)
        self._fill()

    def _fill(self):
        size, silent = 0, 0
        upload = self._upload
        while size < _MOST and len(self._ready) < upload.most and self._going():
            utc, lines, mode = next(self._waiting, (0, None, 0))
            if lines is None:
                break
            body = None
            if utc is None:
                if not self._cells[CLOCK]:
                    self._waiting = iter(())
                    break  # until the time is known
            else:
                self._heard.hear(lines, mode)
                self._choice.choose(lines)
                try:
                    body = upload.reading(0)
                except Exception as error:  # it would stand in the way of all others
                    sys.print_exception(error)
            if not body:
                silent += 1  # it says nothing to this destination, or nobody will ever know when
                continue
            self._ready.append((utc, bytes(body), 1 + silent))
            silent = 0
            size += len(body)
        if self._ready:
            utc, body, count = self._ready[-1]
            self._ready[-1] = utc, body, count + silent
        else:
            self.taken += silent

    async def _open(self, host, port):
        return await self._radio.dial(self._name, host, port, self._tls)

    def deliver(self, radio, more):
        """Send it; more than a burst as long as more() is true. -> None, or an OSError in words if
        the server did not take all of what was tried
        """
        self._radio, upload = radio, self._upload
        if not self._ready and not self.taken and self._going():
            return OSError("the time is not known yet: readings wait for it")
        try:
            while self._ready:
                radio.run(load("publish.delivery").deliver(upload))
                self.accepted = upload.accepted > 0
                if upload.stopped:
                    raise OSError(upload.error)
                if not self._ready:
                    self._fill()
                if not more(self.taken < self._cells[BURST]):
                    break
        except Exception as error:
            return OSError(load("publish.dialling").words(error))
        finally:
            upload.close()
