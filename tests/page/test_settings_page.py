"""The page of settings: each of them changed, saved, restarted, still there; wrong input."""

import hashlib
import json
import socket

import pytest

from tests.page.visitor import PASSWORD
from tests.support.certificates import Authority
from tests.support.recordings import ROOT
from tests.support.sim_listener import wait_for
from tools.simulator.ports import free_port

# A value that differs from the default, by kind; those below have one of their own.
BY_KIND = {"text": "Grange nord", "host": "192.168.1.77", "name": "barn-2",
           "secret": "secret-2026", "topic": "home/tic", "labels": "EAST", "amount": "15,53",
           "prices": "1=0,1296", "fingerprint": "0f" * 32,
           "url": "http://192.168.1.5:8086", "tags": "floor=2"}
BY_KEY = {
    "address": "192.168.1.9", "netmask": "255.255.0.0", "router": "192.168.1.2",
    "dns": "192.168.1.3", "wifi_country": "DE", "ntp_host": "time.example", "output_1": "relay_1",
    "output_2": "period_hc+spare", "wifi_ssid": "simulated",
}
# Changed and put back: the page would be gone.
GONE = "page"
TOLD = json.loads((ROOT / "web/settings.en.json").read_text("utf-8"))
SECTIONS = [section["id"] for section in TOLD["sections"] if section["keys"]]


def answers(port) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def other(setting, port):
    """A value that is allowed, and is not the one it has."""
    key, kind, value = setting["key"], setting["kind"], setting["value"]
    if key == "page_port":
        return port
    if key in BY_KEY:
        return BY_KEY[key]
    if kind == "bool":
        return not value
    if kind == "choice":
        return next(one for one in setting["allowed"].split("|") if one != value)
    if kind == "int":
        low, high = map(int, setting["allowed"].split(".."))
        return value + 1 if value < high else low
    return BY_KIND[kind]


def put(visitor, setting, value):
    """Type it, or tick it, or choose it."""
    field = visitor.page.locator(f"#s-{setting['key']}")
    field.evaluate("node => node.closest('details')?.setAttribute('open', '')")
    if setting["kind"] == "bool":
        field.set_checked(value)
    elif setting["kind"] == "choice":
        field.select_option(value)
    elif setting["key"] == "labels":
        field.uncheck()
        box = visitor.page.locator(".groups input[value=EAST]")
        box.evaluate("node => node.closest('details')?.setAttribute('open', '')")
        box.check()
    elif setting["kind"] == "prices":
        field.fill("0,1296")
    else:
        field.fill(str(value))


def enter(visitor):
    visitor.page.wait_for_selector("dialog[open] input")
    visitor.password(PASSWORD)
    visitor.page.wait_for_selector(".panel form")


@pytest.fixture
def home(house, visit):
    """A gateway of its own, and its owner on the page of settings."""

    def start(width, language, **variables):
        one = house(**variables)
        visitor = visit(one, width, language)
        assert visitor.ask("password", {"new": PASSWORD})[0] == 200
        assert visitor.ask("logout", {})[0] == 200
        visitor.page.goto("about:blank")
        visitor.page.goto(f"{one.address}#settings/gateway")
        enter(visitor)
        return one, visitor

    return start


