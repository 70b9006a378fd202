"""Commands through MQTT: what each does, and the words when it cannot."""

import json
import os

from firmware.config import Config
from firmware.publish import commands

_PATH = "commands.json"


class Gateway:
    """Notes what it is told to do."""

    def __init__(self):
        self.did = []
        self.events = []
        self.said = []
        self.mqtt = self

    def config(self):
        return Config(_PATH).load()

    def resend(self, interval=0):
        self.did.append(interval)

    def restart(self):
        self.did.append("restart")

    def say(self, words):
        self.said.append(words)

    def tell(self, key, facts):
        assert key == "command_refused"
        self.events.append((facts["command"], facts["reason"]))


def _obeyed(name, payload=b""):
    gateway = Gateway()
    commands.obey(gateway, b"tic/winky-a1b2c3/command/" + name, payload)
    return gateway


def _fresh():
    for name in (_PATH, "commands.tmp"):
        try:
            os.remove(name)
        except OSError:
            pass


def test_publish_and_restart():
    gateway = _obeyed(b"publish", b"whatever")
    assert gateway.did == [0] and gateway.said == ["command: publish"] and not gateway.events
    gateway = _obeyed(b"restart")
    assert gateway.did == ["restart"] and gateway.said == ["command: restart"]


def test_an_interval_counts_at_once_and_is_kept():
    _fresh()
    gateway = _obeyed(b"interval", b"120")
    assert gateway.did == [120] and not gateway.events
    with open(_PATH) as file:
        assert json.load(file) == {"publish_interval": 120}
    assert _obeyed(b"interval", b"30").did == [30]
    assert Config(_PATH).load().get("publish_interval") == 30
    _fresh()


def test_what_cannot_be_is_refused_in_words():
    _fresh()
    for payload in (b"", b"0", b"-5", b"3601", b"soon", b"1" * 300, b"\xff\n", b"1.5"):
        gateway = _obeyed(b"interval", payload)
        (command, words), = gateway.events
        assert command == "interval" and "publish_interval" in words and "1 to 3600" in words
        assert not gateway.did and not gateway.said
    for name, shown in (
        (b"dance", "dance"), (b"", ""), (b"x" * 90, "x" * 20), (b"\xc3\xa9\n", "???"),
        (b"Restart", "Restart"),
    ):
        assert _obeyed(name).events == [(shown, "no such command")]
    try:
        os.stat(_PATH)
        raise AssertionError("something was written")
    except OSError:
        pass


def test_a_flash_that_refuses():
    class Full(Gateway):
        def config(self):
            config = Config("no/such/folder.json").load()
            return config

    gateway = Full()
    commands.obey(gateway, b"tic/x/command/interval", b"60")
    (command, words), = gateway.events
    assert command == "interval" and words.startswith("the flash does not take it")
    assert not gateway.did
