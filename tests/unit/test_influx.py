"""InfluxDB: the lines that a reading is made of."""

import time

from fake_server import Server
from fake_store import FakeSource
from influx_settings import SETTINGS
from read_meter import Known
from waiting import Clock

from firmware.link.clock import UNIX
from firmware.publish.backlog import Backlog
from firmware.publish.influx import Influx
from firmware.publish.policy import Policy
from firmware.rarely import load

NOW = 838_000_000


def influx(known=None, server=None, **changes):
    """A destination over what read_meter.py has read."""
    known = known or Known()
    settings = dict(SETTINGS)
    settings.update(changes)
    clock = Clock(NOW)
    made = Influx(
        settings, "winky-a1b2c3", known.books, known.store, FakeSource(known.store),
        Backlog(4096, clock), Policy(settings, known.store, "influx"),
        (server or Server()).open, clock, lambda: 7,
    )
    made.ticks_ms = time.ticks_ms
    return made


def lines(made):
    """Of a reading: [(series, {field: value as written})]"""
    found = []
    for line in bytes(made.sample()).decode().split("\n"):
        series, _, rest = line.partition(" ")
        fields, quoted, start = {}, False, 0
        for i in range(len(rest) + 1):
            letter = rest[i] if i < len(rest) else ","
            if letter == '"' and rest[i - 1] != "\\":
                quoted = not quoted
            if letter == "," and not quoted:
                name, _, value = rest[start:i].partition("=")
                assert name and value and name not in fields, line
                fields[name] = value
                start = i + 1
        assert not quoted
        found.append((series, fields))
    return found


def test_the_meter_understood():
    main, *indexes = lines(influx())
    series, fields = main
    assert series == "tic,device=winky-a1b2c3"
    assert fields["apparent_va"] == "2360i" and fields["injected_va"] == "0i"
    assert fields["period_now"] == '"2"' and fields["contract"] == '"hchp"'
    assert fields["period_name"] == '"HEURE PLEINE"' and fields["mode"] == '"standard"'
    assert fields["withdrawn_wh"] == "3971026i" and fields["injected_wh"] == "12345i"
    assert fields["active_w"] == "2100i" and fields["energy_today_wh"] == "1234i"
    assert fields["clock_degraded"] == "true" and fields["load_percent"] == "26i"
    for left_out in ("date", "serial", "prm", "message", "maker", "year", "maximum_va_at",
                     "period", "period_1_wh", "energy_total_wh", "EAST"):
        assert left_out not in fields, left_out
    assert indexes == [
        ("tic,device=winky-a1b2c3,period=1", {"index_wh": "2296119i"}),
        ("tic,device=winky-a1b2c3,period=2", {"index_wh": "1674907i"}),
    ]


def test_the_labels():
    (series, fields), = lines(influx(influx_fields="labels"))
    assert fields["EAST"] == "3971026i" and fields["SINSTS"] == "2360i" and fields["PREF"] == "9i"
    assert fields["NGTF"] == '"H PLEINE/CREUSE"' and fields["LTARF"] == '"HEURE  PLEINE"'
    assert fields["SMAXSN"] == "3112i" and fields["SINSTI"] == "0i"
    assert "DATE" not in fields and "ADSC" not in fields and "PRM" not in fields
    (_, fields), = lines(influx(influx_fields="labels", labels="EAST,SINSTS"))
    assert fields == {"EAST": "3971026i", "SINSTS": "2360i"}
    (_, fields), = lines(influx(influx_fields="labels", labels="PRM,MSG1", identifiers="send"))
    assert fields == {"PRM": '"12590441986008"', "MSG1": '"SAY \\"AH\\" \\\\ OH"'}


def test_both():
    main, *indexes = lines(influx(influx_fields="both"))
    assert main[1]["EAST"] == main[1]["withdrawn_wh"] and len(indexes) == 2
    # Without the model there are the labels.
    known = Known()
    known.books = None
    (_, fields), = lines(influx(known))
    assert fields["EAST"] == "3971026i"


def test_victoriametrics_has_numbers_only():
    (series, fields), *_ = lines(influx(influx_database="", influx_fields="both"))
    for value in fields.values():
        assert '"' not in value, fields
    assert fields["EAST"] == "3971026i"


def test_each_line_has_the_time():
    made = influx()
    lines = b"a x=1i\nb y=2i" + 80 * b"\nc z=3i"  # longer than a piece
    stamp = b" %d\n" % (NOW + UNIX)
    assert b"".join(made.dated(memoryview(lines), NOW)) == lines.replace(b"\n", stamp) + stamp


def test_nothing_is_known():
    made = influx(Known(()), influx_fields="both")
    assert not len(made.sample())


async def test_a_reading_arrives_whole():
    server = Server()
    made = influx(server=server)
    body = bytes(made.sample())
    made.backlog.add(body)
    await load("publish.delivery").deliver(made)
    (first, headers, sent), = server.requests
    assert first == "POST /write?db=house&precision=s HTTP/1.1"
    assert sent == b"".join(made.dated(body, NOW)) and made.accepted == 1
    made.close()
