import hashlib
import json
import shutil
from importlib.metadata import version

import pytest

from ionshift.runs import manifest as module
from ionshift.runs.manifest import code_sha256, manifest
from ionshift.studies import registry

FILES = {
    "tables/shifts.csv": True,
    "md/1M/0/trajectory.xtc": True,
    "pca/1M.npz": True,
    "md/1M/0/work/6_production/state.npz": False,
    "potential/md/1M/work/state.npz": False,
    "figures/shifts.pdf": False,
    "logs/run_md/1M_0.log": False,
    "tables/.writing-shifts-abcdefgh.csv": False,
    "report.html": False,
}
"""Files of a study to whether the manifest has their hash."""


@pytest.fixture(scope="module")
def record(root, tmp_path_factory):
    results = tmp_path_factory.mktemp("demo")
    for name in FILES:
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        (results / name).write_text(name)
    study = registry.load(root / "config" / "config.yaml")
    return manifest(study, [root / "pyproject.toml"], {"1M/0": 5}, results)


def test_it_survives_json(record):
    assert json.loads(json.dumps(record)) == record


def test_configuration_in_it_makes_the_same_study(record, root):
    assert registry.load(record["config"]) == registry.load(root / "config" / "config.yaml")


def test_inputs_are_hashed_by_content(record, root):
    expected = hashlib.sha256((root / "pyproject.toml").read_bytes()).hexdigest()
    assert record["inputs_sha256"] == {"pyproject.toml": expected}


def test_results_are_hashed_by_content_below_their_folder(record):
    expected = {
        name: hashlib.sha256(name.encode()).hexdigest() for name, hashed in FILES.items() if hashed
    }
    assert record["results_sha256"] == expected


def test_every_environment_file_and_rule_file_is_in_it(record, root):
    environments = {f"envs/{path.name}" for path in (root / "envs").iterdir()}
    assert set(record["environments_sha256"]) == environments
    rules = {f"workflow/rules/{path.name}" for path in (root / "workflow/rules").glob("*.smk")}
    assert set(record["workflow_sha256"]) == rules | {"Snakefile"}


def test_versions_of_all_pinned_packages_are_in_it(record):
    assert record["packages"]["pyscf"] == version("pyscf")
    assert {"numpy", "MDAnalysis", "snakemake", "torch"} <= set(record["packages"])


def test_commit_is_known_in_a_checkout(record, root):
    if (root / ".git").exists():
        assert len(record["git"]["commit"]) == 40


def test_code_has_one_hash_that_any_file_changes(record, root, tmp_path, monkeypatch):
    assert record["code_sha256"] == code_sha256()
    for name in ("Snakefile", "workflow", "scripts"):
        copy = shutil.copytree if (root / name).is_dir() else shutil.copy
        copy(root / name, tmp_path / name)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    assert code_sha256() == record["code_sha256"]
    with (tmp_path / "scripts/ionshift/md/engines/openmm.py").open("a") as file:
        file.write("# changed\n")
    assert code_sha256() != record["code_sha256"]
