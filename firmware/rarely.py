"""Modules that are needed now and then: loaded for the moment, and garbage afterwards."""

import sys

import firmware


def load(name):
    """The module firmware.<name>, forgotten when the caller lets go of it.

    It is imported by its last name, out of its folder: a name stays in memory for good, and a
    module imported in the usual way leaves three.
    """
    folder, _, name = name.rpartition(".")
    path = str(firmware.__path__)  # MicroPython's is no list
    sys.path.insert(0, f"{path}/{folder}" if folder else path)
    try:
        __import__(name)
    finally:
        sys.path.pop(0)
    return sys.modules.pop(name)
