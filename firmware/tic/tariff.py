"""The contract: its periods and their indexes, and what counts now."""

from micropython import const

from firmware.tic import fields
from firmware.tic.catalogue import HISTORIQUE, STANDARD
from firmware.tic.learnt import Learnt

# Labels of historique, and where in them the key of the period begins.
_INDEXES = (
    b"BASE   0HCHC   2HCHP   2EJPHN  3EJPHPM 4"
    b"BBRHCJB3BBRHPJB3BBRHCJW3BBRHPJW3BBRHCJR3BBRHPJR3"
)
_RECORD = const(8)
_CONTRACTS = "=BASE=base=HC=hchp=EJP=ejp=BBR=tempo=H PLEINE/CREUSE=hchp=TEMPO=tempo=TEMP0=tempo="
_TEMPO = "HCJBHPJBHCJWHPJWHCJRHPJR"  # indexes 1 to 6


class Tariff:
    """The part of Meter that knows tariffs, and reads labels for it. What is None is not known."""

    # Of Meter's table.
    contract_name: str
    period: str
    period_wh: int

    def __init__(self, store, memory=None):
        self._store = store
        self.learnt = Learnt(self, store, memory)

    def sent(self, label: bytes):
        """What the meter sends under a label, None if it does not."""
        slot = self._store.find(label)
        return self._store.value(slot) if slot >= 0 else None

    def number(self, label: bytes):
        """The number it sends under a label, None if it does not."""
        value = self.sent(label)
        return value and int(value)

    def bits(self, low: int, count: int = 1):
        """Bits of STGE, None without it."""
        value = self.sent(b"STGE")
        return value and fields.stge(value, low, count)

    @property
    def contract(self):
        """base, hchp, ejp, tempo or other."""
        name = self.contract_name
        if not name:
            return None
        # The fourth letter of BBRx is a programme of contacts.
        if name[:3] == "BBR":
            name = "BBR"
        at = _CONTRACTS.find(f"={name}=") + len(name) + 2
        if at > len(name) + 1:
            return _CONTRACTS[at:_CONTRACTS.find("=", at)]
        return "tempo" if self.bits(24, 2) else "other"

    def periods(self):
        """(key, name or None, Wh) of each tariff period in use, in the order of the contract."""
        mode, now = self._store.mode, self.period
        name = self.period_name
        if mode == HISTORIQUE:
            for at in range(0, len(_INDEXES), _RECORD):
                label = _INDEXES[at:at + _RECORD - 1].rstrip()
                wh = self.number(label)
                if wh is not None:
                    key = str(label[_INDEXES[at + _RECORD - 1] - 0x30:], "ascii")
                    yield key.lower(), key, wh
        elif mode == STANDARD:
            for n in range(1, 11):
                wh = self.number(b"EASF%02d" % n)
                key = str(n)
                if wh or wh is not None and key == now:
                    yield key, name if key == now else self.name_of(key), wh
        else:
            wh = self.period_wh
            known = self.learnt.known
            for key in sorted(known):
                if key != now:
                    yield key, self.name_of(key), known[key]
            if now and wh is not None:
                yield now, name, wh

    @property
    def total(self):
        """Sum of the indexes of historique, None until each of them has come."""
        total = count = 0
        for _, _, wh in self.periods():
            total += wh
            count += 1
        contract = self.contract
        wanted = 6 if contract == "tempo" else 1 if contract == "base" else 2
        return total if count == wanted and self._store.mode == HISTORIQUE else None

    @property
    def period_name(self):
        """What the meter calls the current period."""
        key = self.period
        # What was learnt first: at a switch one frame holds the new number and the old LTARF.
        name = key and not self.learnt.known.get(key) and self.sent(b"LTARF")
        return fields.collapse(name) if name else key and self.name_of(key)

    def name_of(self, key: str):
        """What the meter calls a period, None while it has not told."""
        if self._store.mode != STANDARD:
            return key.upper()
        name = self.learnt.known.get(key)
        if name or self.contract != "tempo":
            return name
        at = int(key) * 4 - 4
        return _TEMPO[at:at + 4] or None
