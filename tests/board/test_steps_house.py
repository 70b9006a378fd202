"""Steps of power against the simulated house's own list of switchings, a day in some seconds."""

import pytest

from tools.simulator.house import House
from tools.simulator.meter import Meter

SCRIPT = """
import sys
from firmware.steps import Steps
class Meter:
    injected_va, phases = None, 1
meter, now = Meter(), 0
def tell(key, facts):
    print(now - facts["ago"] * 1000, facts["va"])
steps = Steps(meter, tell, {"step_va": 100})
for line in sys.stdin:
    now, meter.apparent_va, meter.withdrawn_wh = [int(word) for word in line.split()]
    steps.frame(now)
"""


@pytest.mark.parametrize(("mode", "ms", "recall"), [("standard", 1250, 0.91),
                                                   ("historique", 1900, 0.90)])
def test_recall_and_precision(mode, ms, recall, monkeypatch, run_mpy):
    meter = Meter(mode, seed=2)
    start, switched, rows = meter.time * 1000, [], []
    original = House._set

    def noted(self, name, phase, p, q=0):
        before = self._on.get(name, (0, 0))
        original(self, name, phase, p, q)
        if p != before[0] and not name.startswith("standby"):
            size = ((p - before[0]) ** 2 + (q - before[1]) ** 2) ** 0.5
            switched.append((meter._ms - start, size if p > before[0] else -size))

    monkeypatch.setattr(House, "_set", noted)
    for _ in range(86_400_000 // ms):
        va = round(meter.s[0], -1) if mode == "historique" else meter.s[0]
        rows.append(f"{meter._ms - start} {va} {meter.registers.total}\n")
        meter.advance(ms / 1000)
    done = run_mpy(code=SCRIPT, input="".join(rows))
    told = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    free, found = set(told), 0
    for at, size in switched:
        near = [step for step in free if abs(step[0] - at) <= 8000
                and abs(step[1] - size) <= max(80, abs(size) / 4)]
        if near:
            free.remove(min(near, key=lambda step: abs(step[0] - at)))
            found += 1
    assert len(switched) > 500
    assert found >= recall * len(switched)
    assert found >= 0.96 * len(told)
