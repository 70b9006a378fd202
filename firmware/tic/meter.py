"""One model of the meter, whatever the mode: what the labels of the store mean.

Nothing is copied: each attribute is read from the store when it is asked for, and is None while
the meter does not say it. The attributes are the keys that model.py lists: those of one label each
are found in its table or that of keys.py, the others are here and in tariff.py.

Sources: Enedis-NOI-CPT_54E v3 (historique, standard), ERDF-NOI-CPT_02E v4 (PME-PMI).
"""

from firmware.rarely import load
from firmware.tic import fields, keys, moments
from firmware.tic.catalogue import MODES
from firmware.tic.tariff import Tariff


class Meter(Tariff):
    """The meter behind a Store. `memory` keeps what was learnt, see learnt.py: `learnt.look()` is
    to be called at each end of frame, `learnt.forget()` when the meter was replaced.
    """

    # Of the last question, for the next.
    _serial = _now = _next = None
    _identity: tuple = ()

    def get(self, key: str):
        """What has the name key, one that model.py lists; AttributeError if there is none.

        The same as the attribute, but that its name is not kept in memory for good.
        """
        label = b"\n%s " % key
        some = b"\n%s#" % key[:-1]
        for table in (keys.TABLE, None):
            if not table:
                table = load("tic.model").TABLE
            at = table.find(label) + 1
            if at:
                value = self.read(table, at, 0)[0]
                if value is not None:
                    return value
            more = table.find(some) + 1
            if more:
                return self.read(table, more, ord(key[-1]) - 0x30)[0]
            if at:
                return None
        raise AttributeError(key)

    __getattr__ = get

    def read(self, table: bytes, at: int, number: int) -> tuple:
        """(value, horodate) of the line that begins at table[at], None for what is not known."""
        end = table.find(b"\n", at)
        at = table.find(b" ", at) + 1
        bar = table.find(b"|", at, end)
        if bar >= 0:
            for _ in range(1, self._store.mode):
                if bar < 0:
                    return None, None
                at = bar + 1
                bar = table.find(b"|", at, end)
            if bar >= 0:
                end = bar
        while at < end:
            stop = table.find(b" ", at, end)
            if stop < 0:
                stop = end
            how = table[at]
            label = table[at + 1:stop]
            at = stop + 1
            slot = -1
            if how in b"=":
                value = getattr(self, str(label, "ascii"))
                return (value(number) if number and value else value), None
            if how in b"bspn":
                value = self.bits(int(label[:2]), label[2] - 0x30)
            else:
                slot = self._store.find(label.replace(b"#", b"%d" % number) if number else label)
                value = self._store.value(slot) if slot >= 0 else None
            if value is None:
                continue
            if how in b"d":
                return int(value), self._store.horodate(slot)
            value = self._meaning(how, value, label, slot, number)
            if value is not None:
                return value, None
        return None, None

    def _meaning(self, how, value, label, slot, number):
        if how in b"b":
            return value == 1
        if how in b"p":
            return value or None
        if how in b"n":
            return value + 1
        if how in b"s":
            words = str(label, "ascii").split("/")
            return words[value + 1] or None if value + 1 < len(words) else None
        if how in b"a":
            return value
        if how in b"xRL":
            text = fields.collapse(value)
            if how in b"x":
                return None if text == "PAS DE MESSAGE" else text or None
            text = text.rstrip(".")
            if how in b"L":
                text = text.lower()
            return "base" if text == "th" else text
        if how in b"hD":
            value = self._store.horodate(slot) or value
            return value if how in b"h" else moments.degraded(value) or None
        if how in b"tf":
            return how in b"t"
        if how in b"13":
            return how - 0x30
        if how in b"ce":
            change = self.next_change
            return change and change[how in b"e"]
        if how in b"u":
            return 1 if value == b"PM.." else None
        if how in b"P":
            return value == b"PROD"
        if how in b"C":
            at = b"BLEUHCJBHPJBBLANHCJWHPJWROUGHCJRHPJR".find(value)
            return None if at < 0 else ("blue", "white", "red")[at // 12]
        if how in b"MYT":
            if value != self._serial:
                self._serial = value
                self._identity = load("tic.identity").describe(value)
            return self._identity[0 if how in b"M" else 1 if how in b"Y" else 2]
        if how in b"qvw":
            if how in b"v" and value[-1] != 0x41 or how in b"w" and value[-1] != 0x57:
                return None
            return fields.quantity(value)
        if how in b"m":
            return int(value, 16) >> number & 1 == 1
        value = int(value)
        if how in b"r":
            return value >> number - 1 & 1 == 1
        if how in b"N":
            return str(value)
        if how in b"-":
            return -value or None
        if how in b"k":
            return value * 1000 or None
        if how in b"i":
            phases = self.phases
            # Three-phase meters send whole A.
            return phases and (value * 200 * phases + 500) // 1000 * 1000 or None
        if how in b"lo":
            linky = self.sent(b"IMAX1") == b"060" == self.sent(b"IMAX2")
            return value if linky == (how in b"l") else None
        return value

    @property
    def next_change(self):
        """(minutes after today's midnight, key of the period or None), see calendar.py."""
        date = self.date
        if not date or len(date) != moments.HORODATE:
            return None
        # Its code is needed once a minute.
        now = date[:11], self.period
        if now != self._now:
            self._now = now
            self._next = load("tic.calendar").next_change(self)
        return self._next

    @property
    def mode(self) -> str:
        """One of catalogue.MODES."""
        return MODES[self._store.mode]

    # Powers. A phase is a number from 1.

    def current(self, phase: int):
        """A, by phase."""
        return self.get(f"current_a_{phase}")

    def voltage(self, phase: int):
        """V, by phase."""
        return self.get(f"voltage_v_{phase}")

    def apparent(self, phase: int):
        """VA of a phase, negative when it injects.

        The meter sends 0 for a phase that injects; what the sum of the others is above the total
        is what these phases inject, shared by their currents when there are several.
        """
        rest = self.net_va
        if self.phases == 1:
            return rest if phase == 1 else None
        own = self.number(b"SINSTS%d" % phase)
        amps = self.current(phase)
        if own or not amps or not rest and self.injected_va is None:
            return own  # a meter without injection does not count it
        total = 0
        for n in (1, 2, 3):
            va = self.number(b"SINSTS%d" % n)
            if va is None or rest is None:
                return own
            rest -= va
            total += 0 if va else self.current(n) or 0
        return rest * amps // total if rest < 0 else own

    @property
    def load_percent(self):
        """What is drawn, of what is subscribed."""
        watts = self.subscribed_w
        if watts:
            return _percent(self.minute_w, watts)
        return _percent(self.apparent_va, self.subscribed_va)

    def load_percent_phase(self, phase: int):
        """The same of one phase."""
        if self.phases == 1:
            return self.load_percent if phase == 1 else None
        amps = self.number(b"ISOUSC")
        if amps:
            return _percent(self.current(phase), amps)
        return _percent(self.number(b"SINSTS%d" % phase), self.subscribed_va, 300)

    def write_json(self, writer, identifiers=False, head: bytes = b"{") -> None:
        """See model.write()."""
        load("tic.model").write(self, writer, identifiers, head)


def _percent(part, whole, scale=100):
    return None if part is None or not whole else part * scale // whole
