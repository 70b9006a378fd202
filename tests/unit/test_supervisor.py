"""The keeper of the tasks, with a clock that the test turns."""

import asyncio
import sys
import time

from firmware import supervisor as module
from firmware.supervisor import Supervisor, pause


class Bench:
    """A supervisor with its clock, what it fed, and what it told the console."""

    def __init__(self, begin=0):
        self._now = begin
        self.fed = 0
        self.traced = None
        self.said = []
        self.supervisor = Supervisor(self._ticks, self._feed, self._say)

    def _ticks(self):
        return self._now

    def _feed(self):
        self.fed += 1

    def _say(self, words, level):
        self.said.append(words)

    def waits(self):
        """The pauses that the console was told, in seconds."""
        return [int(line.split(" in ")[1].split()[0]) for line in self.said]

    async def seconds(self, count):
        """Let so many seconds pass, one look a second, and all tasks run between two looks."""
        module.sys = self
        try:
            for _ in range(count):
                self.supervisor.step()
                for _ in range(4):
                    await asyncio.sleep(0)
                self._now = time.ticks_add(self._now, 1000)
        finally:
            module.sys = sys

    def print_exception(self, error):
        self.traced = error


class Part:
    """A task that counts its lives and ends each as it is told."""

    def __init__(self, end=None):
        self.lives = 0
        self.cancelled = 0
        self.work = 0
        self.end = end

    async def run(self):
        self.lives += 1
        try:
            while self.end is None:
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(self.end, BaseException):
            raise self.end


async def test_a_task_that_works_is_left_alone():
    bench, part = Bench(), Part()
    bench.supervisor.add("part", part.run)
    await bench.seconds(300)
    assert part.lives == 1 and bench.said == []
    assert bench.supervisor.status() == {"part": {"failures": 0}}
    assert bench.supervisor.uptime == 299
    part.end = 1
    await asyncio.sleep(0)


async def test_what_fails_is_restarted_with_growing_pauses():
    bench, part = Bench(), Part(OSError(113))
    bench.supervisor.add("part", part.run)
    await bench.seconds(1000)
    waits = bench.waits()
    assert waits[:3] == [1, 2, 4] or waits[2] == 5
    assert waits[:6] == sorted(waits[:6])
    assert all(48 <= wait <= 60 for wait in waits[7:]) and len(set(waits[7:])) > 1
    assert 15 < part.lives < 30
    status = bench.supervisor.status()["part"]
    assert status["failures"] == len(waits)
    assert part.lives - len(waits) in (0, 1)  # the last second may have begun another life
    assert status["error"].startswith("[Errno 113]")
    assert bench.said[0].startswith("part: [Errno 113]")
    assert not bench.traced  # what is wrong outside needs no traceback


async def test_a_task_that_ends_is_a_failure_too():
    bench, part = Bench(), Part("done")
    bench.supervisor.add("part", part.run)
    await bench.seconds(10)
    assert part.lives > 2 and bench.said[0] == "part: ended; again in 1 s"
    assert bench.supervisor.status()["part"]["error"] == "ended"


async def test_the_first_pause_comes_back_after_a_calm_minute():
    bench, part = Bench(), Part(ValueError("x"))
    bench.supervisor.add("part", part.run)
    await bench.seconds(120)
    assert bench.waits()[-1] >= 32
    part.end = None
    await bench.seconds(130)
    part.end = ValueError("again")
    await bench.seconds(2)
    assert bench.waits()[-1] == 1
    assert bench.supervisor.status()["part"]["error"] == "ValueError: again"
    assert bench.traced is part.end


async def test_one_that_fails_does_not_touch_the_others():
    bench, good, bad = Bench(), Part(), Part(MemoryError())
    bench.supervisor.add("good", good.run)
    bench.supervisor.add("bad", bad.run)
    await bench.seconds(100)
    assert good.lives == 1 and bad.lives > 3
    good.end = 1
    await asyncio.sleep(0)


