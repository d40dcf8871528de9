import json
import zipfile

import pytest
from rocrate.rocrate import ROCrate

from ionshift.core.errors import InputError
from ionshift.runs.crate import PROFILES, write_crate
from ionshift.studies import registry


@pytest.fixture(scope="module")
def study(root):
    return registry.load(root / "config" / "config.yaml")


@pytest.fixture(scope="module")
def run(study, root, tmp_path_factory):
    """A folder with the project's files and a few results, and its crate."""
    folder = tmp_path_factory.mktemp("run")
    for name in ("Snakefile", "workflow", "scripts", "envs", "resources"):
        (folder / name).symlink_to(root / name)
    files = {
        "manifest.json": json.dumps(
            {
                "created": "2026-01-02T03:04:05+00:00",
                "packages": {"snakemake": "9.27.1"},
                "git": {"commit": "c" * 40},
            }
        ),
        "tables/shifts.csv": "system\n1M\n",
        "figures/shifts.pdf": "%PDF",
        "md/1M/0/trajectory.xtc": "frames",
        "md/1M/0/work/stage/checkpoint.npz": "state",
        "logs/run_md/1M_0.log": "done",
    }
    for name, text in files.items():
        path = folder / "results" / "demo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    write_crate(study, folder / "run.zip", folder)
    return folder


@pytest.fixture(scope="module")
def crate(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(run / "run.zip") as packed:
        packed.extractall(folder)
    return ROCrate(folder)


def test_it_claims_the_profiles_of_a_workflow_run(crate):
    assert {entity.id for entity in crate.root_dataset["conformsTo"]} == set(PROFILES)


def test_the_main_entity_is_the_workflow_in_its_language(crate):
    types = crate.mainEntity.type
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow"} <= set(types)
    assert crate.mainEntity["programmingLanguage"]["name"] == "Snakemake"
    assert crate.mainEntity["version"] == "c" * 40


def test_the_run_leads_from_inputs_through_the_workflow_to_results(crate, study):
    (action,) = crate.root_dataset["mentions"]
    assert action.type == "CreateAction"
    assert action["instrument"] is crate.mainEntity
    inputs = {entity.id for entity in action["object"]}
    assert {study.electrolyte.forcefield, "results/demo/config.yaml"} <= inputs
    results = {entity.id for entity in action["result"]}
    assert results == {
        "results/demo/manifest.json",
        "results/demo/tables/shifts.csv",
        "results/demo/figures/shifts.pdf",
    }
    assert action["endTime"] == "2026-01-02T03:04:05+00:00"
    assert action["startTime"]


def test_the_configuration_in_it_is_the_study(crate, study):
    assert registry.load(crate.source / "results/demo/config.yaml") == study
    configuration = crate.get("results/demo/config.yaml")
    assert configuration["exampleOfWork"] in crate.mainEntity["input"]


def test_every_file_it_names_is_in_it(crate):
    files = [entity for entity in crate.data_entities if "File" in entity.type]
    assert len(files) > 50
    for entity in files:
        assert (crate.source / entity.id).is_file(), entity.id


def test_an_unfinished_run_makes_no_crate(study, root, tmp_path):
    with pytest.raises(InputError, match="finish the run first"):
        write_crate(study, tmp_path / "run.zip", tmp_path)
    assert not (tmp_path / "run.zip").exists()
