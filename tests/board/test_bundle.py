"""Modules that become one for the board do what they did: tools/runtime/bundle.py."""

import json

import pytest

from tests.support import mpy_process
from tools.bench import gateway, modules
from tools.bench.decoding import mirrored
from tools.runtime import mpy
from tools.runtime.bundle import GROUPS, Bundler
from tools.runtime.scopes import Refused

LOW = '''
import sys
from array import array
from micropython import const
LIMIT = const(3)
_kept = array("H", (1, 2))
_a = "never mine"
count = 0
class Wrong(ValueError):
    pass
class Base:
    name = "base"
    def __init__(self, limit=LIMIT):
        self._limit = limit
    def look(self, _b):
        global count
        count += 1
        if _b > self._limit:
            raise Wrong(_a)
        return [count for count in range(_b)], sum(_kept)
def told():
    return count, sys.byteorder
'''
HIGH = '''
import time as clock
from firmware import low
from firmware.low import Base, Wrong as Bad
TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.top import start
class Made(Base):
    def look(self, _b):
        from firmware.low import told as _d
        try:
            return Base.look(self, _b)
        except Bad as _c:
            return type(_c).__name__, low.told()[0], _d()[0]
def steps(told, base=Base):
    """An argument with the name of something else."""
    return [made.look(told) for made in (Made(), base())], clock.ticks_ms is not None
'''
TOP = '''
import firmware.low as low, firmware.high
from firmware import high
def start():
    from firmware.alone import seen
    made = high.Made(4)
    print(made.look(2), made.look(5), made.name, high.steps(1), low.told(), seen(made))
'''
ALONE = '''
from firmware.high import Made
def seen(made):
    from firmware.low import Base as base
    return isinstance(made, Made), isinstance(made, base)
'''
MAIN = "from firmware.top import start\nstart()\n"
TOGETHER = {"firmware.top": "high low"}


def _project(folder, **changed):
    texts = {"__init__": "", "low": LOW, "high": HIGH, "top": TOP, "alone": ALONE}
    (folder / "firmware").mkdir()
    for name, text in {**texts, **changed}.items():
        (folder / f"firmware/{name}.py").write_text(text)
    (folder / "main.py").write_text(MAIN)
    return folder


def _run(folder) -> str:
    command = mpy_process.unix_command("unix64")
    environment = mpy_process.environment(folder)
    return mpy_process.run_script(
        command, code="import main", env=environment, cwd=folder).stdout


@pytest.mark.parametrize("groups", [
    TOGETHER, {"firmware.top": "high", "firmware.low": ""}, {"firmware.low": "high"}, {},
], ids=["one", "two", "without the top", "none"])
def test_it_does_the_same(tmp_path, micropython, groups):
    project = _project(tmp_path)
    before = _run(project)
    whole = Bundler(project, groups)
    texts = {path: whole.text(path) for path in whole.paths.values() if not whole.within(path)}
    for path in whole.paths.values():
        path.unlink()
    for path, text in texts.items():
        path.write_text(text)
    assert len(texts) == 5 - len(" ".join(groups.values()).split())
    assert before == (
        "([0, 1], 3) ('Wrong', 2, 2) base ([([0], 3), ([0], 3)], True) (4, 'little')"
        " (True, True)\n") == _run(project)


def test_names_are_short_and_can_be_read_again(tmp_path):
    project = _project(tmp_path)
    whole = Bundler(project, TOGETHER)
    text, alone = (whole.text(whole.paths[f"firmware.{name}"]) for name in ("top", "alone"))
    for gone in ("LIMIT", "const", "TYPE_CHECKING", "Made", "Base", "told()", "import low"):
        assert gone not in text, gone
    look = whole.project.names.on_board("look")
    for kept in ("def start(", "class Wrong(", "name = 'base'", f"def {look}("):
        assert kept in text, kept
    assert "from firmware" not in text  # within functions a module is asked for by a text:
    assert text.count("__import__('firmware.top', None, None, ()).") == 1
    assert text.count("__import__('firmware.alone', None, None, ()).") == 1
    assert "from firmware.top import " in alone and "firmware.high" not in alone
    names = whole.names()["firmware.top"]
    found = {one: name for name, ones in names.items() for one in ones}
    assert f"class {found['firmware.low.Base']}:" in text
    assert f"self.{found['firmware.low: _limit']} = " in text
    assert found["firmware.low: look"] == look != "look"


@pytest.mark.parametrize(("changed", "words"), [
    ({"high": "from firmware import low\nlow.count = 1\n"}, "low.count: what a module"),
    ({"high": "from firmware import low\nprint(low)\n"}, "low: a module in a bundle is no object"),
    ({"high": "from firmware.low import nothing\nprint(nothing)\n"}, "low has no nothing"),
    ({"low": LOW + "from firmware.top import start\nprint(start)\n"}, "in a circle"),
    ({"low": "one = 1\nclass One:\n    one = one\n"}, "one is in a class and outside it"),
])
def test_what_does_not_go_into_a_bundle_is_refused(tmp_path, changed, words):
    project = _project(tmp_path, **changed)
    with pytest.raises(Refused) as refused:
        whole = Bundler(project, TOGETHER)
        whole.text(whole.paths["firmware.top"])
    assert words in str(refused.value)


def test_the_table_fits_the_firmware():
    whole = modules.bundler()
    for head, others in GROUPS.items():
        assert {head, *(f"firmware.{one}" for one in others.split())} <= set(whole.paths)
    for path in whole.paths.values():
        if not whole.within(path):
            compile(whole.text(path), str(path), "exec")
    # What is loaded by its name is its own module, or the head of a bundle.
    for path in whole.paths.values():
        for name in whole.paths:
            short = name.partition(".")[2]
            if f'load("{short}")' in path.read_text("utf-8"):
                assert whole.head(name) in (None, name), (path, name)


def test_the_board_has_files_for_bundles_and_the_names_beside_them():
    folder = mirrored(mpy.UNIX32)
    assert (folder / "firmware/gateway.mpy").exists()
    assert not (folder / "firmware/tic/store.mpy").exists()
    assert (folder / "firmware/settings.txt").exists()  # beside a module in a bundle
    names = json.loads((folder / "names.json").read_text("utf-8"))
    assert ["firmware.tic.store.Store" in ones for ones in names["firmware.gateway"].values()]
    assert set(names) == set(modules.order()[1])
    files = [name for ones in names.values() for name, what in ones.items()
             if what[0].startswith("the file of ")]
    assert len(files) > 30 and len(files) == len(set(files))
    assert [ones for ones in names["firmware.causes"].values()
            if ones[0] == "the file of firmware.causes"]


def test_the_whole_gateway_in_bundles_reads_and_publishes(micropython32):
    meter = "standard, three phases, producer"
    with gateway.Gateway(meter, small=True, speed=8, wifi_ssid="simulated") as running:
        running.wait(4)
        resident = running.ask("stay")["modules"]
        topics = {one.topic.rpartition("/")[2] for one in running.broker.messages}
    ours = {name for name in resident if name.startswith("firmware.")}
    assert {"firmware.gateway", "firmware.publish.mqtt", "firmware.books"} <= ours
    assert not ours & {"firmware.tic.store", "firmware.config", "firmware.assembly"}
    assert {"frame", "gateway", "meter"} <= topics
