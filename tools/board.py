"""`make board`: all that goes onto a board, as it goes there, in .cache/board.

    boot.py main.py    the two files that MicroPython starts
    a/                 the application, in the first of two slots (tools/slot.py)
    app.good           which of them is good
"""

import os
import shutil
import sys

from tools import slot
from tools.runtime import CACHE, ROOT
from tools.runtime.common import SetupError

OUT = CACHE / "board"


def build(family: str = "esp32c6") -> int:
    """Write the folder anew. -> bytes of its files"""
    shutil.rmtree(OUT, ignore_errors=True)
    slot.stage(OUT / "a", family)
    (OUT / "app.good").write_text("a")
    for name in ("boot.py", "main.py"):
        shutil.copyfile(ROOT / name, OUT / name)
    return sum(path.stat().st_size for path in OUT.rglob("*") if path.is_file())


def main() -> int:
    """The command; what is left to do by hand is said."""
    try:
        size = build(os.environ.get("FAMILY") or "esp32c6")
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{OUT.relative_to(ROOT)}: {size} bytes; copy it with mpremote, see README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