@pytest.mark.parametrize("width,language", [(390, "fr"), (1280, "en")])
def test_each_setting_is_kept(home, width, language):
    # Base has one price, so the field of prices is one box.
    one, visitor = home(width, language, SET="model=on wifi_ssid=house")
    page = visitor.page
    table = {s["key"]: s for s in visitor.ask("config")[1]["settings"]}
    port = free_port()
    expected = {}
    for section in SECTIONS:
        visitor.open(f"settings/{section}")
        page.wait_for_selector(f".sections a[href='#settings/{section}'][aria-current]",
                               state="attached")
        page.wait_for_selector(".panel form .field")
        fields = page.locator(".panel form > .field[id], .advanced > .field[id]").all()
        keys = [field.get_attribute("id")[2:-2] for field in fields]
        assert not page.locator(".savebar").is_visible()
        for key in keys:
            expected[key] = other(table[key], port)
            put(visitor, table[key], expected[key])
        if section == "page":
            put(visitor, table[GONE], table[GONE]["value"])
            expected[GONE] = table[GONE]["value"]
        page.locator(".savebar").wait_for()
        visitor.shot(f"settings-{section}")
        visitor.sound()
        visitor.press("save")
        page.locator(".savebar").wait_for(state="hidden")
        page.locator(".restartbar").wait_for()
        assert not page.locator(".error:not(:empty)").count()
    assert set(expected) == set(table), set(table) - set(expected)
    visitor.press("restart.now")
    wait_for(lambda: answers(port), f"the page at port {port}")
    visitor.address = f"http://127.0.0.1:{port}/"
    page.goto(f"{visitor.address}#settings/gateway")
    page.wait_for_selector(".panel form")  # the session has outlived the restart
    kept = {s["key"]: s["value"] for s in visitor.ask("config")[1]["settings"]}
    wanted = {key: True if table[key]["kind"] == "secret" else value
              for key, value in expected.items()}
    assert kept == wanted
    for section in ("wifi", "mqtt", "alerts"):
        visitor.open(f"settings/{section}")
        page.wait_for_selector(f".sections a[href='#settings/{section}'][aria-current]",
                               state="attached")
        page.wait_for_selector(".panel form .field")
        for field in page.locator(".panel form input[type=text]").all():
            assert field.input_value() == str(expected[field.get_attribute("id")[2:]])


WRONG = [
    ("mqtt", "mqtt_port", "99999", "int"), ("mqtt", "mqtt_port", "abc", "int"),
    ("mqtt", "mqtt_port", "", "int"), ("alerts", "alert_load", "-1", "int"),
    ("mqtt", "mqtt_host", "a b", "host"), ("mqtt", "mqtt_base", "/tic", "topic"),
    ("mqtt", "mqtt_base", "tic/#", "topic"), ("mqtt", "mqtt_device", "a b", "name"),
    ("wifi", "wifi_password", "short", "secret"), ("wifi", "wifi_country", "FRA", "name"),
    ("gateway", "device_name", "x" * 33, "text"), ("gateway", "site", "é" * 17, "text"),
    ("cost", "subscription", "plenty", "amount"), ("cost", "prices", "cheap", "prices"),
    ("outputs", "output_1", "relay 1;", "rule"),
    ("mqtt", "mqtt_fingerprint", "ab:cd", "fingerprint"),
    ("wifi", "address", "192.168.1", "address"),
]


def test_labels_are_chosen_by_mode(home):
    _, visitor = home(390, "fr", SET="model=on wifi_ssid=house labels=EAST,PAPP,EAP_s_2")
    page = visitor.page
    visitor.open("settings/publish")
    page.wait_for_selector("#s-labels", state="attached")
    page.wait_for_selector(".groups details[open]")  # that of the meter's mode
    groups = page.locator(".groups > details")
    for place, mode, count in ((0, "historique", "1 / 34"), (1, "standard", "1 / 74"),
                               (2, "pmepmi", visitor.word("labels.all"))):
        words = groups.nth(place).locator("summary").inner_text()
        assert words.startswith(visitor.word(f"mode.{mode}")) and words.endswith(count), words
        assert (groups.nth(place).get_attribute("open") is not None) == (mode == "standard")
    groups.nth(1).locator("input[value=SINSTS]").check()
    groups.nth(3).locator("summary").click()
    text = groups.nth(3).locator("input")
    assert text.input_value() == "EAP_s_2,EAST,PAPP,SINSTS"
    visitor.shot("settings-labels")
    visitor.sound()
    # A label of two modes has two boxes, and is one.
    text.fill("DATE, SINSTS")
    assert page.locator(".groups input[value=DATE]:checked").count() == 2
    assert page.locator(".groups input[type=checkbox]:checked").count() == 3
    visitor.press("save")
    page.locator(".restartbar").wait_for()
    kept = {s["key"]: s["value"] for s in visitor.ask("config")[1]["settings"]}
    assert kept["labels"] == "DATE,SINSTS"


