"""The power goes at every write of an update (MicroPython; tests/board/test_update_cuts.py).

The flash is LittleFS in memory; every program and every erase of a block is a point at which it
can end: with nothing of it done, with half of it, or with all but a byte. What starts afterwards
is what boot.py itself picks. Prints JSON: [[step, points, started the old version, the new one]];
an AssertionError names the point where nothing whole would start.
"""

import asyncio
import json
import os
from hashlib import sha256

import bundle
import test_boot as boot
from bundle import Board, Source
from flash import Flash

from firmware import filling, manifest, migrating, slots
from firmware import update as module

_PLACE = "/cut"
_OLD = {"firmware/gateway.py": b"# 0.1.0\n" * 60, "web/index.html.gz": b"old" * 100}
_NEW = {"firmware/gateway.py": b"# 0.2.0\n" * 700, "firmware/link/wifi.py": b"# wifi\n" * 100,
        "firmware/health.py": b"# health\n" * 90, "firmware/portal/app.py": b"# pages\n" * 200,
        "lib/microdot.py": b"# small\n", "web/index.html.gz": b"new" * 500}
_SETTINGS = b'{"site": "here"}'
_BLOCKS, _SIZE = 320, 512


class Cut(Exception):
    """The power is gone."""


class CutFlash(Flash):
    """`points`: writes so far; `last`: 3 * that at which the power goes, and 0, 1 or 2: how much
    of it is done; None for never.
    """

    def __init__(self, data=None, last=None):
        Flash.__init__(self, _BLOCKS, _SIZE, data)
        self.points = 0
        self.last = last

    def _put(self, at, data):
        self.points += 1
        if self.last is not None and self.points == self.last // 3:
            self.left = (0, len(data) // 2, len(data) - 1)[self.last % 3]
        return Flash._put(self, at, data)


class Place:
    """A flash that is mounted; steps of an update are done to it."""

    def __init__(self, flash, fresh=False):
        self.flash = flash.start(_PLACE, fresh)
        os.chdir(_PLACE)

    def close(self):
        import vfs

        self.flash.dead = True
        os.chdir("/")
        vfs.umount(_PLACE)

    def step(self, act):
        """Do something. Cut if the power went meanwhile."""
        try:
            act()
        except OSError:
            if not self.flash.dead:
                raise
        if self.flash.dead:
            raise Cut


def fill():
    """Version 0.1.0 in slot a, and what an older update left in b."""
    os.mkdir("a")
    for slot, files in (("a", _OLD), ("b", {"firmware/left.py": b"left over"})):
        _write(slot, files)
    with open("config.json", "wb") as file:
        file.write(_SETTINGS)
    with open("app.good", "w") as file:
        file.write("a")


def _write(slot, files):
    for path in files:
        parts = f"{slot}/{path}".split("/")
        for n in range(1, len(parts)):
            try:
                os.mkdir("/".join(parts[:n]))
            except OSError:
                pass
        with open(f"{slot}/{path}", "wb") as file:
            file.write(files[path])
    with open(slot + "/manifest", "w") as file:
        file.write(bundle.head(files, version="0.1.0"))


def install():
    """The update itself; 0.1.0 runs."""
    slots.running = lambda: "a"
    source = Source(bundle.make(_NEW), 200)
    asyncio.run(module.Update(source, reading=True, board=Board()).run())


def start(cause=2):
    """What boot.py does. -> the slot"""
    slots.running = lambda: slot
    slot = boot.slot(cause)
    return slot


def accept():
    slots.running = lambda: "b"
    slots.accept()


def reject():
    slots.running = lambda: "b"
    slots.reject()


def whole(slot):
    """The version in a slot, whose files are all there and right."""
    with open(slot + "/manifest") as file:
        lines = file.read().split("\n")
    for line in lines:
        if line[:5] == "file ":
            path, size = manifest.entry(line)
            digest = line.split()[3]
            with open(f"{slot}/{path}", "rb") as file:
                data = file.read()
            assert len(data) == size and sha256(data).digest().hex() == digest, path
    with open("config.json", "rb") as file:
        assert file.read() == _SETTINGS
    return lines[1].split()[1]


def after():
    """Starts until nothing changes any more, without a proof. -> versions that were started"""
    told = []
    for cause in (1, 2, 2, 2, 2):
        told.append(whole(start(cause)))
    assert told[-1] == told[-2]
    return told


def run(steps, last=None, image=None):
    """Do the steps with power up to a point. -> (the step it went in, points in all, flash)"""
    place = Place(CutFlash(bytearray(image), last))
    name = None
    try:
        for step in steps:
            name = step[0]
            place.step(step[1])
        return None, place.flash.points, place.flash
    except Cut:
        return name, place.flash.points, place.flash
    finally:
        place.close()


def main():
    known = {"slots": slots, "manifest": manifest, "migrating": migrating,
             "filling": filling}
    module.load = filling.load = lambda name: known[name]
    place = Place(CutFlash(), fresh=True)
    fill()
    place.close()
    image = bytes(place.flash.data)
    good = [("the update", install), ("the first start", start), ("it is found good", accept),
            ("a later start", start)]
    bad = [("the update", install), ("the first start", start), ("it is found bad", reject),
           ("the start of the old one", start)]
    worse = [("the update", install), ("the first start", start), ("the second start", start),
             ("the third start", start), ("it goes back by itself", start)]
    table = []
    for steps in (good, bad, worse):
        _, total, _ = run(steps, None, image)
        for last in range(3, 3 * total + 3):
            name, _, flash = run(steps, last, image)
            if steps is not good and name in ("the update", "the first start"):
                continue  # the same as before
            place = Place(CutFlash(flash.data))
            try:
                told = after()
            except Exception as error:
                raise AssertionError(f"{name}, write {last / 3} of {total}: {error}")
            finally:
                place.close()
            if not table or table[-1][0] != name:
                table.append([name, 0, 0, 0])
            row = table[-1]
            row[1] += 1
            row[2 if told[0] == "0.1.0" else 3] += 1
            if steps is good and not last % 50:  # and it can be updated afterwards
                assert run([("again", install)], None, flash.data)[0] is None
    print(json.dumps(table))


main()
