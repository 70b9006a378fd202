"""`make energy`: the firmware's own decisions on a modelled capacitor, for a month in seconds.

DAYS=30 for the case that has to hold and DAYS=4 for the others, or as many as DAYS says for all;
any assumption of assumptions.txt or setting power_... in SET="supply_mw=100 ...".
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools.energy import picture  # noqa: E402
from tools.runtime import CACHE, MICROPYTHON  # noqa: E402

MODEL = ROOT / "tools/energy/model.py"
FIRST = {"capacity": 1.5, "mode": "historique", "tls": False, "wifi": "good"}
STOP = 3.7                                      # V, power_stop as it comes


def cases() -> list:
    """All that is shown; the one that has to hold first."""
    found = [dict(zip(FIRST, values, strict=True)) for values in product(
        (0.5, 1.5, 5.0), ("historique", "standard"), (False, True), ("good", "bad"))]
    found.sort(key=lambda case: case != FIRST)
    found += [FIRST | {"supply_mw": supply} for supply in (100, 200)]
    found += [FIRST | {"away": [1, 24]}]
    found += [FIRST | {"wifi": "bad", "tls": True, "supply_mw": 100}]
    return [case | {"night_day": 2} for case in found]


def run(case: dict, days: float = 30) -> dict:
    """What became of a case."""
    done = subprocess.run(
        [str(MICROPYTHON), "-X", "heapsize=256M", str(MODEL), json.dumps(case | {"days": days})],
        env=os.environ | {"MICROPYPATH": f"{ROOT}:.frozen"}, text=True, capture_output=True,
        check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return json.loads(done.stdout)


HEAD = ("capacitor, mode, link, Wi-Fi", "reading every s, median (95 %)", "session every s",
        "mJ a reading: start", "read", "Wi-Fi, TLS, send", "lowest V while drawing (at all)",
        "brown-outs", "readings missed", "sessions failed")


def row(case: dict, found: dict) -> list:
    """A line of the table."""
    joules, counts = found["joules"], found["counts"]
    words = (f"{case['capacity']:g} F, {case['mode']}, {'TLS' if case['tls'] else 'plain'}, "
             f"{case['wifi']}")
    words += f", {case['supply_mw']} mW" if "supply_mw" in case else ""
    words += ", a day without Wi-Fi" if "away" in case else ""

    def mj(*names) -> str:
        return f"{1000 * sum(joules.get(name, 0) for name in names):.0f}"

    period, session = found["period"], found["session"]
    return [
        words, f"{period['median']:g} ({period['95']:g})",
        f"{session['median']:g} ({session['95']:g})", mj("start", "import"), mj("read"),
        mj("wifi", "tls", "send"), f"{found['drawn']:.2f} ({found['lowest']:.2f})",
        str(counts["brown_outs"]), str(counts["missed"]), str(counts["failed"])]


def main() -> int:
    """Run all cases, print the table and the picture of the first."""
    days = float(os.environ.get("DAYS") or 30)
    others = float(os.environ.get("DAYS") or 4)
    try:
        more = dict(pair.split("=") for pair in os.environ.get("SET", "").split())
        told = {key: int(value) for key, value in more.items() if key.startswith("power_")}
        more = {key: float(value) for key, value in more.items() if key not in told}
    except ValueError:
        print('energy: SET="name=number name=number"', file=sys.stderr)
        return 2
    changes = more | ({"told": told} if told else {})
    chosen = [case | changes for case in cases()]
    print(f"{days:g} days of the first, {others:g} of the others, a night without power among "
          "them. A model: tools/energy/assumptions.txt says what it assumes.\n")
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}", flush=True)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = pool.map(run, chosen, [days] + [others] * (len(chosen) - 1))
        first = None
        for case, found in zip(chosen, results, strict=True):
            first = first or found
            print(f"| {' | '.join(row(case, found))} |", flush=True)
    path = CACHE / "energy.png"
    picture.png(path, first["volts"], STOP, days)
    print(f"\nthe first of them, {days:g} days; a line: the stop threshold")
    print(picture.letters(first["volts"], STOP))
    print(f"\npicture: {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
