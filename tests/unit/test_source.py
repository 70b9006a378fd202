"""The search of rate and mode, in virtual time: nothing here waits."""

import asyncio

from frames import historique, parity, standard

from firmware.tic import source as module
from firmware.tic.source import Source
from firmware.tic.store import Store

_TICKS = 0x3FFFFFFF


class Over(Exception):
    """The virtual time is up."""


class Clock:
    """Time that passes only while somebody sleeps; stands in for asyncio in the module."""

    Event = asyncio.Event

    def __init__(self, start=0):
        self.start = start
        self.passed = 0
        self.until = 0
        self.stop = None

    def ticks_ms(self):
        return (self.start + self.passed) & _TICKS

    async def sleep_ms(self, ms):
        self.passed += max(ms, 1)
        if self.passed >= self.until or (self.stop and self.stop()):
            raise Over


class Meter:
    """A line at a rate; a receiver at another rate gets bytes that mean nothing."""

    def __init__(self, clock):
        self.clock = clock
        self.rate = 0
        self.frames = None
        self.opened = []
        self.open = 0

    def send(self, rate, frame):
        self.rate = rate
        self.frames = parity(frame)
        self.sent = self.clock.passed * rate // 10000

    def uart(self, rate):
        assert not self.open, "two UARTs at once"
        self.open = 1
        self.opened.append(rate)
        return Uart(self, rate)


class Uart:
    def __init__(self, meter, rate):
        self.meter = meter
        self.rate = rate
        self.at = meter.clock.passed

    def readinto(self, room):
        meter = self.meter
        if not meter.rate:
            self.at = meter.clock.passed
            return None
        have = (meter.clock.passed - self.at) * min(self.rate, meter.rate) // 10000
        n = min(have, len(room))
        if not n:
            return None
        self.at += n * 10000 // min(self.rate, meter.rate)
        for i in range(n):
            byte = meter.frames[(meter.sent + i) % len(meter.frames)]
            room[i] = byte if self.rate == meter.rate else byte * 7 & 0xF7
        meter.sent += n
        return n

    def deinit(self):
        self.meter.open = 0


class Remember:
    def __init__(self, rate=0):
        self.rate = rate

    def load(self):
        return self.rate

    def save(self, rate):
        self.rate = rate


class Bench:
    """A source over a simulated line."""

    def __init__(self, last=0, start=0):
        self.clock = Clock(start)
        self.meter = Meter(self.clock)
        self.store = Store()
        self.remember = Remember(last)
        self.source = Source(self.meter.uart, self.store, self.clock.ticks_ms, self.remember)

    def run(self, ms, stop=None):
        """Runs for so long, or until stop(); returns the time that passed."""
        module.asyncio = self.clock
        before = self.clock.passed
        self.clock.until = before + ms
        self.clock.stop = stop
        task = self.source.run()
        try:
            asyncio.run(task)
        except Over:
            pass
        finally:
            module.asyncio = asyncio
        return self.clock.passed - before

    def first_frame(self):
        whole = self.store.counters
        count = whole.all()["frames"]
        return self.run(30_000, lambda: whole.all()["frames"] > count)


def test_first_frame_in_time_whatever_came_before():
    for last in (0, 9600, 1200, 4800):
        bench = Bench(last)
        bench.meter.send(9600, standard())
        assert bench.first_frame() <= 5000, last
        assert bench.remember.rate == 9600
        bench = Bench(last)
        bench.meter.send(1200, historique())
        assert bench.first_frame() <= 8000, last
        assert bench.remember.rate == 1200


def test_the_mode_seen_last_is_tried_first():
    bench = Bench(1200)
    bench.meter.send(1200, historique())
    bench.first_frame()
    assert bench.meter.opened == [1200]
    assert bench.source.status()["words"] == "reading historique at 1200 baud"
    assert bench.source.status()["parity"] is True


