"""Let results that were made elsewhere, or by an earlier layout, count as up to date.

Snakemake compares times of files, and those of a clone are the times of its checkout. A finished
study that was copied is therefore taken by content: by the hashes of its manifest.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ionshift.core.errors import InputError
from ionshift.runs import copied
from ionshift.runs.jobs import workflow_jobs
from ionshift.studies import registry

KEPT = (
    "pack_box",
    "run_md",
    "pack_training_box",
    "run_training_md",
    "measure_rdf",
    "set_cutoff",
    "sample_clusters",
    "import_labels",
    "label_shard",
)
"""Rules whose files have kept their names and columns: all others are made anew in minutes."""


def main(config: Path, dry_run: bool = False) -> None:
    """Touch what is finished, so that a run does not make it again.

    Of a finished study this is all, if configuration, inputs, code and results are those of its
    manifest; of one of version 0.1, or without a manifest, the outputs of the rules `KEPT`.

    Raises
    ------
    InputError
        if the study has no results, or differs from its manifest.
    """
    study = registry.load(config)
    results = Path("results") / study.study
    if not results.is_dir():
        raise InputError(f"{results} does not exist: there is nothing to adopt")
    if (results / "manifest.json").is_file() and not is_of_earlier_layout(results):
        _adopt_finished(study, results, config, dry_run)
    else:
        _adopt_kept(results, config, dry_run)


def take_if_copied(study: Any, config: Path) -> None:
    """Before a run: adopt a finished study that was copied here, or say why it is not."""
    results = Path("results") / study.study
    if not copied.is_from_elsewhere(results):
        return
    differences = copied.differences(study, results)
    if differences:
        print(f"note: {results} was made elsewhere and is no more the same; a run makes anew what")
        print(f"depends on: {'; '.join(differences)}")
    else:
        _take_all(results, config)


def _adopt_finished(study: Any, results: Path, config: Path, dry_run: bool) -> None:
    differences = copied.differences(study, results)
    if differences:
        raise InputError(
            f"{results} cannot be taken as it is: {'; '.join(differences)}; restore what differs, "
            f"or let ionshift run {config} make anew what depends on it"
        )
    if dry_run:
        print(f"{results} is taken as it is: it is finished, and all of it is as its manifest says")
    else:
        _take_all(results, config)


def _take_all(results: Path, config: Path) -> None:
    _touch(config, ["--forceall"])
    print(f"{results} is taken as it is: configuration, inputs, code and results are the same")


def _adopt_kept(results: Path, config: Path, dry_run: bool) -> None:
    jobs = [job for job in workflow_jobs(config) if job.rule in KEPT and not job.missing]
    if not jobs:
        raise InputError(f"{results} has no finished MD or labels to adopt")
    files = sorted({path for job in jobs for path in job.output})
    print(f"{len(files)} files of {len(jobs)} jobs are taken as they are")
    if not dry_run:
        _touch(config, files)
        _put_manifest_aside(results)
        print(f"go on with: ionshift run {config}")


def _touch(config: Path, what: list[str]) -> None:
    command = [sys.executable, "-m", "snakemake", *what, "--touch", "--cores", "1"]
    done = subprocess.run(
        [*command, "--configfile", str(config), "--quiet", "all"], capture_output=True, text=True
    )
    if done.returncode:
        raise InputError(f"Snakemake could not take the files: {done.stderr.strip()[-2000:]}")


def _put_manifest_aside(results: Path) -> None:
    """The run that follows writes a new one; the old one stays beside it as a record."""
    if is_of_earlier_layout(results):
        (results / "manifest.json").rename(results / "manifest_0.1.json")


def is_of_earlier_layout(results: Path) -> bool:
    """Whether a finished study's manifest was written before version 0.2."""
    manifest = results / "manifest.json"
    if not manifest.is_file():
        return False
    return "layout" not in json.loads(manifest.read_text())
