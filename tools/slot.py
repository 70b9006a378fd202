"""What an application slot of a board holds, and the manifest that tells of it.

    firmware/ lib/ web/    compiled for the family and made lean (tools/runtime/lean.py); the pages
    release.pub            who may sign updates of this board, if anybody (tools/signing.py)
    manifest               what the others have to be

The manifest is text, read line by line on the board (firmware/update.py):

    ticgate 1                       what this is, and the version of this format
    version 0.1.0
    family esp32c6 esp32c3          chips it is for, or `simulator`
    mpy 6 3 11                      version, sub-version, architecture of .mpy files; 0 0 0: none
    bytes 165210                    of all files together
    file firmware/books.mpy 10522 <SHA-256>
    ...
    signature <hex, or nothing>     over all lines above

umqtt.simple is in the board's image.
"""

import hashlib
import re
import shutil
from pathlib import Path

from tools import pages, signing
from tools.runtime import CACHE, ROOT, mpy
from tools.runtime.common import SetupError

NAMES = CACHE / "names.json"  # what the short names in a board's traceback stand for
MANIFEST = "manifest"
FIRST = "ticgate 1"
# Family: what mpy-cross is to write ("": sources as they are), the chips.
FAMILIES = {
    "esp32c6": (mpy.BOARD, "esp32c6 esp32c3"),
    "esp32s3": ("xtensawin", "esp32s3"),
    "simulator": ("", "simulator"),
}
_LIBRARIES = ("microdot",)
_VERSION = re.compile(r'^__version__ = "(.*)"$', re.MULTILINE)
# Three numbers, as the board compares them.
_NUMBERS = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}")


def stage(folder: Path, family: str, version: str = "", key: Path | None = None) -> str:
    """Write a slot into a folder that does not exist yet. -> its version

    version: another one than that of the sources; key: PEM file of the maintainers.
    """
    if family not in FAMILIES:
        raise SetupError(f"FAMILY={family}: not possible. Allowed: {' | '.join(FAMILIES)}.")
    march, _ = FAMILIES[family]
    pages.build()
    made = ROOT
    if march:
        made = mpy.mirror(ROOT, ["firmware", "lib"], march, CACHE / "mpy", lean=True)
        shutil.copyfile(made / "names.json", NAMES)
    _copy(made / "firmware", folder / "firmware")
    for name in _LIBRARIES:
        (path,) = (made / "lib").glob(f"{name}.*py")
        _copy(path, folder / "lib" / path.name)
    for path in sorted(pages.OUT.glob("*.gz")):
        _copy(path, folder / "web" / path.name)
    if march and (sources := [str(path) for path in folder.rglob("*.py")]):
        raise SetupError(f"not compiled: {', '.join(sources)}")
    version = _set_version(folder / "firmware", march, version)
    if key:
        (folder / signing.PUBLIC).write_text(signing.modulus(key) + "\n")
    describe(folder, family, version, key)
    return version


def files(manifest: bytes) -> list:
    """[(path, bytes, SHA-256)] of the files in their order."""
    lines = manifest.decode().splitlines()
    words = [line.split() for line in lines if line.startswith("file ")]
    return [(path, int(size), digest) for _, path, size, digest in words]


def _copy(source: Path, target: Path) -> None:
    """A file, or a folder of files, without what a PC leaves in it."""
    if source.is_dir():
        for path in sorted(source.iterdir()):
            if path.name != "__pycache__":
                _copy(path, target / path.name)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _set_version(package: Path, march: str, wanted: str) -> str:
    """Have the package say the version that is wanted, if one is. -> its version"""
    text = (ROOT / "firmware/__init__.py").read_text("utf-8")
    version = wanted or _VERSION.search(text)[1]
    if not _NUMBERS.fullmatch(version):
        raise SetupError(f"VERSION={version}: not possible. Allowed: three numbers, as 1.2.3.")
    if wanted:
        source = package / "__init__.py"
        source.write_text(_VERSION.sub(f'__version__ = "{version}"', text), "utf-8")
        if march:
            mpy.compile_file(source, package / "__init__.mpy", march, "firmware", "-O3")
            source.unlink()
    return version


def describe(folder: Path, family: str, version: str, key: Path | None = None) -> None:
    """Write the manifest of a slot, anew if there is one."""
    (folder / MANIFEST).unlink(missing_ok=True)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    paths.sort(key=lambda path: path.parent != folder)  # release.pub first, then by name
    _, chips = FAMILIES[family]
    lines = [FIRST, f"version {version}", f"family {chips}", f"mpy {_format(paths)}",
             f"bytes {sum(path.stat().st_size for path in paths)}"]
    for path in paths:
        data = path.read_bytes()
        name = path.relative_to(folder).as_posix()
        lines.append(f"file {name} {len(data)} {hashlib.sha256(data).hexdigest()}")
    text = "".join(f"{line}\n" for line in lines).encode()
    signature = signing.sign(text, key) if key else ""
    (folder / MANIFEST).write_bytes(text + f"signature {signature}\n".encode())


def _format(paths: list) -> str:
    """What MicroPython has to be able to read."""
    version = sub = arch = 0
    for path in paths:
        if path.suffix == ".mpy":
            head = path.read_bytes()[:3]
            version = head[1]
            if head[2] >> 2 & 15:
                arch, sub = head[2] >> 2 & 15, head[2] & 3
    return f"{version} {sub} {arch}"
