"""The simulated board's `network`: a Wi-Fi station that is connected as soon as it is switched on.

TICGATE_WIFI changes that: "absent" (no such network), "refused" (wrong password), "slow" (ten
seconds to connect).  Sockets are the PC's own.
"""

import os
import time

import machine

STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
STAT_BEACON_TIMEOUT, STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD = 200, 201, 202
STAT_ASSOC_FAIL, STAT_CONNECT_FAIL, STAT_HANDSHAKE_TIMEOUT = 203, 203, 204
AUTH_OPEN, AUTH_WEP, AUTH_WPA_PSK, AUTH_WPA2_PSK, AUTH_WPA_WPA2_PSK = 0, 1, 2, 3, 4
AUTH_WPA3_PSK, AUTH_WPA2_WPA3_PSK = 6, 7
_HERE = ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")
_names = {"hostname": "mpy-esp32c6", "country": "XX"}


def hostname(name=None):
    """The name told to the DHCP server."""
    if name is None:
        return _names["hostname"]
    if len(name) > 32:
        raise ValueError("hostname too long")
    _names["hostname"] = name


def country(code=None):
    """Two letters."""
    if code is None:
        return _names["country"]
    _names["country"] = code


class WLAN:
    """One interface, station or access point; one object each, as on the board."""

    IF_STA, IF_AP = 0, 1
    SEC_OPEN, SEC_WEP, SEC_WPA, SEC_WPA2, SEC_WPA_WPA2, SEC_WPA3, SEC_WPA2_WPA3 = (
        0, 1, 2, 3, 4, 6, 7)
    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = 0, 1, 2
    _made = {}

    def __new__(cls, interface_id=STA_IF):
        if interface_id not in cls._made:
            cls._made[interface_id] = super().__new__(cls)
        return cls._made[interface_id]

    def __init__(self, interface_id=STA_IF):
        if not hasattr(self, "_active"):
            self._station = interface_id == STA_IF
            self._active = False
            self._asked = None              # ticks_ms of connect(), None: as if it had been
            self._left = False
            self._config = {"ssid": "simulated", "channel": 6, "pm": 1, "reconnects": -1,
                            "txpower": 20.0, "hidden": False, "security": 3}

    def active(self, is_active=None):
        """Whether it is switched on, or switch it."""
        if is_active is None:
            return self._active
        self._active = bool(is_active)
        self._left = False
        return self._active

    def connect(self, ssid=None, password=None, *, bssid=None) -> None:
        """Begins to connect."""
        if not self._active:
            raise OSError("Wifi Not Started")
        if ssid is not None:
            self._config["ssid"] = ssid
        self._asked, self._left = time.ticks_ms(), False

    def disconnect(self) -> None:
        """Leaves the network."""
        self._left = True

    def isconnected(self) -> bool:
        """A station with an address, or an access point with a guest: never one here."""
        return self._station and self.status() == STAT_GOT_IP

    def status(self, param=None):
        """One of the STAT_ numbers, or "rssi" in dBm."""
        if param == "rssi":
            return -61 + time.ticks_ms() // 1000 % 5
        if param == "stations":
            return []
        if not self._active or self._left:
            return STAT_IDLE
        mood = os.getenv("TICGATE_WIFI")
        if mood == "absent":
            return STAT_NO_AP_FOUND
        if mood == "refused":
            return STAT_WRONG_PASSWORD
        if mood == "slow":
            if self._asked is None:
                return STAT_IDLE
            if time.ticks_diff(time.ticks_ms(), self._asked) < 10000:
                return STAT_CONNECTING
        return STAT_GOT_IP

    def scan(self) -> list:
        """[(ssid, bssid, channel, rssi, security, hidden)], strongest first."""
        if not self._active:
            raise OSError("Wifi Not Started")
        return [(b"simulated", b"\x02\x00\x00\x00\x00\x01", 6, -58, 3, False),
                (b"neighbour", b"\x02\x00\x00\x00\x00\x02", 1, -83, 4, False),
                (b"", b"\x02\x00\x00\x00\x00\x03", 11, -88, 3, True)]

    def ifconfig(self, ip_mask_gateway_dns=None):
        """(address, mask, gateway, name server)."""
        return _HERE if self.isconnected() or not self._station else ("0.0.0.0",) * 4

    def ipconfig(self, *args, **kwargs):
        """("addr4") -> (address, mask), ("gw4") -> gateway, ("has_dhcp4") -> bool."""
        if not args:
            return None
        address = self.ifconfig()
        return {"addr4": address[:2], "gw4": address[2],
                "has_dhcp4": self.isconnected()}[args[0]]

    def config(self, *args, **kwargs):
        """One parameter by name, or set several."""
        if args:
            if args[0] == "mac":
                return machine.unique_id()
            return hostname() if args[0] == "hostname" else self._config[args[0]]
        for name, value in kwargs.items():
            self._config[name] = value
