"""Picks the application that main.py starts: that of slot a, of slot b, or one in the root.

Small files in the root decide. firmware/slots.py writes them; what each may hold:

    app.good      "a" or "b": the slot that has proven itself
    app.try       "b": a slot to be tried, and a point for each start it has had. It becomes good
                  by taking the name app.good, and bad by taking the name app.bad
    app.starts    a point for each restart since all was well, an "r" for each that was ordered

Every step is one append or one renaming, which LittleFS does as a whole or not at all. What is
missing or makes no sense is passed over, and the next best is started. This file and main.py are
never updated, so that they never break. It is compiled on the board, where every name takes memory
for good: the names are few, and such as MicroPython has already.
"""

import os
import sys

import machine


def read(name):
    """The text of a file; empty if there is none."""
    try:
        with open(name) as file:
            return file.read(40).strip()
    except (OSError, ValueError):
        return ""


def count(name):
    """Starts that nobody ordered."""
    name = read(name)
    return name.count(".") - name.count("r")


def call(act, *args):
    """Do something to a file. Whether it could be done."""
    try:
        act(*args)
        return True
    except OSError:
        return False


def add(name):
    """One point more."""
    with open(name, "a") as file:
        file.write(".")


def find(slot):
    """Whether there is an application; a slot has its manifest from the moment it is whole."""
    return call(os.stat, slot + "/manifest" if slot else "firmware")


def start():
    """(the slot: "a", "b", or "" for the root; whether it has yet to prove itself)"""
    slot, cause = read("app.try")[:1], machine.reset_cause()
    if slot:
        # Three starts, a wake from deep sleep is none.
        if slot in "ab" and find(slot) and count("app.try") < 3:
            if cause == machine.DEEPSLEEP_RESET or call(add, "app.try"):
                return slot, True
        call(os.rename, "app.try", "app.bad")

    if cause == machine.PWRON_RESET:
        call(os.remove, "app.starts")
    elif cause in (machine.HARD_RESET, machine.WDT_RESET):
        call(add, "app.starts")
    # Six starts for each, of which the last three are in safe mode (firmware/safe.py).
    value = max(0, count("app.starts"))
    if value >= 18:
        call(os.remove, "app.starts")
    slot = read("app.good")[:1]
    items = {"a": ["a", "b", ""], "b": ["b", "a", ""]}.get(slot, ["", "a", "b"])
    items = [slot for slot in items if find(slot)] or [""]
    return items[value // 6 % len(items)], value > 0


def run():
    """Let MicroPython find the slot. What is new, or has failed, has ten minutes to begin."""
    try:
        slot, value = start()
    except Exception as error:  # there is none that is known of
        sys.print_exception(error)
        slot, value = read("app.good")[:1], True
    if slot:
        sys.path.insert(0, slot + "/lib")  # not from "/": a path is a name in memory, too
        sys.path.insert(0, slot)
    if value:
        machine.WDT(timeout=600_000)


run()
for name in "read count call add find start run".split():
    del globals()[name]
