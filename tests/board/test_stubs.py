"""The simulated board against the published type stubs of the ESP32-C6.

Every public name of the simulated modules must exist on the real board, constants with the same
value, functions with parameters that the real ones take.  So code that runs on the simulated board
does not run into a missing name on the real one.
"""

import ast
import subprocess
import sys

import pytest

from tools.runtime import ROOT, TYPINGS

BOARD = ROOT / "tools/simulator/board"
# Simulated module: the stubs that describe it, the first one that knows a name counts.
STUBS = {"machine": ["machine.pyi"], "network": ["network.pyi"], "esp32": ["esp32.pyi"],
         "neopixel": ["neopixel.pyi"], "ssl": ["tls.pyi", "stdlib/ssl.pyi"]}
# The stream protocol, which is in C on the board and methods of a Python class here.
PLUMBING = {("UART", "ioctl")}
# What the stubs leave out: they list the attributes of SSLContext nowhere, and of LAN not what one
# over SPI takes (MicroPython's ports/esp32/network_lan.c).
UNTOLD = {("SSLContext", "verify_mode"), ("LAN", "__init__")}


def definitions(body: list):
    """(name, node) of everything defined at this level, branches of `if` included."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(target, ast.Tuple) and isinstance(
                    node.value, ast.Tuple) else [node.value] * len(names)
                yield from ((name.id, value) for name, value in zip(names, values)
                            if isinstance(name, ast.Name))
        elif isinstance(node, ast.AnnAssign):
            yield node.target.id, node.value
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, (ast.If, ast.Try)):
            yield from definitions(node.body)


def table(body: list) -> dict:
    """{name: [nodes]}: several for what is overloaded."""
    found = {}
    for name, node in definitions(body):
        found.setdefault(name, []).append(node)
    return found


@pytest.fixture(scope="session")
def stubs():
    """{module: table} of the stubs, which the runtime's helper puts into the cache."""
    subprocess.run([sys.executable, "-m", "tools.runtime", "typings"], cwd=ROOT, check=True)
    return {module: {name: nodes for file in reversed(files) for name, nodes in table(
        ast.parse((TYPINGS / file).read_text()).body).items()} for module, files in STUBS.items()}


def simulated(module: str) -> dict:
    """{name: node} of a simulated module; what it takes from its own helper is looked up there."""
    found = {}
    for name, node in definitions(ast.parse((BOARD / f"{module}.py").read_text()).body):
        if isinstance(node, ast.ImportFrom):
            if not (BOARD / f"{node.module}.py").exists():
                found[name] = None
                continue
            node = simulated(node.module)[name]
        found[name] = node
    return found


def public(found: dict) -> dict:
    return {name: node for name, node in found.items()
            if not name.startswith("_") or name in ("__call__", "__init__", "__len__")}


def parameters(function: ast.FunctionDef) -> tuple:
    """(names that may be given by place or by name, those without a default, takes anything)"""
    a = function.args
    names = [arg.arg for arg in a.posonlyargs + a.args + a.kwonlyargs]
    placed = [arg.arg for arg in a.posonlyargs + a.args]
    needed = placed[:len(placed) - len(a.defaults)] + [
        arg.arg for arg, default in zip(a.kwonlyargs, a.kw_defaults) if default is None]
    return set(names), set(needed) - {"self", "cls"}, a.vararg or a.kwarg


def compare_function(place: str, ours: ast.FunctionDef, theirs: list) -> list:
    """What is wrong with our signature: names the board does not take, or wants and we lack."""
    theirs = [node for node in theirs if isinstance(node, ast.FunctionDef)]
    if not theirs:
        return [f"{place} is no function on the board"]
    told = [parameters(node) for node in theirs]
    known = set().union(*(names for names, _, _ in told))
    anything = any(any_ for _, _, any_ in told)
    names, needed, we_take_anything = parameters(ours)
    wrong = []
    if not anything and names - known - {"self"}:
        wrong.append(f"{place} takes {sorted(names - known - {'self'})}, which the board does not")
    always = set.intersection(*(must for _, must, _ in told))
    if not we_take_anything and not anything and always - names:
        wrong.append(f"{place} does not take {sorted(always - names)}")
    if not anything and all(needed - must for _, must, _ in told) and not needed <= known:
        wrong.append(f"{place} wants {sorted(needed)}")
    return wrong


def compare(place: str, ours, theirs: list) -> list:
    """What is wrong with one of our names, compared with the stubs' nodes of that name."""
    if isinstance(ours, ast.FunctionDef):
        return compare_function(place, ours, theirs)
    if isinstance(ours, ast.ClassDef):
        members = {}
        for node in theirs:
            if not isinstance(node, ast.ClassDef):
                return [f"{place} is no class on the board"]
            members.update(table(node.body))
        wrong = []
        for name, node in public(dict(definitions(ours.body))).items():
            if (ours.name, name) in PLUMBING | UNTOLD:
                continue
            if name not in members:
                wrong.append(f"{place}.{name} does not exist on the board")
            else:
                wrong += compare(f"{place}.{name}", node, members[name])
        return wrong
    if isinstance(ours, ast.Constant) and isinstance(theirs[0], ast.Constant):
        if ours.value != theirs[0].value:
            return [f"{place} is {theirs[0].value!r} on the board"]
    return []


@pytest.mark.parametrize("module", STUBS)
def test_the_simulated_module_has_no_name_and_no_parameter_that_the_board_lacks(module, stubs):
    wrong = []
    for name, node in public(simulated(module)).items():
        theirs = stubs[module].get(name)
        if theirs is None:
            wrong.append(f"{module}.{name} does not exist on the board")
        else:
            wrong += compare(f"{module}.{name}", node, theirs)
    assert wrong == []


@pytest.mark.parametrize(("code", "complaint"), [
    ("def reset(hard): pass", "takes ['hard']"), ("PWRON_RESET = 9", "is 1 on the board"),
    ("def restart(): pass", "does not exist"), ("class reset: pass", "is no class"),
    ("class WDT:\n    def bark(self): pass", "WDT.bark does not exist"),
    ("class UART:\n    def init(self, speed=1): pass", "takes ['speed']"),
    ("def unique_id(*, n): pass", "takes ['n']"),
])
def test_the_comparison_finds_what_is_wrong(code, complaint, stubs):
    (name, node), = definitions(ast.parse(code).body)
    theirs = stubs["machine"].get(name)
    found = compare(name, node, theirs) if theirs else [f"{name} does not exist on the board"]
    assert complaint in " ".join(found)
