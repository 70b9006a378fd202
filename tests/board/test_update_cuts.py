"""The power goes at every write of an update: something whole starts afterwards, always."""

import json

from tests.support import mpy_process
from tests.support.mpy_process import ROOT


def test_a_board_starts_wherever_the_power_went(capsys):
    done = mpy_process.run_script(
        mpy_process.unix_command("unix64"), ROOT / "tests/support/update_cuts.py", timeout=300,
        env=mpy_process.environment(ROOT, ROOT / "tests/unit"))
    table = json.loads(done.stdout.splitlines()[-1])
    with capsys.disabled():
        print(f"\n{'the power goes during':<28}{'points':>8}{'then runs: old':>16}{'new':>8}")
        for name, points, old, new in table:
            print(f"{name:<28}{points:>8}{old:>16}{new:>8}")
    for _, points, old, new in table:
        assert points == old + new > 0
    rows = {name: (old, new) for name, _, old, new in table}
    assert len(rows) == len(table) == 9
    assert rows["the update"][0] > 400
    assert rows["the start of the old one"][1] == rows["it goes back by itself"][1] == 0
    assert rows["a later start"][0] == 0
