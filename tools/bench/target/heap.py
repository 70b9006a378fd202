"""Runs on the 32-bit port and on RV32 in QEMU: what each module and each part takes on the heap.

Everything is collected before and after each step, so only what stays is counted.
"""

import gc
import io
import json
import sys

import vfs


def imports(others: list, modules: list) -> dict:
    """Import others, which the board has in its image, then modules, each after those it needs.

    -> {module: bytes}, asyncio included. "names" is the table of all names, which never shrinks
    and grows by leaps: so everything is imported twice, and the second time counts
    """
    for name in others:
        try:
            if name != "asyncio":
                __import__(name)
        except ImportError:  # QEMU has no network
            sys.modules[name] = absent = Absent()
            package, _, last = name.rpartition(".")
            if package:
                setattr(sys.modules[package], last, absent)
    before = _used()
    import asyncio

    asyncio.Event  # noqa: B018  its parts are loaded when they are first named
    image = _used() - before
    first = sum(_imported(modules).values())
    for name in modules:
        del sys.modules[name]
    taken = _imported(modules)
    taken["names"] = first - sum(taken.values())
    taken["asyncio"] = image
    return taken


def _imported(modules) -> dict:
    taken = {}
    for name in modules:
        before = _used()
        __import__(name)
        taken[name] = _used() - before
    return taken


def parts(classes: list) -> dict:
    """Build the gateway as main.py does, from reader to MQTT, without running it; what each of its
    parts takes. classes: [(name of the part, module from which assembly.py takes it, its name
    there)]

    -> {class: bytes}; "Gateway" is all of it
    """
    import machine

    from firmware import assembly
    from firmware.board import Board
    from firmware.config import Config

    config = Config()
    config.update({"mqtt_host": "127.0.0.1", "model": False, "page": False})
    config.update({"ap_after": 0, "ntp_host": ""})
    board = Board(config, machine)
    taken = {}
    for part, module, name in classes:
        __import__(module)
        module = sys.modules[module]
        setattr(module, name, _Weighed(getattr(module, name), part, taken))
    before = _used()
    kept = assembly.assemble(config, board)
    taken["Gateway"] = _used() - before
    return taken if kept else {}  # named after it was weighed, so that it was not collected


class _Weighed:
    """A class, noting what an object of it takes."""

    def __init__(self, make, name, taken):
        self._given = make, name, taken

    def __call__(self, *args, **options):
        make, name, taken = self._given
        before = _used()
        made = make(*args, **options)
        taken[name] = _used() - before
        return made


def _used() -> int:
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


class Absent:
    """Stands in for a module that this port does not have, to import what only names it."""

    AF_INET = SOCK_STREAM = 0


class Flash:
    """The files of a ROMFS as streams, so that code is read into memory as from the board's flash.

    Out of the image itself it would run where it is, and cost no heap.
    """

    def __init__(self, rom):
        self._rom = rom

    def mount(self, readonly, mkfs) -> None:
        """Nothing to do."""

    def umount(self) -> None:
        """Nothing to do."""

    def stat(self, path) -> tuple:
        """As the image says."""
        return self._rom.stat(path)

    def open(self, path, mode):
        """A stream that copies nothing: what is left of one would be taken for the module's."""
        return io.BytesIO(memoryview(self._rom.open(path, mode)))


def on_rv32(others: list, modules: list) -> None:
    """imports() of modules that /rom holds, as from the board's flash; prints its result as JSON.

    Native code lies on the heap here, as it does on the ESP32-C6 and not on the unix port.
    """
    rom = [system for system, path in vfs.mount() if path == "/rom"][0]
    vfs.mount(Flash(rom), "/flash")
    sys.path[:] = ["/flash", ".frozen"]
    print(json.dumps(imports(others, modules)))


def on_rom(others: list, modules: list) -> None:
    """The same, of modules that are run where they are, in /rom."""
    sys.path[:] = ["/rom", ".frozen"]
    print(json.dumps(imports(others, modules)))
