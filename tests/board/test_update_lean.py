"""Updates and safe mode as they go onto the board: modules made lean, on the 32-bit port."""

import http.client
import json
import socket

import pytest

from tests.support.mpy_process import available
from tests.support.sim_listener import wait_for
from tools.bench import gateway, streams

METER = next(iter(streams.METERS))


@pytest.fixture
def house(micropython32):
    """A gateway of lean modules. -> the port of its pages"""
    available("unix32")
    houses = []

    def start(files, frames=2, **environment):
        port = gateway.free_port()
        one = gateway.Gateway(METER, small=True, page_port=port, files=files,
                              environment=environment, **gateway.USUAL)
        houses.append(one.__enter__())
        one.wait(frames)
        start.last = one
        return port

    yield start
    for one in houses:
        one.__exit__()


def ask(port, path):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        client.close()


def test_a_signed_bundle_is_checked_to_its_end(house):
    public, bundle = gateway.signed_bundle()
    port = house({"release.pub": public})
    gateway.update(port, bundle, gateway.choose_password(port))  # its last byte is wrong
    status, told = ask(port, "/api/update")
    assert status == 200 and told["signed"] is True and told["family"] == "simulator"
    assert told["before"] == "" and "taking" not in told


def test_it_has_the_place_of_the_pages_while_it_comes(house):
    public, bundle = gateway.signed_bundle()
    port = house({"release.pub": public})
    watched = house.last
    headers = gateway.choose_password(port)
    feed = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    feed.request("GET", "/api/live")
    live = feed.getresponse()
    opened = watched.ask("stay")["heap"]
    sender = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    sender.putrequest("POST", "/api/update")
    for name, value in {**headers, "Content-Length": len(bundle)}.items():
        sender.putheader(name, value)
    sender.endheaders(bundle[:100_000])
    live.read()  # to its end: it is cut
    wait_for(lambda: ask(port, "/api/status")[0] == 503, "the update")
    wait_for(lambda: ask(port, "/api/status")[1].get("percent", 0) > 20, "the files")
    told = watched.ask("stay")
    assert not [name for name in told["modules"] if "portal.app" in name or "microdot" in name]
    assert told["heap"] < opened
    sender.close()  # it breaks off
    wait_for(lambda: ask(port, "/api/status")[0] == 200, "the pages")
    assert ask(port, "/api/update")[1]["before"] == ""
    gateway.update(port, bundle, headers)


def test_failures_are_told_and_the_third_is_safe_mode(house):
    port = house({"app.starts": b"."}, TICGATE_CAUSE="3")
    told = ask(port, "/api/status")[1]
    assert told["failed_starts"] == 2 and "safe" not in told and "mqtt" in told


def test_safe_mode_has_the_pages_and_nothing_else(house):
    port = house({"app.starts": b".."}, frames=0, TICGATE_CAUSE="3")
    wait_for(lambda: listens(port), "the page")
    told = ask(port, "/api/status")[1]
    assert told["safe"] is True and told["failed_starts"] == 3 and "mqtt" not in told
    assert "source" not in told["tasks"]


def listens(port) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
