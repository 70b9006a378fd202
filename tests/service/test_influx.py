"""The destination InfluxDB against InfluxDB 1 and VictoriaMetrics, over a line that fails."""

import json
import random
import re
import shutil
import time

import pytest

from tests.support.fault_proxy import FaultProxy
from tests.support.uploading import Uploading
from tools.runtime import ROOT
from tools.simulator.servers import InfluxDB, VictoriaMetrics

START = 838_000_000 + 946_684_800  # the clock of uploader.py, in Unix seconds
DAY = 2880  # readings, one in 30 s
CUTS = 20
SHARE = 60  # readings while a fault lasts
PERIOD = 2  # ms

pytestmark = pytest.mark.skipif(
    not (shutil.which("influxd") and shutil.which("victoria-metrics")),
    reason="needs Debian's packages influxdb and victoria-metrics",
)

# How the proxy misbehaves, and what the owner is told.
FAULTS = {
    "refuse": "connection refused",
    "reset": "connection cut",
    "mute": "the server does not answer",
    "bytewise": "",
    "500": "the server has a problem of its own (500: busy)",
    "429": "the server wants less (429: busy)",
    "close after head": "connection",  # cut, or closed by the server, as it happens
    "close in answer": "the server closed the connection",
    "lost answer": "connection cut",
    "garbage": "what answers is not a web server",
    "endless": "the server's answer has no end",
}


@pytest.fixture
def house(influxdb):
    """An empty database."""
    influxdb.say("DROP DATABASE house")
    influxdb.say("CREATE DATABASE house")
    return influxdb


@pytest.fixture
def victoria(tmp_path):
    with VictoriaMetrics(tmp_path / "victoria") as server:
        yield server


def points(server, since=START) -> list:
    """[(Unix seconds, index)] of all that the database has."""
    if isinstance(server, InfluxDB):
        rows = server.rows("SELECT EAST FROM tic", "house")
        return [(row["time"], row["EAST"]) for row in rows]
    (labels, found), = server.rows("tic_EAST")
    assert labels == {"__name__": "tic_EAST", "device": "winky-a1b2c3"}
    return found


def expected(count, interval=30) -> list:
    """All readings of uploader.py, each once."""
    return [(START + interval * n, n) for n in range(1, count + 1)]


@pytest.mark.parametrize("name", ["house", "victoria"])
def test_a_day_with_20_cuts(name, request, tmp_path, table):
    """Every reading is there, once; the longest outages are of more than the memory holds."""
    server = request.getfixturevalue(name)
    dice = random.Random(5)
    database = "house" if name == "house" else ""
    with FaultProxy(server.port) as proxy, Uploading(
        proxy.port, tmp_path / "flash", influx_database=database
    ) as uploader:
        uploader.run(DAY, PERIOD)
        for _ in range(CUTS):
            time.sleep(dice.uniform(0.01, 0.15))
            proxy.cut()
            time.sleep(dice.choice((0.005, 0.05, 0.3)) * dice.random())
            proxy.mend()
        told = uploader.finish()
        assert told["accepted"] == told["taken"] == DAY and told["failures"] >= CUTS // 2
        assert told["dropped"] == told["refused"] == 0 and told["working"]
        assert points(server) == expected(DAY)
        table.append(
            f"influx, {name}: {DAY} readings over {CUTS} cuts, lost 0, {proxy.requests} requests, "
            f"{proxy.connections} connections, longest stall of the loop {told['stall']} ms")
        uploader.stop()


def test_faults(house, tmp_path, table):
    """One after the other; each ends before the next begins."""
    with FaultProxy(house.port) as proxy, Uploading(
        proxy.port, tmp_path / "flash"
    ) as uploader:
        count, before = 0, uploader.status()
        for fault, words in FAULTS.items():
            if fault == "refuse":
                proxy.cut()
            else:
                proxy.mode = fault
            uploader.run(SHARE, PERIOD)
            count += SHARE
            if words:
                most = before["failures"] + 1
                told = uploader.until(lambda s, n=most: s["done"] and s["failures"] > n)
                assert words in told["error"], (fault, told)
                assert not told["working"] and not told["stopped"]
            else:
                uploader.finish()
            proxy.mode = "normal"
            if fault == "refuse":
                proxy.mend()
            before = uploader.finish()
            assert before["accepted"] == count and before["dropped"] == before["refused"] == 0
            assert points(house) == expected(count), fault
            table.append(
                f"influx {fault:16} longest stall of the loop {before['stall']:3d} ms so far, "
                f"readings lost 0")
        assert before["heap"] < 2_000_000
        uploader.stop()


