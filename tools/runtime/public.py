"""Names that the firmware alone uses get, on the board, names that its image holds anyway.

MicroPython's image holds some 700 names in ROM; whoever uses one of them takes no memory for it.
So `accepted` becomes `acosh`, say, wherever it stands in the firmware. That changes nothing as
long as nobody else means something by either of the two. A name is ours if the firmware defines
it, and if nothing that others made can have it: it is none of the image (rom.txt) and in no source
of others. The new one is meant by nobody if no source has it, and no protocol of MicroPython.

What is asked for by a text has to keep its name: the text in a getattr(), or all in a source that
has a getattr() without one; where the text is put together, _ASKED in whose.py has to tell.
"""

import ast
import builtins
import os
import string
from pathlib import Path

from tools.runtime.whose import bases, defined, given, identifiers, kept, offered

_PRIVATE = 48  # of the names that cost nothing are for what is private in a module
ROM = Path(__file__).with_name("rom.txt")
OTHERS = "lib"  # what others made
HARDWARE = "tools/simulator/board"

# What MicroPython asks an object for: a stream, a file system, a coroutine, a mapping, a number.
_PROTOCOLS = (
    "read readinto readline write seek flush close ioctl mount umount stat statvfs open ilistdir"
    " chdir getcwd mkdir rmdir remove rename readblocks writeblocks send throw keys value args"
    " errno setter getter deleter"
)


def rom() -> tuple:
    """({names that every image has}, {those that some have})"""
    lines = [line for line in ROM.read_text("ascii").splitlines() if line[:1] != "#"]
    every, _, some = "\n".join(lines).partition("\n\n")
    return set(every.split()), set(some.split())


class Names(ast.NodeTransformer):
    """What public names become, and which names others may take.

    sources: {module: tree} of the firmware; beside: {name: tree} of what is made lean with it;
    others: trees of what others made; hardware: of what stands in for it on a PC; bundled: modules
    whose names at the top bundle.py sees to; constants: names that are gone. `public`: {name: the
    one on the board}; `left`: those that there was none for; `free`: what costs nothing.
    """

    def __init__(self, sources, beside, others, hardware=(), bundled=(), constants=()):
        self._modules = set(sources)
        self.free, some = rom()
        theirs = set().union(*(identifiers(tree, False) | defined(tree) for tree in others))
        theirs |= set().union(*map(offered, hardware))
        foreign = theirs | self.free | some | {*dir(builtins)}
        self._where = {name: identifiers(tree) for name, tree in (sources | beside).items()}
        used = set().union(*self._where.values())
        ready = self.free - used - theirs - {*dir(builtins), *_PROTOCOLS.split()}
        ready = sorted(name for name in ready if name[0] != "_")
        self._private, ready = ready[:_PRIVATE], ready[_PRIVATE:]
        named = {node.arg for tree in sources.values() for node in ast.walk(tree)
                 if isinstance(node, ast.keyword)}
        ours = set().union(*(defined(tree, named, name in bundled)
                             for name, tree in sources.items())).difference(constants)
        stay = {one.name for tree in beside.values() for one in tree.body
                if hasattr(one, "name")}  # what a measurement is started by
        stay = stay.union(*(kept(name, tree) for name, tree in sources.items()))
        # What is private in Microdot, since lean.py sees to our own sources only.
        spare = {name for name in defined(sources.get("microdot", ast.Module([], [])))
                 if name[:2] != "__"}
        spare -= set().union(*(ids for name, ids in self._where.items() if name != "microdot"))
        put = set().union(*(given(tree) for tree in (sources | beside).values()))
        self.public, self.left = {}, []
        self._share({name for name in ours - foreign - stay if name[0] != "_" or name in spare},
                    _units(sources | beside), put, ready)

    def _share(self, names, units, given, ready):
        """Two names may become the same one if no source has both, and no object: a class, those
        made from it and what is put into others' objects are taken for one source.
        """
        places = {
            name: frozenset().union(*(units[module] for module, ids in self._where.items()
                                      if name in ids))
            for name in names}
        taken = [set() for _ in ready]
        for name in sorted(names, key=lambda name: (-len(places[name]), -len(name), name)):
            wanted = set(units) if name in given else places[name]
            at = next((n for n, used in enumerate(taken) if not used & wanted), None)
            if at is None:
                self.left.append(name)
            else:
                taken[at] |= wanted
                self.public[name] = ready[at]

    def of(self, module: str) -> dict:
        """{name on the board: public name} of a module."""
        return {there: name for name, there in self.public.items() if name in self._where[module]}

    def short(self):
        """Names for what is private: those that cost nothing, then _a, _b ... _z, _aa ..."""
        yield from self._private
        for first in ("", *string.ascii_lowercase):
            for letter in string.ascii_lowercase:
                yield f"_{first}{letter}"

    def alike(self, modules) -> dict:
        """{module: a name that costs nothing and begins like its own, each another one}"""
        found, left = {}, sorted(name for name in self.free if name[0] != "_")
        for module in sorted(modules):
            wanted = module.rpartition(".")[2]
            best = max(left, key=lambda name: len(os.path.commonprefix((name, wanted))))
            left.remove(best)
            found[module] = best
        return found

    def on_board(self, name: str) -> str:
        """What a public name is called on the board."""
        return self.public.get(name, name)

    def visit_Name(self, node):
        node.id = self.on_board(node.id)
        return node

    def visit_Attribute(self, node):
        node.attr = self.on_board(node.attr)
        return self.generic_visit(node)

    def _named(self, node):
        node.name = self.on_board(node.name)
        return self.generic_visit(node)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _named

    def visit_ExceptHandler(self, node):
        node.name = node.name and self.on_board(node.name)
        return self.generic_visit(node)

    def visit_arg(self, node):
        node.arg = self.on_board(node.arg)
        return self.generic_visit(node)

    def visit_keyword(self, node):
        node.arg = node.arg and self.on_board(node.arg)
        return self.generic_visit(node)

    def visit_Global(self, node):
        node.names = [self.on_board(name) for name in node.names]
        return node

    visit_Nonlocal = visit_Global

    def visit_Import(self, node):
        for alias in node.names:
            here = self.on_board(alias.asname or alias.name)
            alias.asname = here if here != alias.name else None
        return node

    def visit_ImportFrom(self, node):
        for alias in node.names:
            here = self.on_board(alias.asname or alias.name)
            if f"{node.module}.{alias.name}" not in self._modules:
                alias.name = self.on_board(alias.name)
            alias.asname = here if here != alias.name else None
        return node


def _units(sources) -> dict:
    """{module: those that it shares objects with, itself too}: where a class is made from another
    one, it has the names of both.
    """
    units = {name: {name} for name in sources}
    for name, tree in sources.items():
        for other in bases(tree) & set(sources):
            joined = units[name] | units[other]
            for one in joined:
                units[one] = joined
    return units
