"""The firmware's sources as the board wants them: every name there takes memory, for good.

A name costs its letters and seven bytes more, whether or not anything asks for it. So in what is
compiled for the board
- private names (_store, _turn), which only their module needs, become the same few in all modules,
- arguments that nobody names in a call likewise,
- public names become those that MicroPython's image holds anyway (public.py),
- constants become their numbers; public ones are neither imported nor kept,
- short texts of modules that come and go, which MicroPython takes for names and keeps for good,
  become pieces of a long one.
What people read, and what the tests run, has the names it has.
"""

import ast
from pathlib import Path

from tools.runtime import frequent, trim
from tools.runtime.once import Once
from tools.runtime.public import HARDWARE, OTHERS, Names
from tools.runtime.texts import Texts

_BESIDE = "tools/bench/target"  # what is made lean to work with the firmware
_ONCE = "assembly board config destinations"  # that the start lets go of

_ARITHMETIC = (ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Constant, ast.Name, ast.Load)


class Project:
    """What has to be known of all sources of the firmware before one of them can be made lean.

    `sources`: their paths; `newest`: when the youngest of all that it depends on was written, in
    ns; `names`: what becomes of public names; `once`: of what is made once. bundled: modules that
    bundle.py puts into others.
    """

    def __init__(self, root: Path, bundled=()):
        self.sources = sources = sorted((root / "firmware").rglob("*.py"))
        others = sorted((root / OTHERS).rglob("*.py"))
        hardware = sorted((root / HARDWARE).rglob("*.py"))
        spare = root / trim.NAME
        whole = [*sources, *others, *hardware]
        self.newest = max((path.stat().st_mtime_ns for path in whole), default=0)
        self._trees = {path: ast.parse(path.read_bytes(), str(path)) for path in sources}
        self._modules = {module(path): path for path in sources}
        self.keywords = set()  # names of arguments that a call names
        self.foreign = set()  # attributes of what is not self
        for tree in self._trees.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.keyword):
                    self.keywords.add(node.arg)
                elif isinstance(node, ast.Attribute) and not _own(node):
                    self.foreign.add(node.attr)
        self.momentary = {f"firmware.{one}" for one in _ONCE.split()}
        self.identifiers = set()  # that are names anyway
        for path, tree in self._trees.items():
            self._look(module(path), tree)
        self._constants = {path: _constants(tree) for path, tree in self._trees.items()}
        ours = {module(path): tree for path, tree in self._trees.items()}
        if spare in others:  # what is left of Microdot is ours as well
            ours[spare.stem] = ast.parse(trim.trimmed(spare))
            others.remove(spare)
        beside = {path.stem: ast.parse(path.read_bytes())
                  for path in sorted((root / _BESIDE).rglob("*.py"))}
        self.names = Names(
            ours, beside, [ast.parse(path.read_bytes()) for path in others],
            [ast.parse(path.read_bytes()) for path in hardware], bundled,
            {"TYPE_CHECKING"}.union(*self._constants.values()))
        self.once = Once({module(path): tree for path, tree in self._trees.items()})
        self.identifiers = {*map(self.names.on_board, self.identifiers)} | self.names.free
        self._units = {path: {path} for path in sources}
        for path in sources:
            self._join(path)

    def constant(self, module: str, name: str):
        """The value of a constant that module defines; None if it has no such one."""
        return self._constants.get(self._modules.get(module), {}).get(name)

    def lean(self, path: Path) -> str:
        """The source made lean; one of our own, or one that imports them."""
        return self.text(self.tree(path))

    def tree(self, path: Path) -> ast.Module:
        """lean() as a tree, for bundle.py."""
        tree = ast.parse(path.read_bytes(), str(path))
        _without_docstrings(tree)
        self.once.spare(module(path), tree)
        tree = _Constants(self, self._constants.get(path, {})).visit(tree)
        tree = _Private(self.aliases(path)).visit(tree)
        return _Arguments(self.keywords, self.names.short).visit(tree)

    def comes_and_goes(self, module: str) -> bool:
        """Whether a module is only in memory for the moment: some load() names it."""
        return module in self.momentary

    def text(self, tree: ast.Module, momentary: bool = False) -> str:
        """The source of a tree."""
        tree = _Late(self._modules).visit(self.names.visit(tree))
        if momentary:
            Texts(self.identifiers).apply(tree)
        tree = _Pairs().visit(frequent.first(tree))
        return ast.unparse(ast.fix_missing_locations(tree)) + "\n"

    def _look(self, name, tree):
        """Note the identifiers in a module, and what it loads for the moment."""
        package = name.rpartition(".")[0]
        if package == "firmware.portal":
            self.momentary.add(name)  # those that stay are in bundles
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if called in ("load", "_load"):
                    home = "firmware" if called == "load" else package
                    self.momentary.add(f"{home}.{node.args[0].value}")
            elif isinstance(node, ast.Attribute):
                self.identifiers.add(node.attr)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self.identifiers.add(node.name)

    def _join(self, path):
        for module, name in _bases(self._trees[path]):
            other = self._modules.get(module)
            if other and name:
                joined = self._units[path] | self._units[other]
                for one in joined:
                    self._units[one] = joined

    def aliases(self, path) -> dict:
        """{private name: alias}, the same in all sources of a unit."""
        names, others = set(), set(self.foreign)
        for one in self._units.get(path, ()):
            for node in ast.walk(self._trees[one]):
                defined, used = _names(node)
                names |= defined
                others |= used
        gone = set().union(*(self._constants.get(one, ()) for one in self._units.get(path, ())))
        private = sorted(n for n in names - others - gone if n[0] == "_" and n[1:2].isalpha())
        taken = others | names - set(private)
        return dict(zip(private, (n for n in self.names.short() if n not in taken), strict=False))


