"""The MicroPython runtimes: found or built, checked, and put into .cache/bin."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tools.runtime import (
    BIN,
    CACHE,
    MICROPYTHON,
    MICROPYTHON32,
    MICROPYTHON32_BOARD,
    RV32_FIRMWARE,
    build,
    rv32,
)
from tools.runtime.common import SetupError, Stamp, say, which

# Runs inside a runtime: it must print "ready", or the runtime is not fit for the firmware.
_CHECK = """
import sys
assert sys.implementation.version[:2] >= (1, 25), sys.implementation
import array, asyncio, binascii, hashlib, json, micropython, os, select, socket, struct, time, tls
@micropython.viper
def double(n: int) -> int:
    return n << 1
@micropython.native
def half(n):
    return n >> 1
async def nap():
    await asyncio.sleep_ms(1)
    return "ready"
assert double(21) == half(84) == 42 and select.poll and tls.SSLContext
print(asyncio.run(nap()))
"""
# The board's sizes: pointers and viper integers of 32 bits, small ints of 31, floats of 32.
_CHECK32 = """
import gc, micropython, sys, tls
def allocates(n):
    micropython.heap_lock()
    try:
        return n + 1 < 0
    except MemoryError:
        return True
    finally:
        micropython.heap_unlock()
assert sys.maxsize == 2**31 - 1 and 16777216.0 + 1 == 16777216.0
assert not allocates(2**30 - 2) and allocates(2**30 - 1)
assert gc.mem_alloc() + gc.mem_free() < 128 * 1024
print("ready")
"""
_CHECK_RV32 = """
import array, asyncio, gc, micropython, rvbench, select, struct, sys, time
@micropython.viper
def double(n: int) -> int:
    return n << 1
assert double(21) == 42 and sys.maxsize == 2**31 - 1
assert rvbench.count(double, 4)[1] == 8
assert rvbench.count(double, 4)[0] == rvbench.count(double, 4)[0]
print("ready")
"""


def unix64() -> None:
    """A MicroPython for this PC as .cache/bin/micropython: the one on the PATH, else a build."""
    if _use_path():
        return
    stamp = Stamp("unix64", build.RECIPE)
    if stamp.fresh(MICROPYTHON):
        return
    if sys.platform == "darwin":
        raise SetupError("please install MicroPython, then try again: brew install micropython")
    _place(build.unix64(), MICROPYTHON)
    _require([str(MICROPYTHON)], _CHECK)
    stamp.set()


def unix32() -> None:
    """The 32-bit unix port, set up like the esp32 port, as .cache/bin/micropython32."""
    _unix32(Stamp("unix32", build.RECIPE), build.unix32, MICROPYTHON32)


def unix32_board() -> None:
    """The same with the simulated board in its image, as .cache/bin/micropython32-board."""
    stamp = Stamp("unix32-board", build.RECIPE, *build.BOARD)
    _unix32(stamp, build.unix32_board, MICROPYTHON32_BOARD)


def _unix32(stamp: Stamp, make, target: Path) -> None:
    if stamp.fresh(target):
        return
    if platform.machine() != "x86_64" or sys.platform != "linux":
        raise SetupError("the 32-bit runtime needs Linux on x86-64; RUNTIMES=unix64 leaves it out")
    _place(make(), target)
    _require([str(target), "-X", "heapsize=128k"], _CHECK)
    _require([str(target), "-X", "heapsize=128k"], _CHECK32)
    stamp.set()


def rv32_qemu() -> None:
    """The RV32 build for QEMU's virt machine, as .cache/bin/rv32.elf, and QEMU itself."""
    stamp = Stamp("rv32", build.RECIPE)
    if stamp.fresh(RV32_FIRMWARE) and which("qemu-system-riscv32"):
        return
    if sys.platform != "linux":
        raise SetupError("the RV32 runtime needs Debian's packages; RUNTIMES=unix64 leaves it out")
    _place(build.rv32(), RV32_FIRMWARE)
    done = rv32.run(_CHECK_RV32, timeout=30)
    if done.output.strip() != "ready":
        raise SetupError(f"the RV32 build does not work: {done.output}{done.error}")
    stamp.set()


def _use_path() -> bool:
    """A MicroPython on the PATH that is fit, as a link; looked at again only when it changes."""
    found = which("micropython")
    if not found or Path(found).parent == BIN:
        return False
    program = Path(found).resolve()
    made = program.stat()
    identity = (_CHECK, program, made.st_mtime_ns, made.st_size)
    used = Stamp("unix64-path", *map(str, identity))
    if used.fresh(MICROPYTHON) and MICROPYTHON.resolve() == program:
        return True
    refused = Stamp("unix64-refused", *map(str, identity))
    if refused.fresh():
        return False
    trouble = _trouble([str(program)], _CHECK)
    if trouble:
        say(f"{program} will not do: {trouble}")
        refused.set()
        return False
    say(f"using {program}")
    _place(program, MICROPYTHON, link=True)
    used.set()
    return True


def _place(program: Path, target: Path, link: bool = False) -> None:
    """Put it where everything else looks for it, in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    if link:
        fresh.symlink_to(program)
    else:
        shutil.copy2(program, fresh)
    fresh.replace(target)


def _trouble(command: list, check: str) -> str:
    """Why a runtime is not fit, "" when it is."""
    try:
        done = subprocess.run(
            [*command, "-c", check],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            env={"MICROPYPATH": ".frozen"},
            cwd=CACHE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0 and done.stdout.strip() == "ready":
        return ""
    return (done.stderr or done.stdout).strip().rpartition("\n")[2] or f"exit {done.returncode}"


def _require(command: list, check: str) -> None:
    trouble = _trouble(command, check)
    if trouble:
        raise SetupError(f"the build of {command[0]} does not work: {trouble}")
