"""Runs in MicroPython: updates that were damaged, or made by somebody who means ill.

argv: seed, number of bundles. Prints how many were taken, refused before anything was changed,
and refused later; what should not be ends it.
"""

import asyncio
import os
import random
import sys
from hashlib import sha256

from bundle import FILES, KEY, Source, head, make
from test_update import Place, state

_PATHS = ("../config.json", "/config.json", "firmware/../../main.py", "a/firmware/x", "boot.py",
          "app.try", "manifest", "firmware", "firmware/", "firmware//x", "web/./x", "lib/\u00e9",
          "firmware/" + "x" * 90, "release.pub", "lib/x.py", "firmware/gateway.py/x")
_NUMBERS = ("0", "-1", "99999999", "999999999", "1e3", "", "0x10", "\u0661")
_STRANGE = (b"\n", b"\r", b"\0", b" ", b"\xff", b"file ", b"signature ", b"bytes 1\n")


def lines():
    """A manifest in which something was changed, with all its sums as they should be or not."""
    files = dict(FILES)
    for _ in range(random.randrange(3)):
        files[random.choice(_PATHS)] = bytes(random.randrange(40))
    told = head(files).split("\n")
    for _ in range(random.randrange(3)):
        n = random.randrange(len(told))
        words = told[n].split(" ")
        words[random.randrange(len(words))] = random.choice(_NUMBERS + _PATHS)
        told[n] = " ".join(words)
    if not random.randrange(4):
        n = random.randrange(len(told))
        told.insert(random.randrange(len(told)), told[n])
    return files, "\n".join(told)


def damaged(data):
    """The same with bytes changed, missing or too many."""
    data = bytearray(data)
    for _ in range(random.randrange(4)):
        at = random.randrange(len(data))
        kind = random.randrange(4)
        if kind == 0:
            data[at] = random.getrandbits(8)
        elif kind == 1:
            data = data[:at] + random.choice(_STRANGE) + data[at:]
        elif kind == 2:
            data = data[:at] + data[at + random.randrange(1, 80) :]
        else:
            data = data[: at + 1]
    return bytes(data)


def bundle():
    """(bundle, key of the board)"""
    kind = random.randrange(8)
    if kind == 0:
        return make(private=True), KEY
    if kind == 1:
        return damaged(make(private=True)), KEY
    if kind < 5:
        return damaged(make()), random.choice((0, 0, KEY))
    files, text = lines()
    return make(files, lines=text), 0


def whole(found):
    """What is in the slot is what its manifest says."""
    told = set()
    for line in found["b/manifest"].decode().split("\n"):
        if line[:5] == "file ":
            path, size, digest = line.split(" ")[1:]
            assert path.split("/")[0] in ("firmware", "lib", "web", "release.pub"), path
            data = found["b/" + path]
            assert len(data) == int(size) and sha256(data).digest().hex() == digest, path
            told.add("b/" + path)
    assert told == {path for path in found if path[:2] == "b/"} - {"b/manifest"}


async def main(seed, count) -> None:
    random.seed(seed)
    taken = early = late = 0
    with Place(blocks=240) as place:
        ours = {path: data for path, data in state().items() if path[:2] != "b/"}
        for _ in range(count):
            data, key = bundle()
            before = state()
            try:
                await place.take(Source(data, random.choice((7, 100, 1000))), key=key)
            except (ValueError, OSError) as error:
                assert len(error.args) == 2 or isinstance(error, OSError), error.args
                after = state()
                if after == before:
                    early += 1
                else:
                    late += 1
                    assert not [path for path in after if path[:2] == "b/"], after.keys()
                    assert after == ours, after.keys()
                continue
            taken += 1
            after = state()
            whole(after)
            assert after.pop("app.try") == b"b" and after.pop("config.old")
            assert {path: after[path] for path in after if path[:2] != "b/"} == ours
            os.remove("app.try")
            os.remove("config.old")
    print(taken, early, late)


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
