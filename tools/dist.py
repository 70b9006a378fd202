"""`make dist`: one file with which a board is updated, in .cache/dist.

    FAMILY=esp32c6    or esp32s3, or simulator for `make run`
    KEY=release.pem   signs it, and has the boards that install it ask for this key from then on
    VERSION=1.2.3     another version than that of the sources

The file is the manifest of an application slot (tools/slot.py), then the content of its files in
the order of the manifest, and nothing else: a board can check each as it comes. Same sources and
same key, same bytes.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tools import slot
from tools.runtime import CACHE, ROOT
from tools.runtime.common import SetupError

OUT = CACHE / "dist"


def build(family: str, key: Path | None = None, version: str = "", out: Path = OUT) -> Path:
    """Write a bundle. -> its path"""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as work:
        folder = Path(work) / "slot"
        version = slot.stage(folder, family, version, key)
        part = Path(work) / "bundle"
        pack(folder, part)
        return part.replace(out / f"ticgate-{version}-{family}.bundle")


def pack(folder: Path, path: Path) -> None:
    """A slot as one file."""
    manifest = (folder / slot.MANIFEST).read_bytes()
    with path.open("wb") as file:
        file.write(manifest)
        for name, _, _ in slot.files(manifest):
            with (folder / name).open("rb") as content:
                shutil.copyfileobj(content, file)


def main() -> int:
    """The command."""
    wanted = os.environ
    key = Path(wanted["KEY"]).expanduser() if wanted.get("KEY") else None
    try:
        path = build(wanted.get("FAMILY") or "esp32c6", key, wanted.get("VERSION") or "")
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    data = path.read_bytes()
    print(f"{path.relative_to(ROOT)}: {len(data)} bytes, "
          f"{f'signed with {key.name}' if key else 'not signed'}\n"
          f"sha256 {hashlib.sha256(data).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
