"""Quantities derived from the meter's: means, power factor, active power, injection."""

import gc

from firmware.derive import Derived

_WH = 3_600_000  # W times ms


class Meter:
    """What the model of a meter says, and behind it watts that count."""

    def __init__(self, va=None, watts=0, injected=None, index=1_000_000):
        self.apparent_va, self.injected_va, self.withdrawn_wh = va, injected, index
        self.watts = watts
        self.phases, self.producer = 1, False
        self.amperes, self.volts, self.by_phase = [0, 0, 0], [None] * 3, [None] * 3
        self._rest = 0

    def pass_time(self, ms):
        wh, self._rest = divmod(self._rest + self.watts * ms, _WH)
        self.withdrawn_wh += wh

    def current(self, phase):
        return self.amperes[phase - 1]

    def voltage(self, phase):
        return self.volts[phase - 1]

    def apparent(self, phase):
        return self.by_phase[phase - 1]


class Scene:
    """A meter, and the derived quantities frame by frame."""

    def __init__(self, meter, start=0):
        self.meter = meter
        self.derived = Derived()
        self.now = start
        self.derived.frame(meter, start)

    def run(self, ms, step=1500):
        end = self.now + ms
        while self.now < end:
            part = min(step, end - self.now)
            self.meter.pass_time(part)
            self.now += part
            self.derived.frame(self.meter, self.now & 0x3FFFFFFF)


def test_mean_of_a_minute_weighs_by_time():
    scene = Scene(Meter(600))
    scene.run(15_000, 1000)
    scene.meter.apparent_va = 3000
    scene.derived.frame(scene.meter, scene.now)
    scene.run(45_000, 2500)
    assert scene.derived.minute() == (600 * 15 + 3000 * 45) // 60
    assert scene.derived.mean_minute == scene.derived.mean_ten == 2400
    scene.run(60_000)
    assert scene.derived.minute() == 3000
    assert scene.derived.mean_ten == 2700


def test_mean_of_ten_minutes_slides_and_leaves_out_what_was_not_seen():
    meter = Meter(0)
    scene = Scene(meter)
    for minute in range(1, 16):
        meter.apparent_va = 100 * minute
        scene.derived.frame(meter, scene.now)
        scene.run(60_000)
        assert scene.derived.minute() == 100 * minute
        seen = range(max(1, minute - 9), minute + 1)
        assert scene.derived.mean_ten == (200 * sum(seen) + len(seen)) // (2 * len(seen))
    for _ in range(9):
        assert scene.derived.minute() is None
        assert scene.derived.mean_minute is None
    assert scene.derived.mean_ten == 1500
    assert scene.derived.minute() is None and scene.derived.mean_ten is None


def test_a_value_is_held_for_a_minute_at_most():
    scene = Scene(Meter(1000))
    scene.run(10_000)
    scene.meter.apparent_va = 3000
    scene.run(70_000, 70_000)  # the line was cut
    scene.run(10_000)
    assert scene.derived.minute() == 2000


def test_one_frame_in_a_minute_is_better_than_nothing():
    derived = Derived()
    meter = Meter(700)
    derived.frame(meter, 5)
    assert derived.minute() == 700
    assert derived.minute() is None
    meter.apparent_va = None
    derived.frame(meter, 200_000)
    assert derived.minute() is None and derived.active_w is None


def test_injection_counts_negative():
    meter = Meter(0, injected=1800)
    scene = Scene(meter)
    scene.run(30_000)
    meter.injected_va, meter.apparent_va = 0, 601
    scene.derived.frame(meter, scene.now)
    scene.run(30_000)
    assert scene.derived.minute() == -599  # -599.5 is rounded up
    assert scene.derived.active_w is None


def test_ticks_begin_again():
    scene = Scene(Meter(480, 432), (1 << 30) - 200_000)
    for _ in range(8):
        scene.run(60_000)
        assert scene.derived.minute() == 480
    assert 880 <= scene.derived.power_factor <= 920


