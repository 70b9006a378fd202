"""InfluxDB and HTTP POST over TLS: the real servers behind certificates of our own."""

import shutil

import pytest

from tests.support.certificates import Authority
from tests.support.post_receiver import Receiver
from tests.support.tls_front import TlsFront
from tests.support.uploading import Uploading
from tools.simulator.servers import VictoriaMetrics

HOST = "store.example"
PATIENCE = 3000  # ms

pytestmark = pytest.mark.skipif(
    not (shutil.which("influxd") and shutil.which("victoria-metrics")),
    reason="needs Debian's packages influxdb and victoria-metrics",
)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """A certificate for the right name, of an authority that nobody knows."""
    return Authority(tmp_path_factory.mktemp("stranger"), "Another CA").server(HOST)


def uploading(front, flash, tls="", **options):
    return Uploading(front.port, host=HOST, flash=flash, tls=tls, deadline=PATIENCE, **options)


def sent(uploader, count) -> dict:
    """Readings that all arrive. -> the status"""
    uploader.run(count, 20)
    told = uploader.finish()
    assert told["accepted"] == count and told["failures"] == 0 and told["error"] == ""
    uploader.stop()
    return told


def refused(uploader) -> str:
    """A reading that stays. -> why"""
    uploader.run(1, 20)
    told = uploader.until(lambda s: s["done"] and s["failures"])
    assert told["accepted"] == 0 and told["waiting"] == 1 and not told["working"]
    uploader.stop()
    return told["error"]


@pytest.mark.parametrize("runtime", ["unix64", "unix32"])
def test_influxdb_and_our_authority(influxdb, flash, authority, runtime):
    influxdb.say("DROP MEASUREMENT tic", "house")
    with TlsFront(influxdb.port, authority.server(HOST)) as front:
        with uploading(front, flash, runtime=runtime) as uploader:
            sent(uploader, 20)
        assert front.connections == 1  # one handshake for all of them
    assert [row["EAST"] for row in influxdb.rows("SELECT EAST FROM tic", "house")] == [
        *range(1, 21)]


def test_influxdb_and_certificates_that_are_refused(influxdb, flash, authority, stranger):
    influxdb.say("DROP MEASUREMENT tic", "house")
    for server, what in (
        (authority.server(HOST, begin=-9, end=-2), "has expired"),
        (stranger, "is not signed by our CA"),
        (authority.server("other.example"), f"is for another name than {HOST}"),
    ):
        with TlsFront(influxdb.port, server) as front, uploading(front, flash) as uploader:
            assert refused(uploader) == f"the server's certificate {what}"
    assert not influxdb.rows("SELECT EAST FROM tic", "house")


def test_version_2_by_fingerprint(tmp_path, stranger):
    """VictoriaMetrics knows /api/v2/write. The fingerprint is enough, whoever signed it."""
    with (
        VictoriaMetrics(tmp_path / "victoria") as server,
        TlsFront(server.port, stranger) as front,
    ):
        version = {"influx_bucket": "b", "influx_org": "o", "influx_token": "t"}
        with uploading(front, tmp_path, "0" * 64, **version) as uploader:
            assert refused(uploader) == (
                f"the server's certificate has another fingerprint: {stranger.fingerprint}")
        with uploading(front, tmp_path, stranger.fingerprint, **version) as uploader:
            sent(uploader, 3)
        (_, values), = server.rows("tic_EAST")
        assert [value for _, value in values] == [1, 2, 3]


def test_post(tmp_path, flash, authority, stranger):
    """The token is given to nobody whose certificate is wrong."""
    options = {"kind": "post", "post_token": "hush-hush"}
    with Receiver() as receiver:
        with TlsFront(receiver.port, stranger) as front:
            with uploading(front, flash, **options) as uploader:
                assert refused(uploader).endswith("is not signed by our CA")
            with uploading(front, tmp_path, **options) as uploader:
                assert refused(uploader) == (
                    "TLS needs a CA certificate or the server's fingerprint: neither is set")
            assert not receiver.heard
            with uploading(front, tmp_path, stranger.fingerprint, **options) as uploader:
                sent(uploader, 2)
        with TlsFront(receiver.port, authority.server(HOST)) as front:
            with uploading(front, flash, **options) as uploader:
                sent(uploader, 3)
            port = front.port
        assert len(receiver.heard) == 5
        _, headers, told = receiver.heard[-1]
        assert headers["Authorization"] == "Bearer hush-hush"
        assert headers["Host"] == f"{HOST}:{port}" and told["device"] == "winky-a1b2c3"


def test_a_server_without_tls(influxdb, flash):
    with Uploading(influxdb.port, host=HOST, tls="", flash=flash, deadline=PATIENCE) as uploader:
        assert refused(uploader) == "the server does not speak TLS on this port"