async def test_a_long_error_is_cut():
    bench, part = Bench(), Part(ValueError("x" * 9999))
    bench.supervisor.add("part", part.run)
    await bench.seconds(2)
    assert len(bench.supervisor.status()["part"]["error"]) == 120


async def test_a_task_that_cancels_itself_is_restarted():
    """CancelledError travels out of the task, and is still not its end."""
    bench, part = Bench(), Part(asyncio.CancelledError())
    bench.supervisor.add("part", part.run)
    await bench.seconds(10)
    assert part.lives > 2
    assert bench.supervisor.status()["part"]["error"] == "ended"


async def test_the_watchdog_is_fed_after_a_minute_and_only_then():
    bench, part = Bench(), Part()
    bench.supervisor.add("part", part.run)
    await bench.seconds(60)
    assert bench.fed == 0
    await bench.seconds(60)
    assert bench.fed == 60
    part.end = 1
    await asyncio.sleep(0)


async def test_a_stuck_task_is_cancelled_then_the_watchdog_starves():
    bench, part = Bench(), Part()
    bench.supervisor.add("part", part.run, 100, lambda: part.work)
    for _ in range(300):
        part.work += 1
        await bench.seconds(1)
    assert part.lives == 1 and bench.fed == 240
    await bench.seconds(100)
    assert part.lives == 1
    await bench.seconds(20)
    assert part.cancelled == 1 and part.lives == 2  # the remedy
    status = bench.supervisor.status()["part"]
    assert status["error"] == "no sign of work for 101 s" and status["idle"] > 100
    await bench.seconds(400)
    assert part.cancelled == 1 and part.lives == 2  # tried once
    starved = bench.fed
    assert 430 < starved < 442
    part.work += 1  # it helped after all
    await bench.seconds(50)
    assert bench.fed == starved + 50 and bench.supervisor.status()["part"]["idle"] == 49
    await bench.seconds(80)
    assert part.cancelled == 2  # and will be tried again
    part.end = 1
    await asyncio.sleep(0)


async def test_restarts_are_no_sign_of_work():
    bench, part = Bench(), Part(OSError(5))
    bench.supervisor.add("part", part.run, 100, lambda: part.work)
    await bench.seconds(1000)
    assert part.lives > 10 and 130 < bench.fed < 150, (part.lives, bench.fed)


async def test_an_absent_line_or_network_excuses():
    bench, part = Bench(), Part()
    absent = [True]
    bench.supervisor.add("part", part.run, 100, lambda: None if absent[0] else part.work)
    await bench.seconds(1000)
    assert part.lives == 1 and bench.fed == 940
    absent[0] = False
    await bench.seconds(450)
    assert part.cancelled == 1 and bench.fed < 1260
    part.end = 1
    await asyncio.sleep(0)


async def test_every_task_has_to_prove_its_work():
    bench, good, bad = Bench(), Part(), Part()
    bench.supervisor.add("bad", bad.run, 50, lambda: 0)
    bench.supervisor.add("good", good.run, 10, lambda: bench.supervisor.uptime)
    await bench.seconds(300)
    assert 0 < bench.fed < 50
    good.end = bad.end = 1
    await asyncio.sleep(0)


async def test_ticks_that_begin_again_change_nothing():
    bench, part = Bench(time.ticks_add(0, -5000)), Part()
    bench.supervisor.add("part", part.run)
    await bench.seconds(100)
    assert bench.supervisor.uptime == 99 and bench.fed == 40
    part.end = 1
    await asyncio.sleep(0)


async def test_cancelling_the_supervisor_ends_its_tasks():
    bench, part = Bench(), Part()
    bench.supervisor.add("part", part.run)
    running = asyncio.create_task(bench.supervisor.run())
    while not part.lives:
        await asyncio.sleep(0)
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        pass
    while not part.cancelled:
        await asyncio.sleep(0)
    assert part.lives == 1


def test_pauses_are_bounded_and_random():
    for streak in range(1, 100):
        for _ in range(20):
            assert min(1 << streak - 1, 48) <= pause(streak) <= 60, streak
    assert len({pause(50) for _ in range(100)}) > 5
