"""Names are imported from where they are defined: no __init__ hands them on."""

import ast
from pathlib import Path

import ionshift

LIBRARY = Path(ionshift.__file__).parent


def code(path):
    """Statements of a file as text, without its docstring."""
    tree = ast.parse(path.read_text())
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    return [ast.unparse(node) for node in body]


def test_no_init_hands_names_on():
    rooms = sorted(LIBRARY.rglob("*/__init__.py"))
    assert len(rooms) >= 19
    assert {str(path): code(path) for path in rooms if code(path)} == {}


def test_package_itself_holds_the_version_alone():
    assert code(LIBRARY / "__init__.py") == [f"__version__ = '{ionshift.__version__}'"]
