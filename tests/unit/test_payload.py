"""What is published, byte by byte."""

import json

from fake_store import FakeConfig, FakeStore, standard

from firmware.publish.payload import Full, Writer
from firmware.publish.policy import Policy
from firmware.tic import catalogue


def written(method, *args):
    """What this method of a writer writes."""
    writer = Writer(bytearray(2000))
    method(writer, *args)
    return bytes(writer.buffer[: writer.at])


def policy_for(store, **settings):
    policy = Policy(FakeConfig(**settings), store)
    store.end_frame()
    policy.look(0)
    return policy


def frame(store, now=0, **settings):
    return written(Writer.frame, store, policy_for(store, **settings), now)


def test_numbers_lose_their_leading_zeros():
    for value, wanted in (
        (b"021849106", b"21849106"),
        (b"000000000", b"0"),
        (b"0", b"0"),
        (b"7", b"7"),
        (b"-0.17", b"-0.17"),
        (b"-00.17", b"-0.17"),
        (b"012.50", b"12.50"),
        (b"999999999999999999999999", b"999999999999999999999999"),
    ):
        got = written(Writer.number, value)
        assert got == wanted, (value, got)
        assert json.loads(got) is not None


def test_what_is_no_number_is_not_written_as_one():
    for value in (b"", b"-", b".", b"3.", b".3", b"1.2.3", b"12kW", b"1 2", b"--1", b"0x1", b"+1"):
        writer = Writer(bytearray(50))
        assert writer.number(value) is False, value
        assert writer.at == 0, value


def test_text_is_escaped():
    assert written(Writer.text, b'a"b\\c') == b'"a\\"b\\\\c"'
    assert written(Writer.text, b"a\x01\x0ab") == b'"a  b"'
    assert written(Writer.text, "é".encode()) == '"é"'.encode()
    assert written(Writer.text, b"") == b'""'


def test_horodates_are_iso():
    for horodate, wanted in (
        (b"E260721093412", b'"2026-07-21T09:34:12+02:00"'),
        (b"e260721093412", b'"2026-07-21T09:34:12+02:00"'),
        (b"H081225223518", b'"2008-12-25T22:35:18+01:00"'),
        (b"h081225223518", b'"2008-12-25T22:35:18+01:00"'),
        (b" 260722060000", b'"2026-07-22T06:00:00"'),
    ):
        assert written(Writer.moment, horodate) == wanted, horodate


def test_the_frame_of_a_standard_meter():
    store = FakeStore()
    standard(store)
    assert frame(store) == (
        b'{"VTIC":2,"DATE":"2026-07-21T09:34:00+02:00","NGTF":"TEMPO","EAST":21849106,"URMS1":237,'
        b'"SINSTS":1234,"SMAXSN":{"value":3112,"at":"2026-07-21T09:34:12+02:00"},'
        b'"SMAXSN-1":{"value":9562,"at":"2026-07-20T08:51:18+02:00","degraded":true},'
        b'"DPM1":{"value":0,"at":"2026-07-22T06:00:00"},'
        b'"NJOURF+1":0}'
    )
    message = b'"MSG1":"PAS \\"DE\\"        \\\\MESSAGE"'
    assert message in frame(store, identifiers="send")
    masked = frame(store, identifiers="hash", identifiers_salt="salt")
    assert b"PAS" not in masked and b"041776199277" not in masked
    assert len(json.loads(masked)["MSG1"]) == len(json.loads(masked)["ADSC"]) == 16


def test_identifiers_are_sent_as_text_if_they_are():
    store = FakeStore()
    standard(store)
    got = json.loads(frame(store, identifiers="send"))
    assert got["ADSC"] == "041776199277" and got["PRM"] == "07361794479930"


def test_a_degraded_clock_is_told_beside_the_date():
    store = FakeStore()
    store.put(b"DATE", b"", b"h260121093412")
    assert frame(store) == b'{"DATE":"2026-01-21T09:34:12+01:00","DATE_degraded":true}'


def test_a_date_of_pmepmi_is_local_time():
    store = FakeStore()
    store.put(b"DATE", b"21/07/26 09:34:12")
    store.put(b"DebP", b"99/07/26 09:34:12")
    store.put(b"EAP_s", b"859148kWh")
    store.put(b"TGPHI_s", b"-0.17", None, catalogue.REGISTER, b"", True)
    assert frame(store) == (
        b'{"DATE":"2026-07-21T09:34:12","DebP":"99/07/26 09:34:12","EAP_s":"859148kWh",'
        b'"TGPHI_s":-0.17}'
    )


def test_a_number_that_is_none_is_sent_as_text():
    store = FakeStore()
    store.put(b"IINST", b" 02 ", None, catalogue.INSTANT, b"A", True)
    assert frame(store) == b'{"IINST":"02"}'


def test_a_frame_without_labels_is_not_sent():
    store = FakeStore()
    assert frame(store) == b""
    standard(store)
    assert frame(store, labels="STGE") == b""
    assert frame(store, labels="BASE, EAST") == b'{"EAST":21849106}'


def test_an_old_power_is_left_out_and_an_old_index_is_not():
    store = FakeStore()
    store.put(b"EAST", b"000000012", None, catalogue.INDEX, b"Wh", now=0)
    store.put(b"SINSTS", b"00012", None, catalogue.INSTANT, b"VA", now=0)
    policy = policy_for(store)
    fresh = written(Writer.frame, store, policy, 59999)
    assert fresh == b'{"EAST":12,"SINSTS":12}', fresh
    assert written(Writer.frame, store, policy, 60000) == b'{"EAST":12}'


def test_json():
    assert written(Writer.json, {}) == b"{}"
    item = {"a": [1, True, None, "x\"y"], "b": {"c": -3}}
    assert json.loads(written(Writer.json, item)) == item
    assert b" " not in written(Writer.json, item)


def test_nothing_is_written_beyond_the_limit():
    store = FakeStore()
    standard(store)
    policy = policy_for(store)
    whole = len(frame(store))
    for limit in range(whole + 1):
        writer = Writer(bytearray(b"." * (whole + 100)))
        writer.limit = limit
        try:
            writer.frame(store, policy, 0)
            full = False
        except Full:
            full = True
        assert full or limit >= whole
        assert writer.buffer[limit:] == b"." * (whole + 100 - limit), limit
    for limit in range(30):
        writer = Writer(bytearray(b"." * 60))
        writer.limit = limit
        try:
            writer.json({"key": ["text", 12345, None]})
        except Full:
            pass
        assert writer.buffer[limit:] == b"." * (60 - limit), limit
