"""Shared by all tests: the collector of MicroPython tests, and fixtures that start MicroPython."""

import pytest

from tests.support import mpy_process
from tests.support.mpy_collector import pytest_pycollect_makemodule, pytest_sessionfinish
from tools.runtime.common import runtimes

pytest_plugins = ["tests.support.tables"]

__all__ = ["pytest_pycollect_makemodule", "pytest_sessionfinish"]


def pytest_report_header(config):
    """The MicroPython that the tests run on."""
    try:
        done = mpy_process.run_script(
            mpy_process.unix_command("unix64"), code="import sys; print(sys.version)"
        )
    except FileNotFoundError as error:
        return str(error)
    return f"micropython: {done.stdout.strip()}"


def _chosen(runtime: str) -> str:
    """A runtime, unless this run leaves it out."""
    if runtime not in runtimes():
        pytest.skip(f"{runtime} is not among the runtimes of this run")
    return runtime


@pytest.fixture(scope="session")
def micropython() -> str:
    """Path of the 64-bit MicroPython."""
    return str(mpy_process.available("unix64"))


@pytest.fixture(scope="session")
def micropython32() -> str:
    """Path of the 32-bit MicroPython, set up like the board."""
    return str(mpy_process.available(_chosen("unix32")))


@pytest.fixture(scope="session")
def rv32():
    """Run a script, or code, on RV32 in QEMU. -> CompletedProcess in text

    rv32(script, *args, code=None, image=None, icount=True, check=True, timeout=60)
    """

    _chosen(mpy_process.RV32)

    def run(script=None, *args, image=None, icount=True, timeout=60, **options):
        command = mpy_process.rv32_command(image, timeout, icount)
        return mpy_process.run_script(
            command, script, *args, timeout=timeout + 10, cwd=mpy_process.ROOT, **options
        )

    return run


@pytest.fixture
def run_mpy(tmp_path, request):
    """Run a script, or code, on a runtime, in an empty folder. -> CompletedProcess in text

    run_mpy(script, *args, code=None, runtime="unix64", heap=None, env={}, check=True,
    timeout=60, input=None, cwd=None): env is added to the environment; the firmware, its
    libraries and the simulated board can be imported (not on "rv32").
    """

    def run(script=None, *args, runtime="unix64", heap=None, env=None, cwd=None, **options):
        if runtime == mpy_process.RV32:
            return request.getfixturevalue("rv32")(script, *args, **options)
        environment = mpy_process.environment(*mpy_process.module_folders(), **(env or {}))
        return mpy_process.run_script(
            mpy_process.unix_command(_chosen(runtime), heap), script, *args,
            env=environment, cwd=cwd or tmp_path, **options,
        )

    return run
