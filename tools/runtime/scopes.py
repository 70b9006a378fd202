"""Where the names stand that a module defines at its top or imports, for bundle.py to rename."""

import ast

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
INNER = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Refused(Exception):
    """What the sources do does not go into a bundle; the text says what, and where."""


class Module(ast.NodeTransformer):
    """One module: `body` without its imports; `imports`: {name: (module, name there or "")};
    `own`: the names it defines at its top; `errors`: those that are exceptions; `unknown`: those
    of others; `needs`: the modules it imports; `sites`: where all these names stand;
    `late`: (what is imported within, its module and name).
    """

    def __init__(self, whole, name, tree):
        self._whole = whole
        self._name = name
        self._scopes = []  # (whether it is a class, names) of what is around
        self.sites, self.imports, self.needs = [], {}, set()
        self.unknown, self.errors, self.late = set(), set(), []
        body = []
        for node in tree.body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                node.names = [alias for alias in node.names if not self._note(node, alias)]
                body += [node] if node.names else []
            elif not self._spare(node):
                body.append(node)
        self.own = bound(body)
        for node in body:
            if isinstance(node, ast.ClassDef) and node.bases:
                if ast.unparse(node.bases[0]).endswith(("Error", "Exception")):
                    self.errors.add(node.name)
        self.body = [self.visit(node) for node in body]

    def _note(self, node, alias):
        """Remember an import at the top; False if it has to stay there: import one.two"""
        if isinstance(node, ast.Import) and "." in alias.name and not alias.asname:
            return False
        key = self._key(node, alias)
        self.needs.add(key[0])
        if key[1] != "__name__" or not self._whole.head(key[0]):
            self.imports[alias.asname or alias.name] = key
            if not self._whole.head(key[0]) and key[0] in self._whole.paths:
                self._site(key, lambda name: None)  # it is imported even if nobody names it
        return True

    def _key(self, node, alias) -> tuple:
        if isinstance(node, ast.Import):
            return alias.name, ""
        whole = f"{node.module}.{alias.name}"
        return (whole, "") if whole in self._whole.paths else (node.module, alias.name)

    def _spare(self, node):
        """Whether a statement at the top is for type checkers, or a constant that was put in."""
        if isinstance(node, ast.If):
            return ast.unparse(node.test) == "TYPE_CHECKING"
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            return False
        name = node.targets[0].id
        if name == "TYPE_CHECKING":
            return True
        wanted = not self._whole.head(self._name) or (self._name, name) in self._whole.outside
        return not wanted and self._whole.project.constant(self._name, name) is not None

    def _site(self, key, rename):
        classes = [at for at, (is_class, _) in enumerate(self._scopes[:-1]) if is_class]
        around = set().union(
            *(names for at, (_, names) in enumerate(self._scopes) if at not in classes))
        self.sites.append((key, around, rename))

    def _global(self, name):
        """(module, name) that a name stands for here; None: a local one or a builtin."""
        for at, (is_class, names) in enumerate(self._scopes):
            if name in names and (not is_class or at == len(self._scopes) - 1):
                outer = (self._name,) if name in self.own else self.imports.get(name)
                if is_class and outer and self._whole.head(outer[0]):  # renamed out there
                    raise Refused(f"{self._name}: {name} is in a class and outside it")
                return None
        if name in self.own:
            return self._name, name
        if name not in self.imports:
            self.unknown.add(name)
        return self.imports.get(name)

    def _refuse(self, node, words):
        raise Refused(f"{self._name}: {ast.unparse(node)}: {words}")

    def visit_Name(self, node):
        if self._scopes and not isinstance(node.ctx, ast.Load) and node.id in self._scopes[-1][1]:
            return node
        key = self._global(node.id)
        if key:
            if not key[1] and self._whole.head(key[0]):
                self._refuse(node, "a module in a bundle is no object")
            self._site(key, lambda name: setattr(node, "id", name))
        return node

    def visit_Attribute(self, node):
        key = self._global(node.value.id) if isinstance(node.value, ast.Name) else None
        if not key or key[1] or not self._whole.head(key[0]):
            return self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            self._refuse(node, "what a module in a bundle defines is not set from outside")
        found = ast.Name("", node.ctx)
        self._site((key[0], node.attr), lambda name: setattr(found, "id", name))
        return found

    def visit_Call(self, node):
        if isinstance(node.func, ast.Name) and node.func.id == "const" and "const" in self.imports:
            return self.visit(node.args[0])  # mpy-cross would put it in for all of its short name
        return self.generic_visit(node)

    def visit_Global(self, node):
        for at, name in enumerate(node.names):
            if self._global(name):
                self._site(self._global(name), lambda to, at=at: node.names.__setitem__(at, to))
        return node

    def visit_ExceptHandler(self, node):
        if node.name and not self._scopes:
            self._site((self._name, node.name), lambda name: setattr(node, "name", name))
        return self.generic_visit(node)

    def visit_AnnAssign(self, node):
        node.target = self.visit(node.target)
        node.value = node.value and self.visit(node.value)
        return node

    def _import(self, node):
        """An import that is not at the top: its names are local, or the module's."""
        for alias in node.names:
            module, there = self._key(node, alias)
            head = self._whole.head(module)
            here = alias.asname or alias.name
            if head and there:
                node.module, alias.asname = head, here
                self.late.append((alias, (module, there)))
            elif head and isinstance(node, ast.Import) and not alias.asname:
                alias.name = here = head
            elif head:
                self._refuse(node, "a module in a bundle is no object")
            if not self._scopes and "." not in here:
                self._site((self._name, here), lambda name, to=alias: setattr(to, "asname", name))
        return node

    visit_Import = visit_ImportFrom = _import

    def _definition(self, node):
        if not self._scopes:
            self._site((self._name, node.name), lambda name: setattr(node, "name", name))
        node.decorator_list = [
            one if ast.unparse(one).startswith("micropython.") else self.visit(one)
            for one in node.decorator_list]
        if isinstance(node, ast.ClassDef):
            node.bases = [self.visit(one) for one in node.bases]
            self._inside(node.body, True, bound(node.body))
        else:
            self._function(node, node.body)
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _definition

    def visit_Lambda(self, node):
        body = [node.body]
        self._function(node, body)
        node.body = body[0]
        return node

    def _function(self, node, body):
        given = node.args
        given.defaults = [self.visit(one) for one in given.defaults]
        given.kw_defaults = [one and self.visit(one) for one in given.kw_defaults]
        names = {one.arg for one in ast.walk(given) if isinstance(one, ast.arg)}
        self._inside(body, False, names | bound(body))

    def _inside(self, body, is_class, names):
        self._scopes.append((is_class, names))
        body[:] = [self.visit(one) for one in body]
        self._scopes.pop()

    def _comprehension(self, node):
        node.generators[0].iter = self.visit(node.generators[0].iter)
        first, node.generators[0].iter = node.generators[0].iter, ast.Constant(None)
        names = set().union(*(bound([one.target]) for one in node.generators))
        self._scopes.append((False, names))
        self.generic_visit(node)
        self._scopes.pop()
        node.generators[0].iter = first
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension


def bound(nodes) -> set:
    """The names that statements bind where they stand, and not in functions within."""
    names, elsewhere, todo = set(), set(), list(nodes)
    while todo:
        node = todo.pop()
        if isinstance(node, _SCOPES):
            names.add(node.name)
            continue
        if isinstance(node, INNER):
            names |= {one.target.id for one in ast.walk(node) if isinstance(one, ast.NamedExpr)}
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.Global):
            elsewhere |= set(node.names)
        todo += ast.iter_child_nodes(node)
    return names - elsewhere
