"""The one table of settings: what exists, of what kind, between which bounds, with which default.

One line a setting: key, kind, what is allowed, default (none: empty). The table is one string,
because a line in it costs its letters and a tuple of objects five times as much. Names and help
for people live with the pages in web/; the README's table is checked against this one by a test.

Kinds: int; bool; choice; text and secret (anything printable), host, address (IPv4), topic, name,
labels; prices and amount (prices.py), rule (outputs.py). Bounds are numbers for an int, bytes of
UTF-8 for the texts. A text whose default is empty may be emptied again whatever its lower bound: a
password has eight characters, or is none.
"""

from firmware import rarely

_TABLE = """
address address 7..15
alert_injection int 0..36000 50
alert_load int 0..200 90
alert_load_seconds int 0..250 10
alert_silent int 0..3600 60
alert_voltage_high int 0..400 253
alert_voltage_low int 0..400 207
ap_after int 0..60 3
ap_open bool off|on off
ap_password secret 8..63
board choice auto|winky_c6|winky_c3|generic auto
device_name text 1..32
dns address 7..15
hostname name 1..32
identifiers choice omit|send omit
labels labels 1..512 *
meter_interval int 10..3600 30
model bool off|on on
mqtt_base topic 1..64 tic
mqtt_client_id text 1..64
mqtt_device name 1..32
mqtt_frame bool off|on on
mqtt_host host 1..128
mqtt_keepalive int 10..3600 60
mqtt_labels bool off|on on
mqtt_meter bool off|on on
mqtt_password secret 1..128
mqtt_port int 1..65535 1883
mqtt_qos int 0..1 0
mqtt_retain_labels bool off|on off
mqtt_user text 1..128
netmask address 7..15
ntp_host host 0..128 fr.pool.ntp.org
output_1 rule 1..64
output_1_pin int -1..48 -1
output_2 rule 1..64
output_2_pin int -1..48 -1
output_active choice high|low high
output_least int 0..3600 300
output_shed_at int 1..200 90
output_shed_seconds int 0..600 5
output_spare_at int 1..200 70
page bool off|on on
page_port int 1..65535 80
page_reading choice open|protected open
prices prices 1..256
publish_interval int 1..3600 30
publish_threshold int 1..10000 50
publish_when choice frame|interval|change frame
router address 7..15
site text 1..32
step_va int 20..10000 100
steps bool off|on off
subscription amount 1..16
tic_rx int -1..48 -1
watchdog int 0..3600 180
wifi_country name 2..2 FR
wifi_password secret 8..63
wifi_power int 2..20 20
wifi_ssid text 1..32
"""

# Beside ASCII letters and digits, what a kind of text may hold.
OTHERS = {
    "host": ".-_:", "address": ".", "name": "-_", "labels": ",+-_.", "rule": ",+_ ",
    "prices": "=,.; \n", "amount": ",. ",
}


def keys():
    """Iterate over the keys of all settings, in the order of the alphabet."""
    at = 1
    while at < len(_TABLE):
        yield _TABLE[at : _TABLE.find(" ", at)]
        at = _TABLE.find("\n", at) + 1


def describe(key) -> tuple:
    """(kind, allowed, default as text) of a setting.

    ValueError names an unknown key and its nearest neighbour.
    """
    start = _TABLE.find(f"\n{key} ") if isinstance(key, str) and " " not in key else -1
    if start < 0:
        raise ValueError(rarely.load("refusal").of_key(key, keys()))
    start += len(key) + 2
    kind, allowed, default = (_TABLE[start : _TABLE.find("\n", start)] + " ").split(" ", 2)
    return kind, allowed, default.strip()


def check(key, value):
    """The value in its own type (int, bool, str), from a JSON value or from text.

    ValueError says the key, the value given (a secret's never) and what is allowed.
    """
    kind, allowed, default = describe(key)
    if value == "" and default == "" and kind != "int":
        return value
    checked = _checked(kind, allowed, value)
    if checked is None:
        others = OTHERS.get(kind)
        refusal = rarely.load("refusal")
        raise ValueError(refusal.of_value(key, value, kind, allowed, default, others))
    return checked


def default(key):
    """The value a setting has until its owner says otherwise."""
    kind, allowed, text = describe(key)
    return text and _checked(kind, allowed, text)


def _checked(kind, allowed, value):
    """The value in its type, or None if it is not allowed."""
    if kind == "bool":
        if value is True or value is False:
            return value
        words = ("off", "on", "false", "true", "no", "yes", "0", "1")
        return words.index(value) % 2 == 1 if value in words else None
    if kind == "choice":
        return value if value in allowed.split("|") else None
    low, high = allowed.split("..")
    if kind == "int":
        if isinstance(value, str) and len(value) < 10:
            digits = value[1:] if value[:1] == "-" else value
            value = int(value) if digits.isdigit() else None
        return value if type(value) is int and int(low) <= value <= int(high) else None
    if not isinstance(value, str):
        return None
    if kind == "labels":
        value = value.replace(" ", "")
    if not int(low) <= len(value.encode()) <= int(high):
        return None
    return value if _spelled(kind, value) and _read(kind, value) else None


def _read(kind, text) -> bool:
    """Whether those who will read it can."""
    try:
        if kind == "prices":
            return rarely.load("prices").parse(text) != {}
        if kind == "amount":
            return rarely.load("prices").amount(text) >= 0
        if kind == "rule":
            return rarely.load("outputs").words(text) != []
        if kind == "address":
            parts = [int(part) for part in text.split(".")]
            return len(parts) == 4 and max(parts) < 256
    except ValueError:
        return False
    return True


def _spelled(kind, text) -> bool:
    """Whether every character, and the whole, is right for its kind."""
    if kind == "topic" and (text[0] in "/$" or "//" in text + "/"):
        return False
    if kind == "labels" and (text == "*" or "" in text.split(",")):
        return text == "*"
    others = OTHERS.get(kind)
    for letter in text:
        if "0" <= letter <= "9" or "A" <= letter <= "Z" or "a" <= letter <= "z":
            continue
        if others:
            if letter not in others:
                return False
        elif letter < " " or letter == "\x7f" or "\ud800" <= letter <= "\udfff":
            return False
    return not (kind == "topic" and ("+" in text or "#" in text or " " in text))
