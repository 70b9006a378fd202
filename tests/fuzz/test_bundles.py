"""Updates: whatever comes, nothing but a whole version is proposed, and only its slot is touched.

Seeded: a run repeats. 1,500 bundles; 15,000 with `make fuzz`.
"""

import os

from tests.support import mpy_process
from tools.runtime import ROOT

BUNDLES = 15_000 if os.environ.get("FUZZ") == "long" else 1_500


def test_no_bundle_does_harm(tmp_path, capsys):
    folders = [*mpy_process.module_folders(), ROOT / "tests/unit"]
    done = mpy_process.run_script(
        mpy_process.unix_command("unix64"), ROOT / "tests/fuzz/bundles_target.py", 20261130,
        BUNDLES, env=mpy_process.environment(*folders), cwd=tmp_path, timeout=600)
    taken, early, late = map(int, done.stdout.split())
    with capsys.disabled():
        print(f"\n  {taken} bundles taken, {early} refused at once, {late} refused later")
    assert taken + early + late == BUNDLES
    assert min(taken, early, late) > BUNDLES // 30
