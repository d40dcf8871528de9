"""The judgement of the kill campaign: what it must notice in a study that was killed."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

import kill_campaign as campaign

LINE = "03:51:38 label_shard/dense/0: label 1/3 tiny/dense/r0/f72/n3: 95.362 ppm in 20 s\n"


@pytest.fixture
def study(tmp_path):
    """A finished study as far as the campaign looks at it."""
    for name in ("results/tiny/tables", "results/label_store/ab", ".snakemake/locks", "tmp"):
        (tmp_path / name).mkdir(parents=True)
    table = pd.DataFrame({"system": ["dilute"], "molarity_M": [1.1], "wall_s": [12.8]})
    table.to_csv(tmp_path / "results/tiny/tables/md.csv", index=False)
    (tmp_path / "results/tiny/tables/costs.csv").write_text("rule,wall_s\nrun_md,3\n")
    (tmp_path / "results/tiny/md").mkdir()
    (tmp_path / "results/tiny/md/trajectory.xtc").write_bytes(b"frames")
    (tmp_path / "results/label_store/ab/abc.json").write_text("{}")
    return SimpleNamespace(folder=tmp_path, temporary=tmp_path / "tmp")


def changed(study, name, old, new):
    before = campaign.contents(study)
    path = study.folder / "results/tiny" / name
    path.write_bytes(path.read_bytes().replace(old, new))
    return campaign.differences(before, campaign.contents(study))


@pytest.mark.parametrize(
    ("name", "old", "new", "differs"),
    [
        ("tables/md.csv", b"1.1", b"1.1000000000000001", True),
        ("tables/md.csv", b"12.8", b"13.1", False),
        ("tables/costs.csv", b"3", b"4", False),
        ("md/trajectory.xtc", b"frames", b"framez", True),
    ],
)
def test_results_are_compared_to_the_last_digit_and_times_are_not(study, name, old, new, differs):
    assert changed(study, name, old, new) == ([name] if differs else [])


def test_a_lost_table_differs(study):
    before = campaign.contents(study)
    (study.folder / "results/tiny/tables/md.csv").unlink()
    assert campaign.differences(before, campaign.contents(study)) == ["tables/md.csv"]


def test_a_label_told_twice_was_computed_twice():
    other = LINE.replace("n3", "n2")
    elsewhere = LINE.replace("20 s", "20 s, by another process")
    assert campaign.computed_twice(LINE + other + elsewhere, {}, {}) == []
    twice = campaign.computed_twice(LINE + other + LINE, {}, {})
    assert twice == ["label_shard: tiny/dense/r0/f72/n3"]


def test_a_record_that_was_written_again_was_computed_twice():
    assert campaign.computed_twice("", {"ab/abc.json": 1}, {"ab/abc.json": 1, "new": 5}) == []
    assert campaign.computed_twice("", {"ab/abc.json": 1}, {"ab/abc.json": 2}) == ["ab/abc.json"]
    assert campaign.computed_twice("", {"ab/abc.json": 1}, {}) == ["ab/abc.json"]


@pytest.mark.parametrize(
    "name",
    [
        "results/tiny/tables/.writing-md-abcdefgh.csv",
        "results/label_store/ab/abc.lock",
        "results/tiny/md/segment.xtc",
        ".snakemake/locks/0.input.lock",
        "tmp/packmol",
    ],
)
def test_what_was_left_behind_is_noticed(study, name):
    assert campaign.left_behind(study, "SIGTERM") == []
    (study.folder / name).touch()
    assert campaign.left_behind(study, "SIGTERM") == [name]
    assert campaign.left_behind(study, "SIGKILL") == ([] if name.startswith("tmp") else [name])


STUDY = """
import sys, time
from pathlib import Path
store, tables = Path("results/label_store/ab"), Path("results/tiny/tables")
for folder in (store, tables):
    folder.mkdir(parents=True, exist_ok=True)
for number in range(4):
    path = store / f"{number}.json"
    if not path.exists() or "forgetful" in sys.argv:
        time.sleep(0.5)
        path.write_text("{}")
        print(f"03:00:00 label_shard/x/0: label {number}/4 n{number}: 1 ppm in 1 s", flush=True)
(tables / "md.csv").write_text("system,molarity_M\\nx,1.1\\n")
"""


class StandIn(campaign.Study):
    """A study of four labels that a few lines of Python compute."""

    options = ()

    def __init__(self, folder):
        self.folder, self.log, self.temporary = folder, folder / "output.log", folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)

    def start(self):
        with self.log.open("a") as log:
            command = [sys.executable, "-c", STUDY, *self.options]
            return subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )


class Forgetful(StandIn):
    """It computes every label anew whenever it is started."""

    options = ("forgetful",)


@pytest.mark.parametrize("signal_name", campaign.SIGNALS)
def test_a_campaign_kills_resumes_and_goes_on_where_it_was(signal_name, tmp_path, monkeypatch):
    monkeypatch.setattr(campaign, "Study", StandIn)
    reference, _ = campaign.unbroken(tmp_path / "unbroken")

    def run(n_kills):
        one = campaign.Campaign(tmp_path / signal_name, signal_name, 1, reference, took_s=8)
        return one.run(n_kills), one

    faults, first = run(2)
    assert faults == [] and len(first.kills) == 2
    faults, second = run(3)
    assert faults == [] and second.kills[:2] == first.kills and len(second.kills) == 3
    again = run(3)[1]
    assert again.kills == second.kills and again.number == second.number


def test_a_campaign_tells_labels_that_were_computed_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(campaign, "Study", Forgetful)
    reference, _ = campaign.unbroken(tmp_path / "unbroken")
    one = campaign.Campaign(tmp_path / "SIGKILL", "SIGKILL", 1, reference, took_s=1)
    one.kills = [{"study": 0}]
    campaign.finish(one.study())
    one.check(one.study())
    assert "computed twice: label_shard: n0" in one.faults


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at /proc")
def test_a_process_that_still_works_in_the_study_is_noticed(study):
    assert campaign.processes_in(study.folder) == []
    sleeper = subprocess.Popen([sys.executable, "-c", "input()"], cwd=study.folder, stdin=-1)
    try:
        assert "input()" in campaign.processes_in(study.folder)[0]
    finally:
        sleeper.kill()
        sleeper.wait()
