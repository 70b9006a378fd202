"""Shared by the tests against real servers and clients."""

import pytest

from tests.support import tables
from tests.support.certificates import Authority
from tools.simulator.servers import InfluxDB


@pytest.fixture(scope="module")
def table(request):
    """Lines that are printed at the end of the run."""
    lines = []
    yield lines
    tables.keep(request.config, request.node.name, lines)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Signs for the servers."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def flash(tmp_path, authority):
    """The board's, with our CA in it."""
    folder = tmp_path / "flash"
    folder.mkdir()
    (folder / "ca.der").write_bytes(authority.der)
    return folder


@pytest.fixture(scope="module")
def influxdb(tmp_path_factory):
    """With a database, "house"."""
    with InfluxDB(tmp_path_factory.mktemp("influxdb")) as server:
        server.say("CREATE DATABASE house")
        yield server
