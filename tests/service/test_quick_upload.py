"""The short session of the gateway that sleeps, to a real InfluxDB."""

import shutil

import pytest

from tools.simulator.servers import InfluxDB

pytestmark = pytest.mark.skipif(not shutil.which("influxd"), reason="needs Debian's influxdb")

_CODE = """
from firmware.quick.radio import Radio
from firmware.quick.readings import Readings
from firmware.quick.upload import Sending
from firmware.rtcmem import BURST, CLOCK, MODE, Memory
from firmware import settings

class Rtc:
    def memory(self, data=None):
        return b""

told = {key: settings.typed(kind, text) for key, kind, _, text in settings.rows()}
told.update(device="winky-1a2b3c", listed=None, influx_url="URL", influx_database="DATABASE")
memory = Memory(Rtc())
memory.cells[MODE] = memory.cells[CLOCK] = 1
readings = Readings(memory)
for n in range(60):
    readings.add(800000000 + 10 * n, [b"OPTARIF\\tBASE", b"ISOUSC\\t30",
        b"BASE\\t%09d" % (1000 + n), b"PTEC\\tTH..", b"PAPP\\t%05d" % n])
radio = Radio(None, told, memory, lambda: True)
sending = Sending("influx", told)
sending.begin(readings, 2, memory.cells, lambda: True)
print(sending.deliver(radio, lambda few: True), sending.taken)
"""


def test_all_readings_arrive_with_their_times(tmp_path, run_mpy):
    with InfluxDB(tmp_path / "influxdb") as server:
        server.say("CREATE DATABASE house")
        code = _CODE.replace("URL", f"http://127.0.0.1:{server.port}")
        done = run_mpy(code=code.replace("DATABASE", "house"))
        assert done.stdout.split() == ["None", "58"]
        rows = server.rows("SELECT apparent_va FROM tic", "house")
        start = 800_000_000 + 946_684_800
        assert [(row["time"], row["apparent_va"]) for row in rows] == [
            (start + 10 * n, n) for n in range(2, 60)]
        rows = server.rows("SELECT index_wh FROM tic WHERE period = 'base'", "house")
        assert [row["index_wh"] for row in rows] == list(range(1002, 1060))
        done = run_mpy(code=code.replace("DATABASE", "elsewhere"))
        assert "no such database" in done.stdout and done.stdout.split()[-1] == "0"
