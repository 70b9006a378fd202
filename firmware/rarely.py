"""Modules that are needed now and then: loaded for the moment, and garbage afterwards."""

import os
import sys

import vfs

import firmware

_DOOR = "/_"  # where they are mounted, all of them under one name
_NAME = "_"


def load(name):
    """The module firmware.<name>, forgotten when the caller lets go of it.

    MicroPython keeps the name of a module, and that of its file, in memory for good. So it is
    imported through a file system that has but one file, under a name that is in memory anyway.
    """
    door = _Door(f"{firmware.__path__}/{name.replace('.', '/')}")  # MicroPython's is no list
    vfs.mount(door, _DOOR)
    sys.path.insert(0, _DOOR)
    try:
        __import__(_NAME)
    finally:
        sys.path.pop(0)
        vfs.umount(_DOOR)
    return sys.modules.pop(_NAME)


class _Door:
    """A file system with one file, and no more of it than an import asks for."""

    def __init__(self, path):
        self._path = path

    def mount(self, readonly, mkfs):
        """Nothing to do."""

    def umount(self):
        """Nothing to do."""

    def stat(self, path):
        """As the file has it; OSError if it is not there."""
        return os.stat(self._path + path[len(_DOOR):])

    def open(self, path, mode):
        """The file."""
        return open(self._path + path[len(_DOOR):], mode)
