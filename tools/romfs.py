"""`make romfs`: the application as a ROMFS image, for images of MicroPython of your own.

Modules in it are run where they are, in flash that is mapped into memory, and take no RAM for
their code. No stock image of the ESP32-C6 has a partition for it (MICROPY_VFS_ROM is off there):
the image of such a build mounts it as /rom and finds the application in it, with boot.py and
main.py in the flash file system as ever. An update goes into slot a and then comes first.

    FAMILY=esp32c6    as of make dist
"""

import os
import sys
import tempfile
from pathlib import Path

from tools import dist, slot
from tools.runtime import ROOT, mpy
from tools.runtime.common import SetupError


def build(family: str, out: Path = dist.OUT) -> Path:
    """Write the image. -> its path"""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as work:
        folder = Path(work) / "slot"
        version = slot.stage(folder, family)
        files = {path.relative_to(folder).as_posix(): path
                 for path in folder.rglob("*") if path.is_file() and path.name != slot.MANIFEST}
        path = out / f"ticgate-{version}-{family}.romfs"
        path.write_bytes(mpy.romfs(files))
    return path


def main() -> int:
    """The command."""
    try:
        path = build(os.environ.get("FAMILY") or "esp32c6")
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes; "
          "mpremote romfs deploy puts it onto a board that has the partition")
    return 0


if __name__ == "__main__":
    sys.exit(main())
