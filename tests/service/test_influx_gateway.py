"""The whole gateway writes to InfluxDB over a line that fails: the meter loses no byte."""

import http.client
import json
import shutil
import uuid

import pytest

from tests.support.fault_proxy import FaultProxy
from tests.support.post_receiver import Receiver
from tests.support.sim_listener import wait_for
from tests.support.sim_run import Run
from tools.simulator.ports import free_port
from tools.simulator.servers import InfluxDB

PATIENCE = 20  # s
SPEED = "6"  # of a meter at 1200 baud, so that a PC with other work keeps up
FAULTS = ("refuse", "reset", "mute", "bytewise", "500", "lost answer")

WHERE = "/usr/sbin:/usr/local/sbin:/usr/bin"

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name, path=WHERE)
            for name in ("influxd", "victoria-metrics", "mosquitto")),
    reason="needs Debian's packages influxdb, victoria-metrics and mosquitto",
)


@pytest.fixture
def start(micropython, tmp_path):
    """start(script, variables): a run, which is over when the test is."""
    runs = []

    def begin(script="run.py", **variables) -> Run:
        runs.append(Run(uuid.uuid4().hex, script, TMPDIR=str(tmp_path), SPEED=SPEED,
                        MODE="historique", CONTRACT="hchp", **variables))
        return runs[-1]

    yield begin
    for run in runs:
        run.end()
        run.clean()


def status(port) -> dict:
    """What the gateway knows of its destination."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        client.request("GET", "/api/status")
        return json.loads(client.getresponse().read())["influx"]
    finally:
        client.close()


def test_faults_cost_the_meter_nothing(start, tmp_path, table):
    """Nor the other destination: JSON goes on arriving elsewhere, each reading once."""
    with (
        InfluxDB(tmp_path / "influxdb") as server, FaultProxy(server.port) as proxy,
        Receiver() as receiver,
    ):
        server.say("CREATE DATABASE house")
        port = free_port()
        house = start(
            SET=f"page_port={port} influx_url=http://127.0.0.1:{proxy.port}"
            " influx_database=house influx_when=frame"
            f" post_url=http://127.0.0.1:{receiver.port}/hook post_when=frame post_token=abc")
        house.until(r"influx: working")
        for fault in FAULTS:
            requests, failures = proxy.requests, status(port)["failures"]
            if fault == "refuse":
                proxy.cut()
                wait_for(lambda n=failures: status(port)["failures"] > n, fault)
                proxy.mend()
            else:
                proxy.mode = fault
                wait_for(lambda n=requests: proxy.requests > n, fault)
                proxy.mode = "normal"
            accepted = status(port)["accepted"]
            wait_for(lambda n=accepted: status(port)["accepted"] > n, f"readings after {fault}")
        proxy.cut()  # what is accepted now stays so
        told = status(port)
        assert told["dropped"] == told["refused"] == 0
        rows = server.rows("SELECT apparent_va, withdrawn_wh FROM tic WHERE mode != ''", "house")
        assert len({row["time"] for row in rows}) == len(rows) == told["accepted"]
        assert all(row["withdrawn_wh"] > 0 for row in rows)
        path, headers, _ = receiver.heard[0]
        assert (path, headers["Authorization"]) == ("/hook", "Bearer abc")
        posted = [(one["time"], one["withdrawn_wh"]) for _, _, one in receiver.heard]
        assert len(posted) == len(set(posted)) >= told["accepted"] - 1
        house.end()
        said = house.until(r"of the (\d+) bytes the board could have read, (\d+) were lost")
        table.append(f"whole gateway, {len(FAULTS)} faults on the way to InfluxDB: {len(rows)} "
                     f"readings, lost 0; TIC bytes {said[1]}, lost {said[2]}")
        assert int(said[2]) == 0


def test_run_full(start):
    """All servers are there, and something is in each."""
    full = start("full.py")
    for pattern in (r"topics: +mosquitto_sub -h", r"InfluxDB, \d+ readings: .*apparent_va=\d+",
                    r"VictoriaMetrics, \d+ series .*the last is \d+", r" VA +\d+ Wh"):
        full.until(pattern)
    assert full.end() == 0
    assert full.until(r"could have read, (\d+) were lost")[1] == "0"
    full.nothing_left()
