"""The frame of a PME-PMI meter, consumer, calendar BT 4 SUP36: ERDF-NOI-CPT_02E v4 and a capture.

Numbers are not padded, units are glued to them, dates hold a space, labels mix their case.  The
period's energy (EAP_s) belongs to PTCOUR1: it is another index after each change of period.
"""

from . import civil

_PERIODS = ("HCE", "HPE", "HCH", "HPH")         # by operator index
TRADITIONAL = ((1320, 360),)                    # off peak from 22:00 to 06:00


def _date(t: int) -> str:
    d = civil.local(t)
    return (f"{d.day:02}/{d.month:02}/{d.year % 100:02} "
            f"{d.hour:02}:{d.minute:02}:{d.second:02}")


def _months(t: int) -> tuple:
    """UTC seconds of the beginning of this month and of the one before."""
    begin = civil.utc(civil.local(t).replace(day=1).toordinal())
    return begin, civil.utc(civil.local(begin - 86400).replace(day=1).toordinal())


class Workshop:
    """What a PME-PMI keeps besides the registers of a Linky."""

    def __init__(self, registers, start: int, limit: int):
        self._registers = registers
        self._marks = [self._read()]
        usual = limit // 3000
        self.means = [usual + n % 3 for n in range(6)]      # PA1..PA6, kW, newest first
        self.pmax = usual * 2
        self._begin = _months(start)[0]
        self._close()
        self.closed = [max(0, kwh - 11400) for kwh in self.closed]

    def _read(self) -> tuple:
        r = self._registers
        return r.total, r.reactive[0], r.reactive[3], r.apparent

    def _close(self) -> None:
        r = self._registers
        self.closed = [wh // 1000 for wh in r.operator]
        self.closed_reactive = [r.reactive[0] // 1000, r.reactive[3] // 1000]

    def ten_minutes(self, t: int) -> None:
        """UTC second `t` is a multiple of 600."""
        now = self._read()
        mean, apparent = ((now[n] - self._marks[0][n]) * 6 // 1000 for n in (0, 3))
        self.means = [mean] + self.means[:5]
        self.pmax = max(self.pmax, apparent)
        self._marks = [now]
        if _months(t)[0] != self._begin:
            self._begin, self.pmax = _months(t)[0], apparent
            self._close()

    def since_mark(self) -> list:
        """Wh, varh inductive, varh capacitive, VAh since the last mark of ten minutes."""
        return [now - then for now, then in zip(self._read(), self._marks[0])]


def build(meter) -> list:
    """[(label, None, data)]: the first contract's block, then the second's."""
    r, now, shop = meter.registers, meter.time, meter.workshop
    mark = now - now % 600                              # Td, Tc: ten minutes
    begin, earlier = _months(now)
    which = meter.tariff.operator - 1
    active, plus, minus, apparent = shop.since_mark()
    kwh, closed = r.operator[which] // 1000, shop.closed[which]
    out = [("ADS", meter.serial), ("MESURES1", "BT 4 SUP36"), ("DATE", _date(now)),
           ("EA_s", f"{active // 10 * 10}Wh"), ("ER+_s", f"{plus}varh"),
           ("ER-_s", f"{minus}varh"), ("EAPP_s", f"{apparent // 10 * 10}VAh"),
           ("PTCOUR1", _PERIODS[which]), ("CONFIG", "CONSO")]
    for n, kilowatts in enumerate(shop.means):
        out += [(f"DATEPA{n + 1}", _date(mark - 600 * n)), (f"PA{n + 1}_s", f"{kilowatts}kW")]
    out += [("DebP", _date(begin)), ("EAP_s", f"{kwh}kWh"),
            ("ER+P_s", f"{r.reactive[0] // 1000}kvarh"),
            ("ER-P_s", f"{r.reactive[3] // 1000}kvarh"),
            ("DebP-1", _date(earlier)), ("FinP-1", _date(begin)),
            ("EaP-1_s", f"{closed}kWh"), ("ER+P-1_s", f"{shop.closed_reactive[0]}kvarh"),
            ("ER-P-1_s", f"{shop.closed_reactive[1]}kvarh"), ("PS", f"{meter.pref}kVA")]
    power = sum(meter.p)
    if power > meter.pref * 900:
        out.append(("PREAVIS", "DEP"))
    out += [("PA1MN", f"{max(0, power) // 1000}kW"), ("PMAX_s", f"{shop.pmax}kVA"),
            ("TGPHI_s", f"{sum(meter.q) / max(1, power):.2f}"), ("MESURES2", "BT 4 SUP36"),
            ("PTCOUR2", _PERIODS[which]), ("DebP_2", _date(begin + 197)),
            ("EaP_s2", f"{kwh}kWh"), ("DebP-1_2", _date(earlier + 197)),
            ("FinP-1_2", _date(begin + 197)), ("EaP-1_s2", f"{closed}kWh")]
    return [(label, None, data) for label, data in out]
