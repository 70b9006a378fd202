"""How fast whatever writes wears the flash: run by MicroPython, with tests/unit on its path.

Each writer has a flash of 2 MB with LittleFS to itself, half of it in use by other files, and
writes as the firmware does, for some days as bad as they can be, so many at most as the argument
says. Prints, as JSON, for each
[name, blocks erased a day, years until the block that is erased most reaches 100 000 cycles].
The books: month_wear.py; readings that wait: tests/unit/test_spill.py.
"""

import asyncio
import json
import os
import sys

import bundle
from bundle import Board, Source
from flash import Flash

from firmware import filling, manifest, migrating, slots
from firmware import update as module
from firmware.config import Config
from firmware.log import Log

_BLOCKS = 512
_CYCLES = 100_000
_MINUTES = 1440


class Clock:
    seconds = 0

    def __call__(self):
        return self.seconds


def measured(name, days, write):
    """write(day) does a day's writing in the folder we are in."""
    flash = Flash(_BLOCKS, 4096).start("/wear", fresh=True)
    os.chdir("/wear")
    for number in range(_BLOCKS // 2):
        with open(f"other{number}", "wb") as file:
            file.write(bytes(4000))
    before = list(flash.erases)
    days = min(days, int(sys.argv[1]))
    for day in range(days):
        write(day)
    erases = [now - old for now, old in zip(flash.erases, before)]
    flash.dead = True
    os.chdir("/")
    import vfs

    vfs.umount("/wear")
    return [name, sum(erases) // days, _CYCLES * days // max(1, *erases) // 365]


def settings():
    def day(number):
        for n in range(10):
            config = Config().load()
            config.update({"site": f"place {number} {n}", "mqtt_host": "192.0.2.1"})
            config.save()

    return day


def log():
    clock = Clock()
    kept = Log(clock, clock)

    def day(number):
        for minute in range(_MINUTES):
            clock.seconds += 60
            kept.add(0, f"mqtt: connection refused; again in {minute % 60} s")
            kept.look()

    return day


def starts():
    def day(number):
        for minute in range(_MINUTES):  # boot.py
            with open("app.starts", "a") as file:
                file.write(".")
            if minute % 18 == 17:
                os.remove("app.starts")

    return day


def logins():
    def day(number):
        text = json.dumps({"salt": "0" * 32, "hash": "0" * 64, "open": ["0" * 90] * 4})
        for _ in range(20):
            with open("admin.json.tmp", "w") as file:
                file.write(text)
            os.rename("admin.json.tmp", "admin.json")

    return day


def updates():
    files = {f"firmware/part{n}.mpy": bytes(4800 * (1 + n % 2)) for n in range(36)}
    data = bundle.make(files)
    known = {"slots": slots, "manifest": manifest, "migrating": migrating, "filling": filling}
    module.load = lambda name: known[name]

    def day(number):
        slots.running = lambda: "ab"[number % 2]
        slots.remove("app.try")
        asyncio.run(module.Update(Source(data, 1280), board=Board()).run())

    return day


def main():
    print(json.dumps([
        measured("settings, saved 10 times a day", 30, settings()),
        measured("log, a failure every minute", 10, log()),
        measured("sessions, 20 logins a day", 30, logins()),
        measured("a restart every minute, day and night", 10, starts()),
        measured("an update of 260 KB every day", 30, updates()),
    ]))


main()
