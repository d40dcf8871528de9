"""A finished study copied into another clone is not planned again, unless something differs."""

import json
import os
import shutil
import subprocess
import time

import pytest

from ionshift.runs.archive import input_files
from ionshift.runs.manifest import manifest
from ionshift.studies import registry
from projects import DEMO, ROOT, Project, copy_project, ionshift_command, snakemake, with_library

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(project, tmp_path_factory):
    """A fresh clone with the results of another, made an hour ago."""
    project.start_over()
    folder = tmp_path_factory.mktemp("clone")
    copy_project(folder)
    for path in folder.rglob("*"):
        os.utime(path)
    shutil.copytree(project.folder / "results", folder / "results")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        study = registry.load(DEMO)
        inputs = [ROOT / path for path in input_files(study)]
        record = manifest(study, inputs, {}, folder / "results/demo")
    (folder / "results/demo/manifest.json").write_text(json.dumps(record))
    earlier = time.time() - 3600
    for path in (folder / "results").rglob("*"):
        os.utime(path, (earlier, earlier))
    return folder


def adopt(folder, *options):
    return subprocess.run(
        ionshift_command("adopt", DEMO, *options),
        cwd=folder,
        capture_output=True,
        text=True,
        env=with_library(folder),
    )


def test_a_copy_is_planned_again_until_it_is_adopted(clone):
    planner = Project(clone)
    try:
        assert {"run_md", "label_shard", "train_model"} <= set(planner.reruns())
        done = adopt(clone)
        assert done.returncode == 0, done.stderr
        assert "results/demo is taken as it is" in done.stdout
        assert planner.reruns() == {}
    finally:
        planner.close()
    assert "Nothing to be done" in snakemake(clone, "-n").stdout + snakemake(clone, "-n").stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("scripts/ionshift/md/engines/openmm.py", "another version of the code"),
        ("resources/molecules/DME.pdb", "changed or missing inputs: resources/molecules/DME.pdb"),
        ("results/demo/tables/shifts.csv", "changed or missing results: results/demo/tables/"),
    ],
)
def test_a_copy_that_differs_is_not_adopted(clone, name, words):
    path = clone / name
    content = path.read_bytes()
    path.write_bytes(content + b"\n")
    try:
        done = adopt(clone, "--dry-run")
    finally:
        path.write_bytes(content)
    assert done.returncode == 1
    assert words in done.stderr
