"""The simulated board's `network`: station and access point of one Wi-Fi radio.

As it comes, any network is joined at once with any password.  TICGATE_WIFI changes that: "absent"
(no such network), "refused" (wrong password), "slow" (ten seconds to connect), "deaf" (no address)
for every network, or "real": the networks of _REAL, with a real radio's delays.

The file wifi.json in the folder TICGATE_STATE says more, and counts at once when it is rewritten:
  "networks"  {name: [password ("": open), channel, rssi, mood ("" or one of the above, "hidden")]}
              of what is around; with it there are delays, and what is not in it is not found
  "mood"      as TICGATE_WIFI; "lost" takes the station's network away, "expired" only its address
  "guests"    how many are in the access point; they drop for a while when it changes its channel
  "cable"     as TICGATE_CABLE, see LAN
  "pace"      a factor of all delays
Sockets are the PC's own: whatever the interface, its address is 127.0.0.1. The name server is that
of the PC, or what TICGATE_DNS says, "127.0.0.1:5300".
"""

import json
import os
import time

import machine

STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
STAT_BEACON_TIMEOUT, STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD = 200, 201, 202
STAT_ASSOC_FAIL, STAT_CONNECT_FAIL, STAT_HANDSHAKE_TIMEOUT = 203, 203, 204
AUTH_OPEN, AUTH_WEP, AUTH_WPA_PSK, AUTH_WPA2_PSK, AUTH_WPA_WPA2_PSK = 0, 1, 2, 3, 4
ETH_INITIALIZED, ETH_CONNECTED, ETH_DISCONNECTED, ETH_GOT_IP = 0, 3, 4, 5
PHY_W5500 = 102
AUTH_WPA3_PSK, AUTH_WPA2_WPA3_PSK = 6, 7

_HERE = ("127.0.0.1", "255.0.0.0", "127.0.0.1")
_NOWHERE = ("0.0.0.0",) * 4
_AROUND = {"simulated": ["", 6, -58, ""], "neighbour": ["password", 1, -83, ""],
           "attic": ["password", 11, -88, "hidden"]}
_REAL = {"simulated": ["password", 6, -58, ""], "neighbour": ["neighbour", 1, -83, ""],
         "cafe": ["", 11, -71, "deaf"], "attic": ["password", 11, -88, "hidden"]}
# ms of a real radio
_SCAN, _SEARCH, _SHAKE, _ASSOCIATE, _ADDRESS, _SWITCH, _ABSENCE = (
    2500, 2300, 4000, 900, 1400, 150, 4000)
_SLOW = 10000

_names = {"hostname": "mpy-esp32c6", "country": "XX"}
_file = [None, {}]                      # what wifi.json was when it was read, and what it said
_air = {"channel": 1, "moved": None}    # the radio's channel, and when the access point was moved


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
    if len(code) != 2:
        raise ValueError
    _names["country"] = code


def ipconfig(*args, **kwargs):
    """The name server, "dns"."""
    if args:
        return _name_server()
    _names.update(kwargs)


def _name_server() -> str:
    """The one that was set, or the PC's."""
    found = _names.get("dns") or os.getenv("TICGATE_DNS")
    if not found:
        try:
            with open("/etc/resolv.conf") as file:
                for line in file:
                    words = line.split()
                    if words[:1] == ["nameserver"] and ":" not in words[1]:
                        return words[1]
        except (OSError, IndexError):
            pass
    return found or "127.0.0.1"


def _told() -> dict:
    """What wifi.json says now; a file that is just being written is read the next time."""
    path = f"{os.getenv('TICGATE_STATE') or '.'}/wifi.json"
    try:
        with open(path) as file:
            text = file.read()
        # MicroPython's json takes a missing end for an end.
        if text != _file[0] and text.rstrip()[-1:] == "}":
            _file[1] = json.loads(text)
            _file[0] = text
    except OSError:
        _file[0], _file[1] = None, {}
    except ValueError:
        pass
    return _file[1]


def _mood() -> str:
    return _told().get("mood") or os.getenv("TICGATE_WIFI") or ""


def _networks():
    """What is around, {name: [password, channel, rssi, mood]}; None: everything, at once."""
    return _told().get("networks") or (_REAL if _mood() == "real" else None)


def _ms(delay) -> int:
    return int(delay * _told().get("pace", 1))


def _told_radio(on) -> None:
    """The file radio.on, for capacitor.py."""
    path = f"{os.getenv('TICGATE_STATE') or '.'}/radio.on"
    try:
        if on:
            open(path, "w").close()
        else:
            os.remove(path)
    except OSError:
        pass


