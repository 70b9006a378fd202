"""Readings that wait in flash: order over memory and flash, restarts, cuts of the power, wear."""

import os

import vfs
from flash import Flash
from waiting import Clock, body, given, number, numbers

from firmware.publish.backlog import Backlog

TIMEOUT = 300
RUNTIMES = ("unix64",)  # a flash of blocks as large as real ones is too much for the small heap
START = 838_000_000
_mounted = []
_data = bytearray(128 * 4096)


class Scene:
    """A backlog over a flash of its own; size, limit: bytes of memory, of flash."""

    home = "/spilled"

    def __init__(self, blocks=104, size=1024, limit=1 << 20):
        if _mounted:
            os.chdir("/")
            vfs.umount(_mounted.pop())
        _mounted.append(self.home)
        self.flash = Flash(blocks, 4096, _data).start(self.home, fresh=True)
        self.clock = Clock(START)
        self.size, self.limit = size, limit
        self.next = 0
        self.start()

    def start(self):
        self.kept = Backlog(self.size, self.clock, (self.home + "/waiting", self.limit))

    def again(self):
        """The power was cut, and comes back."""
        self.flash = self.flash.again(self.home)
        self.start()

    def add(self, count=1):
        for _ in range(count):
            self.kept.add(body(self.next))
            self.next += 1
            self.clock.go(30)

    def files(self):
        return sorted(int(name) for name in os.listdir(self.home + "/waiting"))


def test_what_does_not_fit_into_memory_goes_to_flash():
    scene = Scene()
    scene.add(9)
    assert os.listdir(scene.home) == []
    scene.add(191)
    kept = scene.kept
    assert len(kept) == 200 and kept.dropped == 0 and kept.error == ""
    assert len(scene.files()) == 22
    assert given(kept) == [(START + 30 * n, n) for n in range(200)]
    assert numbers(kept) == list(range(200))
    kept.drop()
    assert len(kept) == 0 and scene.files() == []
    scene.add(3)
    assert numbers(kept) == [200, 201, 202]


def test_a_block_of_the_flash_is_filled():
    scene = Scene(size=4096)
    scene.add(100)
    sizes = [os.stat(f"{scene.home}/waiting/{name}")[6] for name in scene.files()]
    assert len(sizes) == 2 and min(sizes) > 3900 and max(sizes) <= 4096
    scene = Scene(size=16_000)
    scene.add(400)
    sizes = [os.stat(f"{scene.home}/waiting/{name}")[6] for name in scene.files()]
    assert len(sizes) >= 5 and min(sizes) > 3900 and max(sizes) <= 4096
    assert numbers(scene.kept) == list(range(400))


def test_a_walk_while_readings_come():
    for most in (1, 5, 9, 10, 17, 25):
        scene = Scene()
        scene.add(most)
        done = []
        while len(done) < 150:
            scene.kept.rewind()
            for _ in range(most):
                scene.add()
                one = scene.kept.next()
                done.append(number(one[1]))
                scene.add()
                assert number(one[1]) == done[-1]
            scene.kept.drop()
            assert len(scene.kept) == scene.next - len(done), (most, done)
        assert done == list(range(len(done))), (most, done)
        assert numbers(scene.kept) == list(range(len(done), scene.next))
        assert scene.kept.dropped == 0


def test_a_walk_that_has_no_end():
    """Given from memory, and then moved to flash before it is dropped."""
    for first in range(1, 10):
        scene = Scene()
        scene.add(9)
        assert numbers(scene.kept, first) == list(range(first))
        scene.add(30)
        assert [one[1] for one in given(scene.kept, 3)] == [first, first + 1, first + 2]
        scene.kept.drop()
        assert numbers(scene.kept) == list(range(first + 3, 39))
        scene.kept.rewind()
        scene.kept.drop()
        assert len(scene.kept) == 36 - first


def test_the_ring_is_bounded():
    scene = Scene(limit=10 * 4096)
    scene.add(300)
    assert len(scene.files()) == 10
    kept = scene.kept
    assert kept.dropped + len(kept) == 300 and len(kept) > 90
    assert numbers(kept) == list(range(kept.dropped, 300))


def test_it_takes_a_quarter_of_what_is_free():
    scene = Scene(blocks=40)
    scene.add(300)
    assert 8 <= len(scene.files()) <= 10
    before = len(scene.kept)
    scene.again()
    scene.add(9)
    assert len(scene.kept) >= before - 20
    with open(scene.home + "/other", "wb") as file:
        for _ in range(20):
            file.write(bytes(4096))
    scene.again()
    scene.add(30)
    assert len(scene.files()) < 7


