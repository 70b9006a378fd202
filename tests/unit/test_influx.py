"""InfluxDB: where requests go, and the lines that a reading is made of."""

import asyncio
import time

from books import utc
from fake_server import Server, reply
from fake_store import FakeSource
from frames import frame, group, his
from portal_meter import Figures, gateway
from waiting import Clock

from firmware.link.clock import UNIX
from firmware.publish import address, influx_start
from firmware.publish.backlog import Backlog
from firmware.publish.influx import Influx
from firmware.publish.policy import Policy
from firmware.rarely import load
from firmware.tic.decoder import Decoder
from firmware.tic.meter import Meter
from firmware.tic.store import Store

SETTINGS = {
    "influx_url": "http://192.0.2.7:8086", "influx_database": "house", "influx_bucket": "",
    "influx_org": "", "influx_token": "", "influx_user": "", "influx_password": "",
    "influx_measurement": "tic", "influx_tags": "", "influx_fields": "meter", "influx_batch": 1,
    "site": "", "labels": "*", "identifiers": "omit", "publish_when": "frame",
    "publish_interval": 30, "publish_threshold": 50,
}
NOW = utc("E2607210934")


def influx(known=None, server=None, **changes):
    """A destination over a gateway of portal_meter.py."""
    known = known or gateway()
    settings = dict(SETTINGS)
    settings.update(changes)
    clock = Clock(NOW)
    made = Influx(
        settings, "winky-a1b2c3", known.books, known.store, FakeSource(known.store),
        Backlog(4096, clock), Policy(settings, known.store), (server or Server()).open, clock, lambda: 7,
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
    assert fields["MSG1"] == '"SAY \\"AH\\" \\\\ OH"'
    assert "DATE" not in fields and "ADSC" not in fields and "PRM" not in fields
    (_, fields), = lines(influx(influx_fields="labels", labels="EAST,SINSTS"))
    assert fields == {"EAST": "3971026i", "SINSTS": "2360i"}
    (_, fields), = lines(influx(influx_fields="labels", labels="PRM", identifiers="send"))
    assert fields == {"PRM": '"12590441986008"'}


def test_both():
    main, *indexes = lines(influx(influx_fields="both"))
    assert main[1]["EAST"] == main[1]["withdrawn_wh"] and len(indexes) == 2
    # Without the model there are the labels.
    (_, fields), = lines(influx(gateway(False)))
    assert fields["EAST"] == "3971026i"


def test_victoriametrics_has_numbers_only():
    (series, fields), *_ = lines(influx(influx_database="", influx_fields="both"))
    for value in fields.values():
        assert '"' not in value, fields
    assert fields["EAST"] == "3971026i"


def test_tags_and_names_are_escaped():
    made = influx(site="my house, 2=3\\", influx_measurement="a b", influx_tags="é=1 2,b=c=d")
    assert made.series == (
        "a\\ b,device=winky-a1b2c3,site=my\\ house\\,\\ 2\\=3/,é=1\\ 2,b=c\\=d").encode()


def test_tags():
    assert influx_start.tags("") == []
    assert influx_start.tags("a=1, b = two ") == [("a", "1"), ("b", "two")]
    for wrong in ("a", "a=", "=1", "a=1,", "device=x", "period=1", "time=2", "site=x"):
        try:
            influx_start.tags(wrong)
        except ValueError:
            continue
        raise AssertionError(wrong)


def kinds(model, groups, make):
    """The types of all fields of a meter, by name."""
    known = gateway()
    known.store = store = Store()
    decoder = Decoder(store)
    for _ in range(3):
        decoder.feed(frame(*(make(*fields) for fields in groups)), time.ticks_ms())
    known.books.meter = Meter(store)
    known.books.ledger = Figures()
    found = {}
    for _, fields in lines(influx(known, influx_fields="both", influx_measurement=model)):
        for name, value in fields.items():
            kind = "text" if value[0] == '"' else "bool" if value[0] in "tf" else "float"
            found[name] = "int" if value[-1] == "i" else kind
    return found


def test_a_field_has_the_same_type_whatever_the_meter():
    historique = kinds("h", (
        ("ADCO", "021630120162"), ("OPTARIF", "BBR2"), ("ISOUSC", "20"), ("BBRHCJB", "010151184"),
        ("PTEC", "HPJW"), ("DEMAIN", "ROUG"), ("IINST1", "007"), ("IINST2", "002"),
        ("IINST3", "022"), ("PMAX", "08450"), ("PAPP", "07120"), ("HHPHC", "Y"), ("PPOT", "00"),
    ), his)
    standard = kinds("s", (
        ("DATE", "E260721133412", ""), ("NGTF", "      BASE      "), ("EAST", "003971026"),
        ("EASF01", "003971026"), ("EAIT", "000500000"), ("IRMS1", "001"), ("IRMS2", "003"),
        ("IRMS3", "002"), ("URMS1", "231"), ("URMS2", "232"), ("URMS3", "233"), ("PREF", "12"),
        ("SINSTS", "00013"), ("SINSTS1", "00000"), ("SINSTS2", "00568"), ("SINSTS3", "00000"),
        ("SINSTI", "00000"), ("STGE", "003A0101"), ("NTARF", "01"), ("NJOURF+1", "00"),
        ("SMAXSN-1", "E260720073412", "03112"), ("RELAIS", "000"),
    ), group)
    industrial = kinds("p", (
        ("ADS", "031936131234"), ("MESURES1", "BT 4 SUP36"), ("DATE", "03/08/21 15:54:35"),
        ("EA_s", "2669Wh"), ("PTCOUR1", "HPE"), ("CONFIG", "CONSO"), ("PA1_s", "34kW"),
        ("EAP_s", "859156kWh"), ("PS", "120kVA"), ("PREAVIS", "DEP"), ("PA1MN", "36kW"),
        ("TGPHI_s", "-1"),
    ), his)
    assert standard["NJOURF_1"] == "int" and standard["SMAXSN-1"] == "int"
    assert industrial["EAP_s"] == "int" and industrial["PA1MN"] == "int"
    assert industrial["TGPHI_s"] == "float" and industrial["index_wh"] == "int"
    assert historique["tomorrow"] == "text" and historique["index_wh"] == "int"
    assert standard["overload"] == "bool"
    assert len(historique) > 15 and len(standard) > 30 and len(industrial) > 8
    for one, other in ((historique, standard), (standard, industrial), (historique, industrial)):
        for name in one:
            assert other.get(name, one[name]) == one[name], name


def test_only_the_tangent_is_no_whole_number():
    for number in (1, 2, 3):
        table = __import__(
            "firmware.tic.labels_" + ("historique", "standard", "pmepmi")[number - 1],
            None, None, ("TABLE",)).TABLE
        names = {}
        for line in table.strip().split(b"\n"):
            label, code = line.split(b" ")[:2]
            assert (code[1:2] == b"n") == (label[:5] == b"TGPHI"), label
            # A quantity has a unit, and nothing else that is no number has one.
            unit = len(line.split(b" ")) > 2
            assert code[1:2] in b"dq" or not unit, label
            assert code[1:2] != b"q" or unit, label
            name = label.replace(b"+", b"_")
            assert name not in names, label
            names[name] = label


def test_where_to():
    for changes, path, credentials in (
        ({}, "/write?db=house&precision=s", None),
        ({"influx_database": "a b/é"}, "/write?db=a%20b%2F%C3%A9&precision=s", None),
        ({"influx_database": ""}, "/write?precision=s", None),
        ({"influx_user": "zoé", "influx_password": "a:b"}, "/write?db=house&precision=s",
         "Basic em/DqTphOmI="),
        ({"influx_token": "t-1=="}, "/write?db=house&precision=s", "Bearer t-1=="),
        ({"influx_bucket": "b", "influx_org": "my org", "influx_token": "t-1=="},
         "/api/v2/write?org=my%20org&bucket=b&precision=s", "Token t-1=="),
        ({"influx_url": "http://192.0.2.7:8086/db/"}, "/db/write?db=house&precision=s", None),
        ({"influx_url": "http://192.0.2.7:8086/insert/0/influx/write"},
         "/insert/0/influx/write?db=house&precision=s", None),
    ):
        head = influx(**changes).head.decode().split("\r\n")
        assert head[0] == f"POST {path} HTTP/1.1" and head[1] == "Host: 192.0.2.7:8086"
        assert head[-1] == ""
        given = [line for line in head if line.startswith("Authorization: ")]
        assert given == ([f"Authorization: {credentials}"] if credentials else [])
    assert influx(influx_token="abcdefgh").secret == b"abcdefgh"


def test_addresses():
    for url, parts in (
        ("http://nas", ("nas", 80, False, "")),
        ("https://nas/", ("nas", 443, True, "")),
        ("http://nas.local:8086/a/b?c=d", ("nas.local", 8086, False, "/a/b?c=d")),
    ):
        assert address.valid(url) and address.parts(url) == parts
    for url in ("nas", "nas:8086", "ftp://nas", "http://", "http:///x", "http://nas:", "://x",
                "http://nas:x", "http://nas:0", "http://nas:70000", "http://?x"):
        assert not address.valid(url), url
    assert b"Host: nas\r\n" in address.head(("nas", 443, True), "/", b"x")
    assert b"Host: nas:80\r\n" in address.head(("nas", 80, True), "/", b"x")


def test_each_line_has_the_time():
    made = influx()
    assert made.dated(memoryview(b"a x=1i\nb y=2i"), NOW) == (
        b"a x=1i %d\nb y=2i %d\n" % (NOW + UNIX, NOW + UNIX))


def test_nothing_is_known():
    known = gateway()
    known.store = Store()
    known.books.meter = Meter(known.store)
    made = influx(known, influx_fields="both")
    assert not len(made.sample())


async def test_a_reading_arrives_whole():
    server = Server()
    made = influx(server=server)
    body = bytes(made.sample())
    made.backlog.add(body)
    await load("publish.delivery").deliver(made)
    (first, headers, sent), = server.requests
    assert first == "POST /write?db=house&precision=s HTTP/1.1"
    assert sent == made.dated(body, NOW) and made.accepted == 1
    made.close()


async def test_what_a_refusal_means():
    for status, changes, words in (
        (401, {}, "the server refuses the token, or user and password (401)"),
        (404, {}, "no such database, or the path of the address is wrong (404)"),
        (404, {"influx_bucket": "b"},
         "no such bucket or organisation, or InfluxDB 1, which wants a database instead (404)"),
        (200, {}, "what answers is neither InfluxDB nor VictoriaMetrics (200)"),
    ):
        made = influx(server=Server(reply(status)), **changes)
        made.backlog.add(b"a x=1i")
        await load("publish.delivery").deliver(made)
        assert made.stopped and made.error == words
        made.close()
    await asyncio.sleep_ms(0)
