"""Everything that runs the firmware on a PC: the MicroPython runtimes and the tools around them.

`python3 -m tools.runtime NAME...` makes ready what is named and does nothing when it is ready
already. Only the standard library is needed, since this runs before anything is installed.
"""

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  (said before anything fails on newer syntax)
    sys.exit(f"ticgate: Python 3.11 or later is needed; {sys.executable} is older")

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
BIN = CACHE / "bin"
VENV = CACHE / "venv"
TYPINGS = CACHE / "typings"
LIB = ROOT / "lib"

MICROPYTHON = BIN / "micropython"
MICROPYTHON32 = BIN / "micropython32"
MICROPYTHON32_BOARD = BIN / "micropython32-board"
RV32_FIRMWARE = BIN / "rv32.elf"
