"""What the board gets instead of the sources does what they do: tools/runtime/lean.py."""

import pytest

from tests.support import mpy_process
from tools.runtime.lean import Project

BASE = '''
"""Doc."""
from micropython import const
LIMIT = const(1 << 4)
KEPT = const(3)
_STEP = const(LIMIT + 1)
_NAMES = ("a", "b")
class Base:
    """Doc."""
    _shared = 5
    def __init__(self, first, second=2):
        self._first, self._second = second, first
        self.sum = first + second + _STEP
    def _both(self, other):
        return f"{self._first}{other}{_NAMES[0]}{self._shared}"
'''
MADE = '''
from firmware import base
from firmware.base import LIMIT, Base
class Made(Base):
    def told(self, other, *, loud=False):
        """Doc."""
        _shared = other
        if loud:
            return self._both(other=_shared)
        return self._both(_shared) + str(LIMIT + base.KEPT)
def look(thing):
    return thing.KEPT
print(Made(1).told("x"), Made(1, second=4).sum, look(base))
'''


@pytest.fixture
def project(tmp_path):
    (tmp_path / "firmware").mkdir()
    for name, text in (("__init__", ""), ("base", BASE), ("made", MADE.replace("other=", ""))):
        (tmp_path / f"firmware/{name}.py").write_text(text)
    return tmp_path


def _run(folder) -> str:
    command = mpy_process.unix_command("unix64")
    environment = mpy_process.environment(folder)
    return mpy_process.run_script(
        command, code="import firmware.made", env=environment, cwd=folder).stdout


def test_it_does_the_same(project, micropython):
    before = _run(project)
    whole = Project(project)
    texts = {path: whole.lean(path) for path in whole.sources}
    for path, text in texts.items():
        path.write_text(text)
    assert before == "2xa519 22 3\n" == _run(project)


def test_what_needs_no_name_has_none(project):
    whole = Project(project)
    base, made = (whole.lean(project / f"firmware/{name}.py") for name in ("base", "made"))
    for gone in ("Doc", "LIMIT", "_STEP", "_first", "_second", "_both", "first"):
        assert gone not in base, gone
    assert "KEPT" in base  # look() asks for it by its name
    first, second = list(whole.names.short())[:1][0], whole.names.on_board("second")
    assert f"def {whole.names.on_board('told')}(self, {first}, *" in made
    assert second != "second" and f"({first}): " not in made and f", {second}=4)" in made
    # MicroPython makes a tuple of what stands in brackets.
    assert any(line.endswith(f" = {second}, {first}") for line in base.splitlines())


def test_all_of_the_firmware_can_be_made_lean():
    whole = Project(mpy_process.ROOT)
    assert len(whole.sources) > 50
    for path in whole.sources:
        compile(whole.lean(path), str(path), "exec")


ODD = '''
def words(x, *, key="alpha"):
    """Doc."""
    told = {"first": x, "second": [key, f"{x:02d}", f"a{x!r}b", f"{{{x}}}"]}
    return told["second"], ("x", "y"), "first" in told, "a" "b"
print(words(7), words(8, key="beta"))
'''


def test_short_texts_of_what_comes_and_goes_are_no_names(tmp_path, micropython):
    command = mpy_process.unix_command("unix64")
    (tmp_path / "firmware").mkdir()
    path = tmp_path / "firmware/odd.py"
    path.write_text(ODD)
    whole = Project(tmp_path)
    made = whole.text(whole.tree(path), momentary=True)
    before, after = (mpy_process.run_script(command, code=one).stdout for one in (ODD, made))
    assert before == after and "beta" in after
    for text in ("first", "second", "alpha", "{:02d}"):
        assert made.count(text) == 1 and f"'{text}'" not in made, text
