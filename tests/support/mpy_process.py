"""MicroPython processes for tests: where the runtimes are, and how to start a script on one."""

import os
import subprocess
import sys
from pathlib import Path

from tools.runtime import MICROPYTHON, MICROPYTHON32, ROOT, RV32_FIRMWARE

# The runtimes a test can ask for; the heap of the 32-bit one is what the board has to spare.
UNIX = {"unix64": [str(MICROPYTHON)], "unix32": [str(MICROPYTHON32), "-X", "heapsize=128k"]}
RV32 = "rv32"

_PROGRAMS = {"unix64": MICROPYTHON, "unix32": MICROPYTHON32, RV32: RV32_FIRMWARE}


def available(runtime: str) -> Path:
    """The program of a runtime; it is the set-up's job (`make test`) to have made it."""
    program = _PROGRAMS[runtime]
    if not program.exists():
        raise FileNotFoundError(f"{program} is not there: `make test` makes it")
    return program


def environment(*folders: Path, **extra: str) -> dict:
    """Environment of a unix process whose modules come from these folders, then the frozen ones.

    MICROPYPATH is always set, or MicroPython would look into the user's home folder too.
    """
    path = ":".join([*map(str, folders), ".frozen"])
    return dict(os.environ, MICROPYPATH=path, **extra)


def module_folders(root: Path = ROOT) -> list:
    """Where the firmware, its libraries and the simulated board are found."""
    return [root, root / "lib", root / "tools/simulator/board"]


def unix_command(runtime: str, heap: str | None = None) -> list:
    """The command that starts a unix port, with a heap of its own size: "64k", "2M" """
    available(runtime)
    command = UNIX[runtime]
    return [command[0], "-X", f"heapsize={heap}"] if heap else command


def rv32_command(image: Path | None = None, timeout: float = 3600, icount: bool = True) -> list:
    """The command that runs a script in QEMU and behaves like a unix port's."""
    available(RV32)
    command = [sys.executable, "-m", "tools.runtime.rv32", "-t", str(timeout)]
    command += ["-r", str(image)] if image else []
    return command if icount else [*command, "--no-icount"]


def run_script(command: list, script=None, *args, code: str | None = None, check: bool = True,
               timeout: float = 60, input: str | None = None, env=None, cwd=None):
    """Run a script (a path) or code on a runtime's command. -> CompletedProcess, in text"""
    what = ["-c", code] if code is not None else [str(script)]
    done = subprocess.run(
        [*command, *what, *map(str, args)], text=True, capture_output=True, check=False,
        timeout=timeout, input=input, env=env, cwd=cwd,
    )
    if check and done.returncode:
        raise AssertionError(f"exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done
