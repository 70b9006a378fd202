"""The destinations on the pages: each is tried as it stands there, and told on the page Health."""

import json

import pytest

from tests.page.visitor import PASSWORD
from tests.support.post_receiver import Receiver
from tests.support.recordings import ROOT
from tools.simulator.ports import free_port

SAID = json.loads((ROOT / "web/said.fr.json").read_text("utf-8"))
WORKS = "le serveur nous accepte", SAID["the server took a reading"]
NO_CA = "TLS needs a CA certificate or the server's fingerprint: neither is set"


@pytest.fixture
def receiver():
    with Receiver() as found:
        yield found


def tried(visitor, name, field, text) -> tuple:
    """Press the button of a destination with this in a field. -> (whether it worked, the words)"""
    page = visitor.page
    page.locator(f"#s-{field}").fill(text)
    visitor.press(f"test.{name}")
    # What was said before is replaced at once.
    visitor.until("document.querySelector('.result.good, .result.bad')"
                  " && !document.querySelector('[aria-busy]')")
    line = page.locator(".result")
    return "good" in line.get_attribute("class"), line.inner_text()


def test_each_is_tried_and_its_state_is_told(house, visit, receiver):
    nobody, hook = free_port(), f"http://127.0.0.1:{receiver.port}/hook"
    one = house(SET=f"model=on wifi_ssid=house post_url={hook} post_interval=2"
                f" influx_url=http://127.0.0.1:{nobody} influx_database=house influx_interval=2"
                " modbus=on raw_tic=on")
    visitor = visit(one, 390, "fr")
    page = visitor.page
    assert visitor.ask("password", {"new": PASSWORD})[0] == 200
    page.goto("about:blank")
    broker = one.run.until(r"MQTT broker on 127\.0\.0\.1:(\d+)")[1]
    good, bad = (f"{visitor.word(f'test.{word}')}\u00a0: " for word in ("ok", "bad"))
    refused = bad + SAID["connection refused"]
    for name, field, works, fails in (
        ("mqtt", "mqtt_port", broker, str(nobody)),
        ("influx", "influx_url", "", f"http://127.0.0.1:{nobody}/"),
        ("post", "post_url", hook, f"http://127.0.0.1:{nobody}/hook"),
    ):
        visitor.open(f"settings/{name}")
        page.wait_for_selector(f"#s-{field}")
        if works:
            worked, words = tried(visitor, name, field, works)
            assert worked and words.startswith(good) and words[len(good):] in WORKS, words
        if name == "post":
            told = tried(visitor, name, field, hook.replace("http:", "https:"))
            assert told == (False, bad + SAID[NO_CA])
        assert tried(visitor, name, field, fails) == (False, refused)
        visitor.shot(f"settings-{name}-tried")
        visitor.sound()
        visitor.press("discard")
    assert all(told["device"].startswith("winky-") for _, _, told in receiver.heard)
    visitor.open("health")
    visitor.until("document.querySelectorAll('.destination').length === 5")
    visitor.until("document.querySelectorAll('.destination .state.good').length === 4")
    assert page.locator(".verdict").inner_text() == visitor.word(
        "destination.down", name="InfluxDB")
    card = page.locator(".destination", has_text="InfluxDB")
    assert visitor.word("not.working") in card.inner_text()
    assert SAID["connection refused"] in card.inner_text()
    visitor.shot("health-destinations")
    visitor.sound()
