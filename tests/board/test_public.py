"""Names that cost a board nothing take the place of ours: tools/runtime/public.py."""

import ast

from tests.support import mpy_process
from tools.bench import modules
from tools.runtime import public
from tools.runtime.lean import Project

_COUNT = """
import micropython
class Thing:
    pass
thing = Thing()
for name in {names!r}.split():
    print(name)
    micropython.qstr_info()
    setattr(thing, name, 1)
    micropython.qstr_info()
"""


def test_the_names_of_the_image_are_in_it(micropython32):
    every, some = public.rom()
    assert len(every) > 600 and not every & some and {"append", "readinto", "keys"} <= every
    command = mpy_process.unix_command("unix32")
    names = " ".join(sorted(every | {"not_in_it"}))
    lines = mpy_process.run_script(command, code=_COUNT.format(names=names)).stdout.splitlines()
    found = dict(zip(lines[::3], zip(lines[1::3], lines[2::3], strict=True), strict=True))
    assert set(found) == every | {"not_in_it"}
    assert [name for name, (before, after) in found.items() if before != after] == ["not_in_it"]


def _names(**texts) -> public.Names:
    """Of a project of modules with these texts; one of others has `foreign`."""
    trees = {name: ast.parse(text) for name, text in texts.items()}
    pin = ast.parse("class Pin:\n    def foreign(self, given):\n        self.hidden = 0")
    return public.Names(trees, {}, [], [pin])


def test_what_others_mean_something_by_keeps_its_name():
    names = _names(one="""
class Wrong(ValueError):
    pass
class Thing:
    def __init__(self, ours):
        self.foreign = self.readinto = self._private = self.ours = self.asked = ours
        self.hidden = 1
def use(thing, given):
    return Thing(ours=getattr(thing, "asked")), given, Wrong, acos
""")
    assert set(names.public) == {"Thing", "ours", "use", "hidden"} and not names.left
    assert "acos" not in names.public.values() and "acos" not in list(names.short())[:40]
    assert set(names.public.values()) <= public.rom()[0]


def test_what_a_table_names_keeps_its_name():
    names = _names(one="""
TEXTS = ("alpha", b"beta gamma_")
class Thing:
    alpha = beta = gamma_ = delta = 0
    def all(self):
        return [getattr(self, name) for name in TEXTS]
""")
    assert {"alpha", "beta", "gamma_"}.isdisjoint(names.public) and "delta" in names.public


def test_names_that_never_meet_become_the_same():
    names = _names(
        one="class One:\n    def alpha(self): return self.beta\n    def beta(self): 0",
        two="class Two:\n    def gamma_(self): 0",
        made="from one import One\nclass Made(One):\n    def delta(self): 0",
        given="def put(thing):\n    thing.epsilon = 1",
    ).public
    assert names["gamma_"] in (names["alpha"], names["beta"])
    assert names["alpha"] != names["beta"]
    for one in ("alpha", "beta", "gamma_", "delta"):
        assert names["epsilon"] != names[one]  # it may be put into any of them
    assert names["delta"] not in (names["alpha"], names["beta"])  # a Made has all three


def test_all_names_of_the_firmware_find_one():
    names = modules.bundler().project.names
    assert names.left == [] and len(set(names.public.values())) < 150
    assert len(names.public) > 250 and "frames" in names.public
    for kept in ("delete", "post", "current_a_1", "load_percent", "Later", "ifconfig", "main"):
        assert kept not in names.public


TEXTS = {
    "__init__": "",
    "low": """
class Low:
    def __init__(self, amount=1):
        self.amount = amount
    def told(self):
        return f"{self.amount}{self.more()}"
    def more(self):
        return "low"
""",
    "high": """
from firmware import low
from firmware.low import Low as Base
class High(Base):
    def more(self):
        return "high"
    @property
    def amounts(self):
        return [self.amount, getattr(self, "by_text")]
    by_text = 3
def start(*, amount):
    made = High(amount=amount)
    made.given = low.Low().told()
    print(made.told(), made.amounts, made.given, hasattr(made, "by_text"))
start(amount=2)
""",
}


def test_it_does_the_same(tmp_path, micropython):
    (tmp_path / "firmware").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / f"firmware/{name}.py").write_text(text)
    command = mpy_process.unix_command("unix64")
    environment = mpy_process.environment(tmp_path)

    def run():
        return mpy_process.run_script(
            command, code="import firmware.high", env=environment, cwd=tmp_path).stdout

    before = run()
    whole = Project(tmp_path)
    texts = {path: whole.lean(path) for path in whole.sources}
    for path, text in texts.items():
        assert "amount" not in text and "more" not in text and "told" not in text
        path.write_text(text)
    assert before == "2high [2, 3] 1low True\n" == run()
