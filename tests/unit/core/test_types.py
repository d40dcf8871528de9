"""Every public function and method of the library says what it takes and returns."""

import ast
from pathlib import Path

import ionshift

LIBRARY = Path(ionshift.__file__).parent


def functions(body, owner=""):
    """(dotted name, node, whether it is a method) of the functions of a module or class."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield owner + node.name, node, bool(owner)
        elif isinstance(node, ast.ClassDef):
            yield from functions(node.body, f"{owner}{node.name}.")
        elif isinstance(node, ast.If | ast.Try):
            yield from functions(node.body + node.orelse, owner)


def unhinted(node, is_method):
    """What of a function has no hint: names of parameters, `return`."""
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args]
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
    if is_method and not static:
        named = named[1:]
    starred = [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    missing = [one.arg for one in [*named, *arguments.kwonlyargs, *starred] if not one.annotation]
    return missing if node.returns else [*missing, "return"]


def offenders(text):
    """Public functions of a module's text that lack a hint, with what they lack."""
    return [
        f"{name}: {', '.join(missing)}"
        for name, node, is_method in functions(ast.parse(text).body)
        if not node.name.startswith("_") and (missing := unhinted(node, is_method))
    ]


def test_every_public_function_has_all_hints():
    modules = sorted(LIBRARY.rglob("*.py"))
    assert len(modules) > 200
    found = [
        f"{path.relative_to(LIBRARY)} {one}"
        for path in modules
        for one in offenders(path.read_text())
    ]
    assert not found, "without hints:\n" + "\n".join(found)


def test_what_lacks_a_hint_is_named():
    text = """
def whole(a: int, *rest: int) -> int: ...
def half(a, *, b: int = 1, **more): ...
def _private(a): ...
class Box:
    def __init__(self, a): ...
    def edge(self): ...
    @staticmethod
    def of(a) -> int: ...
"""
    assert offenders(text) == ["half: a, more, return", "Box.edge: return", "Box.of: a"]
