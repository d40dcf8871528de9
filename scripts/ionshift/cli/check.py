"""Say whether a study is finished and its files are whole, here or wherever they were copied."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from ionshift.core.errors import InputError
from ionshift.runs import integrity
from ionshift.studies import registry


def main(where: Path) -> None:
    """Check a study by its configuration or its folder of results; exit code 1 unless it is whole.

    Raises
    ------
    InputError
        if there are no results, or their configuration cannot be read.
    """
    study, results, config = _of_folder(where) if where.is_dir() else _of_config(where)
    record = integrity.read_manifest(results)
    work = integrity.checks(study, results, record, config)
    found = integrity.once(_look(work))
    damaged = [one for one in found if one.damaged]
    for one in damaged:
        print(f"DAMAGED {one.path}: {one.what}\n    {one.command}")
    for one in found:
        if not one.damaged:
            print(f"note: {one.path} {one.what}")
    if not integrity.in_a_clone():
        print("note: inputs and label store were not looked at; do it in a clone of Ionshift")
    unfinished = _unfinished(study, record, results, config)
    print(unfinished or _closing_words(results, len(work), len(damaged), config))
    if damaged or unfinished:
        raise typer.Exit(1)


def _of_config(config: Path) -> tuple[Any, Path, str]:
    study = registry.load(config)
    results = Path("results") / study.study
    if not results.is_dir():
        raise InputError(f"{results}: no such folder; run the study first (ionshift run {config})")
    return study, results, str(config)


def _of_folder(results: Path) -> tuple[Any, Path, str]:
    record = integrity.read_manifest(results)
    if record is None:
        raise InputError(
            f"{results} has no {integrity.MANIFEST}: the study is not finished; name its "
            "configuration to check what is there (ionshift check CONFIG)"
        )
    packed = results / "config.yaml"
    return registry.load(record["config"]), results, str(packed if packed.is_file() else "CONFIG")


def _look(work: list[integrity.Check]) -> Iterator[integrity.Finding]:
    """Do all checks, with a bar on the terminal that grows by bytes."""
    total = sum(one.n_bytes for one in work)
    with typer.progressbar(length=max(total, 1), label="Reading", file=sys.stderr) as bar:
        for one in work:
            yield from one.run()
            bar.update(one.n_bytes)


def _unfinished(study: Any, record: dict | None, results: Path, config: str) -> str:
    if record is None:
        return (
            f"{results} is not finished: there is no {integrity.MANIFEST}; go on with ionshift run "
            f"{config}"
        )
    if registry.load(record["config"]) != study:
        return (
            f"{results} was finished with another configuration than {config}; go on with "
            f"ionshift run {config}"
        )
    if "results_sha256" not in record:
        return (
            f"{results} was finished by a version that kept no hashes of results, so edits go "
            f"unseen; write them with ionshift run {config}"
        )
    return ""


def _closing_words(results: Path, n_checks: int, n_damaged: int, config: str) -> str:
    if not n_damaged:
        return f"{results}: finished and whole ({n_checks} checks)"
    return (
        f"{results}: {n_damaged} damaged; after the commands above, ionshift run {config} "
        "makes anew what depends on them"
    )