def factor(va, watts, minutes, step, rounding=1):
    scene = Scene(Meter((va + rounding // 2) // rounding * rounding, watts))
    for _ in range(minutes):
        scene.run(60_000, step)
        scene.derived.minute()
    return scene.derived.power_factor


def test_power_factor_is_as_exact_as_the_docs_say():
    for va in (150, 400, 1000, 2300, 6000, 17000):
        for permille in (550, 800, 950, 1000):
            for step in (930, 1720, 2500):
                found = factor(va, va * permille // 1000, 20, step)
                assert abs(found - permille) <= 40, (va, permille, step, found)
    assert abs(factor(104, 93, 20, 1500, 10) - 894) <= 50
    assert abs(factor(503, 450, 20, 1500, 10) - 894) <= 40


def test_power_factor_waits_for_enough():
    scene = Scene(Meter(900, 900))
    scene.run(40_000)
    assert scene.derived.power_factor is None and scene.derived.active_w is None
    scene.run(60_000)
    assert 960 <= scene.derived.power_factor <= 1000
    assert 864 <= scene.derived.active_w <= 900
    rounded = Scene(Meter(900, 940))  # the meter shows less than there is
    rounded.run(200_000)
    assert rounded.derived.power_factor == 1000
    slow = Scene(Meter(24, 12))  # a Wh in five minutes
    slow.run(900_000)
    assert slow.derived.power_factor is None
    slow.run(1_200_000)
    assert 470 <= slow.derived.power_factor <= 530


def test_no_drift():
    """Integrated apparent energy loses nothing: after a day the factor is what it was."""
    scene = Scene(Meter(777, 700))
    found = []
    for _ in range(24 * 60):
        scene.run(60_000, 1717)
        scene.derived.minute()
        found.append(scene.derived.power_factor)
    assert max(found[5:]) - min(found[5:]) <= 40
    assert abs(sum(found[5:]) // len(found[5:]) - 900) <= 15


def test_active_power_follows_at_once():
    scene = Scene(Meter(1000, 800))
    scene.run(300_000)
    assert 770 <= scene.derived.active_w <= 830
    scene.meter.apparent_va, scene.meter.watts = 3000, 2400
    scene.run(1500)
    assert 2310 <= scene.derived.active_w <= 2490
    scene.meter.apparent_va, scene.meter.injected_va = 0, 900
    scene.run(1500)
    assert scene.derived.active_w == 0


def test_another_meter_begins_a_new_factor():
    scene = Scene(Meter(1000, 500))
    scene.run(300_000)
    before = scene.derived.power_factor
    scene.meter.withdrawn_wh = 12
    scene.run(20_000)
    assert scene.derived.power_factor == before
    scene.meter.watts = 1000
    scene.meter.withdrawn_wh += 50_000
    scene.run(200_000)
    assert scene.derived.power_factor >= 960
    scene.meter.withdrawn_wh = None
    scene.derived.frame(scene.meter, scene.now)
    assert scene.derived.power_factor >= 960


def injection(meter):
    derived = Derived()
    derived.frame(meter, 0)
    return derived.injection_va


def test_injection_is_estimated_where_the_meter_is_silent():
    meter = Meter(0)
    meter.amperes[0] = 6
    assert injection(meter) == 6 * 230
    meter.volts[0] = 241
    assert injection(meter) == 6 * 241
    meter.apparent_va = 40
    assert injection(meter) == 0
    meter.apparent_va, meter.amperes[0] = 0, 0
    assert injection(meter) == 0
    meter.amperes[0] = None
    assert injection(meter) is None


def test_injection_on_three_phases_is_what_remains():
    meter = Meter(0)
    meter.phases = 3
    meter.amperes, meter.volts, meter.by_phase = [10, 3, 0], [240, 238, 239], [0, 700, 0]
    assert injection(meter) == 2400 - 700
    meter.by_phase = [0, 2500, 0]
    assert injection(meter) == 0


def test_no_estimate_where_the_meter_counts():
    meter = Meter(0, injected=0)
    meter.amperes[0] = 6
    assert injection(meter) is None
    meter.injected_va, meter.producer = None, True
    assert injection(meter) is None
    meter.producer, meter.apparent_va = False, None
    assert injection(meter) is None


def test_a_frame_makes_no_garbage():
    meter = Meter(9000, 8000)
    derived = Derived()
    derived.frame(meter, 0)
    gc.collect()
    before = gc.mem_alloc()
    for second in range(1, 50):
        derived.frame(meter, second * 1000)
    assert gc.mem_alloc() == before


def test_after_a_silence_of_twelve_days_nothing_goes_on():
    meter = Meter(600)
    scene = Scene(meter)
    scene.run(60_000)
    assert scene.derived.minute() == 600 and scene.derived.minute() is None
    meter.apparent_va = 3000
    scene.derived.frame(meter, scene.now + 1500)  # the ticks have come round
    assert scene.derived.minute() == 3000
