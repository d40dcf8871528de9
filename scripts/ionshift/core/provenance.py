"""What a result was made from: hashes of code and files, derived seeds."""

import ast
import hashlib
import importlib.util
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from ionshift.core.errors import InputError

LIBRARY = Path(__file__).resolve().parents[1]
NEUTRAL = (
    "config/",
    "core/errors.py",
    "core/files.py",
    "core/job.py",
    "core/processes.py",
    "core/registry.py",
    "core/schemas.py",
    "core/sound_tables.py",
    "core/table_faults.py",
    "systems/forcefield_checks.py",
    "__init__.py",
)


def code_hash(script: str | Path, modules: Iterable[str] = ()) -> str:
    """Content hash of a script and of the library modules it imports, directly or not.

    Modules that cannot change a number (configuration model, errors, file writing) do not
    count: the values of the configuration reach a rule through its own parameters. Nor do the
    schemas of tables: a check lets a table pass as it is or ends the job. What a
    registry imports by name is in no import statement: `modules` (dotted names) adds what the
    script's run takes from registries, and all that it imports in turn.
    """
    files = _files(Path(script), modules)
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _files(script, modules):
    """Files behind a script: itself, library modules, modules from outside of the library."""
    outside = {_outside_file(name) for name in modules if name.split(".")[0] != "ionshift"}
    return {script} | outside | {LIBRARY / name for name in reachable(script, modules)}


def reachable(script: Path, modules: Iterable[str] = ()) -> set[str]:
    """Library files behind a script and `modules`, as paths relative to the library."""
    waiting, found = set(_imports(script)), set()
    for name in modules:
        inside = name.split(".")[0] == "ionshift"
        waiting |= _module_files(name) if inside else _imports(_outside_file(name))
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= _imports(LIBRARY / name) - found
    return found


def _outside_file(module):
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.origin:
        raise InputError(f"module {module}, named in a registry, is not on Python's path")
    return Path(spec.origin)


def _imports(path):
    """Library files that a Python file imports, as paths relative to the library."""
    stat = path.stat()
    return _imports_of_version(path, stat.st_mtime_ns, stat.st_size)


@cache
def _imports_of_version(path, mtime_ns, size):
    names = set()
    for node in statements_that_run(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ionshift":
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.startswith("ionshift")}
    return frozenset(file for name in names for file in _module_files(name))


def statements_that_run(node: ast.AST) -> Iterator[ast.AST]:
    """Statements inside a node but those below `if TYPE_CHECKING:`, which type checkers alone read.

    Imports are statements, so no expression need be walked.
    """
    fields = ["body", "orelse", "handlers", "finalbody", "cases"]
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        fields.remove("body")
    for name in fields:
        for statement in getattr(node, name, ()):
            yield statement
            yield from statements_that_run(statement)


def _module_files(dotted):
    parts = dotted.split(".")[1:]
    if not parts:
        return set()
    candidates = [Path(*parts).with_suffix(".py"), Path(*parts) / "__init__.py"]
    return {
        str(candidate)
        for candidate in candidates
        if (LIBRARY / candidate).is_file() and not str(candidate).startswith(NEUTRAL)
    }


def derive_seed(seed: int, *labels: object) -> int:
    """A seed from the study's seed and labels such as system and replica.

    It does not depend on which other systems are in the study.
    """
    text = "/".join(str(part) for part in (seed, *labels))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % (2**31 - 1)


def file_hash(path: str | Path) -> str:
    """SHA-256 of a file's content."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
