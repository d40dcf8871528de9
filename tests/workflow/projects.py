"""A finished demo study made of placeholder files, to ask Snakemake what a change reruns."""

import copy
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "workflow", "scripts", "config", "envs", "resources")
DEMO = "config/config.yaml"
VARIANT = "variant.yaml"


def snakemake(folder, *arguments):
    """Run Snakemake in `folder`; returns the finished process with its output as text."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"},
    )


def ionshift_command(*arguments):
    """The command `ionshift` by this interpreter; `with_library` gives its environment."""
    return [sys.executable, "-m", "ionshift.cli", *arguments]


def with_library(folder, environment=os.environ):
    """An environment in which the library of the project in `folder` is imported."""
    return {**environment, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder / "scripts")}


def copy_project(folder):
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)


@contextmanager
def edited(path, prefix="", suffix=""):
    """A file changed for a while, then put back with its time."""
    original, times = path.read_bytes(), path.stat()
    path.write_bytes(prefix.encode() + original + suffix.encode())
    try:
        yield
    finally:
        path.write_bytes(original)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def job_name(job):
    """The rule of a job; of the rule that draws all figures, `figure:NAME`."""
    return f"figure:{job['wildcards']['figure']}" if job["rule"] == "figure" else job["rule"]


class Project:
    """A copy of the project in which every output of the demo exists and is up to date."""

    def __init__(self, folder):
        self.folder = folder
        self.config = yaml.safe_load((folder / DEMO).read_text())
        self._planner = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("planner.py")],
            cwd=folder,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    def close(self):
        self._planner.stdin.close()
        self._planner.wait()

    def start_over(self, configfile=DEMO):
        """As `finish`, without what earlier configurations left behind."""
        for name in ("results", ".snakemake"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self.finish(configfile)

    def finish(self, configfile=DEMO):
        """Let everything be there and up to date for a configuration.

        All files get one time: which of two independent jobs was done first says nothing.
        """
        for job in self.jobs(configfile):
            for name in job["output"]:
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("placeholder\n")
        touched = snakemake(self.folder, "--touch", "--forceall", "--configfile", configfile)
        assert touched.returncode == 0, touched.stderr
        now = time.time_ns()
        for path in (self.folder / "results").rglob("*"):
            os.utime(path, ns=(now, now))

    def variant(self, change):
        """Write the demo's configuration after `change(config)`; returns the file's name."""
        config = copy.deepcopy(self.config)
        change(config)
        return self.write_variant(config)

    def write_variant(self, config):
        (self.folder / VARIANT).write_text(yaml.safe_dump(config, sort_keys=False))
        return VARIANT

    def jobs(self, configfile=DEMO, check_files=True):
        """Every job of the study as a dict, with `to_do` and `reason`, planned by Snakemake."""
        request = {"configfile": configfile, "check_files": check_files}
        self._planner.stdin.write(json.dumps(request) + "\n")
        self._planner.stdin.flush()
        answer = json.loads(self._planner.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["jobs"]

    def reruns(self, configfile=DEMO):
        """Dict of rule (or figure:NAME) to number of jobs that a run would do now."""
        return dict(Counter(job_name(job) for job in self.jobs(configfile) if job["to_do"]))
