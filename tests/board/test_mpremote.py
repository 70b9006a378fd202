"""RISC-V in QEMU as a board: what is built is copied by mpremote, imported, tested there.

Two of the files of tests/unit/tic and the largest bundle; QEMU=all: all of them. mpremote asks
after every 256 bytes, and QEMU waits with all its might: beside other tests that takes minutes.
"""

import ast
import os
import re
import shutil

import pytest

from tests.support import mpy_process
from tests.support.qemu_board import QemuBoard
from tools import board
from tools.flash import transfer
from tools.runtime import CACHE, ROOT, mpy
from tools.runtime.common import runtimes

pytestmark = pytest.mark.skipif("rv32" not in runtimes(), reason="this run leaves out rv32")
UNIT = ROOT / "tests/unit/tic"
ALL = os.environ.get("QEMU") == "all"
TESTS = ["test_decoder", "test_fields"]
TESTED = ["__init__", "counters", "decoder", "fields", "moments"]
BUNDLES = ["a/manifest", *(f"a/firmware/{n}.mpy" for n in ("__init__", "gateway"))]

FRESH = """
import gc, sys
for n in list(sys.modules):
    if n.startswith(("firmware", "test_", "mpy_", "meters", "frames", "house")):
        del sys.modules[n]
gc.collect()
import mpy_runner
"""
# What the ESP32-C6 has and this machine has not, so that all modules can be imported.
ABSENT = """
import sys
sys.path[:] = ["/flash/a", "/flash/a/lib", ".frozen"]
class Absent:
    AF_INET = SOCK_STREAM = SOCK_DGRAM = 0
    class UART: pass
    def __getattr__(self, name): return Absent
absent = "machine network socket ssl tls esp32 neopixel cryptolib random umqtt"
for n in absent.split() + ["umqtt.simple"]:
    try:
        __import__(n)
        if n == "machine": raise ImportError
    except Exception:
        sys.modules[n] = Absent()
sys.modules["umqtt"].simple = sys.modules["umqtt.simple"]
class MQTTException(Exception): pass
class MQTTClient: pass
sys.modules["umqtt.simple"].MQTTException = MQTTException
sys.modules["umqtt.simple"].MQTTClient = MQTTClient
"""
# Each module that is there, imported, and forgotten: all together they are too much.
IMPORT = """
import gc, os
def walk(folder, package):
    for name, kind, *_ in os.ilistdir(folder):
        if kind == 0x4000:
            walk(folder + "/" + name, package + name + ".")
        elif name.endswith(".mpy"):
            name = (package + name[:-4]).replace(".__init__", "")
            before = list(sys.modules)
            try:
                __import__(name)
                print("imported", name)
            except Exception as error:
                print("failed", name, repr(error))
            for one in list(sys.modules):
                if one not in before:
                    del sys.modules[one]
            gc.collect()
walk("a/firmware", "firmware.")
walk("a/lib", "")
"""


@pytest.fixture(scope="module")
def qemu():
    mpy_process.available(mpy_process.RV32)
    with QemuBoard() as one:
        yield one


def test_the_tests_of_tic_run_from_what_mpremote_copied(qemu, tmp_path):
    root = mpy.mirror(ROOT, ["firmware", "tests/unit"], mpy.BOARD, CACHE / "mpy")
    (tmp_path / "firmware").mkdir()
    for name in ("__init__", "rarely"):
        shutil.copy(root / f"firmware/{name}.mpy", tmp_path / "firmware")
    (tmp_path / "firmware/tic").mkdir()
    for path in (root / "firmware/tic").iterdir():
        if ALL or path.stem in TESTED:
            shutil.copy(path, tmp_path / "firmware/tic")
    tests = sorted(path.stem for path in UNIT.glob("test_*.py")) if ALL else TESTS
    for name in [*tests, *(["meters"] if ALL else [])]:
        shutil.copy(root / UNIT.relative_to(ROOT) / f"{name}.mpy", tmp_path)
    shutil.copy(root / "tests/unit/frames.mpy", tmp_path)
    runner = ROOT / "tests/support/mpy_runner.py"
    mpy.compile_file(runner, tmp_path / "mpy_runner.mpy", mpy.BOARD, runner.name)
    qemu.mpremote("fs", "cp", "-r", f"{tmp_path}/.", ":")
    assert "decoder.mpy" in qemu.mpremote("fs", "ls", ":firmware/tic")
    for test in tests:
        names = [node.name for node in ast.parse((UNIT / f"{test}.py").read_text()).body
                 if isinstance(node, ast.FunctionDef) and node.name.startswith("test")]
        told = qemu.mpremote("exec", FRESH + f"mpy_runner.main({test!r}, {names!r})")
        verdicts = re.findall("\x1e\x1dmpy (pass|fail|skip)", told)
        assert verdicts == ["pass"] * len(names), told


def test_the_decoder_there_is_native_code(qemu):
    told = qemu.mpremote("exec", "import firmware.tic.decoder as d\n"
                         "print({type(getattr(d, n)).__name__ for n in dir(d)})\n"
                         "print(open('firmware/tic/decoder.mpy', 'rb').read(3)[2] >> 2 & 15)")
    assert told.splitlines()[-1] == "11"      # rv32imc: it would not be loaded elsewhere


def test_what_goes_onto_a_board_is_copied_and_imported(qemu, monkeypatch, tmp_path):
    monkeypatch.setattr(board, "OUT", tmp_path / "out")
    board.build("esp32c6")
    for path in board.OUT.rglob("*"):
        if not ALL and path.is_file() and path.relative_to(board.OUT).as_posix() not in BUNDLES:
            path.unlink()
    with qemu.device() as device:
        transfer.transfer(device, board.OUT, {})
        there = transfer.look(device)
        assert transfer.changes(board.OUT, there) == ([], [])
        device.run("import gc, sys\nfor n in list(sys.modules):\n"
                   " if n.startswith(('firmware', 'test_')): del sys.modules[n]\ngc.collect()")
        told = device.run(ABSENT + IMPORT).splitlines()
    # Native code is never freed, so the last of all modules find no room; there is no os.urandom.
    wrong = [line for line in told if not line.startswith("imported ")
             and not (ALL and ("MemoryError" in line or "urandom" in line))]
    assert wrong == []
    assert len(told) == len([name for name in there if name.endswith(".mpy")])
    assert "imported firmware.gateway" in told
