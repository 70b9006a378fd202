"""The console and Improv: nothing that is typed ends them but Ctrl-C, and each answer is a packet.

Seeded: a run repeats. 4,000 pieces; 40,000 with `make fuzz`.
"""

import os

import pytest

from tests.support.mpy_process import ROOT

PIECES = 40_000 if os.environ.get("FUZZ") == "long" else 4_000


@pytest.mark.parametrize("runtime", ["unix64"])
def test_nothing_that_is_typed_ends_the_console(runtime, run_mpy):
    done = run_mpy(ROOT / "tests/fuzz/console_target.py", 20261129, PIECES, runtime=runtime,
                   timeout=600)
    answers, lines, stops = map(int, done.stdout.split())
    assert answers > PIECES // 2 and lines > PIECES // 10 and stops > PIECES // 100
