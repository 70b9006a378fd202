"""Bit errors on the wire: what reaches the store must be true, and nothing true may be lost.

A simulated meter sends frames over the simulated ten-bit wire, on which every bit is inverted with
a given probability. The firmware's decoder and store read them in MicroPython. Each value that
reached the store is compared with what the meter sent in that frame, and each group that no bit
error touched must have arrived. Seeded: the figures repeat.

300,000 groups at each error rate; ten million with `make fuzz`.
"""

import collections
import json
import os
import subprocess
import threading

import pytest

from tests.support import mpy_process
from tests.support.recordings import ROOT
from tools.simulator.meter import RATES, Meter
from tools.simulator.wire import Wire

GROUPS = 10_000_000 if os.environ.get("FUZZ") == "long" else 300_000
# (mode, other arguments of the meter, seconds from one frame to the next, share of the groups)
METERS = (
    ("standard", {"contract": "hchp"}, 1.0, 30),
    ("standard", {"contract": "tempo", "phases": 3, "producer": True}, 1.6, 30),
    ("historique", {"contract": "hchp"}, 1.5, 15),
    ("historique", {"contract": "tempo", "phases": 3}, 2.6, 15),
    ("pmepmi", {}, 1.8, 10),
)
PAUSE = 250  # bits between two frames: 26 ms at 9600 Bd
LEARN = 3  # frames without an error at the start, as a source that has just found its line


class Line:
    """One meter, its noisy wire, the target that listens, and the comparison."""

    def __init__(self, program, mode, options, pace, rate, seed):
        self.meter = Meter(mode, seed=seed, **options)
        self.pace = pace
        self.clean = Wire(RATES[mode], 0.0)
        self.wire = Wire(RATES[mode], rate, seed)
        folders = mpy_process.module_folders()
        self.process = subprocess.Popen(
            [program, str(ROOT / "tests/fuzz/noise_target.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=mpy_process.environment(*folders),
        )
        self.truth = collections.deque()
        self.sent = self.intact = self.lost = self.wrong = 0
        self.examples = []
        self.last = None

    def run(self, groups):
        """Sends that many groups and returns when all answers were compared."""
        reader = threading.Thread(target=self._compare)
        reader.start()
        try:
            frames = 0
            while self.sent < groups:
                self._send(self.wire if frames >= LEARN else self.clean)
                frames += 1
            self.process.stdin.write(b"\0\0")
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # the target has died: what it said is in its exit code
        finally:
            reader.join()
            self.process.stdout.close()
            assert self.process.wait() == 0

    def _send(self, wire):
        frame = self.meter.frame()
        octets = self.meter.encode(frame)
        line = wire.carry(octets, PAUSE)
        intact = intact_groups(frame, octets, wire.affected)
        self.meter.advance(self.pace)
        self.sent += len(frame)
        self.truth.append(({label: (h, value) for label, h, value in frame}, intact))
        self.process.stdin.write(len(line).to_bytes(2, "little") + line)

    def _compare(self):
        slots = {}
        for line in self.process.stdout:
            text = line.decode("ascii").rstrip("\n")
            if text[0] == "=":
                slot, label, horodate, value = text[1:].split("\t")
                slots[int(slot)] = label, (horodate or None, value)
                self._check(self.truth[0][0], *slots[int(slot)])
            elif text[0] == ".":
                truth, intact = self.truth.popleft()
                seen = set()
                for at in range(1, len(text), 2):
                    label, content = slots[int(text[at : at + 2], 16)]
                    seen.add(label)
                    self._check(truth, label, content)
                self.intact += len(intact)
                missing = [label for label in intact if label not in seen]
                self.lost += len(missing)
                if missing and len(self.examples) < 20:
                    self.examples.append(("lost", missing))
            else:
                self.last = json.loads(text[1:])

    def _check(self, truth, label, content):
        """A content that is not what the meter sends now is wrong."""
        if truth.get(label) != content:
            self.wrong += 1
            self.examples.append(("wrong", label, content, truth.get(label)))


def intact_groups(frame, octets, affected):
    """Labels of the groups of which no byte, LF to CR, was damaged."""
    if not affected:
        return [label for label, _, _ in frame]
    damaged = set()
    for first, last in affected:
        damaged.update(range(first, last + 1))
    intact, at = [], 1
    for label, _, _ in frame:
        end = octets.index(b"\r", at) + 1
        if damaged.isdisjoint(range(at, end)):
            intact.append(label)
        at = end
    return intact


@pytest.mark.parametrize("rate", [1e-4, 1e-3, 5e-3])
def test_noise(rate, micropython, capsys):
    lines = []
    for number, (mode, options, pace, share) in enumerate(METERS):
        line = Line(micropython, mode, options, pace, rate, seed=number + 1)
        line.run(GROUPS * share // 100)
        lines.append(line)
    sent = sum(line.sent for line in lines)
    intact = sum(line.intact for line in lines)
    lost = sum(line.lost for line in lines)
    wrong = sum(line.wrong for line in lines)
    with capsys.disabled():
        print(
            f"\n  bit errors {rate:g}: {sent} groups, {intact} undamaged, "
            f"{wrong} wrong values stored, {lost} true groups lost ({lost / intact:.4%})"
        )
    assert sent >= GROUPS
    for line in lines:
        assert not line.truth, "the target stopped before the end"
        assert line.wrong == 0, line.examples
        assert line.last["events"] == {}, line.last
    assert lost < intact / 1000, [line.examples for line in lines]
