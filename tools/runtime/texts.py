"""Short texts that are no names, for modules that come and go.

MicroPython takes every text of up to ten characters for a name, and keeps names for good: what a
module leaves behind that was loaded for a moment. A piece of a long text goes with its module.
"""

import ast
import copy

INTERNED = 10  # characters: MicroPython keeps every text up to that as a name
_PIECES = "_TEXTS"
_FEW = 3


class Texts(ast.NodeTransformer):
    """Makes short texts the pieces of one that is too long to be kept as a name.

    A tuple of constants stays: it is one object of its module, texts and all.
    """

    def __init__(self, known):
        self._known = known
        self._texts = []

    def apply(self, tree) -> None:
        """Change a module, if it has enough of them."""
        changed = self.visit(copy.deepcopy(tree))
        if len(self._texts) < _FEW:
            return
        tree.body = changed.body
        at = next((n for n, node in enumerate(tree.body)
                   if not isinstance(node, (ast.Import, ast.ImportFrom))), len(tree.body))
        mark = "\x1f"
        whole = mark.join(self._texts)
        tree.body[at:at] = ast.parse(f"{_PIECES} = {whole!r}.split({mark!r})").body

    def visit_Constant(self, node):
        text = node.value
        if not isinstance(text, str) or not 0 < len(text) <= INTERNED or text in self._known:
            return node
        if text not in self._texts:
            self._texts.append(text)
        where = ast.Constant(self._texts.index(text))
        return ast.Subscript(ast.Name(_PIECES, ast.Load()), where, ast.Load())

    def visit_Tuple(self, node):
        if all(isinstance(one, ast.Constant) for one in node.elts):
            return node
        return self.generic_visit(node)

    def visit_JoinedStr(self, node):
        """What the compiler makes of it is a call of format(): its text may be a short one."""
        text, values = "", []
        for one in node.values:
            if isinstance(one, ast.FormattedValue):
                one.value = self.visit(one.value)
                values.append(one.value)
                conversion = f"!{chr(one.conversion)}" if one.conversion > 0 else ""
                spec = one.format_spec.values if one.format_spec else []
                if not all(isinstance(part, ast.Constant) for part in spec):
                    return node
                spec = "".join(part.value for part in spec)
                text += f"{{{conversion}{':' if spec else ''}{spec}}}"
            else:
                text += one.value.replace("{", "{{").replace("}", "}}")
        if len(text) > INTERNED:
            return node
        form = self.visit(ast.Constant(text))
        return ast.Call(ast.Attribute(form, "format", ast.Load()), values, [])

    def visit_FunctionDef(self, node):
        node.args.defaults = [self.visit(one) for one in node.args.defaults]
        node.args.kw_defaults = [one and self.visit(one) for one in node.args.kw_defaults]
        node.body = [self.visit(one) for one in node.body]
        return node

    visit_AsyncFunctionDef = visit_FunctionDef
