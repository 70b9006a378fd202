"""The burst of the gateway that sleeps, to a real broker, encrypted and not."""

import json

import pytest

from tests.service.test_mqtt_tls import NAME, Secure
from tests.support.certificates import Authority
from tests.support.mosquitto import Subscriber, needed

pytestmark = needed

_CODE = """
from firmware.quick.mqtt import Burst
from firmware.quick.radio import Radio
from firmware.quick.readings import Readings
from firmware.rtcmem import CLOCK, MODE, Memory

class Rtc:
    def memory(self, data=None):
        return b""

told = {
    "mqtt_base": "tic", "device": "winky-1a2b3c", "mqtt_qos": 1, "mqtt_labels": False,
    "mqtt_retain_labels": False, "site": "", "identifiers": "omit", "identifiers_salt": "",
    "mqtt_tls": TLS, "mqtt_fingerprint": "",
    "connect": b"\\x10\\x10\\x00\\x04MQTT\\x04\\x02\\x00\\x3c\\x00\\x04gate".hex()}
memory = Memory(Rtc())
memory.cells[MODE] = memory.cells[CLOCK] = 1
memory.mqtt = b"127.0.0.1"
readings = Readings(memory)
for n in range(60):
    readings.add(800000000 + 10 * n, [b"BASE\\t%09d" % n, b"PAPP\\t%05d" % n])
radio = Radio(None, told, memory, lambda: True)
burst = Burst(told)
burst.begin(readings, {"power": {}})
stream = radio.open("HOST", PORT)
print(burst.deliver(radio, stream, lambda: True))
stream.close()
"""


@pytest.mark.parametrize("tls", [False, True])
def test_all_readings_arrive(tls, tmp_path, run_mpy):
    authority = Authority(tmp_path)
    (tmp_path / "ca.der").write_bytes(authority.der)
    with (
        Secure(tmp_path, authority.server(NAME, "127.0.0.1")) as broker,
        Subscriber(broker.plain) as seen,
    ):
        code = _CODE.replace("TLS", str(tls)).replace("HOST", NAME)
        code = code.replace("PORT", str(broker.port if tls else broker.plain))
        done = run_mpy(code=code, cwd=tmp_path)
        assert done.stdout.split()[-1] == "60"
        seen.wait(lambda: seen.lines and seen.lines[-1][2].endswith("/gateway"))
        said = [json.loads(line[3]) for line in list(seen.lines) if line[2].endswith("/frame")]
        assert [one["BASE"] for one in said] == list(range(60))
        assert said[0]["time"] == "2025-05-08T06:13:20Z"
