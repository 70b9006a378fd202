"""Runs the tasks of the gateway, restarts what fails, and feeds the watchdog while work gets done.

A task proves that it works by a number that changes (frames read, messages accepted). One that
stops proving it is cancelled and started again; if that does not help, the watchdog goes unfed.
"""

import asyncio
import gc
import random
import sys
import time

from micropython import const

_LONGEST = const(48)  # s; with its random part a pause is never above 60 s
_CALM = const(60)  # s; a task that ran this long before it failed starts again at the first pause
_WARNING = const(1)  # as in log.py
_WARM_UP = const(60)  # s before the watchdog is fed, and so started: time to stop a board by hand


class Supervisor:
    """The keeper of the tasks.

    ticks_ms is the clock. feed is called every second while all tasks prove their work, from a
    minute after the start on. say(words, level) is told each failure, and when the task begins
    again.
    """

    def __init__(self, ticks_ms, feed, say):
        self.uptime = 0  # s; ticks would begin again after 12 days
        self.proven = False  # all tasks gave the signs that they have to give
        self.tasks = []
        self._ticks_ms = ticks_ms
        self._feed = feed
        self._say = say
        self._then = ticks_ms()  # the tick of the second that uptime has reached

    def add(self, name, start, limit=0, sign=None) -> None:
        """Have start() run, a function that gives a coroutine which is never to end.

        sign() returns a number that changes while the task does its work, at least every limit
        seconds, or None: the line or the network is known to be absent.
        """
        self.tasks.append(_Task(name, start, limit, sign, self._say))

    async def run(self) -> None:
        """Keep all tasks running until cancelled; then they are cancelled too."""
        try:
            while True:
                self.step()
                await asyncio.sleep(1)
        finally:
            for task in self.tasks:
                if task.handle:
                    task.handle.cancel()

    def step(self) -> None:
        """One look at every task: start what is due, cancel what is stuck, feed the watchdog."""
        passed = time.ticks_diff(self._ticks_ms(), self._then) // 1000
        self._then = time.ticks_add(self._then, passed * 1000)
        self.uptime += passed
        proven = True
        for task in self.tasks:
            proven = task.step(self.uptime) and proven
        self.proven = proven
        if proven and self.uptime >= _WARM_UP:
            self._feed()

    def status(self) -> dict:
        """For each task "failures", the last "error" if any, "idle" seconds if it gives signs."""
        status = {}
        for task in self.tasks:
            status[task.name] = entry = {"failures": task.failures}
            if task.failures:
                entry["error"] = task.error
            if task.sign:
                entry["idle"] = self.uptime - task.proven
        return status


class _Task:
    """What the supervisor knows of one task. Times are seconds of its uptime."""

    handle = None  # the asyncio task, while there is one
    error = "ended"  # how it ended last
    stuck = False  # cancelled for want of a sign, and none came since
    due = began = proven = streak = failures = 0
    value = None  # the sign it gave last

    def __init__(self, name, start, limit, sign, say):
        self.name = name
        self.say = say
        self.start = start
        self.limit = limit
        self.sign = sign

    def step(self, now) -> bool:
        """Start it if it is due. Whether it works, has done so lately, or cannot.

        Cancels it at its limit; false from twice that on.
        """
        if self.handle and self.handle.done():
            self.handle = None
            self.streak = 1 if now - self.began >= _CALM else self.streak + 1
            self.failures += 1
            wait = pause(self.streak)
            self.due = now + wait
            self.say(f"{self.name}: {self.error}; again in {wait} s", _WARNING)
            gc.collect()  # what failed may have failed for want of memory
        if not self.handle and now >= self.due:
            self.began = now
            self.handle = asyncio.create_task(self.run())
        if not self.sign:
            return True
        value = self.sign()
        if value is None or value != self.value:
            self.value = value
            self.proven = now
            self.stuck = False
        idle = now - self.proven
        if idle > self.limit and self.handle and not self.stuck:
            self.stuck = True
            self.error = f"no sign of work for {idle} s"
            self.handle.cancel()
        return idle <= 2 * self.limit

    async def run(self) -> None:
        """One life of the task. A cancellation travels on; all else ends here, on record."""
        try:
            await self.start()
            self.error = "ended"
        except OSError as error:  # says in words what is wrong outside
            self.error = str(error)
        except Exception as error:
            sys.print_exception(error)
            self.error = f"{type(error).__name__}: {error}"[:120]


def pause(streak) -> int:
    """Seconds to wait after streak failures in a row: 1, 2, 4 ... 60, with a random part."""
    seconds = min(1 << min(streak - 1, 6), _LONGEST)
    return seconds + random.randrange(seconds // 4 + 1)
