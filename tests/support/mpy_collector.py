"""pytest plugin: the files of tests/unit are run by MicroPython, function by function.

A file is read (ast), never imported, by CPython. Each test function becomes an item for each
runtime: `test_decoder.py::test_parity[unix64]`, `[unix32]` (192 KB of heap, compiled to .mpy as
on the board) and, below tests/unit/tic, `[rv32]` (in QEMU, out of a ROMFS image). The functions
selected of one file share a process on each runtime. A process that ends or hangs is held
against the function that was running, and the rest goes on in a new one.

In a test file, read from its source, so plain values only:
    TIMEOUT = 300                  seconds for each function, instead of 60
    RUNTIMES = ("unix32",)         run it on these only
"""

import ast
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.support import mpy_process
from tests.support.mpy_worker import Worker
from tools.runtime import mpy
from tools.runtime.common import runtimes

_RUNNER = Path(__file__).with_name("mpy_runner.py")
_UNIT = Path("tests/unit")
_BELOW = ("firmware/__init__", "firmware/rarely")  # what firmware/tic stands on
_HEAP = "192k"  # what the board has to spare, and half of that again for the test itself
_FOLDERS = ["firmware", "lib", "tools/simulator/board", str(_UNIT)]


def pytest_pycollect_makemodule(module_path, parent):
    """Take the files below tests/unit out of the hands of pytest's own collector."""
    if parent.config.rootpath / _UNIT in module_path.parents:
        return MicroPythonFile.from_parent(parent, path=module_path)
    return None


def pytest_sessionfinish(session):
    """End what a stopped session may have left running, and throw away its folders."""
    bench = session.config.stash.get(_BENCH, None)
    if bench:
        bench.close()


class MicroPythonFile(pytest.File):
    """One test file."""

    def collect(self):
        """All functions on the first runtime, then all on the next: one process after another."""
        tree = ast.parse(self.path.read_bytes(), str(self.path))
        functions = [
            node
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test")
        ]
        for node in functions:
            arguments = node.args
            if arguments.args or arguments.kwonlyargs:
                raise self.CollectError(f"{node.name}: a MicroPython test takes no arguments")
        settings = _settings(tree)
        for runtime in self._runtimes(settings.get("RUNTIMES")):
            group = Group(self, runtime, settings.get("TIMEOUT", 60))
            for node in functions:
                name = f"{node.name}[{runtime}]"
                yield MicroPythonItem.from_parent(self, name=name, node=node, group=group)

    def _runtimes(self, chosen: tuple | None) -> list:
        """Of those this run has: what the file chose, or what its folder asks for."""
        on_rv32 = self.config.rootpath / _UNIT / "tic" in self.path.parents
        wanted = chosen or [*mpy_process.UNIX, *([mpy_process.RV32] if on_rv32 else [])]
        return [runtime for runtime in wanted if runtime in runtimes()]


