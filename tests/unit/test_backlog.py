"""Readings that wait: order, time, walks, what is thrown away. (In flash: test_spill.py.)"""

import os

from waiting import Clock, body, given, number, numbers

from firmware.publish import backlog
from firmware.publish.backlog import Backlog

START = 838_000_000


def test_the_order_and_the_time_are_kept():
    clock = Clock(START)
    kept = Backlog(4096, clock)
    assert len(kept) == 0 and kept.next() is None
    for n in range(30):
        assert kept.add(body(n)) == START + 30 * n
        clock.go(30)
    assert len(kept) == 30 and kept.dropped == 0
    assert given(kept) == [(START + 30 * n, n) for n in range(30)]
    assert kept.next() is None
    assert numbers(kept) == list(range(30))
    kept.drop()
    assert len(kept) == 0 and numbers(kept) == []
    kept.add(memoryview(body(99)))
    kept.add(bytearray(body(100)))
    assert numbers(kept) == [99, 100]


def test_only_what_was_given_is_dropped():
    kept = Backlog(4096, Clock(START))
    for n in range(20):
        kept.add(body(n))
    kept.drop()
    assert len(kept) == 20
    assert numbers(kept, 7) == list(range(7))
    kept.add(body(20))
    kept.drop()
    assert len(kept) == 14
    # After a drop the walk goes on where it was.
    assert [one[1] for one in given(kept, 2)] == [7, 8]
    kept.rewind()
    kept.drop()
    assert numbers(kept) == list(range(7, 21))


def test_the_oldest_are_thrown_away():
    kept = Backlog(1000, Clock(START))
    for n in range(100):
        kept.add(body(n, 60 + n % 50))
    assert kept.dropped + len(kept) == 100 and len(kept) >= 8
    assert numbers(kept) == list(range(kept.dropped, 100))


def test_a_reading_that_never_fits():
    kept = Backlog(1000, Clock(START))
    kept.add(body(1))
    kept.add(bytes(1001))
    assert kept.dropped == 1 and len(kept) == 1
    kept = Backlog(10_000, Clock(START))
    kept.add(bytes(4087))
    assert kept.dropped == 1 and len(kept) == 0
    kept.add(bytes(4086))
    kept.add(b"")
    assert len(kept) == 2
    assert len(kept.next()[1]) == 4086 and len(kept.next()[1]) == 0


class Short:
    """Memory that has room for so many records."""

    most = 10

    def __init__(self, kept):
        self._kept = kept

    def __call__(self, size):
        if len(self._kept._records) >= self.most:
            raise MemoryError
        return bytearray(size)


def test_memory_that_is_not_to_be_had():
    for flash, dropped in (("waiting", 1 << 20), 0), (None, 30):
        kept = Backlog(4096, Clock(START), flash)
        backlog.bytearray = short = Short(kept)
        try:
            for n in range(40):
                kept.add(body(n))
            assert kept.dropped == dropped and numbers(kept) == list(range(dropped, 40))
            kept.drop()
            short.most = 0
            assert kept.add(body(40)) is None and kept.dropped == dropped + 1 and len(kept) == 0
            short.most = 1
            kept.add(body(41))
            assert numbers(kept) == [41] and kept.dropped == dropped + 1
        finally:
            del backlog.bytearray


def test_readings_wait_for_the_clock():
    clock = Clock()
    kept = Backlog(4096, clock)
    for n in range(10):
        kept.add(body(n))
        clock.go(30)
    assert len(kept) == 10 and kept.next() is None
    kept.rewind()
    kept.drop()
    assert len(kept) == 10
    clock.now = START
    kept.add(body(10))
    clock.go(30)
    assert given(kept) == [(START - 300 + 30 * n, n) for n in range(11)]
    kept.drop()
    assert len(kept) == 0


def test_readings_wait_longer_than_ticks_can_tell_apart():
    clock = Clock()
    kept = Backlog(4096, clock)
    kept.add(body(0))
    clock.go(8 * 86400)
    clock.now = START
    assert given(kept) == [(START - 8 * 86400, 0)]


def test_undated_readings_that_do_not_fit_are_counted():
    clock = Clock()
    kept = Backlog(1000, clock, ("nowhere", 1 << 20))
    for n in range(20):
        kept.add(body(n))
        clock.go(1)
    assert len(kept) == 9 and kept.dropped == 11 and kept.error == ""
    clock.now = START
    assert given(kept) == [(START - 20 + n, n) for n in range(11, 20)]


def test_a_view_stays_while_readings_come():
    kept = Backlog(1000, Clock(START))
    for n in range(9):
        kept.add(body(n))
    first = kept.next()[1]
    for n in range(9, 30):
        kept.add(body(n))
        assert number(first) == 0
    # The one given has gone, and the walk goes on with the oldest that is there.
    assert [one[1] for one in given(kept)] == list(range(21, 30))
    kept.drop()
    assert len(kept) == 0 and kept.dropped == 21


def test_what_was_given_and_thrown_away_is_dropped_once():
    kept = Backlog(1000, Clock(START))
    for n in range(9):
        kept.add(body(n))
    assert numbers(kept, 5) == [0, 1, 2, 3, 4]
    for n in range(9, 12):
        kept.add(body(n))
    kept.drop()
    assert numbers(kept) == [5, 6, 7, 8, 9, 10, 11] and kept.dropped == 3


def test_more_than_memory_goes_to_flash():
    kept = Backlog(1000, Clock(START), ("waiting", 1 << 20))
    for n in range(100):
        kept.add(body(n))
    assert len(kept) == 100 and kept.dropped == 0 and len(os.listdir("waiting")) == 11
    assert numbers(kept, 55) == list(range(55))
    kept.drop()
    kept.close()
    found = Backlog(1000, Clock(START), ("waiting", 1 << 20))
    # Of a block, that some of it was delivered is not known any more.
    assert numbers(found) == list(range(54, 100))
    found.drop()
    assert os.listdir("waiting") == [] and len(found) == 0
