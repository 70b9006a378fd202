"""What the cycle has to know of the settings, checked and ready, in one small file.

Written by the whole gateway at its start, and by the cycle when config.json has changed since: its
checksum tells. Loaded for it (rarely.py).
"""

import json
import os

from firmware.rarely import load

_FILE = "asleep.json"  # as in supply.py
_KEYS = (
    "wifi_ssid wifi_password wifi_power wifi_country mqtt_host mqtt_port mqtt_base mqtt_qos"
    " mqtt_tls mqtt_fingerprint mqtt_labels mqtt_retain_labels backlog_flash ntp_host site"
    " identifiers identifiers_salt model"
)
# The dividers of the boards: published templates of Tasmota-Teleinfo for the Winky.
_RATIOS = {"usb": 2000, "capacitor": 2000, "line": 5700}  # in thousandths
_IDENTIFIERS = ("ADCO", "ADS", "ADSC", "PRM", "MSG1", "MSG2")


def prepare(config, board, device, checksum) -> bool:
    """Write the file, or remove it where it says nothing; whether there is one.

    config: a Config; checksum: of its file (supply.py).
    """
    told = _told(config, board, device)
    if not told:
        try:
            os.remove(_FILE)
        except OSError:
            pass
        return False
    told["checksum"] = checksum
    text = json.dumps(told)
    try:
        with open(_FILE) as file:
            if file.read() == text:
                return True
    except OSError:
        pass
    with open(_FILE + ".tmp", "w") as file:
        file.write(text)
    os.rename(_FILE + ".tmp", _FILE)
    return True


def _told(config, board, device):
    """The content; None if the gateway is never to sleep."""
    get = config.get
    ways = {"mqtt": "mqtt_host", "influx": "influx_url", "post": "post_url"}
    to = [name for name in ("mqtt", "influx", "post") if get(ways[name])]
    if get("power") == "usb" or not get("wifi_ssid") or not to:
        return None
    if board.pin("capacitor") < 0 or get("ethernet"):
        return None
    keys = _KEYS.split()
    told = {key: value for key, value in config.items()
            if key in keys or key[:5] == "power" or key[:4] != "mqtt" and key.split("_")[0] in to}
    told["to"] = to
    for name in ("tic", "button", "usb", "capacitor", "line"):
        told[name] = board.pin(name)
    for name in _RATIOS:
        told[name + "_ratio"] = told.pop(f"power_{name}_ratio") or _RATIOS[name]
    told["device"] = device
    told["hostname"] = get("hostname") or device
    told["fixed"] = _fixed(get)
    labels = get("labels")
    listed = None if labels == "*" else labels.replace(" ", "").split(",")
    told["listed"] = listed
    # The model is made of more than the labels that are sent.
    whole = "influx" in to and get("influx_fields") != "labels"
    whole = whole or "post" in to and get("post_body") == "meter"
    told["only"] = None if whole and get("model") else listed
    told["omit"] = _IDENTIFIERS if get("identifiers") == "omit" else ()
    if "mqtt" not in to:
        return told
    greeting = load("publish.greeting")
    client = greeting.introduce(config, device)
    client.lw_topic = None  # it leaves without a word each time: no will
    client.lw_qos = 0
    told["connect"] = bytes(greeting.connect(client)).hex()
    return told


def _fixed(get) -> str:
    """The static address as ifconfig() wants it; "" for DHCP."""
    address = get("address")
    if not address:
        return ""
    router = get("router") or address[: address.rfind(".")] + ".1"
    netmask = get("netmask") or "255.255.255.0"
    return ",".join((address, netmask, router, get("dns") or router))
