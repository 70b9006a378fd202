"""Outputs that follow the meter: rules, least times, shedding, and what happens in silence."""

from firmware.outputs import Outputs, words

SETTINGS = {
    "output_least": 300, "output_shed_at": 90, "output_spare_at": 70, "output_shed_seconds": 5,
}


class Meter:
    """What the rules ask for."""

    def __init__(self, relays=b"000", period="hp"):
        self.relays, self.period = relays, period

    def sent(self, label):
        assert label == b"RELAIS"
        return self.relays


class Scene:
    """A board with some outputs, a frame every two seconds."""

    def __init__(self, *rules, start=(1 << 30) - 400_000, **settings):
        self.meter = Meter()
        self.pins = [None] * len(rules)
        self.told = []
        self.load = 20
        self.now = start
        chosen = dict(SETTINGS)
        chosen.update(settings)
        drives = [(n + 1, rules[n], self.pin(n)) for n in range(len(rules))]
        self.outputs = Outputs(self.meter, drives, self.tell, chosen, start)

    def pin(self, n):
        def drive(value):
            self.pins[n] = value
        return drive

    def tell(self, key, facts):
        assert key == "output_changed"
        self.told.append((facts["output"], facts["on"]))

    def run(self, seconds):
        for _ in range(seconds // 2):
            self.now += 2000
            self.outputs.look(self.now & 0x3FFFFFFF, self.load)
        return self.pins[0]

    def silence(self, seconds):
        for _ in range(seconds):
            self.now += 1000
            self.outputs.idle(self.now & 0x3FFFFFFF)
        return self.pins[0]


def test_rules():
    assert words("relay_2") == [["relay_2"]]
    assert words("relay_1+spare, period_hcjb") == [["relay_1", "spare"], ["period_hcjb"]]
    for bad in ("", "relay_0", "relay_9", "relay_12", "relay_", "period_", "spares", "relay_1+",
                "on"):
        try:
            words(bad)
        except ValueError as error:
            assert "is not" in str(error), error
        else:
            raise AssertionError(bad)


def test_off_at_start_and_for_the_least_time():
    scene = Scene("relay_1")
    assert scene.pins == [0]
    scene.meter.relays = b"001"
    assert scene.run(298) == 0 and scene.told == []
    assert scene.run(4) == 1 and scene.told == [(1, True)]
    scene.meter.relays = b"000"
    assert scene.run(296) == 1
    assert scene.run(6) == 0 and scene.told == [(1, True), (1, False)]


def test_relays_and_periods():
    scene = Scene("relay_3", "period_hc,period_hcjb", "relay_3+period_hc", output_least=0)
    scene.meter.relays = b"140"  # 3, 4 and 8 are closed
    scene.run(2)
    assert scene.pins == [1, 0, 0]
    scene.meter.period = "hcjb"
    scene.run(2)
    assert scene.pins == [1, 1, 0]
    scene.meter.period = "hc"
    scene.run(2)
    assert scene.pins == [1, 1, 1]
    scene.meter.relays = b"136"
    scene.run(2)
    assert scene.pins == [0, 1, 0]


def test_shedding_does_not_wait_but_coming_back_does():
    scene = Scene("spare")
    assert scene.run(302) == 1
    scene.load = 95
    assert scene.run(4) == 1
    assert scene.run(4) == 0  # although it is on for seconds only
    scene.load = 75
    assert scene.run(1000) == 0
    scene.load = 70
    assert scene.run(298) == 0
    scene.load = 80
    scene.run(2)
    scene.load = 60
    assert scene.run(298) == 0
    assert scene.run(6) == 1
    assert scene.told == [(1, True), (1, False), (1, True)]


def test_a_load_around_the_threshold_does_not_flap():
    scene = Scene("spare")
    scene.run(302)
    for _ in range(200):
        scene.load = 91
        scene.run(4)
        scene.load = 89
        scene.run(2)
    assert scene.told == [(1, True)]
    for _ in range(100):
        scene.load = 92
        scene.run(10)
        scene.load = 60
        scene.run(100)
    assert scene.told == [(1, True), (1, False)]


def test_a_start_at_full_load_switches_nothing_on():
    scene = Scene("spare")
    scene.load = 99
    assert scene.run(900) == 0
    scene.load = 30
    assert scene.run(310) == 1


def test_shedding_leaves_other_outputs_alone():
    scene = Scene("relay_1+spare", "relay_1")
    scene.meter.relays = b"001"
    scene.run(302)
    assert scene.pins == [1, 1]
    scene.load = 120
    scene.run(10)
    assert scene.pins == [0, 1]


def test_what_is_unknown_leaves_it_as_it_is_for_ten_minutes():
    scene = Scene("relay_1")
    scene.meter.relays = b"001"
    scene.run(302)
    scene.meter.relays = None
    assert scene.run(590) == 1
    scene.meter.relays = b"001"
    scene.run(2)
    scene.meter.relays = None
    assert scene.run(598) == 1
    assert scene.run(4) == 0


def test_one_known_word_may_decide():
    scene = Scene("relay_1+period_hc,spare", output_least=0)
    scene.meter.relays, scene.load = None, None
    assert scene.run(2) == 0
    scene.load = 10
    assert scene.run(2) == 1
    scene.load = 100
    scene.run(10)
    assert scene.pins == [0]  # period_hc is false, whatever the relay


def test_silence_switches_off_and_stays_off():
    scene = Scene("relay_1", "spare")
    scene.meter.relays = b"001"
    scene.run(302)
    assert scene.pins == [1, 1]
    assert scene.silence(598) == 1
    assert scene.silence(4) == 0 and scene.pins == [0, 0]
    for _ in range(40):  # weeks: the ticks begin again, three times
        scene.now += 86_400_000
        scene.outputs.idle(scene.now & 0x3FFFFFFF)
    assert scene.pins == [0, 0] and len(scene.told) == 4
    scene.run(4)
    assert scene.pins == [1, 1]


def test_all_off():
    scene = Scene("relay_1")
    scene.meter.relays = b"001"
    scene.run(302)
    scene.outputs.off()
    assert scene.pins == [0]
