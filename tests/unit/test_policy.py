"""When a destination sends, and which labels."""

import binascii
import hashlib

from fake_store import FakeConfig, FakeStore, standard

from firmware.publish.policy import Policy
from firmware.tic import catalogue


class Scene:
    """A store and a policy; sent() are the labels due, taken one by one."""

    def __init__(self, **settings):
        self.store = FakeStore()
        self.config = FakeConfig(**settings)
        self.policy = Policy(self.config, self.store)
        self.now = 0

    def put(self, label, value, **how):
        self.store.put(label, value, now=self.now, **how)

    def frame(self, seconds=1):
        self.now += seconds * 1000
        self.store.end_frame()
        return self.sent()

    def sent(self):
        policy = self.policy
        policy.look(self.now)
        labels = []
        while policy.next() >= 0:
            slot = policy.next()
            label = self.store.label(slot)
            labels.append(b"-" + label if policy.gone(slot) else label)
            policy.done(slot)
        assert policy.frame_due or not [one for one in labels if one[:1] != b"-"]
        policy.frame_due = False
        return labels


def power(scene, value, label=b"SINSTS", unit=b"VA"):
    scene.put(label, b"%05d" % value, kind=catalogue.INSTANT, unit=unit)


def test_every_frame():
    scene = Scene(publish_when="frame")
    assert scene.sent() == []
    scene.put(b"BASE", b"000000001")
    assert scene.sent() == []
    assert scene.frame() == [b"BASE"]
    assert scene.sent() == []
    assert scene.frame() == [b"BASE"]


