"""Modules that are needed now and then: loaded for the moment, and garbage afterwards."""

import sys


def load(name):
    """The module firmware.<name>, forgotten when the caller lets go of it."""
    name = f"firmware.{name}"
    __import__(name)
    package, _, name = name.rpartition(".")
    delattr(sys.modules[package], name)
    return sys.modules.pop(f"{package}.{name}")
