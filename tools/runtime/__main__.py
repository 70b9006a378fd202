"""python3 -m tools.runtime NAME...: make ready what is named, unless it is already.

NAME is run, test, bench, lint or flash (what that make target needs), or a single step.
"""

import fcntl
import sys
import time

from tools import pages
from tools.runtime import CACHE, ports, python_env
from tools.runtime.common import SetupError, runtimes, say
from tools.runtime.packages import need

STEPS = {
    "unix64": ports.unix64,
    "unix32": ports.unix32,
    "unix32-board": ports.unix32_board,
    "rv32": ports.rv32_qemu,
    "venv-run": lambda: python_env.venv("run"),
    "venv-test": lambda: python_env.venv("test"),
    "venv-lint": lambda: python_env.venv("lint"),
    "homeassistant": python_env.homeassistant,
    "venv-flash": lambda: python_env.venv("flash"),
    "typings": python_env.typings,
    "lib": python_env.lib,
    "mosquitto": lambda: need("mosquitto", "mosquitto_sub"),
    "databases": lambda: need("influxd", "victoria-metrics"),
    "chromium": lambda: need("chromium"),
    "pages": pages.build,
}


def main(names: list) -> int:
    """Carry out the steps in order; a problem is told in words, without a traceback."""
    tests = [*runtimes(), "venv-run", "venv-test", "lib", "mosquitto", "databases", "pages"]
    if "unix32" in tests:
        tests.append("unix32-board")  # after lib, which is part of it
    targets = {
        "run": ["unix64", "venv-run", "lib", "pages"],
        "run-full": ["unix64", "venv-run", "lib", "mosquitto", "databases", "pages"],
        "test": [*tests, "chromium"],
        "bench": tests,
        "lint": ["venv-run", "venv-lint", "typings", "lib"],
        "flash": ["venv-run", "venv-lint", "venv-flash", "lib"],
    }
    steps = [step for name in names for step in targets.get(name, [name])]
    unknown = [step for step in steps if step not in STEPS]
    if unknown or not steps:
        print(f"{__doc__}\nSteps: {', '.join(STEPS)}", file=sys.stderr)
        return 2
    start = time.monotonic()
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another make is setting up: waiting for its end")
            fcntl.flock(lock, fcntl.LOCK_EX)  # and finding its work done
        try:
            for step in dict.fromkeys(steps):
                STEPS[step]()
        except SetupError as error:
            say(str(error))
            return 1
    if time.monotonic() - start > 5:
        say(f"ready after {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
