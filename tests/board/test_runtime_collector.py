"""The collector of MicroPython tests: what passes, fails, hangs or crashes is told by name."""

import subprocess
import sys

import pytest

from tools.runtime import ROOT
from tools.runtime.common import runtimes

pytestmark = pytest.mark.skipif(
    set(runtimes()) < {"unix64", "unix32", "rv32"}, reason="needs all of the runtimes"
)

MIXED = """
import os, sys

class Skip(Exception):
    pass

def helper():
    raise ValueError("from the helper")

def test_passes():
    assert sys.implementation.name == "micropython"

def test_fails():
    print("seen before it failed")
    helper()

def test_is_skipped():
    raise Skip("no reason here")

async def test_awaits():
    import asyncio
    async def never_ends():
        while True:
            await asyncio.sleep_ms(1)
    asyncio.create_task(never_ends())
    await asyncio.sleep_ms(1)

async def test_awaits_again():
    import asyncio
    async def nap():
        await asyncio.sleep_ms(1)
        return "slept"
    assert await asyncio.wait_for(nap(), 5) == "slept"

def test_exits():
    sys.exit(0)

def test_writes_a_file():
    with open("config.json", "w") as f:
        f.write("{}")
    assert os.listdir() == ["config.json"]
"""

DIES = """
TIMEOUT = 1

def test_first():
    pass

def test_crashes():
    import uctypes
    uctypes.bytearray_at(8, 8)[0] = 1

def test_between():
    pass

def test_hangs():
    print("round and round")
    while True:
        pass

def test_last():
    pass
"""

TIC = """
import sys

def test_where():
    print("platform", sys.platform)
    assert "path" == sys.path
"""


@pytest.fixture
def collect(tmp_path):
    """Run pytest over a project with these files in tests/unit. -> its lines of output"""

    def run(files: dict, *arguments: str) -> list:
        for name, text in files.items():
            path = tmp_path / "tests/unit" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\n")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-v", "-rA", "-p", "no:cacheprovider"),
                *("-p", "tests.support.mpy_collector", *arguments),
            ],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
            text=True,
            capture_output=True,
            timeout=120,
        )
        return (done.stdout + done.stderr).splitlines()

    return run


def outcomes(lines: list) -> dict:
    """{"test_x[unix64]": "PASSED"} of pytest's verbose output."""
    found = {}
    for line in lines:
        words = line.split()
        if "::" in line and line.startswith("tests/unit") and len(words) > 1:
            found[words[0].partition("::")[2]] = words[1]
    return found


def test_each_function_is_reported_on_each_runtime(collect):
    lines = collect({"test_mixed.py": MIXED})
    expected = {
        "test_passes": "PASSED",
        "test_fails": "FAILED",
        "test_is_skipped": "SKIPPED",
        "test_awaits": "PASSED",
        "test_awaits_again": "PASSED",
        "test_exits": "FAILED",
        "test_writes_a_file": "PASSED",
    }
    assert outcomes(lines) == {
        f"{name}[{runtime}]": outcome
        for runtime in ("unix64", "unix32")
        for name, outcome in expected.items()
    }
    text = "\n".join(lines)
    assert text.count("ValueError: from the helper") >= 2
    assert text.count('    raise ValueError("from the helper")') == 2
    assert text.count("seen before it failed") == 2
    assert "no reason here" in text
    assert "mpy_runner" not in text


def test_a_crash_and_a_hang_cost_one_function_each(collect):
    lines = collect({"test_dies.py": DIES})
    for runtime in ("unix64", "unix32"):
        found = {
            name.partition("[")[0]: outcome
            for name, outcome in outcomes(lines).items()
            if runtime in name
        }
        assert found == {
            "test_first": "PASSED",
            "test_crashes": "FAILED",
            "test_between": "PASSED",
            "test_hangs": "FAILED",
            "test_last": "PASSED",
        }
    text = "\n".join(lines)
    assert "the process was ended by SIGSEGV while running test_crashes" in text
    assert "still running test_hangs after 1 s" in text
    assert text.count("round and round") == 2
    assert text.count("    while True:") + text.count("    pass") >= 2  # where it hung


def test_files_of_tic_run_on_rv32_too(collect):
    lines = collect({"tic/test_where.py": TIC})
    assert list(outcomes(lines)) == [
        "test_where[unix64]", "test_where[unix32]", "test_where[rv32]"
    ]
    text = "\n".join(lines)
    assert "platform qemu" in text
    assert text.count('    assert "path" == sys.path') == 3


def test_a_crash_and_a_hang_on_rv32(collect):
    reset = DIES.replace("import uctypes", "import machine").replace(
        "uctypes.bytearray_at(8, 8)[0] = 1", "machine.reset()"
    )
    found = outcomes(collect({"tic/test_dies.py": reset}, "-k", "rv32"))
    assert list(found.values()) == ["PASSED", "FAILED", "PASSED", "FAILED", "PASSED"]


def test_one_function_can_be_chosen(collect):
    chosen = "tests/unit/test_mixed.py::test_awaits[unix32]"
    assert outcomes(collect({"test_mixed.py": MIXED}, chosen)) == {"test_awaits[unix32]": "PASSED"}


def test_a_file_can_choose_its_runtimes(collect):
    lines = collect({"test_one.py": 'RUNTIMES = ("unix32",)\n\ndef test_it():\n    pass\n'})
    assert outcomes(lines) == {"test_it[unix32]": "PASSED"}


def test_a_file_that_cannot_be_imported_fails_in_all_its_functions(collect):
    source = "import nowhere_at_all\n\ndef test_one():\n    pass\n\ndef test_two():\n    pass\n"
    lines = collect({"test_broken.py": source})
    assert list(outcomes(lines).values()) == ["FAILED"] * 4
    assert any("no module named 'nowhere_at_all'" in line for line in lines)


def test_a_function_with_arguments_is_refused(collect):
    lines = collect({"test_arguments.py": "def test_it(tmp_path):\n    pass\n"})
    assert any("takes no arguments" in line for line in lines)


def test_a_helper_beside_the_tests_can_be_imported(collect):
    files = {
        "samples.py": "FRAME = b'...'\n",
        "tic/more.py": "FRAME = b'more'\n",
        "tic/test_helpers.py": "import more, samples\n\n"
        "def test_it():\n    assert samples.FRAME != more.FRAME\n",
    }
    assert list(outcomes(collect(files)).values()) == ["PASSED"] * 3
