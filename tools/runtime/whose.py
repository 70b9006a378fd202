"""Whose the names in a source are: what it defines, offers, asks for by a text, gives others."""

import ast
import re

from tools.runtime.scopes import bound

# Modules whose things are asked for by a text of another's: and how those begin.
_ASKED = {
    "firmware.tic.meter": "", "firmware.tic.tariff": "", "microdot": "before_ after_",
    "firmware.portal": "get post delete after_error_",  # the last is Microdot's
    "firmware.assembly": "-", "firmware.board": "-",  # they ask for nothing of ours
}
_TABLES = ("firmware.tic.keys", "firmware.tic.model")  # whose texts name what a meter has
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Module)
_BY_TEXT = ("getattr", "hasattr", "setattr", "delattr")


def identifiers(tree, local=True) -> set:
    """All identifiers in a source; with or without variables, which are local if it is another's.
    """
    found = set()
    for node in ast.walk(tree):
        for field in ("attr", "arg", "name", "asname") + ("id",) * local:
            name = getattr(node, field, None)
            if isinstance(name, str):
                found |= set(name.split("."))
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            found |= set(node.names)
        elif isinstance(node, ast.ImportFrom):
            found |= set((node.module or "").split("."))
    return found


def defined(tree, named=(), bundled=False) -> set:
    """Names that a source defines for others to use. named: arguments that some call names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
        elif isinstance(node, ast.arg) and node.arg in named:
            found.add(node.arg)
        for one in getattr(node, "body", ()) if isinstance(node, _SCOPES) else ():
            if bundled and isinstance(node, ast.Module):
                continue
            if isinstance(one, _SCOPES):
                found.add(one.name)
            for name in ast.walk(one) if isinstance(one, (ast.Assign, ast.AnnAssign)) else ():
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    if not isinstance(node, _FUNCTIONS):
                        found.add(name.id)
    return found


def offered(tree) -> set:
    """Names that a source has for others, without what its objects keep for themselves."""
    found = {one.arg for one in ast.walk(tree) if isinstance(one, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef)):
            found |= bound(node.body)
    return found


def given(tree) -> set:
    """Names of what is put into an object from outside: no telling which others it has."""
    return {node.attr for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
            and getattr(node.value, "id", "") not in ("self", "cls")}


def bases(tree) -> set:
    """The modules, and maybe packages, of all classes that others here are made from."""
    origins = {
        alias.asname or alias.name: {node.module, f"{node.module}.{alias.name}"}
        for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    found = set()
    for node in ast.walk(tree):
        for base in node.bases if isinstance(node, ast.ClassDef) else ():
            for name in ast.walk(base):
                found |= origins.get(getattr(name, "id", ""), set())
    return found


def kept(module, tree) -> set:
    """Names that are asked for by a text, or told to people."""
    found, told = set(), False
    for owner, marks in _ASKED.items():
        if module == owner or module.startswith(f"{owner}."):
            told = True
            found |= {name for name in defined(tree)
                      if not marks or name.startswith(tuple(marks.split()))}
    tables = module in _TABLES  # or it asks for what its texts name
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(
                ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases):
            found.add(node.name)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _BY_TEXT:
            if isinstance(node.args[1], ast.Constant):
                found.add(node.args[1].value)
            else:
                tables = tables or not told
    return found | _words(tree) if tables else found


def _words(tree) -> set:
    """What may be a name, in all the texts of a source but for those that nobody can ask for."""
    found = set()
    idle = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in idle else ""
        if isinstance(text, bytes):
            text = str(text, "latin-1")
        if isinstance(text, str):
            found |= set(re.findall("[A-Za-z_][A-Za-z_0-9]*", text))
    return found
