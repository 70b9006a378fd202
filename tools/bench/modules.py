"""Size of each module, and what each takes on the heap once imported."""

import ast
import functools
import json
import subprocess
import tempfile
from pathlib import Path

from tools import pages
from tools.bench.decoding import Failed, compile_target, compiled, mirrored
from tools.runtime import MICROPYTHON32_BOARD, ROOT, mpy, rv32
from tools.runtime.bundle import Bundler
from tools.runtime.lean import module

_MICRODOT = "microdot.mpy"


@functools.cache
def order() -> tuple:
    """(modules of others, our own and bundles of ours in an order in which each comes after those
    it imports)

    Those of others are named wherever an import is; our own orders only what runs at import.
    """
    others = set()
    for path in sorted((ROOT / "firmware").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
            others |= {name for name in _imported(node) if not name.startswith("firmware")}
    return sorted(others), bundler().order()


@functools.cache
def bundler() -> Bundler:
    """What is in which bundle."""
    return Bundler(ROOT)


def _imported(node) -> set:
    """Modules that an import statement names: {"umqtt.simple"}"""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    return {node.module} if isinstance(node, ast.ImportFrom) else set()


def sizes() -> dict:
    """{module: bytes of its .mpy for the board}"""
    return {
        module(Path(name)): path.stat().st_size
        for name, path in compiled(mpy.BOARD).items()
    }


def flash(folder: Path) -> dict:
    """Make a folder the flash of a 32-bit board: compiled modules in its root.

    Their path is short, as there: it is a name in memory. -> environment of the process
    """
    (folder / "firmware").symlink_to(mirrored(mpy.UNIX32) / "firmware")
    for name in ("boot.py", "main.py"):
        (folder / name).symlink_to(ROOT / name)
    (folder / _MICRODOT).symlink_to(mirrored(mpy.UNIX32) / "lib" / _MICRODOT)
    pages.build()
    (folder / "web").symlink_to(pages.OUT)
    return {"MICROPYPATH": ".frozen"}


def heap32(resident: list | None = None) -> tuple:
    """({module: bytes of heap}, {part of the gateway: bytes of heap}) on the 32-bit port.

    All modules, or those named.
    """
    others, modules = order()
    if resident:
        modules = [name for name in modules if name in resident]
    code = (
        f"import json, heap; taken = heap.imports({others!r}, {modules!r}); "
        f"print(json.dumps([taken, heap.parts({_parts()!r})]))"
    )
    with tempfile.TemporaryDirectory(prefix="ticgate-bench-") as folder:
        compile_target("heap.py", Path(folder), mpy.UNIX32)
        env = flash(Path(folder))
        done = subprocess.run(
            [MICROPYTHON32_BOARD, "-X", "heapsize=512k", "-c", code], env=env, cwd=folder,
            text=True, capture_output=True, check=False, timeout=60,
        )
    if done.returncode:
        raise Failed(done.stdout + done.stderr)
    return tuple(json.loads(done.stdout.splitlines()[-1]))  # after what the gateway says


def _parts() -> list:
    """[(part, module, name)] for target/heap.py."""
    places = (
        ("firmware.assembly", "firmware.tic.store", "Store"),
        ("firmware.assembly", "firmware.tic.source", "Source"),
        ("firmware.publish.mqtt", "firmware.publish.mqtt", "Mqtt"),
    )
    return [(name, where, bundler().on_board(where, (origin, name)))
            for where, origin, name in places]


def native(heap: dict) -> dict:
    """{module: bytes of native code}; `heap`: what heap32() found.

    The unix port keeps native code elsewhere. QEMU keeps it on the heap, and so does the ESP32-C6:
    MicroPython builds it with all of its RAM executable (CONFIG_ESP_SYSTEM_PMP_IDRAM_SPLIT=n).
    """
    modules = [name for name in order()[1] if _is_native(name)]
    packages = [name for name in order()[1] if bundler().paths[name].stem == "__init__"]
    found = _heap_rv32(packages + modules)
    return {name: max(0, found[name] - heap[name]) if name in modules else 0 for name in heap}


def _is_native(name: str) -> bool:
    """Whether there is native code in a bundle, or a module that is in none."""
    members = bundler().members(name)
    return any("@micropython." in bundler().paths[one].read_text() for one in members)


_AS_IT_COMES = "gateway publish.mqtt books link.clock portal.server portal.app"


def romfs() -> tuple:
    """Bytes of heap on RV32 of what a gateway with pages open has in memory: (from flash files,
    run out of a ROMFS)
    """
    wanted = [f"firmware.{name}" for name in _AS_IT_COMES.split()]
    packages = [name for name in order()[1] if bundler().paths[name].stem == "__init__"]
    names = [name for name in order()[1] if name in wanted + packages]
    return tuple(sum(_heap_rv32(names, function).values()) for function in ("on_rv32", "on_rom"))


def _heap_rv32(modules: list, function: str = "on_rv32") -> dict:
    """{module: bytes of heap} on RV32, where native code lies on the heap, as on the C6."""
    with tempfile.TemporaryDirectory(prefix="ticgate-bench-") as folder:
        files = compiled(mpy.BOARD)
        files["heap.mpy"] = compile_target("heap.py", Path(folder), mpy.BOARD)
        files[_MICRODOT] = mirrored(mpy.BOARD) / "lib" / _MICRODOT
        files["umqtt/simple.mpy"] = mirrored(mpy.BOARD) / "lib/umqtt/simple.mpy"
        image = Path(folder) / "image"
        image.write_bytes(mpy.romfs(files))
        code = f"import heap\nheap.{function}({order()[0]!r}, {modules!r})\n"
        done = rv32.run(code, image=image, icount=False, timeout=60)
    if done.status:
        raise Failed(done.output + done.error)
    return json.loads(done.output)
