"""Classes of which one object is made, at start: what makes it is forgotten when it has.

A class that only the composition makes an object of (assembly.py, once), or the __init__() of
such a class, needs its own __init__() for a moment; on the board it would take memory for good.
So there the class is robbed of it as soon as the object is made.
"""

import ast

_START = ("firmware.assembly", "assemble")  # where the composition begins, once in a life
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.Lambda,
          ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)


class Once:
    """What is so in all sources of a project, {module: tree}. `classes`: {(module, class)}"""

    def __init__(self, sources: dict):
        self._known = {
            (module, node.name): node for module, tree in sources.items() for node in tree.body
            if isinstance(node, _SCOPES)
        }
        # What others may ask a module for: x.name may be that.
        self._names = {name for (_, name) in self._known if name[0] != "_"}
        self._sites = {}  # key: [(module, what is around it, whether in a loop, statement)]
        self._spoiled = set()  # what is known by other means than being called
        for module, tree in sources.items():
            self._origins = _origins(module, tree)
            self._look(module, tree, (), False, None)
        self._started, self.classes = {_START}, set()
        while self._more():
            pass

    def spare(self, module: str, tree) -> None:
        """Have the classes forget, where a module makes the objects."""
        self._origins = _origins(module, tree)
        for node in ast.walk(tree):
            for field in ("body", "orelse", "finalbody"):
                body = getattr(node, field, None)
                if isinstance(body, list):
                    body[:] = [one for statement in body for one in self._with(statement)]

    def _with(self, statement) -> list:
        """A statement, and one behind it for each class that is made in it."""
        made = [statement]
        for call in _calls(statement):
            if self._key(call.func) in self.classes:
                # With `del` the table of the class would keep what it points to.
                text = f"{ast.unparse(call.func)}.__init__ = None"
                if text not in map(ast.unparse, made):
                    made += ast.parse(text).body
        return made

    def _more(self) -> bool:
        """Find some more that are called once; whether there were any."""
        before = len(self._started) + len(self.classes)
        for key, sites in self._sites.items():
            module, around, loop, statement = sites[0]
            one = {id(site[3]) for site in sites} == {id(statement)}
            if key in self._spoiled or loop or not one or isinstance(statement, ast.Return):
                continue
            node = self._known[key]
            if len(around) == 1 and (module, around[0]) in self._started:
                (self.classes if isinstance(node, ast.ClassDef) else self._started).add(key)
            elif around[1:] == ("__init__",) and (module, around[0]) in self.classes:
                if isinstance(node, ast.ClassDef):
                    self.classes.add(key)
        self.classes = {key for key in self.classes if any(
            isinstance(one, ast.FunctionDef) and one.name == "__init__"
            for one in self._known[key].body)}
        return len(self._started) + len(self.classes) > before

    def _key(self, node):
        """(module, name) of a function or class of ours that an expression names, else None."""
        if isinstance(node, ast.Name):
            return self._origins.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = self._origins.get(node.value.id)
            key = (".".join(module), node.attr) if module else None
            return key if key in self._known else None
        return None

    def _look(self, module, node, around, loop, statement):
        """Note where everything is called, and what else is done with it."""
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        if isinstance(node, ast.stmt) and not isinstance(node, (ast.If, ast.Try, ast.With)):
            statement = node
        parts = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Call):
            key = self._key(node.func)
            if key in self._known:
                site = (module, around, loop, statement)
                self._sites.setdefault(key, []).append(site)
                parts.remove(node.func)
            elif getattr(node.func, "id", "") == "isinstance":
                parts = node.args[:1]
        elif isinstance(node, ast.AnnAssign):
            parts.remove(node.annotation)
        elif isinstance(node, ast.arg):
            parts = []
        elif isinstance(node, ast.Name):
            self._spoiled.add(self._key(node))
        elif isinstance(node, ast.Attribute) and node.attr in self._names:
            self._spoiled |= {key for key in self._known if key[1] == node.attr}
        if isinstance(node, _SCOPES):
            around, loop = (*around, node.name), False
            parts = [one for one in parts if one is not getattr(node, "returns", None)]
        for part in parts:
            self._look(module, part, around, loop or isinstance(node, _LOOPS), statement)


def _calls(statement) -> list:
    """The calls in a statement, but for those in statements within."""
    found, todo = [], [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Call):
            found.append(node)
        todo += [one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.stmt)]
    return found


def _origins(module, tree) -> dict:
    """{name in a source: (module, name) of what it stands for}; of a module, its two halves."""
    found = {node.name: (module, node.name) for node in tree.body if isinstance(node, _SCOPES)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found.update((alias.asname or alias.name, (node.module, alias.name))
                         for alias in node.names)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            call = node.value
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "load":
                if isinstance(call.args[0], ast.Constant):
                    found[node.targets[0].id] = "firmware", call.args[0].value
    return found
