"""A finished demo study made of placeholder files, to ask Snakemake what a change reruns."""

import copy
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "workflow", "scripts", "config", "envs", "resources")


def snakemake(folder, *arguments):
    """Run Snakemake in `folder`; returns the finished process with its output as text."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"},
    )


def copy_project(folder):
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)


class Project:
    """A copy of the project in which every output of the demo exists and is up to date."""

    def __init__(self, folder):
        self.folder = folder
        self.config = yaml.safe_load((folder / "config" / "config.yaml").read_text())

    def finish(self):
        summary = snakemake(self.folder, "--summary")
        assert summary.returncode == 0, summary.stderr
        for line in summary.stdout.splitlines()[1:]:
            path = self.folder / line.split("\t")[0]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("placeholder\n")
        touched = snakemake(self.folder, "--touch", "--forceall")
        assert touched.returncode == 0, touched.stderr

    def variant(self, change):
        """Write the demo's configuration after `change(config)`; returns the file's name."""
        config = copy.deepcopy(self.config)
        change(config)
        (self.folder / "variant.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        return "variant.yaml"

    def reruns(self, configfile="config/config.yaml"):
        """Dict of rule to number of jobs that a run would do now."""
        planned = snakemake(self.folder, "--dry-run", "--configfile", configfile)
        assert planned.returncode == 0, planned.stderr + planned.stdout
        text = planned.stdout + planned.stderr
        stats = re.search(r"Job stats:\njob +count\n[- ]+\n(.*?)\ntotal", text, re.DOTALL)
        if stats is None:
            assert "Nothing to be done" in text
            return {}
        rows = [line.split() for line in stats.group(1).splitlines()]
        return {rule: int(count) for rule, count in rows if rule not in ("all",)}
