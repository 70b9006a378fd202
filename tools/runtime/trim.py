"""Microdot as the board wants it: without what nobody here calls, two thirds of it.

Its server, its routes and its reader of requests are ours (firmware/portal), and so is what writes
an answer; there are no forms, files, sub-applications and handlers of errors. What goes is named
here, and each name has to be found: whoever moves the pin to another version is told what to look
at. The plain file serves as well, and is what the tests and the simulator run.
"""

import ast
from pathlib import Path

NAME = Path("lib/microdot.py")

# Modules that MicroPython has not got: what is imported from them in a `try` fails.
_ABSENT = "inspect functools orjson"

# What is called in no way by what stays: by class ("": the module), names that it defines.
_SPARE = {
    "": "MUTED_SOCKET_ERRORS urlencode mro AsyncBytesIO URLPattern already_handled abort redirect"
        " send_file NoCaseDict MultiDict",
    "Request": "max_body_length max_readline G create stream json form files after_request"
               " _safe_readline",
    "Response": "types_map send_file_buffer_size default_send_file_max_age already_handled"
                " set_cookie delete_cookie write body_iter redirect send_file",
    "HTTPException": "__repr__",
    "Microdot": "route get post put patch delete query before_request after_request"
                " after_error_request errorhandler mount start_server run shutdown find_route"
                " default_options_handler handle_request error_response",
}

# Attributes that __init__() sets and nobody reads.
_IDLE = {
    "Request": "scheme url_prefix subapp route query_string g http_version body_used _stream"
               " sock _json _form _files after_request_handlers",
    "Response": "reason",
    "Microdot": "url_map after_error_request_handlers error_handlers options_handler ssl debug"
                " server",
}

# Classes that a plain dict serves for: portal/reading.py keeps headers in one spelling and each
# once, answers are written in the same, and of a key that comes twice in a query the last counts.
_DICTS = ("NoCaseDict", "MultiDict")

# Expressions and what they always give here.
_KNOWN = {
    "req.subapp": None,
    "req and req.subapp": None,
    "hasattr(req.g, '_vary')": False,
    "exc.__class__ in self.error_handlers": False,
    "mro(exc.__class__)[1:]": (),
    "req.after_request_handlers": (),
    "isinstance(f, dict)": False,
    "callable(f)": True,
    "isinstance(res, int)": False,
    "isinstance(res[0], int)": False,
    "isinstance(urlencoded, str)": True,
}


class Outdated(Exception):
    """Microdot has changed: what is to be removed is not there."""


def write(source: Path, target: Path, project) -> Path:
    """Write what is left of the file, made lean by the Project. -> target"""
    target.write_text(trimmed(source), "utf-8")
    target.write_text(project.text(project.tree(target)), "utf-8")
    return target


def trimmed(source: Path) -> str:
    """What is left of the file. Outdated names what was not found in it."""
    tree = _Fold(set(_KNOWN)).all(ast.parse(source.read_bytes(), str(source)))
    missing = tree.missing
    tree = tree.node
    owners = {"": tree} | {one.name: one for one in tree.body if isinstance(one, ast.ClassDef)}
    for owner, names in _SPARE.items():
        missing |= _remove(owners.get(owner), names.split())
    for owner, names in _IDLE.items():
        missing |= _remove(_method(owners.get(owner), "__init__"), names.split())
        _shorten(_method(owners.get(owner), "__init__"))
    if missing:
        words = ", ".join(sorted(missing))
        raise Outdated(f"{source} is another version, without {words}: see tools/runtime/trim.py")
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    tree.body = [one for one in tree.body if not isinstance(one, ast.Import)
                 or {alias.name for alias in one.names} & used]
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _remove(owner, names) -> set:
    """Take names out of a module, a class or what a function gives self. -> those not found"""
    left = set(names)
    for node in list(owner.body) if owner else ():
        found = _defines(node) & set(names)
        left -= found
        if found:
            owner.body.remove(node)
    return left


def _defines(node) -> set:
    """The name that a statement of a module, a class or an __init__() gives something."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "")
                for one in node.targets}
    return set()


def _method(owner, name):
    return next((node for node in owner.body if _defines(node) == {name}), None) if owner else None


def _shorten(function) -> None:
    """Leave out the last arguments while nobody asks for them: they have defaults."""
    if not function:
        return
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    arguments = function.args
    while arguments.defaults and arguments.args[-1].arg not in used:
        arguments.args.pop()
        arguments.defaults.pop()


class _Fold(ast.NodeTransformer):
    """Puts in what is known, and takes out what can never run. `missing`: what was not met."""

    def __init__(self, known):
        self.missing = known

    def all(self, tree):
        """-> itself, with `node`"""
        self.node = self.visit(tree)
        return self

    def visit(self, node):
        """A node and all below it."""
        if isinstance(node, ast.expr):
            text = ast.unparse(node)
            if text in _DICTS:
                return ast.copy_location(ast.Name("dict", node.ctx), node)
            if text in _KNOWN:
                self.missing.discard(text)
                return ast.copy_location(ast.parse(repr(_KNOWN[text]), mode="eval").body, node)
        return super().visit(node)

    def visit_Assign(self, node):
        node.value = self.visit(node.value)  # where something is put, nothing is known
        return node

    def visit_BoolOp(self, node):
        self.generic_visit(node)
        idle = isinstance(node.op, ast.And)  # True and x is x, None and x is None
        values = []
        for value in node.values:
            if isinstance(value, ast.Constant) and bool(value.value) == idle:
                continue
            values.append(value)
            if isinstance(value, ast.Constant):
                break  # whatever stands behind it
        if len(values) > 1 and isinstance(values[-1], ast.Constant):
            values = values[-1:]  # as a condition: what stands before it only looks
        if len(values) > 1:
            node.values = values
            return node
        return values[0] if values else ast.copy_location(ast.Constant(idle), node)

    def visit_IfExp(self, node):
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        return node

    def visit_If(self, node):
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return (node.body if node.test.value else node.orelse) or None
        node.body = node.body or [ast.Pass()]
        return node

    def visit_For(self, node):
        self.generic_visit(node)
        return None if isinstance(node.iter, ast.Tuple) and not node.iter.elts else node

    def visit_Try(self, node):
        first = node.body[0]
        name = first.module if isinstance(first, ast.ImportFrom) else getattr(
            first.names[0], "name", "") if isinstance(first, ast.Import) else ""
        self.generic_visit(node)
        if name in _ABSENT.split():
            return node.handlers[0].body
        if name == "sys":
            return node.body
        return node
