"""Names that are asked for most come first in a file's table: tools/runtime/frequent.py."""

import ast

import pytest

from tests.support import mpy_process
from tools.runtime.frequent import first

_MANY = 200
SOURCE = (
    "import sys\nclass Thing:\n    def __init__(self):\n"
    + "".join(f"        self.name_{n} = {n}\n" for n in range(_MANY))
    + "    def often(self, given: int):\n        local = [one for one in range(given)]\n"
    + f"        return self.name_{_MANY - 1} + self.name_{_MANY - 1}, len(local), len('first')\n"
    + "print(Thing().often(3), sys.byteorder)\n"
)


def test_it_does_the_same(micropython):
    made = ast.unparse(first(ast.parse(SOURCE)))
    command = mpy_process.unix_command("unix64")
    before, after = (mpy_process.run_script(command, code=one).stdout for one in (SOURCE, made))
    assert before == after == "(398, 3, 5) little\n"


def test_names_that_stand_often_are_first_and_none_is_new():
    named = ast.unparse(first(ast.parse(SOURCE)).body[0]).split("__name__.")[1:]
    named = [name.strip() for name in named]
    assert {"self", "often", "len", f"name_{_MANY - 1}"} == set(named[:4])
    assert len(named) == len(set(named)) == 120
    for local in ("local", "one", "int"):
        assert local not in named


@pytest.mark.parametrize("text", ["x = 1\n", "def f(a):\n    return a.b\n"])
def test_a_source_of_few_names_stays_as_it_is(text):
    assert ast.unparse(first(ast.parse(text))) == ast.unparse(ast.parse(text))