def test_wrong_input_is_told_beside_the_field(home):
    _, visitor = home(390, "fr", SET="model=on wifi_ssid=house")
    page = visitor.page
    before = visitor.ask("config")[1]
    for section, key, text, kind in WRONG:
        visitor.open(f"settings/{section}")
        page.wait_for_selector(f"#s-{key}", state="attached")
        field = page.locator(f"#s-{key}")
        field.evaluate("node => node.closest('details')?.setAttribute('open', '')")
        field.fill(text)
        visitor.press("save")
        error = page.locator(f"#s-{key}-e")
        start = visitor.word(f"allowed.{kind}").split("{")[0]
        assert error.inner_text().startswith(start) and error.inner_text(), (key, text)
        assert field.get_attribute("aria-invalid") == "true"
        assert f"s-{key}-e" in field.get_attribute("aria-describedby")
        if key == "mqtt_port" and text == "abc":
            visitor.shot("settings-wrong")
        page.once("dialog", lambda dialog: dialog.accept())
        visitor.press("discard")
        assert not page.locator(".error:not(:empty)").count()
    assert visitor.ask("config")[1] == before


def test_the_gateway_has_the_last_word(home):
    _, visitor = home(1280, "en", SET="model=on wifi_ssid=house")
    # The page lets it pass, the gateway does not.
    visitor.open("settings/cost")
    field = visitor.page.locator("#s-subscription")
    field.fill("15.123456789")
    visitor.press("save")
    visitor.page.wait_for_selector("#s-subscription[aria-invalid]")
    for body in ({"mqtt_port": 0}, {"no_such": 1}, {"site": "barn", "mqtt_qos": 2}):
        status, told = visitor.ask("config", body)
        assert status == 400 and told["key"] in body, told
    assert {s["key"]: s["value"] for s in visitor.ask("config")[1]["settings"]}["site"] == ""


def test_backup_restart_and_factory(home):
    one, visitor = home(1280, "en", SET="model=on wifi_ssid=house site=barn")
    page = visitor.page
    visitor.open("settings/system")
    with page.expect_download() as waiting:
        visitor.press("backup")
    path = waiting.value.path()
    assert '"site"' in path.read_text() and PASSWORD not in path.read_text()
    assert visitor.ask("config", {"site": "attic"})[0] == 200
    page.locator("#restore").set_input_files(files=[{
        "name": "backup.json", "mimeType": "application/json", "buffer": path.read_bytes()}])
    visitor.press("restore")
    page.locator(".restartbar").wait_for()
    kept = {s["key"]: s["value"] for s in visitor.ask("config")[1]["settings"]}
    assert kept["site"] == "barn"
    visitor.shot("settings-system")
    visitor.sound()
    visitor.press("factory")
    page.locator("dialog[open] input").fill("not the password")
    page.locator("dialog[open] button.danger").click()
    page.get_by_text(visitor.word("password.wrong")).wait_for()
    assert visitor.ask("session")[1]["password"] is True


def test_the_certificate_of_an_authority(home, tmp_path):
    authority = Authority(tmp_path)
    fingerprint = hashlib.sha256(authority.der).hexdigest()
    _, visitor = home(390, "fr", SET="model=off wifi_ssid=house")
    page = visitor.page
    visitor.open("settings/tls")
    page.get_by_text(visitor.word("ca.none")).wait_for()
    visitor.sound()
    page.locator("#ca").fill("no certificate")
    visitor.press("ca.keep")
    page.locator(".error:not(:empty)").wait_for()
    page.locator("#ca").fill(authority.text)
    visitor.press("ca.keep")
    page.get_by_text(fingerprint).wait_for()
    assert visitor.ask("ca")[1]["fingerprint"] == fingerprint
    visitor.shot("settings-tls")
    visitor.sound()
    visitor.press("ca.remove")
    page.get_by_text(visitor.word("ca.none")).wait_for()
    for name, octets in (("ca.der", authority.der), ("ca.pem", authority.text.encode())):
        (tmp_path / name).write_bytes(octets)
        page.locator("#ca-file").set_input_files(tmp_path / name)
        visitor.until("document.querySelector('#ca').value")
        visitor.press("ca.keep")
        page.get_by_text(fingerprint).wait_for()
        visitor.press("ca.remove")
        page.get_by_text(visitor.word("ca.none")).wait_for()