def _passed(since, delay) -> bool:
    return time.ticks_diff(time.ticks_ms(), since) >= _ms(delay)


class LAN:
    """A W5500 over SPI: TICGATE_CABLE is "out" (no cable), "deaf" (no address), or it is well."""

    def __init__(self, id=0, *, phy_type=0, phy_addr=0, spi=None, cs=None, int=None):
        if not (phy_type == PHY_W5500 and spi and cs and int):
            raise ValueError("SPI, cs and int are needed")
        self._active = False
        self._address = None

    def active(self, is_active=None):
        """Whether it is switched on, or switch it."""
        if is_active is not None:
            self._active = bool(is_active)
        return self._active

    def status(self) -> int:
        """One of the ETH_ numbers."""
        if not self._active:
            return ETH_INITIALIZED
        words = ("out", "deaf")
        cable = _told().get("cable") or os.getenv("TICGATE_CABLE")
        return (ETH_DISCONNECTED, ETH_CONNECTED)[words.index(cable)] if cable in words else (
            ETH_GOT_IP)

    def isconnected(self) -> bool:
        """Whether there is an address."""
        return self.status() == ETH_GOT_IP

    def ifconfig(self, configtuple=None):
        """(address, mask, gateway, name server), or set them."""
        if configtuple is not None:
            self._address = configtuple
            return None
        if not self.isconnected():
            return _NOWHERE
        return self._address or _HERE + (_name_server(),)


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
            self._asked = None              # ticks_ms of connect(), None: not asked to
            self._key = None
            self._reason = 0                # why it failed last; kept until it is connected
            self._done = False              # the attempt has ended, one way or the other
            self._address = None            # a static one
            self._config = {"ssid": "simulated", "channel": 6, "pm": 1, "reconnects": -1,
                            "txpower": 20.0, "hidden": False, "security": 3, "key": "",
                            "max_clients": 4, "protocol": 71}

    def active(self, is_active=None):
        """Whether it is switched on, or switch it."""
        if is_active is None:
            return self._active
        if bool(is_active) != self._active:
            if _networks():
                time.sleep_ms(_ms(_SWITCH))
            self._active = bool(is_active)
            _told_radio(any(one._active for one in self._made.values()))
        if self._station:
            self._asked, self._done = None, False
        elif self._active:
            _air["moved"] = None
        return self._active

    def connect(self, ssid=None, password=None, *, bssid=None) -> None:
        """Begins to connect."""
        if not self._active:
            raise OSError("Wifi Not Started")
        if ssid is not None:
            self._config["ssid"] = ssid
            self._key = password
        self._asked, self._done = time.ticks_ms(), False

    def disconnect(self) -> None:
        """Leaves the network."""
        if not self._active:
            raise OSError("Wifi Not Started")
        self._asked, self._reason, self._done = None, 8, False

    def isconnected(self) -> bool:
        """A station with an address, or an access point with a guest."""
        if self._station:
            return self.status() == STAT_GOT_IP
        return self.status("stations") != []

    def status(self, param=None):
        """One of the STAT_ numbers, "rssi" in dBm, or "stations": the guests' addresses."""
        if param == "rssi":
            if _networks() and not self._associated():
                raise OSError("Wifi Not Connected")
            return -61 + time.ticks_ms() // 1000 % 5
        if param == "stations":
            if self._station:
                raise OSError("AP required")
            self._channel()
            if not self._active or _air["moved"] and not _passed(_air["moved"], _ABSENCE):
                return []
            return [(b"\x02\x00\x00\x00\x01" + bytes((n,)),) for n in range(
                _told().get("guests", 0))]
        if not self._station:
            return None
        return self._look()

    def _look(self) -> int:
        """What the attempt, or the connection, has come to."""
        if not self._active or self._asked is None:
            return self._reason if self._reason not in (0, 8) else STAT_IDLE
        networks, mood = _networks(), _mood()
        if networks is None:
            if mood == "absent":
                return STAT_NO_AP_FOUND
            if mood == "refused":
                return STAT_WRONG_PASSWORD
            if mood == "deaf" or mood == "slow" and not _passed(self._asked, _SLOW):
                return STAT_CONNECTING
            if mood == "lost":
                return STAT_BEACON_TIMEOUT
            return STAT_GOT_IP
        if self._done:
            if not self._reason and self._gone(networks, mood):
                self._reason = STAT_BEACON_TIMEOUT
            return self._reason or STAT_GOT_IP
        return self._attempt(networks, mood)

    def _gone(self, networks, mood) -> bool:
        return mood == "lost" or self._config["ssid"] not in networks

    def _attempt(self, networks, mood) -> int:
        waiting = self._reason if 200 <= self._reason <= 212 else STAT_CONNECTING
        if self._reason == 8:
            waiting = STAT_IDLE
        if not _passed(self._asked, _SEARCH):
            return waiting
        network = networks.get(self._config["ssid"])
        if network and mood in ("", "real"):
            mood = network[3]
        if network is None or mood in ("absent", "lost"):
            return self._end(STAT_NO_AP_FOUND)
        if bool(network[0]) != bool(self._key):
            return self._end(211 if self._key else 210)
        if not _passed(self._asked, _SEARCH + _SHAKE) and network[0] != (self._key or ""):
            return waiting
        if network[0] != (self._key or "") or mood == "refused":
            return self._end(STAT_WRONG_PASSWORD)
        delay = _SEARCH + _ASSOCIATE + (_SLOW if mood == "slow" else 0)
        if not _passed(self._asked, delay):
            return waiting
        if _air["channel"] != network[1]:
            _air["channel"] = network[1]
            _air["moved"] = time.ticks_ms()     # the access point must follow
        if mood in ("deaf", "expired"):
            return waiting
        if self._address is None and not _passed(self._asked, delay + _ADDRESS):
            return waiting
        return self._end(0) or STAT_GOT_IP

    def _end(self, reason) -> int:
        self._done, self._reason = True, reason
        return reason

    def _associated(self) -> bool:
        """Whether it is in the network, with or without an address."""
        if self._look() == STAT_GOT_IP:
            return True
        network = _networks().get(self._config["ssid"])
        return bool(network and self._active and self._asked is not None and not self._done
                    and network[0] == (self._key or "")
                    and _passed(self._asked, _SEARCH + _ASSOCIATE))

    def _channel(self) -> int:
        """The channel now: the station may have got on meanwhile."""
        station = self._made.get(STA_IF)
        if station:
            station._look()
        return _air["channel"]

    def scan(self) -> list:
        """[(ssid, bssid, channel, rssi, security, hidden)]; empty while it is connecting."""
        if not self._active:
            raise OSError("STA must be active")
        networks = _networks()
        if networks:
            time.sleep_ms(_ms(_SCAN))
            if self._asked is not None and not self._done:
                return []
        found = []
        for name, (key, channel, rssi, mood) in (networks or _AROUND).items():
            if mood != "absent":
                bssid = b"\x02\x00\x00\x00\x00" + bytes((len(found) + 1,))
                found.append((b"" if mood == "hidden" else name.encode(), bssid, channel, rssi,
                              3 if key else 0, mood == "hidden"))
        return sorted(found, key=lambda one: -one[3])

    def ifconfig(self, ip_mask_gateway_dns=None):
        """(address, mask, gateway, name server), or set them; "dhcp" ends that."""
        if ip_mask_gateway_dns is not None:
            self._address = None if ip_mask_gateway_dns == "dhcp" else ip_mask_gateway_dns
            return None
        if not self._station:
            return _HERE + ("127.0.0.1",) if self._active else _NOWHERE
        # The board still takes itself for connected when its address has expired.
        if not self.isconnected() or _mood() == "expired":
            return _NOWHERE
        return self._address or _HERE + (_name_server(),)

    def ipconfig(self, *args, **kwargs):
        """("addr4") -> (address, mask), ("gw4") -> gateway, ("dhcp4") -> bool."""
        if kwargs.get("dhcp4"):
            self._address = None
        if not args:
            return None
        address = self.ifconfig()
        return {"addr4": address[:2], "gw4": address[2], "dhcp4": self._address is None}[args[0]]

    def config(self, *args, **kwargs):
        """One parameter by name, or set several."""
        if args:
            if args[0] == "mac":
                return machine.unique_id()
            if args[0] == "channel":
                return self._channel()
            return hostname() if args[0] == "hostname" else self._config[args[0]]
        if not self._station and not self._active:
            raise OSError("Wifi Invalid Mode")
        for name, value in kwargs.items():
            if name not in self._config:
                raise ValueError("unknown config param")
            self._config[name] = value
        if not self._station and self._config["security"] and len(self._config["key"]) < 8:
            raise OSError("Wifi Invalid Password")
