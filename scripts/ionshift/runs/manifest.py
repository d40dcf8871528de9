"""The manifest: configuration, seeds, inputs, code, environments and versions of a run."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionshift.core.provenance import LIBRARY, code_hash, file_hash
from ionshift.runs.archive import WORK_FOLDER, result_files

if TYPE_CHECKING:
    from ionshift.config.study import LiquidStudy

ROOT = LIBRARY.parents[1]
WITHOUT_HASH = {"benchmarks", "figures", "logs", WORK_FOLDER}
"""Folders of what is drawn anew at any time, says how a run went, or is a job's working files."""


def manifest(
    study: LiquidStudy,
    inputs: Iterable[str | Path],
    seeds: Mapping[str, int],
    results: Path,
) -> dict[str, Any]:
    """The record of a run, ready for JSON.

    Parameters
    ----------
    study : config.Study
    inputs : paths of the files that were read
    seeds : dict of the seeds derived from the study's seed
    results : folder of the study, whose finished files are hashed (`hashed_files`)
    """
    return {
        "layout": 2,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "config": study.model_dump(mode="json"),
        "seeds": seeds,
        "inputs_sha256": _hashes(inputs),
        "results_sha256": {
            str(path.relative_to(results)): file_hash(path) for path in hashed_files(results)
        },
        "workflow_sha256": _hashes(_workflow_files()),
        "code_sha256": code_sha256(),
        "environments_sha256": _hashes(sorted((ROOT / "envs").iterdir())),
        "scripts_code_hash": {
            path.stem: code_hash(path) for path in sorted((ROOT / "scripts").glob("*/*.py"))
        },
        "git": _git_state(),
        "python": platform.python_version(),
        "platform": platform.system() + " " + platform.machine(),
        "packages": {name: _version(name) for name in pinned_packages()},
    }


def hashed_files(results: Path) -> list[Path]:
    """Files of a study that its manifest vouches for: all that the chain has computed."""
    return [
        path
        for path in result_files(results, trajectories=True, descriptors=True)
        if path.parent != results and not WITHOUT_HASH & set(path.relative_to(results).parts)
    ]


def code_sha256() -> str:
    """One hash over the Snakefile, all rules and all of scripts/: what a commit fixes."""
    digest = hashlib.sha256()
    for path in [*_workflow_files(), *sorted((ROOT / "scripts").rglob("*.py"))]:
        digest.update(f"{path.relative_to(ROOT)} {file_hash(path)}\n".encode())
    return digest.hexdigest()


def pinned_packages() -> list[str]:
    """Names in `envs/requirements.txt`."""
    lines = (ROOT / "envs" / "requirements.txt").read_text().splitlines()
    return [line.split("==")[0] for line in lines if re.match(r"[A-Za-z]", line)]


def _workflow_files():
    return [ROOT / "Snakefile", *sorted((ROOT / "workflow").rglob("*.smk"))]


def _hashes(paths):
    return {_short(path): file_hash(path) for path in paths}


def _short(path):
    path = Path(path).absolute()
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


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
    done = subprocess.run(  # nosec B607 # git is the one on the user's PATH
        ["git", *arguments], cwd=LIBRARY, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
