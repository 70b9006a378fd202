"""Modules that are in memory together become one: each of them would cost 350 bytes and its names.

As bundlers for browsers do: what the modules define at their top comes into one namespace, under
short names; imports between them vanish, what they import of others is imported once, and all
others import from the bundle. It is called by the name of one of its modules, its head. No module
in a bundle can be loaded by its name: rarely.load() is for those that are in none.
"""

import ast
import json
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tools.runtime import frequent, lean, once, public, scopes, texts, trim, whose
from tools.runtime.scopes import Module, Refused

# Head: the others. All of a bundle comes into memory when one of its modules is asked for.
GROUPS = {
    "firmware.gateway": (
        "supervisor rarely line tic.catalogue tic.counters tic.moments tic.labels"
        " tic.decoder tic.sieve tic.store tic.source"),
    "firmware.publish.mqtt": (
        "publish.payload publish.codec publish.policy publish.messages publish.outbox"
        " publish.session publish.link publish.model"),
    "firmware.publish.upload": "publish.influx",
    "firmware.books": (
        "alerts derive energy history ledger tic.keys tic.learnt tic.tariff tic.meter"),
    "firmware.link.clock": "tic.fields",  # without the books, too
    "firmware.quick.cycle": "power rtcmem quick.readings quick.reading quick.marks",
    "firmware.quick.session": "quick.radio quick.mqtt",
    "firmware.config": "settings",
    # Whoever has a network has the pages, if only for the first contact.
    "firmware.portal.server": (
        "link.listening portal.connection portal.sessions log link.wifi link.setup link.ntp"
        " button"),
    "firmware.local.modbus": "local.registers",
    "firmware.portal.app": "portal.exchange portal.guard portal.pieces",
}

# Bundles that come and go, too.
_VISITED = ("firmware.config", "firmware.portal.app")


class Bundler:
    """The sources of the firmware, made lean and bundled. groups: as GROUPS."""

    def __init__(self, root: Path, groups: dict = GROUPS):
        bundled = {f"firmware.{one}" for others in groups.values() for one in others.split()}
        self.project = lean.Project(root, bundled | set(groups))
        tools = [Path(one).stat().st_mtime_ns for one in (
            __file__, frequent.__file__, lean.__file__, once.__file__, public.__file__,
            public.ROM, scopes.__file__, texts.__file__, trim.__file__,
            whose.__file__)]
        self.newest = max(self.project.newest, *tools)
        self.paths = {lean.module(path): path for path in self.project.sources}
        self._heads = {}
        for head, others in groups.items():
            for name in (head, *(f"firmware.{other}" for other in others.split())):
                if name in self.paths:
                    self._heads[name] = head
        # {module: what tracebacks call its file}, of those that come and go.
        self.files = self.project.names.alike(
            [name for name in self.paths if self.project.comes_and_goes(name)] + ["lib.microdot"])
        self.outside = set()  # (module, name) that the sources beside the firmware ask for
        for path in root.glob("*.py"):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.ImportFrom):
                    self.outside |= {(node.module, alias.name) for alias in node.names}
        for name, _ in self.outside:
            if self.head(name) not in (name, None):
                raise Refused(f"{name} is asked for, and a part of {self.head(name)}")
        self._modules, self._bundles = {}, {}

    def head(self, name: str):
        """The bundle that a module is in, None if it is in none."""
        return self._heads.get(name)

    def within(self, path: Path) -> bool:
        """Whether a source has no file of its own."""
        name = lean.module(path)
        return path.suffix == ".py" and self.head(name) not in (name, None)

    def members(self, name: str) -> list:
        """The modules of a bundle, or the one that is alone, each after those it imports."""
        ours = [one for one in self._heads if self._heads[one] == name] or [name]
        needs = {one: self.module(one).needs & set(ours) for one in ours}
        return _sorted(needs, f"the bundle {name}")

    def order(self) -> list:
        """All bundles, and the modules that are in none, each after those it imports."""
        needs = {}
        for name in self.paths:
            found = self.module(name).needs | {name.rpartition(".")[0]} - {""}
            mine = needs.setdefault(self.head(name) or name, set())
            mine |= {self.head(one) or one for one in found} & {*self.paths}
        return _sorted({name: found - {name} for name, found in needs.items()}, "the firmware")

    def text(self, path: Path) -> str:
        """The source of a bundle, of a module in none, or of one that imports them."""
        return self.bundle(lean.module(path), path).text()

    def names(self) -> dict:
        """{module: {name on the board: [what it is called in the sources]}}"""
        return {name: self.bundle(name).names() for name in self.order()}

    def module(self, name: str, path=None) -> Module:
        """One module, made lean."""
        if name not in self._modules:
            path = path or self.paths[name]
            self._modules[name] = Module(self, name, self.project.tree(path))
        return self._modules[name]

    def on_board(self, head: str, key: tuple) -> str:
        """What a bundle calls something that it defines, on the board."""
        return self.project.names.on_board(self.bundle(head).name(key))

    def bundle(self, name: str, path=None) -> "_Bundle":
        """A bundle, or a module that is in none."""
        if name not in self._bundles:
            self.module(name, path)
            self._bundles[name] = _Bundle(self, name, self.members(name))
        return self._bundles[name]

    def origin(self, key: tuple) -> tuple:
        """Where a name is defined that a module imports from a bundle, maybe at second hand."""
        while self.head(key[0]) and key[1]:
            module = self.module(key[0])
            if key[1] in module.own:
                break
            if key[1] not in module.imports:
                raise Refused(f"{key[0]} has no {key[1]}")
            key = module.imports[key[1]]
        return key


