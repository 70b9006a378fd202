"""`make soak`: days of a gateway with everything on, with faults, as fast as this PC goes.

Prints a line for each simulated hour and a verdict. Variables: HOURS (72), SPEED (600: how many
times faster than the world the board waits), WORK (10: how many times slower than this PC it
computes, in its own time), SEED of the faults.
"""

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools.bench.decoding import Failed  # noqa: E402
from tools.soak.board import START, Board  # noqa: E402
from tools.soak.house import INTERVAL, House  # noqa: E402

_METER = "standard", "hchp", 1
_HOUR = 3600
_HEAP = 2048  # bytes that the heap at rest may differ by
_LOOKS = 8  # at the heap: the least of them is what stays
_QUIET = 400  # s after the last visit in which the pages are forgotten
_HTTP = ("reset", "mute", "bytewise", "500", "429", "close after head", "close in answer",
         "lost answer", "garbage", "endless")


class Soak:
    """One run."""

    def __init__(self, board: Board, house: House, hours: int, seed: int = 1, say=print):
        self._board, self._house, self._say = board, house, say
        self._hours = hours
        self._dice = random.Random(seed)
        self._state = Path(board.state)
        self.lines = []  # what was found in each hour
        self.faults = {}

    def run(self) -> list:
        """-> what is wrong, in words"""
        self._say(_HEAD)
        for hour in range(1, self._hours + 1):
            self._pass(hour)
        return self._verdict()

    def _pass(self, hour: int) -> None:
        """An hour: a visit and faults at random times, then quiet, then a look at the heap."""
        begun = self._board.now()
        steps = []
        at = self._dice.uniform(0.02, 0.2) * _HOUR
        last = _HOUR - _QUIET * 1.5
        while at < last * 0.9:
            end = min(last, at + self._dice.choice((0.01, 0.05, 0.2)) * _HOUR)
            name, *undo = self._fault()
            self.faults[name] = self.faults.get(name, 0) + 1
            steps += [(at, undo[0]), (end, undo[1])]
            at = end + self._dice.uniform(0.03, 0.25) * _HOUR
        # The pages in memory cost a collection every KB: somebody looks, and goes away again.
        visits, visit = self._house.visits, self._dice.uniform(0.05, 0.8) * last
        steps += [(visit, visits.open.set), (visit + 0.02 * last, visits.all),
                  (visit + 0.08 * last, visits.open.clear)]
        for at, action in sorted(steps, key=lambda one: one[0]):
            self._until(begun + at)
            action()
        self._until(begun + _HOUR - _QUIET / 20)
        looks = []
        for _ in range(_LOOKS):
            looks.append(self._board.ask("stay"))
            self._board.wait(1.5)
        stall = max(one["stall"] for one in looks)  # the first is of the whole hour
        peak = max(self._board.ask("worst")["heap"], *(one["peak"] for one in looks))
        heap = min(one["heap"] for one in looks)
        status = json.loads(self._house.visits.surely("/api/status"))
        self.lines.append({"heap": heap, "peak": peak, "line": looks[-1] | {"stall": stall},
                           "status": status})
        self._say(_line(hour, self.lines[-1], self._house.visits.counts))
        self._until(begun + _HOUR)

    def _until(self, moment: float) -> None:
        self._board.wait(max(0, moment - self._board.now()))

    def _fault(self) -> tuple:
        """(name, begin, end) of something that goes wrong."""
        house, kind = self._house, self._dice.randrange(6)
        if kind == 0:
            mood = self._dice.choice(("lost", "absent", "refused"))
            return f"Wi-Fi {mood}", lambda: self._radio(mood), lambda: self._radio("")
        if kind == 1:
            return "broker away", house.gate.shut, house.gate.open
        proxy, name = self._dice.choice(((house.influx, "database"), (house.post, "server")))
        if kind == 2:
            return f"{name} away", proxy.cut, proxy.mend
        mode = self._dice.choice(_HTTP)

        def set_mode(wanted):
            proxy.mode = wanted

        return f"{name}: {mode}", lambda: set_mode(mode), lambda: set_mode("normal")

    def _radio(self, mood: str) -> None:
        """The network is gone, and with it all that goes through it; or it is back."""
        (self._state / "wifi.json").write_text(json.dumps({"mood": mood}))
        house = self._house
        for proxy in (house.influx, house.post):
            if mood:
                proxy.cut()
            else:
                proxy.mend()
        if mood:
            house.gate.shut()
        else:
            house.gate.open()

    def _verdict(self) -> list:
        """Wait until everything was sent; then what came is compared with what there was."""
        wrong = []
        for _ in range(60):
            status = json.loads(self._house.visits.surely("/api/status"))
            if not any(status[name]["waiting"] for name in ("influx", "post")):
                break
            self._board.wait(20)
        self._house.influx.cut()  # what has come now is all
        self._house.post.cut()
        status = json.loads(self._house.visits.surely("/api/status"))
        rest = [line["heap"] for line in self.lines]
        self._say(f"heap at rest: {rest[0]} bytes after the first hour, {rest[-1]} after the last,"
                  f" {min(rest)} to {max(rest)} in between")
        for hour, heap in enumerate(rest, 1):
            if abs(heap - rest[0]) > _HEAP:
                wrong.append(f"the heap at rest moved by {heap - rest[0]} bytes in hour {hour}")
        line = self._board.ask("worst")
        self._say(f"TIC bytes: {line['read']} read, {line['lost']} lost")
        if line["lost"]:
            wrong.append(f"{line['lost']} TIC bytes were lost")
        for name, task in status["tasks"].items():
            if task["failures"]:
                self._say(f"task {name}: {task['failures']} restarts, {task.get('error')}")
                error = task.get("error", "")
                if not error or error == "ended" or "Error:" in error or "no sign" in error:
                    wrong.append(f"task {name} was restarted: {error or 'no cause'}")
        end = status["uptime"]
        if abs(end - self._board.now()) > 60:
            wrong.append(f"the uptime is {end} s after {self._board.now():.0f} s: a restart")
        for name, times in self._house.arrived().items():
            wrong += self._compare(name, times, status[name], end)
        named = ", ".join(f"{n} {name}" for name, n in sorted(self.faults.items()))
        self._say(f"faults: {named}")
        return wrong

    def _compare(self, name: str, times: list, told: dict, uptime: int) -> list:
        """What is wrong with the readings that came to a destination."""
        once = sorted(set(times))
        gaps = [(a, b) for a, b in zip(once, once[1:]) if b - a > 1.5 * INTERVAL]
        missing = sum(round((b - a) / INTERVAL) - 1 for a, b in gaps)
        twice = len(times) - len(once)
        span = (once[-1] - once[0]) if once else 0
        self._say(f"{name}: {len(once)} readings in {span / 3600:.1f} h, {missing} missing, "
                  f"{twice} twice; {told['failures']} failures, {told.get('dropped', 0)} dropped")
        wrong = []
        if missing:
            a, b = gaps[0]
            wrong.append(f"{name}: {missing} readings missing, first {a - START}..{b - START} s")
        if span < uptime - 4 * INTERVAL - 60:
            wrong.append(f"{name}: readings of {span} s only")
        if name == "influx" and (len(once) != told["accepted"] or twice):
            wrong.append(f"influx: {len(once)} rows, {told['accepted']} accepted")
        return wrong