def test_what_the_owner_has_set_wrong(house, tmp_path):
    """The server's words, and no further try."""
    for settings, words in (
        ({"influx_database": "attic"},
         'no such database, or the path of the address is wrong (404: {"error":"database not'),
        ({"influx_database": ""},
         'the server refuses what was sent (400: {"error":"database is required"})'),
        ({"influx_bucket": "b"},
         "no such bucket or organisation, or InfluxDB 1, which wants a database instead (404"),
    ):
        with FaultProxy(house.port) as proxy, Uploading(proxy.port, **settings) as uploader:
            uploader.run(5, PERIOD)
            told = uploader.until(lambda s: s["done"] and s["stopped"])
            assert told["error"].startswith(words) and told["waiting"] == 5
            uploader.run(5, PERIOD)
            told = uploader.until(lambda s: s["done"])
            assert told["waiting"] == 10 and proxy.requests == 1
            uploader.stop()


def test_a_password(tmp_path):
    with InfluxDB(tmp_path / "influxdb", user="zoe", password="hush-hush") as server:
        server.say("CREATE DATABASE house")
        account = {"influx_user": "zoe", "influx_password": "hush-hush"}
        with Uploading(server.port, **account) as uploader:
            uploader.run(3, PERIOD)
            assert uploader.finish()["accepted"] == 3
            uploader.stop()
        account["influx_password"] = "hush-hash"
        with Uploading(server.port, **account) as uploader:
            uploader.run(3, PERIOD)
            told = uploader.until(lambda s: s["stopped"])
            assert "user and password (401: " in told["error"] and "hash" not in str(told)
            uploader.stop()


def test_a_field_of_another_type_is_refused_once(house):
    """Whoever else writes there: our readings are refused, counted, and told in its words."""
    line = f'tic,device=winky-a1b2c3 EAST="a text" {START}\n'
    house.post("/write", line.encode(), db="house", precision="s")
    with FaultProxy(house.port) as proxy, Uploading(proxy.port) as uploader:
        uploader.run(3, 100)
        told = uploader.until(lambda s: s["done"] and not s["waiting"])
        assert told["refused"] == 3 and told["accepted"] == 0 and not told["stopped"]
        assert "field type conflict" in told["error"]
        uploader.stop()


def test_version_2_and_the_small_heap(victoria):
    """VictoriaMetrics knows /api/v2/write, too."""
    with Uploading(
        victoria.port, runtime="unix32", influx_bucket="b", influx_org="o", influx_token="t",
    ) as uploader:
        uploader.run(10, 5)
        assert uploader.finish()["accepted"] == 10
        assert points(victoria) == expected(10)
        uploader.stop()


def test_the_dashboard_asks_for_what_there_is(house):
    """Every query of the dashboard is understood, and names fields that some meter has."""
    dashboard = json.loads((ROOT / "tools/grafana/ticgate.json").read_text("utf-8"))
    sources = ("firmware/tic/model.py", "firmware/figures.py")
    words = "".join((ROOT / name).read_text() for name in sources)
    queries = [target["query"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(queries) > 15
    line = "tic,device=w apparent_va=1i\ntic,device=w,period=hc index_wh=1i\n"
    house.post("/write", line.encode(), db="house")
    found = 0
    for query in queries:
        for field in re.findall(r'\w+\("(\w+)"\)', query):
            known = re.sub(r"_\d$", "_n", field).replace("energy_today", "energy_<span>")
            known = known.replace("cost_today", "cost_<span>")
            assert known in words or field in ("index_wh", "period_now"), field
        asked = query.replace("$timeFilter", "time > now() - 1d").replace("$device", ".*")
        found += len(house.say(asked.replace("$__interval", "1h"), "house"))
    assert found >= 3