class _Bundle:
    """One file for the board: what its names are, and its text."""

    def __init__(self, whole, name, members):
        self._whole = whole
        self._name = name
        self._modules = [whole.module(one) for one in members]
        self._members = members
        self._alone = not whole.head(name)
        self._sites = {}  # (module, name): [(names around it, how it is renamed)]
        for module in self._modules:
            for key, around, rename in module.sites:
                self._sites.setdefault(whole.origin(key), []).append((around, rename))
        self._names = {}  # (module, name): name here
        self._choose()
        for key, sites in self._sites.items():
            for _, rename in sites:
                rename(self._names[key])

    def _choose(self):
        """The names: those that have to stay what they are first, then by how often they stand."""
        taken = set().union(*(module.unknown for module in self._modules))
        keys = sorted(self._sites, key=lambda key: (-len(self._sites[key]), key))
        for key in keys:
            kept = self._kept(key)
            if kept and kept not in taken and not self._hidden(key, kept):
                self._names[key] = kept
                taken.add(kept)
            elif kept and (key in self._whole.outside or self._alone):
                raise Refused(f"{self._name}: the name {kept} is wanted twice")
        for key in keys:
            if key not in self._names:
                self._names[key] = next(
                    one for one in self._whole.project.names.short()
                    if one not in taken and not self._hidden(key, one))
                taken.add(self._names[key])

    def _hidden(self, key, name):
        return any(name in around for around, _ in self._sites[key])

    def _kept(self, key):
        """The name that should stay what it is, None if any will do."""
        module, name = key
        if module in self._members:
            wanted = key in self._whole.outside or name[:2] == "__"
            # The head can be loaded by its name, and asked for what it has.
            wanted |= module == self._name and name in self._whole.project.foreign
            # What went wrong is told to the owner by the name of the exception.
            wanted |= self._alone or name in self._whole.module(module).errors
            return name if wanted else None
        here = next((name for found in self._modules for name, of in found.imports.items()
                     if self._whole.origin(of) == key), None)
        # Of a module that is alone somebody may want what it has imported.
        wanted = self._alone and here in self._whole.project.foreign
        return here if wanted or not self._whole.head(module) else None

    def name(self, key: tuple) -> str:
        """What something that it defines is called in it, but for public.py."""
        return self._names[key]

    def text(self) -> str:
        """Its source."""
        body, whole = [], self._whole
        froms = {}
        for (module, name), here in sorted(self._names.items()):
            if module in self._members:
                continue
            head = whole.head(module)
            if not name:
                body.append(ast.Import([_alias(module, here)]))
                continue
            there = whole.bundle(head).name((module, name)) if head else name
            froms.setdefault(head or module, []).append(_alias(there, here))
        body += [ast.ImportFrom(module, names, 0) for module, names in froms.items()]
        for module in self._modules:
            body += module.body
            for alias, key in module.late:
                module, name = whole.origin(key)
                alias.name = whole.bundle(whole.head(module)).name((module, name))
        resident = self._whole.head(self._name) and self._name not in _VISITED
        momentary = not resident and whole.project.comes_and_goes(self._name)
        return whole.project.text(ast.Module(body, []), momentary)

    def names(self) -> dict:
        """{name on the board: [what it is called in the sources]}"""
        found = {}
        if self._name in self._whole.files:
            found[self._whole.files[self._name]] = [f"the file of {self._name}"]
        for module in self._members:
            private = self._whole.project.aliases(self._whole.paths[module])
            before = {alias: name for name, alias in private.items()}
            own = {name: key for key, name in self._names.items() if key[0] == module}
            for name, (_, was) in own.items():
                if name != before.get(was, was):
                    found.setdefault(name, []).append(f"{module}.{before.get(was, was)}")
            for there, name in self._whole.project.names.of(module).items():
                found.setdefault(there, []).append(f"{module}: {name}")
            for alias, name in before.items():
                if alias not in self._whole.module(module).own:
                    found.setdefault(alias, []).append(f"{module}: {name}")
        for (module, was), name in self._names.items():
            if module not in self._members and name not in (was, module):
                found.setdefault(name, []).append(f"{module}.{was}")
        return found


def _alias(name, here):
    return ast.alias(name, here if here != name else None)


def _sorted(needs: dict, what: str) -> list:
    try:
        ordered = {name: sorted(found) for name, found in sorted(needs.items())}
        return list(TopologicalSorter(ordered).static_order())
    except CycleError as error:
        raise Refused(f"{what}: in a circle: {' '.join(error.args[1])}") from None


def write_names(bundler: Bundler, path: Path) -> None:
    """Keep Bundler.names() in a file, to read the board's tracebacks with."""
    path.write_text(json.dumps(bundler.names(), indent=1, sort_keys=True) + "\n", "utf-8")