def _settings(tree: ast.Module) -> dict:
    """The plain values a test file gives to TIMEOUT and RUNTIMES."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in ("TIMEOUT", "RUNTIMES"):
                found[name] = ast.literal_eval(node.value)
    return found


class MicroPythonItem(pytest.Item):
    """One test function on one runtime."""

    def __init__(self, *, node, group, **kwargs):
        super().__init__(**kwargs)
        self.tested = node.name
        awaited = isinstance(node, ast.AsyncFunctionDef)
        self.spec = f"async {node.name}" if awaited else node.name
        self.line = node.lineno
        self.group = group

    def runtest(self):
        """Wait for this function's verdict."""
        verdict = self.group.verdict(self)
        if verdict.output:
            self.add_report_section("call", "stdout", verdict.output)
        if verdict.kind == "skip":
            pytest.skip(verdict.detail.strip())
        if verdict.kind != "pass":
            raise Failure(_with_source(verdict.detail, self.config.rootpath))

    def repr_failure(self, excinfo, style=None):
        """The traceback of MicroPython instead of the one in here."""
        if isinstance(excinfo.value, Failure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        """Where the function stands."""
        return self.path, self.line - 1, self.name


class Failure(Exception):
    """A function failed inside MicroPython; the text is its traceback."""


class Group:
    """The functions of one file on one runtime: they share a process."""

    def __init__(self, file: MicroPythonFile, runtime: str, timeout: float):
        self._file = file
        self._runtime = runtime
        self._timeout = timeout
        self._worker = None

    def verdict(self, item: MicroPythonItem):
        """The verdict on one function; starts the process with all that are still to run."""
        if self._worker is None:
            bench = Bench.of(item.config)
            command, env = bench.prepare(self._file.path, self._runtime)
            mine = [i for i in item.session.items if getattr(i, "group", None) is self]
            specs = [i.spec for i in mine[mine.index(item) :]] if item in mine else [item.spec]
            start = f"import mpy_runner; mpy_runner.main({self._file.path.stem!r}, {specs!r})"
            interruptible = self._runtime != mpy_process.RV32
            self._worker = Worker([*command, "-c", start], env, bench.scratch(), interruptible)
            bench.worker = self._worker
            self._left = len(specs)
        self._left -= 1
        verdict = self._worker.verdict(item.tested, self._timeout, last=not self._left)
        if not self._left or self._worker.ended:
            self._worker.close()
            self._worker = None
        return verdict


class Bench:
    """What the session's processes are started with: compiled modules, images, folders."""

    def __init__(self, config):
        self._root = config.rootpath
        self._cache = self._root / ".cache" / "mpy"
        self._folder = Path(tempfile.mkdtemp(prefix="ticgate-unit-"))
        self._count = 0
        self._compiled = {}
        self.worker = None

    @classmethod
    def of(cls, config):
        """The session's own, made at first use."""
        if _BENCH not in config.stash:
            config.stash[_BENCH] = cls(config)
        return config.stash[_BENCH]

    def close(self) -> None:
        """End the process that runs, if any."""
        if self.worker:
            self.worker.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def scratch(self) -> Path:
        """An empty folder to run in, like a fresh board's flash."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        return folder

    def prepare(self, test: Path, runtime: str) -> tuple:
        """-> (the command to start a script with, its environment)"""
        if runtime == mpy_process.RV32:
            env = mpy_process.environment(PYTHONPATH=str(mpy_process.ROOT))
            return mpy_process.rv32_command(self._image(test)), env
        if runtime == "unix64":
            root, runner = self._root, _RUNNER.parent
        else:
            root = self._mirror(mpy.UNIX32, _FOLDERS)
            runner = self._folder / runtime
            if not runner.exists():
                mpy.compile_file(_RUNNER, runner / "mpy_runner.mpy", mpy.UNIX32, _RUNNER.name)
        here = root / test.parent.relative_to(self._root)
        folders = [*mpy_process.module_folders(root), here, root / _UNIT, runner]
        heap = None if runtime == "unix64" else _HEAP
        return mpy_process.unix_command(runtime, heap), mpy_process.environment(*folders)

    def _mirror(self, march: str, folders: list) -> Path:
        if march not in self._compiled:
            self._compiled[march] = mpy.mirror(self._root, folders, march, self._cache)
        return self._compiled[march]

    def _image(self, test: Path) -> Path:
        """The ROMFS image for the tests of one folder: those, firmware/tic, what it stands on, and
        the runner."""
        here = test.parent.relative_to(self._root)
        image = self._folder / f"{'-'.join(here.parts)}.romfs"
        if not image.exists():
            root = self._mirror(mpy.BOARD, ["firmware", str(_UNIT)])
            runner = self._folder / "mpy_runner.mpy"
            mpy.compile_file(_RUNNER, runner, mpy.BOARD, _RUNNER.name)
            files = {"mpy_runner.mpy": runner}
            for module in (root / "firmware").rglob("*"):
                name = module.relative_to(root)
                if module.is_file() and (str(name.with_suffix("")) in _BELOW
                                         or name.parts[1] == "tic"):
                    files[str(name)] = module
            for folder in (root / _UNIT, root / here):
                files.update((p.name, p) for p in folder.glob("*") if p.is_file())
            image.write_bytes(mpy.romfs(files))
        return image


_BENCH = pytest.StashKey()


def _with_source(traceback: str, root: Path) -> str:
    """MicroPython's traceback, with the line of source below each place that is in the project."""
    lines = []
    for line in traceback.rstrip().splitlines():
        words = line.split('"')
        if len(words) == 3 and words[1].endswith(_RUNNER.name):
            continue  # our own frame says nothing
        lines.append(line.replace(f"{root}/", ""))
        if line.startswith("  File ") and len(words) == 3:
            number = words[2].split()[2].rstrip(",")
            source = root / words[1]
            if number.isdigit() and source.suffix == ".py" and source.is_file():
                text = source.read_text().splitlines()
                if 0 < int(number) <= len(text):
                    lines.append(f"    {text[int(number) - 1].strip()}")
    return "\n".join(lines)