class _Private(ast.NodeTransformer):
    """Renames private names wherever they stand."""

    def __init__(self, aliases):
        self._aliases = aliases

    def visit_Name(self, node):
        node.id = self._aliases.get(node.id, node.id)
        return node

    def visit_Attribute(self, node):
        if _own(node):
            node.attr = self._aliases.get(node.attr, node.attr)
        return self.generic_visit(node)

    def _named(self, node):
        node.name = self._aliases.get(node.name, node.name)
        return self.generic_visit(node)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _named

    def visit_arg(self, node):
        node.arg = self._aliases.get(node.arg, node.arg)
        return self.generic_visit(node)

    def visit_Global(self, node):
        node.names = [self._aliases.get(name, name) for name in node.names]
        return node


class _Arguments(ast.NodeTransformer):
    """Renames arguments that are given by their place only."""

    def __init__(self, keywords, short):
        self._keywords = keywords
        self._short = short

    def _function(self, node):
        self.generic_visit(node)  # what is inside first
        decorators = {ast.unparse(one) for one in node.decorator_list}
        if decorators - {"micropython.viper", "micropython.native", "staticmethod", "property"}:
            return node  # somebody else calls it, by names perhaps
        known = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        known |= {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
        free = (name for name in self._short() if name not in known)
        renamed = {
            arg.arg: next(free) for arg in node.args.args
            if len(arg.arg) > 2 and arg.arg not in self._keywords | {"self", "cls"}
        }
        for one in ast.walk(node):
            if isinstance(one, ast.Name):
                one.id = renamed.get(one.id, one.id)
            elif isinstance(one, ast.arg):
                one.arg = renamed.get(one.arg, one.arg)
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _function


class _Late(ast.NodeTransformer):
    """Within functions, asks for our modules by a text: in a statement each would be a name, even
    if it is never imported.
    """

    def __init__(self, modules):
        self._modules = modules
        self._depth = 0

    def _function(self, node):
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _function

    def visit_ImportFrom(self, node):
        if not self._depth or node.module not in self._modules:
            return node
        made = []
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            name, end = (whole, "") if whole in self._modules else (node.module, f".{alias.name}")
            text = f"{alias.asname or alias.name} = __import__({name!r}, None, None, ()){end}"
            made += ast.parse(text).body
        return made


class _Pairs(ast.NodeTransformer):
    """Keeps `a, b = c, d` as it is: with a bracket around c, d MicroPython would make a tuple."""

    def visit_Assign(self, node):
        value = node.value
        if not isinstance(value, ast.Tuple) or not isinstance(node.targets[-1], ast.Tuple):
            return node
        sides = [", ".join(map(ast.unparse, side.elts)) for side in (*node.targets, value)]
        return ast.copy_location(ast.Expr(ast.Name(" = ".join(sides))), node)


class _Constants(ast.NodeTransformer):
    """Puts numbers in the place of constants, our own and imported ones."""

    def __init__(self, project, own):
        self._project = project
        self._own = own
        self._values = dict(self._own)
        self._imported = {}  # name: module

    def visit_ImportFrom(self, node):
        kept = []
        for alias in node.names:
            value = self._project.constant(node.module, alias.name)
            if value is None:
                kept.append(alias)
                self._imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            else:
                self._values[alias.asname or alias.name] = value
        node.names = kept
        # The module has to be there all the same: others may count on its having been imported.
        return node if kept else ast.copy_location(
            ast.ImportFrom(node.module, [ast.alias("__name__", "_")], 0), node)

    def visit_Assign(self, node):
        name = node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""
        if node.col_offset == 0 and name in self._own and name not in self._project.foreign:
            return None
        node.value = self.visit(node.value)
        node.targets = [self.visit(one) for one in node.targets]
        return node

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load) and node.id in self._values:
            return ast.copy_location(ast.Constant(self._values[node.id]), node)
        return node

    def visit_Attribute(self, node):
        if isinstance(node.value, ast.Name) and node.value.id in self._imported:
            value = self._project.constant(self._imported[node.value.id], node.attr)
            if value is not None:
                return ast.copy_location(ast.Constant(value), node)
        return self.generic_visit(node)


