"""Damaged requests through the portal's server: an answer or none, and nothing escapes."""

import json
import os

from tests.support import mpy_process
from tools.runtime import ROOT

MORE = 10 if os.environ.get("FUZZ") == "long" else 1


def test_no_request_upsets_the_server(tmp_path):
    folders = [*mpy_process.module_folders(), ROOT / "tests/unit"]
    done = mpy_process.run_script(
        mpy_process.unix_command("unix64"), ROOT / "tests/fuzz/portal_target.py", 5000 * MORE,
        env=mpy_process.environment(*folders), cwd=tmp_path, timeout=600 * MORE)
    counts = json.loads(done.stdout.splitlines()[-1])
    assert sum(counts.values()) == 5000 * MORE
    # Each kind of answer was met, so the test has been where it wanted to go; none is a 500.
    assert set(counts) == {"0", "200", "400", "404", "405", "411", "413", "431"}, counts
