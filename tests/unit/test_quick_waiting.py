"""Readings that had no room in RTC memory: in flash, over power cuts."""

import gc
import os

from flash import Flash

from firmware.quick.readings import Readings
from firmware.quick.waiting import Waiting
from firmware.rtcmem import CLOCK, FLASH, MODE, SHIFT, SKIP, SPILLED, Memory

RUNTIMES = ("unix64",)  # a flash in memory, and what it is compared with, want room
_SIZE = 256 * 1024
_BLOCKS = 24


class Rtc:
    """Keeps what a machine.RTC keeps."""

    def __init__(self):
        self.data = b""

    def memory(self, data=None):
        if data is None:
            return self.data
        self.data = bytes(data)


class Gateway:
    """One life after the other, over the same flash and RTC memory."""

    def __init__(self, flash, rtc=None):
        self.flash = flash
        self.rtc = rtc or Rtc()
        self.wake()

    def wake(self):
        os.chdir("/waiting")
        self.memory = Memory(self.rtc)
        self.memory.cells[CLOCK] = self.memory.cells[CLOCK] or 1
        self.memory.cells[MODE] = 1
        self.readings = Readings(self.memory)
        self.waiting = Waiting(self.memory, self.readings, _SIZE)

    def take(self, n):
        """Reading number n; whether all went well."""
        fine = True
        if not self.readings.add(1000 + 10 * n, lines(n)):
            fine = self.waiting.move()
            assert self.readings.add(1000 + 10 * n, lines(n)) or not fine
        self.memory.save()
        return fine

    def kept(self):
        found = []
        for time, said, mode in self.waiting.each():
            n = (time - 1000) // 10
            assert said == lines(n) and mode == 1, n
            found.append(n)
        return found


def lines(n):
    return [b"BASE\t%09d" % (14_460_852 + n // 3), b"PTEC\tTH..", b"TEXT\t" + b"x" * 60,
            b"PAPP\t%05d" % (n * 77 % 9000)]


def gateway(**more):
    return Gateway(Flash(_BLOCKS, 4096).start("/waiting", True), **more)


def end(one):
    os.chdir("/")
    one.flash.again("/waiting")
    import vfs

    vfs.umount("/waiting")


def test_a_day_is_kept_in_order_and_goes_in_portions():
    one = gateway()
    for n in range(600):
        assert one.take(n)
        if n % 100 == 0:
            one.wake()
    assert one.kept() == list(range(600)) and len(one.waiting) == 600
    assert one.memory.cells[FLASH] > 300
    print("blocks of flash for 600 readings:", len(os.listdir("asleep")))
    left = list(range(600))
    for count in (1, 90, 17, 100, 0, 5, 380):
        one.waiting.drop(count)
        one.memory.save()
        left = left[count:]
        assert one.kept() == left and len(one.waiting) == len(left)
        one.wake()
        assert one.kept() == left and len(one.waiting) == len(left)
    one.waiting.drop(len(left))
    assert one.kept() == [] and len(one.waiting) == 0
    assert os.listdir("asleep") == []
    assert one.take(600) and one.kept() == [600]
    end(one)


def test_without_room_the_oldest_go_and_are_counted():
    one = gateway()
    one.waiting = Waiting(one.memory, one.readings, 2 * 4096)
    for n in range(600):
        assert one.take(n)
    kept = one.kept()
    assert kept == list(range(kept[0], 600)) and kept[0] > 100
    assert one.memory.cells[SPILLED] == kept[0]
    assert one.memory.cells[SKIP] == 0
    end(one)


def test_a_power_cut_at_any_byte_harms_nothing_that_was_there():
    cuts = losses = left = 0
    fine = False
    while not fine:
        one = gateway()
        n = 0
        while one.memory.cells[FLASH] < 100:
            one.take(n)
            n += 1
        flash, rtc = one.flash, one.rtc
        flash.left = left
        fine = one.waiting.move()
        one.memory.save()
        one = None
        flash = flash.again("/waiting")
        # It was a reset, and RTC memory is what it was: nothing is lost, twice is possible.
        again = Gateway(flash, rtc)
        kept = again.kept()
        assert sorted(set(kept)) == list(range(n)), left
        # The power has gone, and with it what was in RTC memory and no block yet.
        again = Gateway(flash, Rtc())
        kept = again.kept()
        assert kept == list(range(len(kept))) and len(kept) >= 100, left
        losses += len(kept) < n
        cuts += 1
        end(again)
        again = flash = None
        gc.collect()
        left += 61
    print("cuts:", cuts, "in which the newest readings were lost with RTC memory:", losses)
    assert cuts > 20 and losses > 10


def test_readings_of_a_clock_that_was_not_set_yet():
    one = gateway()
    one.memory.cells[CLOCK] = 0
    for n in range(3):
        one.readings.add(10 * n, lines(n))
    assert one.waiting.move()
    one.readings.add(30, lines(3))
    assert [time for time, _, _ in one.waiting.each()] == [None] * 4
    # The clock is set: 800 000 s were missing.
    one.memory.cells[CLOCK] = 800_030
    one.memory.cells[SHIFT] = 800_000
    one.readings.shift(800_000)
    times = [time for time, _, _ in one.waiting.each()]
    assert times == [800_000, 800_010, 800_020, 800_030]
    end(one)
