"""Classes that lose their __init__() when their one object is made: tools/runtime/once.py."""

import ast

from tests.support import mpy_process
from tools.bench import modules
from tools.runtime.lean import Project
from tools.runtime.once import Once

TEXTS = {
    "firmware.assembly": """
from firmware import parts
from firmware.rarely import load
from firmware.parts import Again, Asked, Based, Inner, Known, Late, Looped, One, Whole
def assemble(config, board):
    whole = parts.Whole(One())
    rest = load("other.rest")
    rest.begin(whole)
    _more(whole)
    _twice(whole)
    _twice(whole)
    if config:
        late = Late()
    else:
        late = 0
    made = [Looped() for _ in range(2)]
    return whole, late, made, Again(), isinstance(whole, Asked), Known, returned()
def _more(whole):
    Asked()
def _twice(whole):
    Again(), Based()
def returned():
    return Inner()
""",
    "firmware.other.rest": """
from firmware.parts import There
def begin(whole):
    There()
""",
    "firmware.parts": """
class Whole:
    def __init__(self, one):
        self.part = Part()
        self.parts = [Looped() for _ in range(2)]
    def later(self):
        self.more = Other()
class Part:
    def __init__(self): 0
class Made(Whole):
    pass
""" + "".join(f"class {name}:\n    def __init__(self): 0\n" for name in (
        "Again Asked Based Inner Known Late Looped One Other There".split())),
}


def test_which_they_are():
    once = Once({name: ast.parse(text) for name, text in TEXTS.items()})
    # Whole is a base as well, so its parts may be made more than once.
    assert {name for _, name in once.classes} == {"One", "Asked", "Late", "There"}
    changed = TEXTS["firmware.parts"].replace("class Made(Whole)", "class Made")
    once = Once({**{name: ast.parse(text) for name, text in TEXTS.items()},
                 "firmware.parts": ast.parse(changed)})
    assert {name for _, name in once.classes} == {"Whole", "Part", "One", "Asked", "Late", "There"}


RUN = """
class Part:
    def __init__(self, n):
        self.n = n
class Whole:
    def __init__(self):
        self.part = Part(4)
        self.more = Several(1), Several(2)
class Several:
    def __init__(self, n):
        self.n = n
def assemble(config, board):
    whole = Whole()
    return whole.part.n, [one.n for one in whole.more]
print(assemble(0, 0), Several(3).n)
"""
AFTER = """
from firmware import assembly
for name in dir(assembly):
    print(getattr(getattr(assembly, name), "__init__", 0))
"""


def test_they_are_made_and_forget(tmp_path, micropython):
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware/__init__.py").write_text("")
    (tmp_path / "firmware/assembly.py").write_text(RUN)
    whole = Project(tmp_path)
    path = whole.sources[1]
    made = whole.lean(path)
    path.write_text(made)
    output = mpy_process.run_script(
        mpy_process.unix_command("unix64"), code=AFTER,
        env=mpy_process.environment(tmp_path), cwd=tmp_path).stdout
    assert made.count(" = None") == 2
    assert output.startswith("(4, [1, 2]) 3\n") and output.splitlines().count("None") == 2


def test_of_the_firmware():
    classes = modules.bundler().project.once.classes
    assert {("firmware.publish.mqtt", "Mqtt"), ("firmware.books", "Books")} <= classes
    assert not {"Session", "Connection", "Store", "Writer"} & {name for _, name in classes}
