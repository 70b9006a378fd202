"""The short stay in the Wi-Fi network: what is asked for, and what is known."""

from firmware.quick.radio import Radio
from firmware.rtcmem import CHANNEL, FAILURES, LEASED, Memory

TOLD = {"fixed": "", "wifi_ssid": "house", "wifi_password": "password", "wifi_power": 20,
        "mqtt_tls": False, "mqtt_fingerprint": ""}
LEASE = ("192.0.2.7", "255.255.255.0", "192.0.2.1", "192.0.2.1")
NOW = 800_000_000


class Rtc:
    def memory(self, data=None):
        return b""


class Wlan:
    """Notes what is asked of it; joined after some looks, unless it tells a failure."""

    PM_NONE = 0

    def __init__(self, looks=3, failure=0):
        self.said = []
        self._looks, self._failure = looks, failure
        self._connecting = False

    def active(self, on):
        self.said.append(("active", on))

    def config(self, *args, **options):
        if args:
            return 6
        self.said.append(("config", options.get("channel")))

    def ifconfig(self, fixed=None):
        if fixed:
            self.said.append(("ifconfig", fixed))
        return LEASE

    def connect(self, ssid, key, bssid=None):
        self._connecting = True
        self.said.append(("connect", ssid, key, bssid))

    def isconnected(self):
        self._looks -= 1
        return self._connecting and not self._failure and self._looks < 0

    def status(self):
        return self._failure or 1001 if self._connecting else 201

    def scan(self):
        return [(b"neighbour", b"123456", 1, -40, 3, False), (b"house", b"abcdef", 11, -70, 3, 0),
                (b"house", b"ABCDEF", 6, -58, 3, 0)]


def radio(wlan, memory=None, going=lambda: True, **changes):
    ticks = [0]

    def ticks_ms():
        ticks[0] += 100
        return ticks[0]

    return Radio(wlan, dict(TOLD, **changes), memory or Memory(Rtc()), going, ticks_ms)


def joined(wlan, memory=None, **options):
    one = radio(wlan, memory, **options)
    one.start(NOW)
    one.join(NOW)
    return one


def refused(words, wlan, **options):
    try:
        joined(wlan, **options)
    except OSError as error:
        assert words in str(error), error
    else:
        raise AssertionError("no error")


def test_the_first_time_everything_is_asked_for_and_then_it_is_known():
    memory, wlan = Memory(Rtc()), Wlan()
    one = joined(wlan, memory)
    assert ("connect", "house", "password", None) in wlan.said
    assert not [said for said in wlan.said if said[0] == "ifconfig"]
    one.learn()
    assert (memory.bssid, memory.cells[CHANNEL]) == (b"ABCDEF", 6)
    assert memory.lease.decode() == ",".join(LEASE) and memory.cells[LEASED] == NOW
    wlan = Wlan()
    joined(wlan, memory)
    assert ("connect", "house", "password", b"ABCDEF") in wlan.said
    assert ("ifconfig", LEASE) in wlan.said and ("config", 6) in wlan.said


def test_a_lease_is_fresh_for_some_hours_and_a_static_address_for_ever():
    memory, wlan = Memory(Rtc()), Wlan()
    memory.lease = b"192.0.2.9,255.255.255.0,192.0.2.1,192.0.2.1"
    memory.cells[LEASED] = NOW - 14401
    joined(wlan, memory)
    assert not [said for said in wlan.said if said[0] == "ifconfig"]
    assert memory.cells[LEASED] == NOW and memory.lease.startswith(b"192.0.2.7")
    wlan = Wlan()
    joined(wlan, fixed="192.0.2.50,255.255.255.0,192.0.2.1,192.0.2.1")
    assert ("ifconfig", ("192.0.2.50", "255.255.255.0", "192.0.2.1", "192.0.2.1")) in wlan.said


def test_after_failures_nothing_known_is_trusted():
    memory, wlan = Memory(Rtc()), Wlan()
    memory.bssid, memory.lease, memory.mqtt = b"ABCDEF", b"192.0.2.7,x,x,x", b"192.0.2.1"
    memory.cells[LEASED], memory.cells[FAILURES] = NOW, 3
    joined(wlan, memory)
    assert ("connect", "house", "password", None) in wlan.said
    assert memory.bssid == memory.mqtt == b""


def test_what_goes_wrong_is_said():
    refused("status 202", Wlan(failure=202))
    refused("no answer from the network", Wlan(looks=10_000))
    refused("no charge left", Wlan(), going=lambda: False)
