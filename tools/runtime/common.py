"""What the set-up steps share: messages, running a command into a log, and stamps."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tools.runtime import CACHE

# Debian keeps servers and administrators' commands where an ordinary user's PATH may not look.
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


class SetupError(Exception):
    """Something is missing that this script cannot provide; the text says what to do."""


def runtimes() -> list:
    """The runtimes to test on: RUNTIMES, or all that this kind of machine can have."""
    chosen = os.environ.get("RUNTIMES", "").split()
    if chosen or sys.platform != "linux":
        return chosen or ["unix64"]
    return ["unix64", *(["unix32"] if platform.machine() == "x86_64" else []), "rv32"]


def say(text: str) -> None:
    """Tell the person at the terminal; standard output stays free for data."""
    print(f"ticgate: {text}", file=sys.stderr, flush=True)


def which(command: str) -> str | None:
    """Path of a command, administrators' folders included."""
    return shutil.which(command, path=PATH)


def run(log: str, *command: object, env: dict | None = None, cwd: Path | None = None) -> None:
    """Run a command with its output in .cache/log/<log>; show the end of that when it fails."""
    path = CACHE / "log" / log
    path.parent.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    with path.open("ab") as out:
        out.write(f"$ {' '.join(words)}\n".encode())
        out.flush()
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=cwd, check=False
        )
    if done.returncode:
        tail = path.read_text(errors="replace").splitlines()[-25:]
        raise SetupError("\n".join([*tail, f"failed: {words[0]}; all of it is in {path}"]))


def digest(*parts: object) -> str:
    """A key that changes when a part does: files and folders by content, the rest by its text."""
    total = hashlib.sha256()
    for part in parts:
        if not isinstance(part, Path):
            total.update(f"{part}\n".encode())
            continue
        files = sorted(p for p in part.rglob("*") if p.is_file()) if part.is_dir() else [part]
        for file in files:
            if "__pycache__" not in file.parts:
                total.update(f"{file.relative_to(part.parent)}\n".encode())
                total.update(file.read_bytes())
    return total.hexdigest()


class Stamp:
    """Remembers that a step was done, and from what: `.cache/stamps/<name>` holds the key."""

    def __init__(self, name: str, *parts: object):
        self._path = CACHE / "stamps" / name
        self._key = digest(*parts)

    def fresh(self, *made: Path) -> bool:
        """The step was done with these parts, and what it made is still there."""
        try:
            return self._path.read_text() == self._key and all(path.exists() for path in made)
        except OSError:
            return False

    def set(self) -> None:
        """The step is done."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(self._key)
