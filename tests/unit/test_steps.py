"""Steps of power: sizes, noise, drift, active power, phases. Figures against a simulated house are
in the module.
"""

from firmware.steps import Steps

_WH = 3_600_000  # W ms


class Meter:
    """A meter of numbers, behind it watts that count."""

    def __init__(self, va=None, watts=0):
        self.apparent_va, self.watts, self.injected_va = va, watts, None
        self.withdrawn_wh, self._rest = 1000, 0
        self.phases, self.values = 1, {}

    def number(self, label):
        return self.values.get(label)

    def pass_time(self, ms):
        wh, self._rest = divmod(self._rest + self.watts * ms, _WH)
        self.withdrawn_wh += wh


class Scene:
    """A meter, a frame every 1.5 s, and the steps that were told."""

    def __init__(self, va, watts=None, least=100):
        self.meter = Meter(va, va if watts is None else watts)
        self.told = []
        self.now = (1 << 30) - 100_000
        self.noise = 0
        self._random = 12345
        self.steps = Steps(self.meter, self.tell, {"step_va": least})

    def tell(self, key, facts):
        assert key == "power_step"
        self.told.append(facts)

    def run(self, seconds, va=None, watts=None):
        """So much power for so long; -> sizes told meanwhile."""
        meter = self.meter
        if va is not None:
            meter.watts = va if watts is None else watts
            self.va = va
        elif not hasattr(self, "va"):
            self.va = meter.apparent_va
        for _ in range(seconds * 2 // 3):
            self._random = (self._random * 1103515245 + 12345) & 0x7FFFFFFF
            flicker = (self._random >> 16) % (2 * self.noise + 1) - self.noise
            meter.apparent_va = None if self.va is None else self.va + flicker
            meter.pass_time(1500)
            self.now += 1500
            self.steps.frame(self.now & 0x3FFFFFFF)
        told, self.told = self.told, []
        return told


def sizes(told):
    return [facts["va"] for facts in told]


def test_on_and_off():
    scene = Scene(300)
    assert scene.run(120) == []
    told = scene.run(90, 2300)
    assert len(told) == 1
    facts = told[0]
    assert (facts["va"], facts["from_va"], facts["to_va"]) == (2000, 300, 2300)
    assert abs(facts["w"] - 2000) <= 200 and facts["power_factor"] >= 900
    assert facts["ago"] <= 60 and "phase" not in facts
    scene.run(60)
    assert sizes(scene.run(90, 300)) == [-2000]


def test_the_smallest_step_is_a_setting():
    for least, size, found in ((100, 99, []), (100, 100, [100]), (400, 350, []), (50, 60, [60])):
        scene = Scene(500, least=least)
        scene.run(30)
        assert sizes(scene.run(90, 500 + size)) == found, (least, size)


def test_noise_makes_no_step():
    scene = Scene(600)
    scene.noise = 45
    assert scene.run(3600) == []
    scene.noise = 20
    told = scene.run(90, 800)
    assert len(told) == 1 and 160 <= told[0]["va"] <= 240


def test_noise_of_a_big_site_counts_by_its_power():
    scene = Scene(9000, least=300)
    scene.noise = 140
    assert scene.run(1800) == []
    assert len(scene.run(90, 11000)) == 1


def test_drift_makes_no_step():
    scene = Scene(200)
    scene.run(30)
    for va in range(200, 5000, 20):
        assert scene.run(3, va) == []
    for va in range(5000, 200, -20):
        assert scene.run(3, va) == []


def test_inrush_is_left_out():
    scene = Scene(200)
    scene.run(30)
    told = scene.run(2, 1900) + scene.run(2, 800) + scene.run(90, 350)
    assert sizes(told) == [150]


def test_a_blip_is_no_step():
    scene = Scene(200)
    scene.run(30)
    assert scene.run(3, 2200) + scene.run(120, 200) == []


def test_a_value_in_the_middle_of_a_switch():
    scene = Scene(200)
    scene.run(30)
    told = scene.run(2, 1100) + scene.run(90, 2200)
    assert sizes(told) == [2000]


def test_the_next_step_does_not_wait():
    scene = Scene(200, 20)
    scene.run(30)
    told = scene.run(12, 1200, 20) + scene.run(12, 1700, 20) + scene.run(90, 200, 20)
    assert sizes(told) == [1000, 500, -1500]
    assert told[0]["ago"] >= 10


def test_active_power_of_a_motor():
    scene = Scene(400)
    scene.run(300)
    told = scene.run(120, 1400, 1100)
    assert sizes(told) == [1000]
    assert abs(told[0]["w"] - 700) <= 100
    assert abs(told[0]["power_factor"] - 700) <= 100


def test_active_power_is_left_out_where_it_would_be_a_guess():
    scene = Scene(300)
    scene.run(15)  # too short for the index to tell the level before
    told = scene.run(120, 1300)
    assert sizes(told) == [1000] and "w" not in told[0] and "power_factor" not in told[0]
    scene = Scene(8000)
    scene.run(60)
    told = scene.run(90, 8450)
    assert sizes(told) == [450]
    assert "w" not in told[0] or abs(told[0]["w"] - 450) <= 90


def test_phase():
    scene = Scene(900)
    meter = scene.meter
    meter.phases = 3
    meter.values = {b"IINST1": 1, b"IINST2": 2, b"IINST3": 1}
    scene.run(30)
    meter.values = {b"IINST1": 1, b"IINST2": 6, b"IINST3": 1}
    told = scene.run(90, 1800)
    assert sizes(told) == [900] and told[0]["phase"] == 2
    meter.values = {b"SINSTS1": 100, b"SINSTS2": 1500, b"SINSTS3": 200}
    scene.run(30)
    meter.values = {b"SINSTS1": 100, b"SINSTS2": 1500, b"SINSTS3": 700}
    told = scene.run(90, 2300)
    assert sizes(told) == [500] and told[0]["phase"] == 3


def test_injection_is_negative():
    scene = Scene(0)
    scene.meter.injected_va = 2000
    scene.run(30)
    scene.meter.injected_va = 500
    told = scene.run(90)
    assert told[0]["va"] == 1500 and told[0]["from_va"] == -2000 and told[0]["to_va"] == -500


def test_a_gap_or_an_unknown_power_is_no_step():
    scene = Scene(200)
    scene.run(60)
    scene.now += 20_000
    assert scene.run(90, 2000) == []
    scene.va = None
    scene.run(3)
    assert scene.run(90, 200) == []


def test_what_never_settles_is_no_step():
    scene = Scene(200)
    scene.run(30)
    told = []
    for n in range(100):
        told += scene.run(2, 500 + 400 * (n % 3))
    assert told == []
    assert scene.run(60, 2500) == []
    assert sizes(scene.run(90, 1500)) == [-1000]
