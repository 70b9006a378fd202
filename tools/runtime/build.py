"""Builds of MicroPython for the PC out of its source package. A change here builds them anew."""

import os
import shutil
from pathlib import Path

from tools.runtime import LIB, ROOT
from tools.runtime.common import digest, run, say
from tools.runtime.packages import need
from tools.runtime.sources import micropython_source

_HERE = Path(__file__).parent
_OVERLAY = _HERE / "overlay"
_RV32_HEAP = 256 * 1024

RECIPE = digest(Path(__file__), _HERE / "sources.py", _OVERLAY)
BOARD = (LIB / "umqtt", ROOT / "tools/simulator/board")  # what unix32_board() freezes


def unix64() -> Path:
    """The unix port as it is. -> the program"""
    need("compiler", "make", "xz", "bzip2")
    return _unix("unix64")


def unix32() -> Path:
    """The 32-bit unix port set up like the esp32 port. -> the program"""
    return _unix32("unix32", "manifest.py")


def unix32_board() -> Path:
    """The same with the simulated board and umqtt frozen into it. -> the program"""
    return _unix32("unix32-board", "manifest_board.py")


def _unix32(name: str, manifest: str) -> Path:
    need("compiler", "make", "xz", "bzip2", "compiler32")
    settings = ("VARIANT=c6", f"VARIANT_DIR={_OVERLAY / 'unix/c6'}")
    return _unix(name, *settings, manifest=manifest)


def rv32() -> Path:
    """The qemu port for RV32 with a clock and the instruction counter. -> the ELF file"""
    need("compiler", "make", "xz", "bzip2", "compiler-rv32", "qemu")
    overlay = _OVERLAY / "qemu"
    return _build(
        "rv32",
        "ports/qemu",
        "firmware.elf",
        "BOARD=VIRT_RV32",
        f"USER_C_MODULES={overlay / 'usermod'}",
        f"MICROPY_HEAP_SIZE={_RV32_HEAP}",
        # gcc 12 has no library set for rv32imac_zicsr; the last -march when linking finds one.
        "LIBS=-march=rv32imac",
        f'CFLAGS_EXTRA=-Wno-error -DMP_CONFIGFILE="<{overlay / "mpconfigport_ticgate.h"}>"',
    )


def _unix(name: str, *settings: str, manifest: str = "manifest.py") -> Path:
    # Left out: ffi, which needs one more package, and btree, which nothing here uses.
    settings += ("MICROPY_PY_BTREE=0", "MICROPY_PY_FFI=0", "CFLAGS_EXTRA=-Wno-error")
    program = "PROG=micropython"
    return _build(name, "ports/unix", "micropython", program, *settings, manifest=manifest)


def _build(
    name: str, port: str, program: str, *settings: str, manifest: str = "manifest.py"
) -> Path:
    source = micropython_source()
    say(f"building MicroPython, {name} (about a minute)")
    # A clean environment: the variables of `make run MODE=... FILE=...` are not for this make,
    # and MicroPython's version must not be looked up in our own git history.
    env = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
    env.update(LC_ALL="C", GIT_DIR="/nonexistent", SOURCE_DATE_EPOCH="1757721600")
    make = ["make", f"-j{os.cpu_count() or 1}"]
    log = f"{name}.log"
    run(log, *make, "-C", source / "mpy-cross", "CFLAGS_EXTRA=-Wno-error", env=env)
    build = source / port / f"build-{name}"
    shutil.rmtree(build, ignore_errors=True)
    folder = ["-C", source / port, f"BUILD=build-{name}"]
    frozen = f"FROZEN_MANIFEST={_OVERLAY / manifest}"
    run(log, *make, *folder, frozen, *settings, env=env)
    return build / program
