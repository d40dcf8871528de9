"""What `ionshift status` says of stages and of the time left."""

from types import SimpleNamespace

import pandas as pd
import pytest

from ionshift.cli import status as command
from ionshift.core import files
from ionshift.runs.jobs import Job


def job(folder, stage, rule, to_do, threads=1):
    return Job(rule, {}, str(folder / f"{rule}.log"), "", [], threads, to_do, stage=stage)


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """The last lines of the command for a study of three jobs, one of which may run."""
    jobs = [
        job(tmp_path, "liquid", "pack_box", False),
        job(tmp_path, "md", "run_md", True, threads=4),
        job(tmp_path, "training", "train_model", True),
    ]
    labels = pd.DataFrame(columns=["chosen", "ok", "unconverged", "failed", "to_do", "core_h_left"])
    left = SimpleNamespace(jobs=jobs, systems=[], labels=labels, core_h=lambda one: 6.0)
    monkeypatch.setattr(command, "outlook", lambda path: (SimpleNamespace(study="demo"), left))

    def tell():
        command.main(tmp_path / "study.yaml")
        return capsys.readouterr().out.splitlines()[-4:]

    return tell


def test_nothing_runs(told):
    assert told() == [
        "stages done: liquid",
        "stages running: none",
        "stages left: md, training",
        "nothing is running",
    ]


def test_time_left_on_the_cores_of_the_jobs_that_run(told, tmp_path):
    with files.alone(files.lock_of(tmp_path / "run_md.log")):
        lines = told()
    assert lines == [
        "stages done: liquid",
        "stages running: md",
        "stages left: training",
        "left: about 3.0 h (on the 4 cores in use)",
    ]
