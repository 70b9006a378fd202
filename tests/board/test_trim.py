"""What is left of Microdot for the board: tools/runtime/trim.py."""

import ast

import pytest

from tools.runtime import ROOT, trim

_SOURCE = ROOT / trim.NAME


def _names(text) -> set:
    """Classes, and functions as Class.function, of a source."""
    found = set()
    for node in ast.parse(text).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if hasattr(one, "name")}
    return found


def test_what_is_left_is_what_we_use():
    text = trim.trimmed(_SOURCE)
    assert len(text) < 9_000 < 50_000 < _SOURCE.stat().st_size
    assert _names(text) == {
        "iscoroutine", "invoke_handler", "urldecode", "HTTPException", "HTTPException.__init__",
        "Request", "Request.__init__", "Request._parse_urlencoded", "Request.body",
        "Response", "Response.__init__", "Response.complete", "Microdot", "Microdot.__init__",
        "Microdot.abort", "Microdot.get_request_handlers", "Microdot.dispatch_request",
    }


def test_nothing_that_is_left_asks_for_what_is_gone():
    tree = ast.parse(trim.trimmed(_SOURCE))
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            known = {one.id for one in ast.walk(function)
                     if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
            known |= {one.arg for one in ast.walk(function) if isinstance(one, ast.arg)}
            known |= {one.name for one in ast.walk(function) if isinstance(one, ast.ExceptHandler)}
            known |= {one.name for one in tree.body if hasattr(one, "name")}
            known |= {alias.name for one in tree.body
                      if isinstance(one, (ast.Import, ast.ImportFrom)) for alias in one.names}
            asked = {one.id for one in ast.walk(function)
                     if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
            unknown = asked - known - set(dir(__builtins__)) - set(__builtins__)
            assert not unknown, (function.name, unknown)


@pytest.mark.parametrize("was, now, words", [
    ("def set_cookie(", "def give_cookie(", "set_cookie"),
    ("def mro(", "def order(", "mro"),
    ("self.options_handler = self", "self.handler = self", "options_handler"),
    ("hasattr(req.g, '_vary')", "req.vary", "_vary"),
])
def test_another_version_is_noticed(tmp_path, was, now, words):
    text = _SOURCE.read_text("utf-8")
    assert text.count(was) == 1
    other = tmp_path / "microdot.py"
    other.write_text(text.replace(was, now))
    with pytest.raises(trim.Outdated, match=words):
        trim.trimmed(other)
