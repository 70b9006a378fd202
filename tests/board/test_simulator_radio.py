"""The simulated radio: what a real one does to a program, which it must do here too."""

import json

RADIO = """
import json, network, time
def air(**told):
    with open("wifi.json", "w") as file:
        json.dump(told, file)
def wait(until, ms=5000):
    end = time.ticks_add(time.ticks_ms(), ms)
    while not until():
        assert time.ticks_diff(end, time.ticks_ms()) > 0
        time.sleep_ms(5)
def raises(kind, what, *given, **named):
    try:
        what(*given, **named)
    except kind:
        return
    raise AssertionError("does it all the same")
sta, ap = network.WLAN(network.WLAN.IF_STA), network.WLAN(network.WLAN.IF_AP)
HOME = {"home": ["password", 11, -60, ""], "far": ["password", 11, -90, "absent"]}
"""


def test_delays_and_the_last_failure_that_stays(run_mpy):
    run_mpy(code=RADIO + """
air(networks=HOME, pace=0.1)
raises(OSError, sta.scan)
sta.active(True)
before = time.ticks_ms()
assert [one[0] for one in sta.scan()] == [b"home"]
assert time.ticks_diff(time.ticks_ms(), before) >= 250
sta.connect("home", "wrong password")
assert sta.status() == 1001 and sta.scan() == []
wait(lambda: sta.status() == 202)
sta.connect("home", "password")
assert sta.status() == 202 and not sta.isconnected()  # of the attempt before
raises(OSError, sta.status, "rssi")
wait(sta.isconnected)
assert sta.status() == 1010 and sta.status("rssi") < 0
sta.disconnect()
assert sta.status() == 1000 and sta.ifconfig()[0] == "0.0.0.0"
sta.connect("far", "password")
wait(lambda: sta.status() == 201)
""")


def test_the_access_point_follows_the_station_and_its_guests_drop(run_mpy):
    run_mpy(code=RADIO + """
air(networks=HOME, pace=0.1, guests=2)
raises(OSError, ap.config, ssid="winky")
ap.active(True)
raises(OSError, ap.config, ssid="winky", security=3, key="short")
ap.config(ssid="winky", security=3, key="long enough")
assert ap.config("channel") == 1 and len(ap.status("stations")) == 2 and ap.isconnected()
sta.active(True)
sta.connect("home", "password")
wait(lambda: not ap.isconnected())
assert ap.config("channel") == 11
wait(sta.isconnected)
wait(ap.isconnected)
""")


def test_what_happens_to_the_air_counts_at_once(run_mpy):
    run_mpy(code=RADIO + """
air(networks=HOME, pace=0.01)
sta.active(True)
sta.connect("home", "password")
wait(sta.isconnected)
air(networks=HOME, pace=0.01, mood="expired")
assert sta.isconnected() and sta.ifconfig()[0] == "0.0.0.0"
air(networks=HOME, pace=0.01, mood="lost")
assert sta.status() == 200 and not sta.isconnected()
with open("wifi.json", "w") as file:
    file.write('{"mood": ')  # being written
assert sta.status() == 200
""")


def test_real_without_a_file(run_mpy):
    done = run_mpy(code=RADIO + """
before = time.ticks_ms()
sta.active(True)
names = [one[0].decode() for one in sta.scan()]
assert time.ticks_diff(time.ticks_ms(), before) >= 2500
print(json.dumps(names))
""", env={"TICGATE_WIFI": "real"})
    assert json.loads(done.stdout) == ["simulated", "cafe", "neighbour", ""]


def test_the_name_server_gets_another_port_each_time_it_is_loaded(run_mpy, tmp_path):
    (tmp_path / "boot.py").write_text("")
    (tmp_path / "main.py").write_text(
        "from firmware.rarely import load\n"
        "for _ in range(2):\n"
        "    print(load('link.captive_dns').PORT)\n")
    assert run_mpy(code="import power_on").stdout.split() == ["53", "53"]
    done = run_mpy(code="import power_on", env={"TICGATE_DNS_PORT": "5399"})
    assert done.stdout.split() == ["5399", "5399"]
