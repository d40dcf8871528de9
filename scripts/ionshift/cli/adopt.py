"""Go on with a study that an earlier layout began: its expensive results count as up to date."""

import json
import subprocess
import sys
from pathlib import Path

from ionshift.core.errors import InputError
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
    """Touch the finished outputs of the rules `KEPT`, so that a run does not make them again.

    Raises
    ------
    InputError
        if the study has no results.
    """
    study = registry.load(config)
    if not (Path("results") / study.study).is_dir():
        raise InputError(f"results/{study.study} does not exist: there is nothing to adopt")
    jobs = [job for job in workflow_jobs(config) if job.rule in KEPT and not job.missing]
    if not jobs:
        raise InputError(f"results/{study.study} has no finished MD or labels to adopt")
    files = sorted({path for job in jobs for path in job.output})
    print(f"{len(files)} files of {len(jobs)} jobs are taken as they are")
    if not dry_run:
        _touch(config, files)
        _put_manifest_aside(Path("results") / study.study)
        print(f"go on with: ionshift run {config}")


def _touch(config: Path, files: list[str]) -> None:
    command = [sys.executable, "-m", "snakemake", *files, "--touch", "--cores", "1"]
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
