"""For the tests of the books: a meter of numbers, a clock that the test moves, days written."""

from firmware.energy import Energy
from firmware.link.clock import Clock
from firmware.tic import fields


def utc(text):
    """utc of SAAMMJJhhmm, "H2601201800"."""
    return fields.seconds(text.encode() + b"00")


class Meter:
    """What the books ask the model of a meter for."""

    def __init__(self, mode="standard", contract="tempo", **indexes):
        self.mode, self.contract, self.serial = mode, contract, b"041776199277"
        self.subscribed_va = 9000
        self.injected_wh = None
        self.apparent_va, self.injected_va, self.producer, self.phases = 500, None, None, 1
        self.wh = indexes

    def periods(self):
        for key in sorted(self.wh):
            yield key.lstrip("_"), None, self.wh[key]

    @property
    def withdrawn_wh(self):
        return sum(self.wh.values())


class Diary:
    """The days that are over, as the history is told of them."""

    def __init__(self):
        self.days = []

    def day(self, day, flags, energies):
        self.days.append((day, flags, dict(energies)))


class Books:
    """Energy over a meter, from a time on."""

    def __init__(self, meter, start, folder="books"):
        self.meter = meter
        self.ticks = 0
        self.now = start
        self.folder = folder
        self.clock = self.energy = self.diary = None
        self.start()

    def start(self, known=True):
        """Start again, with what is in flash."""
        from firmware import rarely

        days = self.diary.days if self.diary else []
        self.diary = Diary()
        self.diary.days = days
        self.clock = Clock(lambda: self.ticks)
        if known:
            self.clock.set(self.now, "ntp")
        self.energy = Energy(self.clock, self.folder, self.diary)
        rarely.load("days").resume(self.energy, None, b"")

    def pass_time(self, seconds, **wh):
        """Time passes, the indexes advance, and nobody looks."""
        self.now += seconds
        self.ticks = (self.ticks + seconds * 1000) & 0x3FFFFFFF
        for key in wh:
            if key == "injected":
                self.meter.injected_wh += wh[key]
            else:
                self.meter.wh[key] = self.meter.wh.get(key, 0) + wh[key]

    def look(self, seconds=60, **wh):
        self.pass_time(seconds, **wh)
        self.energy.look(self.meter, self.now)

    def until(self, text, **wh):
        """Minute by minute until that time; the energy comes in equal parts, the rest at last."""
        minutes = (utc(text) - self.now) // 60
        given = dict.fromkeys(wh, 0)
        for minute in range(1, minutes + 1):
            part = {}
            for key in wh:
                part[key] = wh[key] * minute // minutes - given[key]
                given[key] += part[key]
            self.look(60, **part)