def _constants(tree) -> dict:
    """{NAME: number} of the constants at the top of a module: NAME = 1 or const(1 << _N).

    MicroPython's compiler does so too, for const() of private names; and it takes every other
    thing of that name, an argument say, for the constant. So none may be left to it.
    """
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            if isinstance(value, ast.Call) and ast.unparse(value.func) == "const":
                value = value.args[0]
            if node.targets[0].id.isupper() and _number(value, found) is not None:
                found[node.targets[0].id] = _number(value, found)
    stored = [node.id for node in ast.walk(tree)
              if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    for name in list(found):
        if stored.count(name) > 1:
            del found[name]
    return found


def _number(node, known):
    """What an expression of whole numbers and known constants gives, else None."""
    if any(not isinstance(one, _ARITHMETIC) or getattr(one, "id", "") not in {"", *known}
           for one in ast.walk(node)):
        return None
    value = eval(compile(ast.Expression(node), "", "eval"), {}, known)  # nothing but arithmetic
    return value if type(value) is int else None


def _names(node) -> tuple:
    """(names that a node defines, names that have to stay what they are)"""
    if isinstance(node, ast.Name):
        return ({node.id} if isinstance(node.ctx, ast.Store) else set()), set()
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}, set()
    if isinstance(node, ast.arg):
        return {node.arg}, set()
    if isinstance(node, ast.Attribute):
        if _own(node):
            return ({node.attr} if isinstance(node.ctx, ast.Store) else set()), set()
        return set(), {node.attr}
    if isinstance(node, ast.keyword):
        return set(), {node.arg}
    if isinstance(node, ast.alias):
        return set(), {node.name, node.asname} - {None}
    return set(), set()


def _own(node) -> bool:
    """Whether an attribute is one of self."""
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def _bases(tree) -> list:
    """[(module, class)] of the imported classes that others are made from"""
    origins = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    found = []
    for node in ast.walk(tree):
        for base in node.bases if isinstance(node, ast.ClassDef) else ():
            found.append(origins.get(getattr(base, "id", None), ("", "")))
    return found


def _without_docstrings(tree) -> None:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            if isinstance(body[0].value, ast.Constant):
                body[:1] = [] if len(body) > 1 or isinstance(node, ast.Module) else [ast.Pass()]


def module(path: Path) -> str:
    """.../firmware/tic/store.py -> firmware.tic.store, anything/else.py -> else"""
    parts = path.with_suffix("").parts
    if "firmware" not in parts:
        return path.stem
    parts = parts[len(parts) - parts[::-1].index("firmware") - 1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
