"""Settings through the portal: read, changed, refused; and the networks."""

import asyncio
import json
import os

from portal import Gateway, Guard, ask, get, make, post

from firmware.config import Config

_PATH = "app-config.json"


def _fresh(**values):
    """A gateway whose settings file holds these."""
    for name in (_PATH, "app-config.tmp"):
        try:
            os.remove(name)
        except OSError:
            pass
    config = Config(_PATH)
    config.update(values)
    config.save()
    return Gateway(_PATH)


def _file():
    with open(_PATH) as file:
        return file.read()


def _lines(answer):
    """Iterate over the settings that were told: at once they do not fit into the small heap."""
    rest = b""
    for piece in answer.pieces:
        rest += piece
        while b"}" in rest:
            one, _, rest = rest.partition(b"}")
            if b"{" in one:
                yield json.loads(one[one.rfind(b"{") :] + b"}")


async def test_all_settings_are_told_as_the_table_has_them():
    gateway = _fresh(mqtt_password="do not tell", mqtt_port=8883, site="a \"house\"")
    answer = await get(make(gateway), "/api/config")
    wanted = "mqtt_port", "mqtt_frame", "mqtt_password", "wifi_password", "site"
    told = {line["key"]: line for line in _lines(answer) if line["key"] in wanted}
    keys = [line["key"] for line in _lines(answer)]
    assert keys == list(gateway.config().keys())
    assert told["mqtt_port"] == {"key": "mqtt_port", "kind": "int", "allowed": "1..65535",
                                 "default": "1883", "value": 8883}
    assert told["mqtt_frame"]["value"] is True and told["mqtt_frame"]["default"] == "on"
    assert told["mqtt_password"]["value"] is True and told["wifi_password"]["value"] is False
    assert told["site"]["value"] == 'a "house"' and not answer.holds("do not tell")
    assert answer.holds('"problems":[]') and answer.longest <= 1024


async def test_what_the_file_holds_and_cannot_be_used_is_told():
    gateway = _fresh()
    with open(_PATH, "w") as file:
        file.write('{"mqtt_port": 99999, "of_tomorrow": 1, "mqtt_password": 12}')
    answer = await get(make(gateway), "/api/config")
    problems = _problems(answer)
    assert len(problems) == 3
    assert [words for words in problems if "99999" in words]


def _problems(answer):
    """The end of the answer; all of it would not fit into the small heap."""
    rest = b""
    for piece in answer.pieces:
        rest = rest[-20:] + piece if b'"problems":' not in rest else rest + piece
    return json.loads(rest[rest.find(b'"problems":') + 11 : -1])


async def test_settings_are_changed_together():
    gateway = _fresh(mqtt_port=1884)
    app = make(gateway)
    answer = await post(app, "/api/config", {
        "mqtt_port": "8883", "mqtt_frame": False, "site": "é", "mqtt_password": "secret",
        "mqtt_qos": 0,
    })
    assert answer.json == {
        "changed": ["mqtt_frame", "mqtt_password", "mqtt_port", "site"], "restart": True}
    config = gateway.config()
    assert config.get("mqtt_port") == 8883 and config.get("mqtt_frame") is False
    assert config.get("site") == "é" and config.get("mqtt_password") == "secret"
    before = _file()
    answer = await post(app, "/api/config", {"mqtt_port": 8883})
    assert answer.json == {"changed": [], "restart": False} and _file() == before
    assert (await post(app, "/api/config")).json == {"changed": [], "restart": False}


async def test_nothing_is_half_applied_and_what_is_wrong_is_named():
    app = make(_fresh(mqtt_port=1884))
    before = _file()
    for key, value, allowed in (
        ("mqtt_port", 0, "1..65535"), ("mqtt_port", "x", "1..65535"),
        ("mqtt_port", 1.5, "1..65535"), ("mqtt_port", True, "1..65535"),
        ("mqtt_port", None, "1..65535"), ("mqtt_frame", "maybe", "off|on"),
        ("mqtt_qos", 2, "0..1"), ("publish_when", "never", "frame|interval|change"),
        ("publish_when", 3, "frame|interval|change"), ("mqtt_host", "a b", "1..128"),
        ("prices", "hc=a", "1..256"), ("mqtt_base", "/x", "1..64"), ("labels", "A,,B", "1..1536"),
    ):
        answer = await post(app, "/api/config", {"site": "new", "step_va": 50, key: value})
        told = answer.json
        assert answer.status == 400, key
        assert told["key"] == key and told["allowed"] == allowed and key in told["error"]
        assert told["value"] == (value if value != 1.5 else "1.5"), told
        assert _file() == before
    for value in ([1], {"a": 1}, "x" * 1000, 10**300, 1e30):
        answer = await post(app, "/api/config", {"mqtt_port": value})
        told = answer.json
        assert answer.status == 400 and len(told["value"]) <= 40 and len(answer.body) < 300
    assert _file() == before


