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
    """The value in its own type (int, bool, str): see checking.py."""
    return rarely.load("checking").check(key, value, *describe(key))


def default(key):
    """The value a setting has until its owner says otherwise."""
    kind, _, text = describe(key)
    return int(text) if kind == "int" else text == "on" if kind == "bool" else text
