"""A figure is drawn elsewhere from the archive alone: no trajectory, no label, no model."""

import subprocess
import tarfile

import pytest
import yaml

from ionshift.core.errors import InputError
from ionshift.runs.archive import write_archive
from ionshift.studies import registry
from projects import DEMO, ROOT, copy_project, ionshift_command, snakemake, with_library

COSTS = """rule,n_jobs,core_h,core_h_a_job,core_h_a_job_sd,wall_h,longest_wall_h,max_rss_MB
run_md,4,2.0,0.5,0.1,2.2,0.6,800
train_model,1,0.1,0.1,,0.1,0.1,900
"""
FILES = {
    "manifest.json": "{}",
    "tables/costs.csv": COSTS,
    "md/1M/0/thermo.csv": "time_ps",
    "md/1M/0/trajectory.xtc": "frames",
    "md/1M/0/topology.pdb": "atoms",
    "md/1M/0/work/3/checkpoint.npz": "state",
    "logs/run_md/1M_0.log": "done",
    "tables/.writing-x.csv": "half",
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A project with some results of the demo, as the working folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    copy_project(folder)
    for name, text in FILES.items():
        path = folder / "results" / "demo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(folder)
    return folder


def packed_names(study, target, **options):
    write_archive(study, target, **options)
    with tarfile.open(target) as tar:
        return tar.getnames()


def test_what_is_packed(home, tmp_path):
    study = registry.load(DEMO)
    names = packed_names(study, tmp_path / "a.tar.gz")
    assert len(names) == len(set(names))
    assert {"results/demo/config.yaml", "results/demo/md/1M/0/thermo.csv"} <= set(names)
    label_sets = {*study.labelling.shipped, *study.labelling.reference_labels}
    assert {study.electrolyte.forcefield, *label_sets} <= set(names)
    assert not [n for n in names if n.endswith(("xtc", "npz", "topology.pdb", ".writing-x.csv"))]
    more = packed_names(study, tmp_path / "b.tar.gz", trajectories=True)
    frames = {"results/demo/md/1M/0/trajectory.xtc", "results/demo/md/1M/0/topology.pdb"}
    assert set(more) - set(names) == frames


def test_an_unfinished_study_is_not_packed(home, tmp_path):
    (home / "results/demo/manifest.json").unlink()
    with pytest.raises(InputError, match="finish the run first"):
        write_archive(registry.load(DEMO), tmp_path / "a.tar.gz")


def test_an_input_outside_the_repository_is_named(home, tmp_path):
    content = yaml.safe_load((home / DEMO).read_text())
    content["electrolyte"]["forcefield"] = "/elsewhere/ff.xml"
    with pytest.raises(InputError, match=r"/elsewhere/ff\.xml is outside"):
        write_archive(registry.load(content), tmp_path / "a.tar.gz")


def test_a_figure_is_redrawn_beside_a_clean_copy(home, tmp_path):
    done = subprocess.run(
        ionshift_command("archive", DEMO),
        capture_output=True,
        text=True,
        env=with_library(ROOT),
    )
    assert done.returncode == 0, done.stderr
    away = tmp_path / "away"
    away.mkdir()
    copy_project(away)
    with tarfile.open(home / "results/demo.tar.gz") as tar:
        tar.extractall(away, filter="data")
    drawn = snakemake(
        away,
        "results/demo/figures/costs.pdf",
        "--forceall",
        *("--configfile", "results/demo/config.yaml", "--allowed-rules", "figure"),
    )
    assert drawn.returncode == 0, drawn.stderr
    assert (away / "results/demo/figures/costs.pdf").read_bytes().startswith(b"%PDF")
    assert not (away / "results/demo/md/1M/0/packed.pdb").exists()
    assert "rule run_md" not in drawn.stdout + drawn.stderr