_HEAD = ("  h    heap    peak  stall ms  lost  restarts  waiting  failures mqtt/influx/post"
         "  pages  cut   live  modbus  raw kB")


def _line(hour: int, found: dict, counts: dict) -> str:
    status, looks = found["status"], found["line"]
    names = ("mqtt", "influx", "post")
    restarts = sum(task["failures"] for task in status["tasks"].values())
    waiting = sum(status[name].get("waiting", 0) for name in names)
    failures = "/".join(str(status[name]["failures"]) for name in names)
    return (f"{hour:3d}  {found['heap']:6d}  {found['peak']:6d}  {looks['stall']:8.0f}"
            f"  {looks['lost']:4d}  {restarts:8d}  {waiting:7d}  {failures:>26}"
            f"  {counts['pages']:5d}  {counts['cut']:3d}  {counts['live']:5d}"
            f"  {counts['modbus']:6d}  {counts['raw bytes'] // 1000:6d}")


def soak(hours: int, speed: int, work: int, seed: int = 1, say=print) -> list:
    """A run with everything that it needs. -> what is wrong, in words"""
    with tempfile.TemporaryDirectory(prefix="ticgate-soak-") as folder:
        with House(Path(folder)) as house, Board(_METER, speed, work, **house.settings) as board:
            try:
                return Soak(board, house, hours, seed, say).run()
            except (OSError, Failed) as problem:
                said = "".join(board.words[-30:])
                return [f"{problem!r}; the board said last:\n{said}"]


def main() -> int:
    """`make soak`."""
    hours, speed, work, seed = (int(os.environ.get(name) or usual) for name, usual in (
        ("HOURS", 72), ("SPEED", 600), ("WORK", 10), ("SEED", 1)))
    begun = time.monotonic()
    try:
        wrong = soak(hours, speed, work, seed, say=lambda words: print(words, flush=True))
    except KeyboardInterrupt:
        return 130
    print(f"{hours} simulated hours in {(time.monotonic() - begun) / 60:.1f} min", flush=True)
    for words in wrong:
        print(f"WRONG: {words}")
    print("the gateway is as it was" if not wrong else "not as it should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
