"""The start of the gateway: what is needed once is let go, and what escapes restarts the board."""

import os
import sys

from house import Board, Parts, Source, Store

import firmware
from firmware import gateway as module
from firmware.books import Books

_ONCE = ("assembly", "board", "config", "destinations", "settings")


def test_what_is_needed_once_is_forgotten_and_what_escapes_restarts_the_board():
    """That its memory is free as well is a test of a whole process: tests/board/test_bench.py."""
    kept = [(name, sys.modules.pop(f"firmware.{name}")) for name in _ONCE]
    for name in _ONCE:
        delattr(firmware, name)
    __import__("firmware.assembly")
    once = firmware.assembly
    once.machine, once.Board = Board(), lambda config, machine: machine
    once.Source, once.Store, once.print = Source, Store, lambda words: None
    told = []

    async def run():
        told.extend(name for name in _ONCE if f"firmware.{name}" in sys.modules)
        told.extend(name for name in _ONCE if hasattr(firmware, name))
        raise MemoryError

    with open("config.json", "w") as file:
        file.write('{"page": false, "ap_after": 0, "ntp_host": ""}')
    close, Books.close = Books.close, lambda books: told.append("books closed")
    once.Supervisor = lambda ticks_ms, feed, say: Parts(run=run, add=lambda *_: None)
    before = (module.machine, module.sys, module.time)
    module.machine = Parts(reset=lambda: told.append("restart"))
    module.sys = Parts(print_exception=told.append)
    module.time = Parts(sleep=told.append)
    try:
        module.start()
    finally:
        Books.close = close
        os.remove("config.json")
        module.machine, module.sys, module.time = before
        for name, one in kept:
            sys.modules[f"firmware.{name}"] = one
            setattr(firmware, name, one)
    assert told[0] == "books closed" and isinstance(told[1], MemoryError)
    assert told[2:] == [10, "restart"]
