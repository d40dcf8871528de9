"""A study made of the archived predictions of another: same numbers, nothing computed anew."""

import json
import subprocess
import tarfile

import pandas as pd
import pytest
import yaml

from archives import write_archive
from ionshift.studies import registry
from projects import DEMO, copy_project, ionshift_command, snakemake, with_library

pytestmark = pytest.mark.slow


def write_config(folder, **changes):
    """The demo with two systems, changed."""
    config = yaml.safe_load((folder / DEMO).read_text())
    config["systems"] = {name: config["systems"][name] for name in ("1M", "2M")}
    (folder / "study.yaml").write_text(yaml.safe_dump(config | changes, sort_keys=False))
    return "study.yaml"


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A project whose study `first` has predictions, and the table of shifts made of them."""
    folder = tmp_path_factory.mktemp("first")
    copy_project(folder)
    results = folder / "results/first"
    write_archive(results)
    configfile = write_config(folder, study="first")
    config = registry.load(folder / configfile).model_dump(mode="json")
    config["md"]["frame_interval_ps"] = 2.0  # that of `write_archive`
    (results / "manifest.json").write_text(json.dumps({"config": config}))
    table = "results/first/tables/shifts.csv"
    made = snakemake(
        folder, table, "--configfile", configfile, "--allowed-rules", "tabulate_shifts"
    )
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def again(first, tmp_path_factory):
    """Another copy with nothing but the packed study, and a study made of its predictions."""
    packed = subprocess.run(
        ionshift_command("archive", "study.yaml"),
        cwd=first,
        capture_output=True,
        text=True,
        env=with_library(first),
    )
    assert packed.returncode == 0, packed.stderr
    folder = tmp_path_factory.mktemp("again")
    copy_project(folder)
    with tarfile.open(first / "results/first.tar.gz") as tar:
        tar.extractall(folder, filter="data")
    configfile = write_config(folder, study="again", inference={"archive": "results/first"})
    done = snakemake(folder, "--configfile", configfile)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_shifts_are_those_of_the_whole_chain(first, again):
    tables = [
        folder / f"results/{folder_name}/tables/shifts.csv"
        for folder, folder_name in ((first, "first"), (again, "again"))
    ]
    assert tables[0].read_text() == tables[1].read_text()
    shifts = pd.read_csv(tables[1])
    assert shifts["change_ppm"].iloc[1] < -0.05
    assert (shifts["model_err_ppm"] > 0).all()


def test_nothing_upstream_was_made(again):
    results = again / "results/again"
    made = {path.name for path in results.iterdir()}
    assert {"predictions", "tables", "figures", "manifest.json"} <= made
    assert not made & {"md", "clusters", "labels", "model", "shell", "structure", "dynamics"}
    for name in ("spectra", "shifts", "decomposition", "exchange", "lsi_scatter", "pca"):
        assert (results / f"figures/{name}.pdf").read_bytes().startswith(b"%PDF")


def test_the_study_has_nothing_more_to_do(again):
    planned = snakemake(again, "--dry-run", "--configfile", "study.yaml")
    assert "Nothing to be done" in planned.stdout + planned.stderr
