import hashlib
import json
from importlib.metadata import version

import pytest

from ionshift.runs.manifest import manifest
from ionshift.studies import registry


@pytest.fixture(scope="module")
def record(root):
    study = registry.load(root / "config" / "config.yaml")
    return manifest(study, [root / "pyproject.toml"], {"1M/0": 5}, [root / "CITATION.cff"])


def test_it_survives_json(record):
    assert json.loads(json.dumps(record)) == record


def test_configuration_in_it_makes_the_same_study(record, root):
    assert registry.load(record["config"]) == registry.load(root / "config" / "config.yaml")


def test_inputs_and_tables_are_hashed_by_content(record, root):
    for part, name in (("inputs_sha256", "pyproject.toml"), ("tables_sha256", "CITATION.cff")):
        expected = hashlib.sha256((root / name).read_bytes()).hexdigest()
        assert record[part] == {name: expected}


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