async def test_an_unknown_key_is_named_and_its_value_is_not():
    app = make(_fresh())
    answer = await post(app, "/api/config", {"site": "new", "mqtt_pasword": "do not tell"})
    told = answer.json
    assert answer.status == 400 and told["key"] == "mqtt_pasword"
    assert "mqtt_password" in told["error"] and not answer.holds("do not tell")
    answer = await post(app, "/api/config", {"x" * 5000: 1})
    assert answer.status == 400 and len(answer.body) < 300
    assert (await post(app, "/api/config", {"": 1})).json["key"] == ""
    answer = await post(app, "/api/config", {"wifi_password": "short"})
    told = answer.json
    assert told["key"] == "wifi_password" and "value" not in told and "short" not in answer.text
    assert gateway_is_as_new(app)


def gateway_is_as_new(app):
    config = app.gateway.config()
    return not [key for key in config.keys() if config.get(key) != Config().get(key)]


async def test_a_flash_that_refuses_is_told():
    gateway = _fresh()

    class Full(Config):
        def save(self):
            raise OSError(28)

    gateway.config = lambda: Full(_PATH).load()
    answer = await post(make(gateway), "/api/config", {"site": "x"})
    assert answer.status == 503 and "28" in answer.json["error"]


async def test_the_networks_around_and_the_way_into_one():
    class Joining:
        trial = {"state": "idle"}
        error = None

        def join(self, ssid, password="", **fixed):
            if self.error:
                raise self.error
            self.given = ssid, password, fixed["address"]
            self.trial = {"state": "trying", "ssid": ssid, "words": "", "address": ""}

    gateway = Gateway()
    app = make(gateway)
    assert (await get(app, "/api/join")).json == {"state": "idle"}
    assert (await get(app, "/api/scan")).status == 503
    assert (await post(app, "/api/join", {"ssid": "home"})).status == 503
    gateway.joining = joining = Joining()
    answer = await post(app, "/api/join", {"ssid": "home", "password": "do not tell",
                                           "hidden": True})
    assert answer.status == 202 and answer.json["state"] == "trying"
    assert joining.given == ("home", "do not tell", "")
    answer = await get(app, "/api/join")
    assert answer.json["ssid"] == "home" and not answer.holds("do not tell")
    for body, key in (({}, "ssid"), ({"ssid": ""}, "ssid"), ({"ssid": 1}, "ssid"),
                      ({"ssid": "x" * 33}, "ssid"), ({"ssid": "a", "password": 1}, "password"),
                      ({"ssid": "a", "paswort": "do not tell"}, "paswort")):
        answer = await post(app, "/api/join", body)
        assert answer.status == 400 and answer.json["key"] == key, body
        assert "do not tell" not in answer.text
    joining.error = ValueError("address: 1.2.3 is none")
    answer = await post(app, "/api/join", {"ssid": "a"})
    assert answer.status == 400 and answer.json["key"] == "address"
    joining.error = OSError("a try is running")
    answer = await post(app, "/api/join", {"ssid": "a"})
    assert answer.status == 503 and answer.json == {"error": "a try is running"}


async def test_the_words_of_a_test():
    gateway = _fresh()
    app = make(gateway)
    answer = await post(app, "/api/test/fax")
    assert answer.status == 404 and "mqtt" in answer.json["allowed"]
    assert (await post(app, "/api/test")).status == 404
    answer = await ask(app, "POST", "/api/test/mqtt")
    assert answer.json == {"ok": False, "words": "no broker is set"}
    answer = await post(app, "/api/test/mqtt", {"mqtt_port": 0})
    assert answer.status == 400 and answer.json["key"] == "mqtt_port"

    class Link:
        up = asyncio.Event()

    gateway.link = Link()
    answer = await post(app, "/api/test/mqtt", {"mqtt_host": "127.0.0.1"})
    assert answer.json == {"ok": False, "words": "there is no network"}
    Link.up.set()
    gateway.guard = Guard()
    answer = await post(app, "/api/test/mqtt", {"mqtt_host": "127.0.0.1", "mqtt_port": 9})
    assert answer.json == {"ok": False, "words": "connection refused"}
    assert gateway.config().get("mqtt_host") == ""  # nothing was kept


async def test_a_time_server():
    app = make(_fresh())
    answer = await post(app, "/api/test/ntp", {"ntp_host": "127.0.0.1:9"})
    assert not answer.json["ok"] and "time server" in answer.json["words"], answer.text


async def test_a_broker_that_takes_us_and_one_that_does_not():
    heard = []

    async def broker(reader, writer):
        packet = await reader.read(200)
        heard.append(packet)
        code = b"\0" if b"right" in packet else b"\4"
        await writer.awrite(b"\x20\x02\0" + code)
        heard.append(await reader.read(10))
        writer.close()

    server = await asyncio.start_server(broker, "127.0.0.1", 18835)
    try:
        app = make(_fresh(mqtt_host="127.0.0.1", mqtt_port=18835, mqtt_user="me"))
        answer = await post(app, "/api/test/mqtt", {"mqtt_password": "right"})
        assert answer.json == {"ok": True, "words": "the broker takes us as me"}, answer.text
        await asyncio.sleep_ms(20)
        assert b"winky-0a01ff-test" in heard[0] and heard[1] == b"\xe0\0"
        assert b"offline" not in heard[0]  # no last will that would tell of the gateway
        answer = await post(app, "/api/test/mqtt", {"mqtt_password": "wrong"})
        assert not answer.json["ok"] and "password" in answer.json["words"]
        assert "wrong" not in answer.text
    finally:
        server.close()
        await asyncio.sleep_ms(10)
