"""A round of announcements to Home Assistant: which, in which order, and what is taken back.

What was announced is kept in announced.json, and taken back when the mode, the contract or the
meter is another one, or the firmware: not before, for what is silent now may come again. An index
of another meter is another entity: its first value would be taken for energy that was used.

In the form of one device a message announces a group of entities, so that it fits into the outbox:
to Home Assistant they are one device all the same. Loaded for the round, and forgotten.
"""

import binascii

import firmware
from firmware.rarely import load

_KEPT = "announced.json"
_COMPONENTS = {"s": "sensor", "b": "binary_sensor"}


class Round:
    """`topic`: that of the announcement whose turn it is, None at the end; write() writes it.

    home: what stays in memory (homeassistant.py). Its `words`, a line each: prefix of the topics
    of Home Assistant, 1 for the form of one device, id of the chip, JSON of the device, base of
    our topics, language.
    """

    def __init__(self, home):
        self._home = home
        words = home.words.split("\n")
        self._prefix, self._whole, self._chip, self._device, self._base, _ = words
        self._entities = None
        self._entity = None  # whose turn it is, or the group
        self._gone = []
        self._steps = self._run()
        self.turn()

    def turn(self) -> None:
        """The next one. OSError if the flash refuses."""
        self.topic = None
        for topic in self._steps:
            self.topic = topic
            break

    def write(self, writer) -> None:
        """Its payload; none at all takes back what was announced."""
        if not self._entity:
            return
        if self._whole:
            self._group(writer, self._entity)
        else:
            writer.write(b"{")
            self._entities.describe(writer, self._entity)
        writer.write(b',"avty_t":')
        writer.text(f"{self._base}/status".encode())
        writer.write(b',"dev":')
        writer.write(self._device.encode())
        writer.write(b',"o":{"name":"ticgate","sw":"%s"}}' % firmware.__version__.encode())

    def _run(self):
        """The topics, one after the other."""
        home = self._home
        kept = load("notes").read(_KEPT)
        form = f"{self._prefix}\n{self._whole}\n{self._chip}"
        before, ids = kept.get("ids", "").split(), []
        if not home.books:
            yield from self._forget(kept.get("form", form), before)
            self._keep(kept, form, [])
            return
        meter = home.books.meter
        self._meet(kept, meter)
        self._entities = entities = load("publish.entities").Entities(home, kept)
        mark = 0
        for entity in entities.walk():
            ids.append(entity[0])
            mark = binascii.crc32(f"{entity[0]}{entities.name(entity)}".encode(), mark)
        if mark == home.mark:
            return
        home.mark = mark
        if kept.get("form", form) != form:
            yield from self._forget(kept["form"], before)
            before = []
        state = f"{firmware.__version__} {meter.mode} {meter.contract_name} {kept['number']}"
        if state != kept.get("state") and meter.mode != "unknown":
            self._gone = [one for one in before if one not in ids]
            kept["state"] = state
        # All that may be announced is written down before it is.
        self._keep(kept, form, ids + [one for one in before if one not in ids])
        there = {one[:1] for one in ids}
        ids = before = None  # memory for the announcements
        if self._whole:
            for group in sorted(there | {one[:1] for one in self._gone}):
                self._entity = group if group in there else None
                yield _topic(form, group)
        else:
            yield from self._forget(form, self._gone)
            for entity in entities.walk():
                self._entity = entity
                yield _topic(form, entity[0])
        if self._gone:
            self._keep(kept, form, [one for one in kept["ids"].split() if one not in self._gone])

    def _forget(self, form, ids):
        """The topics of what was announced in some form, to be taken back."""
        self._entity = None
        topics = sorted({_topic(form, one) for one in ids})
        yield from topics

    def _keep(self, kept, form, ids):
        """Write down what is announced, unless that stands there already."""
        before = kept.get("form"), kept.get("ids"), kept.get("known")
        kept["form"], kept["ids"], kept["known"] = form, " ".join(ids), kept.get("state")
        if before != (kept["form"], kept["ids"], kept["known"]):
            error = load("notes").write(_KEPT, kept)
            if error:
                raise error

    def _meet(self, kept, meter):
        """Count the meters: "number" is that of this one."""
        serial = meter.serial
        mark = serial and binascii.crc32(serial) & 0xFFFF
        kept.setdefault("number", 1)
        if mark is not None and mark != kept.get("meter"):
            kept["number"] += "meter" in kept
            kept["meter"] = mark

    def _group(self, writer, group):
        """The beginning of the announcement of a group: {"cmps":{...}."""
        head = b'{"cmps":{'
        for entity in self._entities.walk(group):
            writer.write(head)
            head = b","
            ident = entity[0]
            writer.text(ident[3:].encode())
            writer.write(b':{"p":"%s",' % _COMPONENTS[ident[1:2]].encode())
            self._entities.describe(writer, entity, False)
            writer.write(b"}")
        for ident in self._gone:
            if ident[:1] == group:
                writer.write(head)
                head = b","
                writer.text(ident[3:].encode())
                writer.write(b':{"p":"%s"}' % _COMPONENTS[ident[1:2]].encode())
        writer.write(b'},"stat_t":')
        writer.text(self._entities.where(self._entities.group).encode())


def _topic(form, ident) -> bytes:
    """Where an entity, <group><component>/<object>, or a group is announced."""
    prefix, whole, chip = form.split("\n")
    if whole:
        return f"/{prefix}/device/{chip}_{ident[:1]}/config".encode()
    return f"/{prefix}/{_COMPONENTS[ident[1:2]]}/{chip}/{ident[3:]}/config".encode()