def test_interval_waits_for_a_whole_frame_then_keeps_its_mean():
    scene = Scene(publish_when="interval", publish_interval=10)
    scene.put(b"BASE", b"000000001")
    assert scene.frame(2) == []
    assert scene.frame(2) == [b"BASE"]
    times = []
    for _ in range(100):
        if scene.frame(3):
            times.append(scene.now // 1000 - 4)
    # Due each 10 s from then on; sent at the end of the frame that follows.
    assert times == [-(-n // 3) * 3 for n in range(10, 301, 10)], times


def test_interval_after_a_long_silence_sends_once():
    scene = Scene(publish_when="interval", publish_interval=10)
    scene.put(b"BASE", b"000000001")
    scene.frame()
    assert scene.frame() == [b"BASE"]
    assert scene.frame(1000) == [b"BASE"]
    assert scene.frame() == []
    scene.now -= 5000  # as ticks do after six days without a frame
    assert scene.frame() == [b"BASE"]


def test_change_sends_what_changed():
    scene = Scene(publish_when="change", publish_interval=30)
    scene.put(b"BASE", b"000000001")
    scene.put(b"PTEC", b"TH..")
    scene.frame()
    assert scene.frame() == [b"BASE", b"PTEC"]
    assert scene.frame() == []
    scene.put(b"BASE", b"000000002")
    assert scene.frame() == [b"BASE"]
    scene.put(b"PTEC", b"HP..")
    assert scene.frame() == [b"PTEC"]
    assert scene.frame() == []


def test_change_sends_everything_at_least_every_interval():
    scene = Scene(publish_when="change", publish_interval=30)
    scene.put(b"BASE", b"000000001")
    scene.frame()
    assert scene.frame() == [b"BASE"]
    assert [scene.now for _ in range(65) if scene.frame()] == [32000, 62000]


def test_power_has_to_move_by_the_threshold_from_what_was_sent():
    scene = Scene(publish_when="change", publish_threshold=50, publish_interval=3600)
    power(scene, 1000)
    scene.frame()
    assert scene.frame() == [b"SINSTS"]
    for value, wanted in (
        (1049, []),
        (1000, []),
        (951, []),
        (1050, [b"SINSTS"]),
        (1099, []),
        (1001, []),
        (1000, [b"SINSTS"]),
        (99999, [b"SINSTS"]),
        (0, [b"SINSTS"]),
    ):
        power(scene, value)
        assert scene.frame() == wanted, value


def test_a_slow_drift_is_sent_in_the_end():
    scene = Scene(publish_when="change", publish_threshold=50, publish_interval=3600)
    power(scene, 1000)
    scene.frame()
    scene.frame()
    sent = 0
    for value in range(1000, 2001):
        power(scene, value)
        sent += len(scene.frame())
    assert sent == 20


def test_current_and_voltage_have_thresholds_of_their_own():
    scene = Scene(publish_when="change", publish_threshold=500, publish_interval=3600)
    power(scene, 10, b"IINST", b"A")
    power(scene, 230, b"URMS1", b"V")
    scene.frame()
    assert scene.frame() == [b"IINST", b"URMS1"]
    power(scene, 11, b"IINST", b"A")
    power(scene, 231, b"URMS1", b"V")
    assert scene.frame() == []
    power(scene, 12, b"IINST", b"A")
    power(scene, 232, b"URMS1", b"V")
    assert scene.frame() == [b"IINST", b"URMS1"]


def test_the_clock_is_no_change():
    scene = Scene(publish_when="change", publish_interval=3600)
    standard(scene.store)
    scene.frame()
    assert b"DATE" in scene.frame()
    standard(scene.store, clock=1)
    assert scene.frame() == []


def test_text_in_place_of_a_power_is_a_change():
    scene = Scene(publish_when="change", publish_interval=3600)
    scene.put(b"PA1MN", b"35kW", kind=catalogue.INSTANT)
    scene.frame()
    scene.frame()
    scene.put(b"PA1MN", b"36kW", kind=catalogue.INSTANT)
    assert scene.frame() == [b"PA1MN"]
    assert scene.frame() == []
    for value in (b"0.26", b"-0.17", b"0.27", b"7", b"0.28"):
        scene.put(b"TGPHI_s", value, kind=catalogue.INSTANT, numeric=True)
        assert scene.frame() == [b"TGPHI_s"], value
        assert scene.frame() == []


def test_selection_and_identifiers():
    scene = Scene()
    standard(scene.store)
    labels = scene.frame()
    assert b"ADSC" not in labels and b"PRM" not in labels and len(labels) == 10
    scene = Scene(identifiers="send")
    standard(scene.store)
    assert len(scene.frame()) == 13
    scene = Scene(labels="EAST, PRM,SINSTS,NOSUCH")
    standard(scene.store)
    assert scene.frame() == [b"EAST", b"SINSTS"]
    for label in (b"ADCO", b"ADSC", b"ADS", b"PRM"):
        scene = Scene()
        scene.put(label, b"012345678901", kind=catalogue.IDENTITY)
        assert scene.frame() == []


def test_a_mode_of_which_no_label_is_named_sends_all():
    scene = Scene(labels="PAPP,EAP_s_2,EAST")
    standard(scene.store)
    assert scene.frame() == [b"EAST"]
    scene.store.begin(catalogue.HISTORIQUE)
    scene.put(b"ADCO", b"041776199277", kind=catalogue.IDENTITY)
    scene.put(b"BASE", b"000000001")
    power(scene, 300, b"PAPP")
    assert scene.frame() == [b"PAPP"]
    scene = Scene(labels="PAPP,BASE")
    standard(scene.store)
    assert len(scene.frame()) == 10
    scene = Scene(labels="EAP_s_2")
    scene.store.begin(catalogue.PMEPMI)
    scene.put(b"EAP_s", b"1")
    scene.put(b"EAP_s_2", b"2")
    assert scene.frame() == [b"EAP_s_2"]


def test_another_mode_has_other_labels_in_the_slots_of_the_old():
    """What was left out or sent at one place says nothing about what stands there now."""
    scene = Scene()
    scene.put(b"PAPP", b"00100")
    scene.put(b"ADCO", b"041776199277", kind=catalogue.IDENTITY)
    assert scene.frame() == [b"PAPP"]
    scene.store.begin(catalogue.STANDARD)
    scene.put(b"ADSC", b"041776199277", kind=catalogue.IDENTITY)
    scene.put(b"EAST", b"000000001")
    # In the middle of a frame, too, nothing of the old mode is due any more.
    assert scene.sent() == []
    assert scene.frame() == [b"EAST"]


def test_stand_ins():
    one, other = (Scene(identifiers="hash", identifiers_salt=salt) for salt in ("some", "salt"))
    for scene in (one, other):
        standard(scene.store)
        assert len(scene.frame()) == 13
    seen = {}
    for slot in one.store.slots():
        label = one.store.label(slot)
        value, sent = one.store.value(slot), one.policy.value(slot)
        if label in (b"ADSC", b"PRM", b"MSG1"):
            assert len(sent) == 16 and int(sent, 16) > 0 and value.strip() not in sent
            assert sent == one.policy.value(slot) != other.policy.value(slot)
            seen[label] = sent
        else:
            assert sent == value
    assert seen[b"ADSC"] == b"%s" % _hash(b"some041776199277")
    # Without a salt that was kept nothing can stay the same: left out.
    scene = Scene(identifiers="hash")
    standard(scene.store)
    assert len(scene.frame()) == 10


def _hash(data):
    return binascii.hexlify(hashlib.sha256(data).digest())[:16]


def test_other_names_of_the_settings():
    scene = Scene(influx_when="interval", influx_interval=10, publish_when="frame")
    scene.policy = Policy(scene.config, scene.store, "influx")
    scene.put(b"BASE", b"000000001")
    assert scene.frame() == []
    assert scene.frame() == [b"BASE"]
    assert scene.frame() == []


def test_what_is_due_stays_due_until_taken():
    scene = Scene(publish_when="change", publish_interval=3600)
    scene.put(b"BASE", b"000000001")
    scene.frame()
    scene.frame()
    scene.put(b"BASE", b"000000002")
    for _ in range(5):
        scene.store.end_frame()
        scene.now += 1000
        scene.policy.look(scene.now)
    assert scene.policy.frame_due
    assert scene.sent() == [b"BASE"]


def test_a_new_connection_sends_everything_at_once():
    for when in ("frame", "interval", "change"):
        scene = Scene(publish_when=when, publish_interval=3600)
        scene.put(b"BASE", b"000000001")
        power(scene, 100)
        scene.frame()
        scene.frame()
        scene.policy.resend()
        assert scene.sent() == [b"BASE", b"SINSTS"], when
        assert scene.sent() == [], when
        scene.now += 60000  # the meter has gone silent: a power says nothing now, an index does
        scene.policy.resend()
        assert scene.sent() == [b"BASE"], when


def test_nothing_is_sent_before_the_meter_was_read():
    for when in ("frame", "interval", "change"):
        scene = Scene(publish_when=when)
        scene.policy.resend()
        assert scene.sent() == [], when


def test_a_label_that_vanishes_is_told_once():
    scene = Scene(publish_when="change", publish_interval=3600)
    scene.put(b"BASE", b"000000001")
    scene.frame()
    scene.frame()
    power(scene, 37, b"ADPS", b"A")
    assert scene.frame() == [b"ADPS"]
    scene.store.drop(b"ADPS")
    assert scene.frame() == [b"-ADPS"]
    assert scene.frame() == []
    scene.policy.resend()
    assert scene.sent() == [b"BASE"]
    power(scene, 37, b"ADPS", b"A")  # the very value of the time before
    assert scene.frame() == [b"ADPS"]
    assert scene.frame() == []


def test_a_label_that_vanishes_before_it_was_sent_is_not_sent():
    scene = Scene(publish_when="frame")
    scene.put(b"BASE", b"000000001")
    scene.put(b"ADPS", b"037")
    scene.store.end_frame()
    scene.policy.look(scene.now)
    scene.store.drop(b"ADPS")
    assert scene.frame() == [b"BASE"]


def test_many_labels():
    scene = Scene()
    for i in range(200):
        scene.put(b"L%03d" % i, b"1")
    assert len(scene.frame()) == 200