def test_ticks_may_wrap():
    bench = Bench(9600, start=_TICKS - 1500)
    bench.meter.send(9600, standard())
    bench.run(20_000)
    assert bench.meter.opened == [9600]
    assert bench.source.status()["state"] == "reading"


def test_industrial_rates():
    for rate in (19200, 4800, 2400):
        bench = Bench()
        bench.meter.send(rate, historique())
        assert bench.first_frame() < 30_000, rate
        assert bench.remember.rate == rate


class Follow(Bench):
    """Runs without stopping; a script changes the line on its way."""

    def follow(self, script, ms):
        pending = list(script)

        def stop():
            while pending and self.clock.passed >= pending[0][0]:
                pending.pop(0)[1]()
            return False

        self.run(ms, stop)


def test_a_switch_of_mode_is_followed():
    bench = Follow(9600)
    seen = []
    bench.meter.send(9600, standard())
    bench.follow(
        [
            (5_000, lambda: bench.meter.send(1200, historique())),
            (20_000, lambda: seen.append(bench.source.status())),
            (20_000, lambda: bench.meter.send(9600, standard(sinsts="00999"))),
            (35_000, lambda: seen.append(bench.source.status())),
        ],
        36_000,
    )
    assert [s["mode"] for s in seen] == ["historique", "standard"]
    assert [s["state"] for s in seen] == ["reading", "reading"]
    assert bench.store.value(bench.store.find(b"SINSTS")) == b"00999"


def test_silence_and_noise_are_told_apart():
    bench = Follow()
    seen = []
    bench.follow(
        [
            (9_000, lambda: seen.append(bench.source.status())),
            (9_000, lambda: bench.meter.send(9600, b"\x55\xaa\x33" * 50)),
            (25_000, lambda: seen.append(bench.source.status())),
            (25_000, lambda: bench.meter.send(9600, standard())),
            (40_000, lambda: seen.append(bench.source.status())),
            (40_000, lambda: setattr(bench.meter, "rate", 0)),
            (50_000, lambda: seen.append(bench.source.status())),
        ],
        51_000,
    )
    assert [s["state"] for s in seen] == ["silent", "noise", "reading", "silent"]
    assert "no signal" in seen[0]["words"] and "wiring" in seen[1]["words"]


def test_what_was_read_long_ago_stays_old():
    bench = Bench(9600)
    bench.meter.send(9600, standard())
    bench.first_frame()
    bench.meter.rate = 0
    slot = bench.store.find(b"SINSTS")
    for day in range(1, 28):  # ticks come round after 12.4 days
        bench.clock.passed += 86_400_000
        bench.run(200)
        age = bench.store.age(slot, bench.clock.ticks_ms()) // 86_400_000
        assert age == day if day < 6 else age >= 6, (day, age)


def test_a_pulse_at_each_frame():
    async def body():
        store = Store()
        clock = Clock()
        clock.until = 60_000
        meter = Meter(clock)
        meter.send(9600, standard())
        source = Source(meter.uart, store, clock.ticks_ms, Remember(9600))
        seen = []

        async def listen():
            while len(seen) < 3:
                count = store.frames
                while store.frames == count:
                    await source.frame.wait()
                seen.append(store.frames)

        async def sleep_ms(ms):
            clock.passed += max(ms, 1)
            await asyncio.sleep_ms(0)

        clock.sleep_ms = sleep_ms
        module.asyncio = clock
        task = asyncio.create_task(source.run())
        await asyncio.wait_for(listen(), 10)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        assert not meter.open  # the UART is given back
        return seen

    try:
        assert asyncio.run(body()) == [1, 2, 3]
    finally:
        module.asyncio = asyncio


def test_cooked_line_is_reported():
    bench = Bench(1200)
    bench.meter.send(1200, historique())
    bench.meter.frames = historique().replace(b"\r", b"\n").replace(b"\x03", b"")
    bench.run(20_000)
    status = bench.source.status()
    assert status["cooked"] and "terminal driver" in status["words"]
    assert bench.store.counters.all()["frames_cut"] > 5
