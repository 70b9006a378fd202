"""Runs in QEMU: files in the machine's memory, outside of the heap, as a flash for mpremote.

The build for QEMU has no file system that can be written. This one is for copying to once: what
is overwritten or removed leaves its room behind.
"""

import errno
import io
import os
import sys

import uctypes
import vfs

_AT, _SIZE = 0x83000000, 16 << 20
_FOLDER, _FILE = 0x4000, 0x8000


class Memory:
    """A file system: {path: None for a folder, else where it begins and its size}."""

    def __init__(self):
        self._entries = {"": None}
        self._here = ""
        self._memory = uctypes.bytearray_at(_AT, _SIZE)
        self._end = 0

    def mount(self, readonly, mkfs):
        """Nothing to do."""

    def umount(self):
        """Nothing to do."""

    def _path(self, path):
        path = path if path[:1] == "/" else f"{self._here}/{path}"
        return "".join("/" + part for part in path.split("/") if part not in ("", "."))

    def _entry(self, path):
        path = self._path(path)
        if path not in self._entries:
            raise OSError(errno.ENOENT)
        return self._entries[path]

    def open(self, path, mode):
        """A stream."""
        if "w" not in mode:
            begin, size = self._entry(path) or (0, 0)
            return Reader(memoryview(self._memory)[begin : begin + size])
        path = self._path(path)
        if path.rsplit("/", 1)[0] not in self._entries:
            raise OSError(errno.ENOENT)
        self._entries[path] = (self._end, 0)
        return Writer(self, path)

    def append(self, path, data):
        """More of the file that was opened last."""
        begin, size = self._entries[path]
        self._memory[self._end : self._end + len(data)] = data
        self._end += len(data)
        self._entries[path] = (begin, size + len(data))

    def stat(self, path):
        """As os.stat()."""
        entry = self._entry(path)
        kind, size = (_FOLDER, 0) if entry is None else (_FILE, entry[1])
        return kind, 0, 0, 0, 0, 0, size, 0, 0, 0

    def statvfs(self, path):
        """As os.statvfs()."""
        free = (_SIZE - self._end) >> 12
        return 4096, 4096, _SIZE >> 12, free, free, 0, 0, 0, 0, 255

    def ilistdir(self, path):
        """As os.ilistdir()."""
        folder = self._path(path) + "/"
        for name in list(self._entries):
            if name.startswith(folder) and "/" not in name[len(folder) :]:
                kind, *_, size, _, _, _ = self.stat(name)
                yield name[len(folder) :], kind, 0, size

    def chdir(self, path):
        """Relative paths begin there."""
        self._here = self._path(path)

    def getcwd(self):
        """Where that is."""
        return self._here or "/"

    def mkdir(self, path):
        """A folder."""
        path = self._path(path)
        if path in self._entries:
            raise OSError(errno.EEXIST)
        self._entries[path] = None

    def remove(self, path):
        """A file."""
        self._entry(path)
        del self._entries[self._path(path)]

    def rename(self, old, new):
        """A file."""
        entry = self._entry(old)
        self.remove(old)
        self._entries[self._path(new)] = entry


class Reader(io.IOBase):
    """A file that is read, where it is."""

    def __init__(self, data):
        self._data = data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def readinto(self, buffer):
        """-> bytes read"""
        n = min(len(buffer), len(self._data))
        buffer[:n] = self._data[:n]
        self._data = self._data[n:]
        return n

    def read(self, n=-1):
        """So many bytes, or all."""
        data = bytes(self._data if n < 0 else self._data[:n])
        self._data = self._data[len(data) :]
        return data

    def ioctl(self, what, argument):
        """Nothing to do."""
        return 0

    def close(self):
        """Nothing to do."""


class Writer:
    """The one file that is being written."""

    def __init__(self, memory, path):
        self._memory = memory
        self._path = path

    def write(self, data):
        """-> bytes written"""
        self._memory.append(self._path, data)
        return len(data)

    def close(self):
        """Nothing to do."""


vfs.mount(Memory(), "/flash")
os.chdir("/flash")
sys.path[:] = ["/flash", ".frozen"]
