"""How fast the books of the gateway wear the flash: a month of them on LittleFS in memory."""

import json
import os
import subprocess

from tools.bench.decoding import Failed
from tools.runtime import MICROPYTHON, ROOT

_DAYS = 30


def measure(days: int = _DAYS) -> dict:
    """What tests/support/month_wear.py prints: {"days", "erases_a_day", "most", "years"}"""
    env = dict(os.environ, MICROPYPATH=f"{ROOT}/tests/unit:{ROOT}:.frozen")
    done = subprocess.run(
        [MICROPYTHON, "-X", "heapsize=16m", ROOT / "tests/support/month_wear.py", str(days)],
        env=env, text=True, capture_output=True, check=False, timeout=120,
    )
    if done.returncode:
        raise Failed(done.stdout + done.stderr)
    return json.loads(done.stdout)
