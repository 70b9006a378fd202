"""A short soak: everything is on, something fails, and the gateway is as it was."""

import shutil

import pytest

from tools.soak import run

WHERE = "/usr/sbin:/usr/local/sbin:/usr/bin"

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name, path=WHERE) for name in ("influxd", "mosquitto", "mosquitto_sub")),
    reason="needs Debian's packages influxdb, mosquitto and mosquitto-clients",
)


def test_a_short_soak(micropython32, table):
    """Of "hours" that last seven minutes."""
    wrong = run.soak(2, 400, 10, hour=400, say=table.append)
    assert not wrong, "\n".join([*table, *wrong])
