"""Finished results that were made elsewhere: whether they are, and what is not the same here."""

import base64
from pathlib import Path
from typing import Any

from ionshift.core.provenance import file_hash
from ionshift.runs.integrity import MANIFEST, may_miss, read_manifest
from ionshift.runs.manifest import code_sha256

SNAKEMAKE_RECORDS = Path(".snakemake/metadata")
"""Where Snakemake notes what it has made in this folder, a file an output, named by its path."""
N_NAMED = 3


def is_from_elsewhere(results: Path) -> bool:
    """Whether a study is finished, but not by a Snakemake of this folder."""
    name = base64.b64encode(str(results / MANIFEST).encode()).decode()
    return (results / MANIFEST).is_file() and not (SNAKEMAKE_RECORDS / name).is_file()


def differences(study: Any, results: Path) -> list[str]:
    """What is not as the manifest of a finished study says, in words; empty if nothing is.

    Files that an archive leaves out (trajectories, descriptors) may be missing.

    Raises
    ------
    InputError
        if the manifest is damaged.
    """
    record = read_manifest(results) or {}
    found = []
    if record.get("config") != study.model_dump(mode="json"):
        found.append("another configuration")
    if record.get("code_sha256") != code_sha256():
        found.append("another version of the code (Snakefile, workflow/, scripts/)")
    inputs = {Path(name): digest for name, digest in record.get("inputs_sha256", {}).items()}
    found += _changed("inputs", inputs)
    if "results_sha256" not in record:
        return [*found, "a manifest without hashes of results"]
    made = {results / name: digest for name, digest in record["results_sha256"].items()}
    due = {path: digest for path, digest in made.items() if path.is_file() or not may_miss(path)}
    return found + _changed("results", due)


def _changed(what: str, hashes: dict[Path, str]) -> list[str]:
    changed = [
        str(path)
        for path, digest in hashes.items()
        if not path.is_file() or file_hash(path) != digest
    ]
    if not changed:
        return []
    more = f" and {len(changed) - N_NAMED} more" if len(changed) > N_NAMED else ""
    return [f"changed or missing {what}: {', '.join(changed[:N_NAMED])}{more}"]
