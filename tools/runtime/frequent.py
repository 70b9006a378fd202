"""The names that a source asks for most come first in its table of names: see first()."""

import ast
from collections import Counter
from keyword import iskeyword

from tools.runtime.scopes import INNER, bound
from tools.runtime.texts import INTERNED

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SHORT = 120  # the first 128 take one byte wherever they are asked for, all others two


def first(tree) -> ast.Module:
    """The source behind a statement that does nothing but name the most frequent names.

    MicroPython numbers the names of a file in the order in which it meets them: attributes before
    others, and the statements of the module first. This one is never executed, and garbage after
    the import.
    """
    counts = Counter()
    for node in tree.body:
        _count(node, frozenset(), counts)
    if len(counts) > _SHORT:
        names = [name for name, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]
        text = "".join(f"\n __name__.{name}" for name in names[:_SHORT])
        tree.body[:0] = ast.parse("if not __name__:" + text).body
    return tree


def _count(node, local, counts):
    """Note the names that are asked for by name, which local variables are not."""
    if isinstance(node, ast.Attribute):
        counts[node.attr] += 1
    elif isinstance(node, ast.Name) and node.id not in local:
        counts[node.id] += 1
    elif isinstance(node, (ast.keyword, ast.arg)) and node.arg:
        counts[node.arg] += 1
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value.isidentifier() and len(node.value) <= INTERNED and not iskeyword(node.value):
            counts[node.value] += 1
    elif isinstance(node, _FUNCTIONS):
        if "micropython." in "".join(map(ast.unparse, getattr(node, "decorator_list", ()))):
            return  # in machine code it is all the same
        counts[getattr(node, "name", "self")] += 1
        local = local | {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
        local |= bound(node.body if isinstance(node.body, list) else [node.body])
    elif isinstance(node, INNER):
        local = local | bound([one.target for one in node.generators])
    elif isinstance(node, ast.JoinedStr):
        counts["format"] += 1
    for field, parts in ast.iter_fields(node):
        if field not in ("annotation", "returns"):  # which leave no trace
            for part in parts if isinstance(parts, list) else [parts]:
                if isinstance(part, ast.AST):
                    _count(part, local, counts)
