"""Size of each module, and what each takes on the heap once imported."""

import ast
import functools
import json
import subprocess
import tempfile
from graphlib import TopologicalSorter
from pathlib import Path

from tools.bench.decoding import Failed, compile_target, compiled, mirrored
from tools.runtime import MICROPYTHON32_BOARD, ROOT, mpy, rv32


@functools.cache
def order() -> tuple:
    """(modules of others, our own in an order in which each comes after those it imports)

    Those of others are named wherever an import is; our own orders only what runs at import.
    """
    needs, others = {}, set()
    for path in sorted((ROOT / "firmware").rglob("*.py")):
        tree = ast.parse(path.read_bytes(), str(path))
        name = _name(path)
        at_import = {found for node in tree.body for found in _imported(node)}
        needs[name] = {found for found in at_import if found.startswith("firmware")} - {name}
        needs[name] |= {name.rpartition(".")[0]} - {""}
        others |= {
            found
            for node in ast.walk(tree)
            for found in _imported(node)
            if not found.startswith("firmware")
        }
    return sorted(others), list(TopologicalSorter(needs).static_order())


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _source(name: str) -> str:
    path = ROOT / name.replace(".", "/")
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()


def _imported(node) -> set:
    """Modules that an import statement names: {"firmware.tic.store"}"""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if not isinstance(node, ast.ImportFrom):
        return set()
    whole = {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {name for name in whole if (ROOT / f"{name.replace('.', '/')}.py").exists()}
    return ours or {node.module}


def sizes() -> dict:
    """{module: bytes of its .mpy for the board}"""
    return {
        _name(ROOT / name): path.stat().st_size
        for name, path in compiled(mpy.BOARD).items()
    }


def flash(folder: Path) -> dict:
    """Make a folder the flash of a 32-bit board: compiled modules in its root.

    Their path is short, as there: it is a name in memory. -> environment of the process
    """
    (folder / "firmware").symlink_to(mirrored(mpy.UNIX32) / "firmware")
    for name in ("boot.py", "main.py"):
        (folder / name).symlink_to(ROOT / name)
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
        f"print(json.dumps([taken, heap.parts()]))"
    )
    with tempfile.TemporaryDirectory(prefix="ticgate-bench-") as folder:
        compile_target("heap.py", Path(folder), mpy.UNIX32)
        env = flash(Path(folder))
        done = subprocess.run(
            [MICROPYTHON32_BOARD, "-X", "heapsize=256k", "-c", code], env=env, cwd=folder,
            text=True, capture_output=True, check=False, timeout=60,
        )
    if done.returncode:
        raise Failed(done.stdout + done.stderr)
    return tuple(json.loads(done.stdout.splitlines()[-1]))  # after what the gateway says


def heap_rv32() -> dict:
    """{module: bytes of heap} on RV32, where native code lies on the heap, as on the C6."""
    others, modules = order()
    with tempfile.TemporaryDirectory(prefix="ticgate-bench-") as folder:
        files = compiled(mpy.BOARD)
        files["heap.mpy"] = compile_target("heap.py", Path(folder), mpy.BOARD)
        files["umqtt/simple.mpy"] = mirrored(mpy.BOARD) / "lib/umqtt/simple.mpy"
        image = Path(folder) / "image"
        image.write_bytes(mpy.romfs(files))
        code = f"import heap\nheap.on_rv32({others!r}, {modules!r})\n"
        done = rv32.run(code, image=image, icount=False, timeout=60)
    if done.status:
        raise Failed(done.output + done.error)
    return json.loads(done.output)


def native(heap: dict) -> dict:
    """{module: bytes of native code}; `heap`: what heap32() found.

    The unix port keeps native code elsewhere. QEMU keeps it on the heap, and so does the ESP32-C6:
    MicroPython builds it with all of its RAM executable (CONFIG_ESP_SYSTEM_PMP_IDRAM_SPLIT=n).
    """
    found = heap_rv32()
    return {
        name: max(0, found[name] - heap[name]) if "@micropython." in _source(name) else 0
        for name in order()[1]
    }
