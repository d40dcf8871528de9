"""What a result was made from: code hashes, seeds, versions, the manifest."""

import ast
import hashlib
import importlib.metadata
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

LIBRARY = Path(__file__).parent
NEUTRAL_MODULES = frozenset({"config", "errors", "files", "__init__"})
PACKAGES = (
    "ase",
    "dscribe",
    "matplotlib",
    "MDAnalysis",
    "numba",
    "numpy",
    "openmm",
    "pandas",
    "pyscf",
    "scikit-learn",
    "scipy",
    "snakemake",
    "torch",
)


def code_hash(script):
    """Content hash of a script and of the library modules it imports, directly or not.

    Modules that cannot change a number (configuration model, errors, file writing) do not
    count: the values of the configuration reach a rule through its own parameters.
    """
    files = {Path(script)} | {LIBRARY / name for name in _reachable(Path(script))}
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _reachable(script):
    waiting, found = _imports(script), set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting |= _imports(LIBRARY / name)
    return found


def _imports(path):
    """Library files that a Python file imports, as paths relative to the library."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ionshift":
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.startswith("ionshift")}
    return {file for name in names for file in _module_files(name)}


def _module_files(dotted):
    parts = dotted.split(".")[1:]
    if not parts or parts[0] in NEUTRAL_MODULES:
        return set()
    candidates = [Path(*parts).with_suffix(".py"), Path(*parts) / "__init__.py"]
    return {str(candidate) for candidate in candidates if (LIBRARY / candidate).is_file()}


def derive_seed(seed, *labels):
    """A seed from the study's seed and labels such as system and replica.

    It does not depend on which other systems are in the study.
    """
    text = "/".join(str(part) for part in (seed, *labels))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % (2**31 - 1)


def file_hash(path):
    """SHA-256 of a file's content."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def manifest(study, inputs, seeds):
    """The record of a run.

    Parameters
    ----------
    study : config.Study
    inputs : paths of the files that were read
    seeds : dict of the seeds derived from the study's seed
    """
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "config": study.model_dump(mode="json"),
        "seeds": seeds,
        "inputs_sha256": {str(path): file_hash(path) for path in sorted(map(str, inputs))},
        "library_sha256": _library_hash(),
        "git": _git_state(),
        "python": platform.python_version(),
        "platform": platform.system() + " " + platform.machine(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _library_hash():
    digest = hashlib.sha256()
    for path in sorted(LIBRARY.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git_state():
    try:
        commit = _git("rev-parse", "HEAD")
        return {"commit": commit, "modified": bool(_git("status", "--porcelain"))}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "modified": None}


def _git(*arguments):
    done = subprocess.run(
        ["git", *arguments], cwd=LIBRARY, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
