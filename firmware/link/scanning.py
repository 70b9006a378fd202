"""The Wi-Fi networks around. Loaded when somebody asks (rarely.py)."""

from micropython import const

_MOST = const(24)
# By the number that the radio gives; 4 and 7 are mixtures of two.
_SECURITY = "open wep wpa wpa2 wpa2 enterprise wpa3 wpa3"


def scan(link, again=False) -> list:
    """[(ssid, rssi in dBm, security, channel, hidden)], strongest first, one entry a name.

    security: open, wep, wpa, wpa2, wpa3, enterprise, other. All hidden networks are one entry,
    whose ssid is empty. Holds everything for 2 to 3 s, so the list is kept in the Wifi until
    it is asked for again, or the access point closes. OSError in words while the radio is busy.
    """
    if link.wired:
        raise OSError("the gateway is on a cable: it looks for no Wi-Fi")
    if link.found is not None and not again:
        return link.found
    if link.trying or link.owner:
        raise OSError("the radio is joining a network: ask again in a few seconds")
    wlan = link.wlan
    if not wlan.active():
        wlan.active(True)
    kinds = _SECURITY.split()
    best = {}
    for ssid, _, channel, rssi, security, _ in wlan.scan():
        try:
            ssid = ssid.decode()
        except ValueError:  # no UTF-8: it cannot be written into the settings
            continue
        if ssid not in best or rssi > best[ssid][1]:
            kind = kinds[security] if security < len(kinds) else "other"
            best[ssid] = (ssid, rssi, kind, channel, not ssid)
    found = sorted(best.values(), key=lambda one: -one[1])
    link.found = found[:_MOST]
    return link.found
