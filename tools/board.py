"""`make board`: all that goes onto a board, as it goes there, in .cache/board.

The firmware compiled and made lean (tools/runtime/lean.py), Microdot compiled, the pages, and the
two files that MicroPython starts. umqtt.simple is in the board's image.
"""

import shutil
import sys

from tools import pages
from tools.runtime import CACHE, ROOT, mpy

OUT = CACHE / "board"
NAMES = CACHE / "names.json"  # what the short names in a board's traceback stand for
_FOLDERS = ("firmware", "lib")
_LIBRARIES = ("microdot.mpy",)


def build() -> int:
    """Write the folder anew. -> bytes of its files"""
    pages.build()
    compiled = mpy.mirror(ROOT, list(_FOLDERS), mpy.BOARD, CACHE / "mpy", lean=True)
    shutil.rmtree(OUT, ignore_errors=True)
    shutil.copytree(compiled / "firmware", OUT / "firmware")
    (OUT / "lib").mkdir()
    for name in _LIBRARIES:
        shutil.copyfile(compiled / "lib" / name, OUT / "lib" / name)
    shutil.copytree(pages.OUT, OUT / "web")
    shutil.copyfile(compiled / "names.json", NAMES)
    for name in ("boot.py", "main.py"):
        shutil.copyfile(ROOT / name, OUT / name)
    return sum(path.stat().st_size for path in OUT.rglob("*") if path.is_file())


def main() -> int:
    """The command; what is left to do by hand is said."""
    size = build()
    sources = list((OUT / "firmware").rglob("*.py"))
    if sources:
        print(f"not compiled: {', '.join(map(str, sources))}", file=sys.stderr)
        return 1
    print(f"{OUT.relative_to(ROOT)}: {size} bytes; copy it with mpremote, see README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
