"""Runs the tasks of the gateway, restarts what fails, and feeds the watchdog while work gets done.

A task proves that it works by a number that changes (frames read, messages accepted). One that
stops proving it is cancelled and started again; if that does not help, the watchdog goes unfed.
"""

import asyncio
import gc
import random
import time

from micropython import const

_STEP = const(1000)  # ms between two looks at the tasks
_LONGEST = const(48)  # s; with its random part a pause is never above 60 s
_CALM = const(60)  # s; a task that ran this long before it failed starts again at the first pause
_WARM_UP = const(60)  # s before the watchdog is fed, and so started: time to stop a board by hand


class Supervisor:
    """The keeper of the tasks.

    ticks_ms is the clock. feed is called every second while all tasks prove their work, from a
    minute after the start on. report(name, error, pause) is told each failure (error is None if
    the task was cancelled or came to an end) and the seconds until the restart.
    """

    def __init__(self, ticks_ms, feed, report=None):
        self.uptime = 0  # s; ticks would begin again after 12 days
        self._ticks_ms = ticks_ms
        self._feed = feed
        self._report = report
        self.tasks = []
        self._then = ticks_ms()
        self._part = 0  # ms of uptime below a second

    def add(self, name, start, sign=None, limit=0, excuse=None) -> None:
        """Have start() run, a function that gives a coroutine which is never to end.

        sign() returns a number that changes while the task does its work, at least every limit
        seconds, unless excuse() is true: the line or the network is known to be absent.
        """
        self.tasks.append(_Task(name, start, sign, limit, excuse))

    async def run(self) -> None:
        """Keep all tasks running until cancelled; then they are cancelled too."""
        self._then = self._ticks_ms()
        try:
            while True:
                self.step()
                await asyncio.sleep_ms(_STEP)
        finally:
            for task in self.tasks:
                if task.handle:
                    task.handle.cancel()

    def step(self) -> None:
        """One look at every task: start what is due, cancel what is stuck, feed the watchdog."""
        now = self._ticks_ms()
        self._part += time.ticks_diff(now, self._then)
        self._then = now
        self.uptime += self._part // 1000
        self._part %= 1000
        proven = True
        for task in self.tasks:
            if task.handle and task.handle.done():
                self._ended(task)
            proven = task.proves(self.uptime) and proven
            if task.handle is None and self.uptime >= task.due:
                task.began = self.uptime
                task.handle = asyncio.create_task(self._guard(task))
        if proven and self.uptime >= _WARM_UP:
            self._feed()

    def status(self) -> dict:
        """For each task "failures", the last "error" if any, "idle" seconds if it gives signs."""
        status = {}
        for task in self.tasks:
            entry = {"failures": task.failures}
            if task.failures:
                entry["error"] = task.error
            if task.sign:
                entry["idle"] = self.uptime - task.proven
            status[task.name] = entry
        return status

    async def _guard(self, task):
        """One life of a task. A cancellation travels on; everything else ends here, on record."""
        task.reason = None
        try:
            await task.start()
        except Exception as error:
            task.reason = error

    def _ended(self, task):
        """Note how a life ended, and when the next begins."""
        reason, task.reason, task.handle = task.reason, None, None
        task.failures += 1
        if reason:
            task.error = f"{type(reason).__name__}: {reason}"[:120]
        elif not task.stuck:
            task.error = "ended"
        task.streak = 1 if self.uptime - task.began >= _CALM else task.streak + 1
        wait = pause(task.streak)
        task.due = self.uptime + wait
        gc.collect()  # what failed may have failed for want of memory
        if self._report:
            self._report(task.name, reason, wait)


class _Task:
    """What the supervisor knows of one task. Times are seconds of its uptime."""

    def __init__(self, name, start, sign, limit, excuse):
        self.name = name
        self.start = start
        self.sign = sign
        self.limit = limit
        self.excuse = excuse
        self.handle = None  # the asyncio task, while there is one
        self.reason = None  # the exception that ended it
        self.stuck = False  # cancelled for want of a sign, and none came since
        self.due = 0
        self.began = 0
        self.proven = 0
        self.seen = None
        self.streak = 0
        self.failures = 0
        self.error = ""

    def proves(self, now) -> bool:
        """Whether the task works, has done so lately, or cannot.

        Cancels it at its limit; false from twice that on.
        """
        if not self.sign:
            return True
        value = self.sign()
        idle = now - self.proven
        if value != self.seen or (idle > self.limit and self.excuse and self.excuse()):
            self.seen = value
            self.proven = now
            self.stuck = False
            return True
        if idle > self.limit and self.handle and not self.stuck:
            self.stuck = True
            self.error = f"no sign of work for {idle} s"
            self.handle.cancel()
        return idle <= 2 * self.limit


def pause(streak) -> int:
    """Seconds to wait after streak failures in a row: 1, 2, 4 ... 60, with a random part."""
    seconds = min(1 << min(streak - 1, 6), _LONGEST)
    return seconds + random.randrange(seconds // 4 + 1)