def test_no_room_in_flash():
    scene = Scene(blocks=6)
    scene.add(50)
    kept = scene.kept
    assert kept.dropped + len(kept) == 50 and len(kept) == 9
    assert kept.error == "no room in flash"
    assert numbers(kept) == list(range(41, 50))


def test_a_flash_that_fills_up():
    scene = Scene(blocks=24)
    scene.add(20)
    try:
        with open(scene.home + "/other", "wb") as file:
            while True:
                file.write(bytes(1024))
    except OSError:
        pass
    scene.add(100)
    kept = scene.kept
    assert kept.dropped + len(kept) == 120
    found = numbers(kept)
    assert found == sorted(found) and found[-1] == 119


def test_a_restart_finds_what_is_in_flash():
    scene = Scene()
    scene.add(50)
    in_memory = 50 - sum(name % 1000 for name in scene.files())
    scene.again()
    assert numbers(scene.kept) == list(range(50 - in_memory))
    scene.kept.drop()
    scene.add(40)
    scene.kept.close()
    scene.again()
    assert numbers(scene.kept) == list(range(50, 90))
    assert scene.kept.dropped == 0


def test_a_block_that_was_damaged_costs_no_other():
    scene = Scene()
    scene.add(60)
    files = scene.files()
    with open(f"{scene.home}/waiting/{files[2]}", "r+b") as file:
        file.seek(200)
        file.write(b"?")
    with open(f"{scene.home}/waiting/{files[4]}", "wb") as file:
        file.write(b"?")
    with open(f"{scene.home}/waiting/note", "wb") as file:
        file.write(b"not ours")
    scene.start()
    waiting = len(scene.kept)
    found = numbers(scene.kept)
    lost = files[2] % 1000 + files[4] % 1000
    assert scene.kept.dropped == lost
    assert len(found) == waiting - lost == len(scene.kept)
    assert found == [n for n in range(waiting) if n // 9 not in (2, 4)]
    scene.kept.drop()
    assert len(scene.kept) == 0


def test_a_cut_at_every_write():
    """Nothing that was whole is lost by a cut, nothing comes twice, nothing is out of order."""
    for left in range(0, 60_000, 101):
        scene = Scene(size=700)
        scene.add(13)
        whole = sum(name % 1000 for name in scene.files())
        scene.flash.left = left
        for _ in range(8):
            scene.add(2)
        cut = scene.flash.dead
        scene.again()
        found = numbers(scene.kept)
        assert found == list(range(len(found))) and len(found) >= whole, (left, found)
        assert len(found) == len(scene.kept)
        scene.add(13)
        after = numbers(scene.kept)
        assert after[: len(found)] == found and after[-1] == scene.next - 1, (left, after)
        if not cut:
            break
    assert not cut


def test_a_cut_while_it_is_sent():
    """What was dropped never comes again, but for a block at most."""
    for left in range(0, 60_000, 101):
        scene = Scene(size=700)
        scene.add(60)
        scene.flash.left = left
        done = []
        for _ in range(6):
            scene.kept.rewind()
            done += [one[1] for one in given(scene.kept, 4)]
            scene.kept.drop()
        cut = scene.flash.dead
        scene.again()
        found = numbers(scene.kept)
        assert found == list(range(found[0], found[-1] + 1)), (left, found)
        assert found[-1] >= 50
        if not cut:
            assert done == list(range(24)) and 24 - 6 <= found[0] <= 24
            break
    assert not cut


def test_wear():
    """Half a MB, half full; a reading of 600 bytes every 30 s for a day without a broker."""
    scene = Scene(blocks=128, size=4096, limit=64 << 10)
    for n in range(64):
        with open(f"{scene.home}/other{n}", "wb") as file:
            file.write(bytes(4000))
    before = list(scene.flash.erases)
    for n in range(2880):
        scene.kept.add(body(n, 600))
        scene.clock.go(30)
    erases = [now - old for now, old in zip(scene.flash.erases, before)]
    years = 4 * 100_000 / max(erases) / 365
    print(f"{sum(erases)} blocks erased in a day, one of them {max(erases)} times:"
          f" {years:.0f} years until it reaches 100000 on 2 MB half full")
    assert scene.kept.error == "" and len(scene.kept) > 80
    assert sum(erases) < 1000 and years > 20
