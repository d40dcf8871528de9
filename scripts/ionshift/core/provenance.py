"""What a result was made from: hashes of code and files, derived seeds."""

import ast
import hashlib
from functools import cache
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[1]
NEUTRAL = ("config/", "core/errors.py", "core/files.py", "core/job.py", "__init__.py")


def code_hash(script, without=()):
    """Content hash of a script and of the library modules it imports, directly or not.

    Modules that cannot change a number (configuration model, errors, file writing) do not
    count: the values of the configuration reach a rule through its own parameters. Nor do those
    named in `without` (files, relative to the library) and what they alone import.
    """
    files = {Path(script)} | {LIBRARY / name for name in reachable(Path(script), set(without))}
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def reachable(script, without=frozenset()):
    """Library files that a script imports, directly or not, relative to the library."""
    waiting, found = set(_imports(script)) - without, set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= _imports(LIBRARY / name) - without - found
    return found


def _imports(path):
    """Library files that a Python file imports, as paths relative to the library."""
    stat = path.stat()
    return _imports_of_version(path, stat.st_mtime_ns, stat.st_size)


@cache
def _imports_of_version(path, mtime_ns, size):
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ionshift":
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.startswith("ionshift")}
    return frozenset(file for name in names for file in _module_files(name))


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


def derive_seed(seed, *labels):
    """A seed from the study's seed and labels such as system and replica.

    It does not depend on which other systems are in the study.
    """
    text = "/".join(str(part) for part in (seed, *labels))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % (2**31 - 1)


def file_hash(path):
    """SHA-256 of a file's content."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
