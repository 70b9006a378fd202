"""The variables of `make run`, read from the environment and checked; empty means the default."""

import os
import random
import shlex
import time
from collections import namedtuple

from . import contracts
from .meter import MODES, Meter
from .recording import Performance, Recording

Options = namedtuple("Options", "mode contract phases producer noise speed file set state broker"
                                " seed slow first power")


class Wrong(Exception):
    """A variable cannot be used; the text names it, its value, and what is allowed."""

    def __init__(self, name: str, value: str, allowed: str):
        super().__init__(f"{name}={value}: not possible. Allowed: {allowed}.")


def _choice(names: tuple, default: str):
    def read(name: str, text: str):
        if text and text not in names:
            raise Wrong(name, text, " | ".join(names))
        return text or default
    return read


def _number(low: float, high: float, default: float):
    def read(name: str, text: str):
        try:
            value = float(text or default)
        except ValueError:
            value = -1.0
        if not low <= value <= high:
            raise Wrong(name, text, f"a number from {low:g} to {high:g}")
        return value
    return read


def _file(name: str, text: str):
    if not text:
        return None
    if not os.path.isfile(text) or not os.access(text, os.R_OK):
        raise Wrong(name, text, "a file that exists and can be read")
    return os.path.abspath(text)


def _folder(name: str, text: str):
    if not text:
        return None
    if os.path.exists(text) and not os.path.isdir(text):
        raise Wrong(name, text, "a folder, made if it does not exist")
    return os.path.abspath(text)


def _pairs(name: str, text: str):
    try:
        words = [word.partition("=") for word in shlex.split(text)]
    except ValueError:
        words = [("", "", "")]
    if not all(key and equals for key, equals, _ in words):
        raise Wrong(name, text, 'key=value pairs, as in SET="publish_when=interval labels=*"')
    return [(key, value) for key, _, value in words]


def _address(name: str, text: str):
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise Wrong(name, text, "host:port, as in 192.0.2.7:1883")
    return host, int(port)


_READERS = {
    "MODE": _choice(MODES, "standard"),
    "CONTRACT": _choice(contracts.NAMES, "base"),
    "PHASES": _choice(("1", "3"), "1"),
    "PRODUCER": _choice(("0", "1"), "0"),
    "NOISE": _number(0, 0.1, 0),
    "SPEED": _number(0.01, 1000, 1),
    "FILE": _file,
    "SET": _pairs,
    "STATE": _folder,
    "BROKER": _address,
    "SEED": _number(0, 1e9, 1),
    "SLOW": _choice(("0", "1"), "0"),
    "FIRST": _choice(("0", "1"), "0"),
    "POWER": _choice(("usb", "supercap"), "usb"),
}


def read(environment: dict) -> Options:
    """The options; Wrong for the first variable that cannot be used."""
    got = {name: reader(name, environment.get(name, "").strip())
           for name, reader in _READERS.items()}
    return Options(got["MODE"], got["CONTRACT"], int(got["PHASES"]), got["PRODUCER"] == "1",
                   got["NOISE"], got["SPEED"], got["FILE"], got["SET"], got["STATE"],
                   got["BROKER"], int(got["SEED"]), got["SLOW"] == "1", got["FIRST"] == "1",
                   got["POWER"])


def source(options: Options):
    """What the line plays: the recording, or a meter whose clock starts now."""
    draw = random.Random(f"{options.seed} pauses")
    if options.file:
        with open(options.file, "rb") as file:
            octets = file.read()
        try:
            return Recording(octets, draw)
        except ValueError as problem:
            raise Wrong("FILE", options.file, f"a recording of a meter ({problem})") from None
    meter = Meter(options.mode, options.contract, options.phases, options.producer,
                  options.seed, int(time.time()))
    return Performance(meter, draw, 0.021 if options.slow else 0.0)
