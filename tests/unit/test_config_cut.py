"""The power goes while settings are saved: at every byte, every flush, every rename.

Whatever happens, the old settings or the new ones are there afterwards, whole: on a flash that
loses what was not flushed, and on one that keeps it. (LittleFS itself is cut in test_config.py.)
"""

import os

from firmware import config as module
from firmware.config import Config

_OLD = {"mqtt_host": "old.example", "mqtt_password": "the old one", "site": "old", "step_va": 50}
_NEW = {"mqtt_host": "192.0.2.10", "mqtt_password": "the new one", "site": "", "prices": "hc=0,18",
        "mqtt_qos": 1}


class Cut(BaseException):
    """The power is gone."""


class Power:
    """Lasts for so many steps: a byte written, or whatever else is done to the flash."""

    def __init__(self, steps):
        self.left = steps
        self.done = []

    def step(self, name):
        self.done.append(name)
        self.left -= 1
        if self.left < 0:
            raise Cut


class File:
    """A file being written. What was not flushed when the power goes is lost, or it is not."""

    def __init__(self, power, path, kept):
        self.power = power
        self.kept = kept
        power.step("open")
        self.file = open(path, "wb")
        self.late = b""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.power.step("close")
            self._through()
        self.file.close()

    def write(self, text):
        for code in text.encode():
            self.power.step("write")
            self.late += bytes((code,))
            if self.kept:
                self._through()

    def flush(self):
        self.power.step("flush")
        self._through()

    def _through(self):
        self.file.write(self.late)
        self.late = b""


class System:
    """os, for the module under test."""

    stat = os.stat

    def __init__(self, power):
        self.power = power

    def rename(self, old, new):
        self.power.step("rename")
        os.rename(old, new)

    def sync(self):
        self.power.step("sync")


def _values(config):
    """What differs from the defaults."""
    both = zip(config.items(), Config().items())
    return {key: value for (key, value), (_, default) in both if value != default}


def _changed():
    config = Config()
    config.update(_OLD)
    config.update(_NEW)
    return _values(config)


def _save(path, steps, kept):
    """Save the new settings over the old ones with power for so many steps. -> what was done"""
    config = Config(path).load()
    config.update(_NEW)
    power = Power(steps)
    module.os = System(power)
    module.open = lambda name, mode: File(power, name, kept)
    try:
        config.save()
    except Cut:
        pass
    finally:
        module.os = os
        del module.open
    return power.done


def test_old_or_new_settings_at_every_step():
    try:
        os.mkdir("cut")
    except OSError:
        pass
    path = "cut/config.json"
    old, new = _OLD, _changed()
    done = []
    for kept in (False, True):
        seen = []
        steps = 0
        while True:
            for name in os.listdir("cut"):
                os.remove("cut/" + name)
            config = Config(path)
            config.update(_OLD)
            config.save()
            done = _save(path, steps, kept)
            after = Config(path).load()
            assert after.problems == [], after.problems
            found = _values(after)
            assert found in (old, new), (steps, found)
            seen.append(found == new)
            # The next time settings are saved, nothing is in the way.
            after.update(_NEW)
            after.save()
            assert _values(Config(path).load()) == new
            if len(done) <= steps:
                break
            steps += 1
        assert seen[-1] and not seen[0] and steps > 100
        assert seen == sorted(seen)  # once new, always new
        assert done.count("rename") == 1 and done[-1] == "sync"
        assert done.index("rename") > done.index("close") > done.index("flush")
