"""Instructions and heap that decoding costs, on RV32 in QEMU with an exact count."""

import functools
import json
import tempfile
import threading
from pathlib import Path

from tools.bench import streams
from tools.runtime import CACHE, ROOT, mpy, rv32
from tools.runtime.bundle import Bundler

TARGET = ROOT / "tools/bench/target"
NOISE = 1e-3  # bit errors
_FOLDERS = ("firmware", "lib", "tools/simulator/board")
_CHUNK = 256
_POLL = 0.05  # s between two reads of the firmware's source
_lock = threading.Lock()

# name: (what is counted, stream, with the store, bytes at a time: 0 is what comes in _POLL)
CASES = {
    "repeated": ("instructions", "same", False, _CHUNK),
    "changed": ("instructions", "changing", False, _CHUNK),
    "repeated, stored": ("instructions", "same", True, _CHUNK),
    "changed, stored": ("instructions", "changing", True, _CHUNK),
    "noise": ("instructions", "noisy same", False, _CHUNK),
    "noise, changed": ("instructions", "noisy", False, _CHUNK),
    "first": ("instructions", "first", False, _CHUNK),
    "first, stored": ("instructions", "first", True, _CHUNK),
    "polled": ("instructions", "changing", True, 0),
    "heap, repeated": ("heap", "same", True, _CHUNK),
    "heap, changed": ("heap", "changing", True, _CHUNK),
}


class Failed(Exception):
    """The measurement broke; the text is its traceback."""


def measure(meters=tuple(streams.METERS), cases=tuple(CASES), frames: int = 100) -> dict:
    """Run cases on streams of `frames` frames.

    -> {meter: {case: {"per_byte": float, "per_frame": float}}}, instructions or bytes of heap
    """
    jobs, files, lengths = [], {}, {}
    for meter in meters:
        at = list(streams.METERS).index(meter)
        made = _streams(meter, frames, {CASES[case][1] for case in cases})
        files.update((f"{at}.{name}", content) for name, content in made.items())
        lengths[meter] = len(streams.frames(meter, 1)[0][0])
        for case in cases:
            kind, stream, stored, chunk = CASES[case]
            warm = 0 if stream == "first" else streams.WARM_UP * lengths[meter]
            chunk = chunk or int(_POLL * streams.rate(meter) / 10)
            jobs.append((f"{meter}/{case}", kind, f"{at}.{stream}", stored, chunk, warm))
    found = _run(jobs, files)
    results = {}
    for meter in meters:
        results[meter] = {}
        for case in cases:
            one = found[f"{meter}/{case}"]
            per_byte = one["used"] / one["bytes"]
            results[meter][case] = {
                "per_byte": per_byte, "per_frame": per_byte * lengths[meter]}
    return results


def _streams(meter: str, frames: int, wanted: set) -> dict:
    make = {
        "same": lambda: streams.same(meter, frames),
        "changing": lambda: streams.changing(meter, frames),
        "noisy": lambda: streams.noisy(meter, frames, NOISE),
        "noisy same": lambda: streams.noisy(meter, frames, NOISE, repeat=True),
        "first": lambda: streams.changing(meter, 1)[: len(streams.frames(meter, 1)[0][0])],
    }
    return {name: make[name]() for name in wanted}


def _run(jobs: list, files: dict) -> dict:
    """Jobs of target/decode.py, with the firmware compiled as for the board."""
    with tempfile.TemporaryDirectory(prefix="ticgate-bench-") as folder:
        content = dict(files)
        content.update(compiled(mpy.BOARD))
        target = compile_target("decode.py", Path(folder), mpy.BOARD)
        image = Path(folder) / "image"
        image.write_bytes(mpy.romfs(content | {"decode.mpy": target}))
        done = rv32.run(f"import decode\ndecode.main({jobs!r})\n", image=image, timeout=150)
    if done.status:
        raise Failed(done.output + done.error)
    return json.loads(done.output)


def compile_target(name: str, folder: Path, march: str) -> Path:
    """A script of target/ as a .mpy in a folder; what it imports of the firmware is lean."""
    target = folder / name.replace(".py", ".mpy")
    lean = folder / name
    lean.write_text(Bundler(ROOT).text(TARGET / name), "utf-8")
    complaint = mpy.compile_file(lean, target, march, name)
    lean.unlink()
    if complaint:
        raise Failed(complaint)
    return target


def compiled(march: str, folder: str = "firmware") -> dict:
    """{"firmware/tic/store.mpy": its Path} of all modules in a folder of the project."""
    root = mirrored(march)
    return {str(path.relative_to(root)): path for path in sorted((root / folder).rglob("*.mpy"))}


def mirrored(march: str) -> Path:
    """The folder that holds what a board has, compiled: made once, whoever asks first."""
    with _lock:
        return _mirrored(march)


@functools.cache
def _mirrored(march: str) -> Path:
    return mpy.mirror(ROOT, list(_FOLDERS), march, CACHE / "mpy", lean=True)
