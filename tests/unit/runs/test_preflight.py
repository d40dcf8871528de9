"""Checks of a study against its files: templates, force field, label sets, box sizes."""

from pathlib import Path

import pytest
import yaml

from ionshift.core.errors import InputError
from ionshift.runs import preflight
from ionshift.studies import registry
from ionshift.systems import electrolyte
from studies import spoil

ROOT = Path(__file__).resolve().parents[3]
STUDIES = sorted((ROOT / "config").glob("*.yaml"))


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    """Paths of a configuration are relative to the repository."""
    monkeypatch.chdir(ROOT)


@pytest.fixture
def study():
    return yaml.safe_load((ROOT / "config" / "config.yaml").read_text())


def message(data):
    loaded = registry.load(data)
    with pytest.raises(InputError) as caught:
        preflight.check(loaded)
    return str(caught.value)


def edited(path, old, new, tmp_path):
    """Path of a copy of `path` in which `old` is replaced by `new`."""
    text = Path(path).read_text()
    assert old in text
    copied = tmp_path / Path(path).name
    copied.write_text(text.replace(old, new))
    return str(copied)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_shipped_study_passes(path):
    preflight.check(registry.load(path))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_systems_have_the_molarity_of_their_name(path):
    study = registry.load(path)
    for name, system in study.systems.items():
        edge_A = electrolyte.box_edge_A(study.electrolyte, system)
        molarity_M = electrolyte.molarity_M(study.electrolyte, system.counts, edge_A**3)
        assert molarity_M == pytest.approx(float(name.removesuffix("M")), rel=0.02)


@pytest.mark.parametrize(
    "key", ["electrolyte.species.DME.template", "electrolyte.forcefield", "labelling.shipped"]
)
def test_missing_file_is_named(key, study):
    missing = "resources/nowhere.dat"
    text = message(spoil(study, key, [missing] if key.endswith("shipped") else missing))
    assert key in text and missing in text and "relative to the repository" in text


def test_a_folder_is_no_file(study):
    assert "electrolyte.forcefield" in message(spoil(study, "electrolyte.forcefield", "resources"))


def test_atom_name_that_the_force_field_lacks(study, tmp_path):
    path = study["electrolyte"]["species"]["DME"]["template"]
    renamed = edited(path, "C4   DME", "CX   DME", tmp_path)
    text = message(spoil(study, "electrolyte.species.DME.template", renamed))
    assert "electrolyte.species.DME" in text and "atom names differ" in text
    assert "CX" in text and "C4" in text and "make them the same" in text


def test_bond_that_the_template_lacks(study, tmp_path):
    path = study["electrolyte"]["species"]["FSI"]["template"]
    lines = Path(path).read_text().splitlines(keepends=True)
    without = tmp_path / "FSI.pdb"
    without.write_text("".join(line for line in lines if line.split()[0] != "CONECT"))
    text = message(spoil(study, "electrolyte.species.FSI.template", str(without)))
    assert "electrolyte.species.FSI" in text and "bonds differ" in text and "N1-S1" in text


def test_residue_that_the_force_field_lacks(study, tmp_path):
    forcefield = edited(
        study["electrolyte"]["forcefield"], 'Residue name="DME"', 'Residue name="GLY"', tmp_path
    )
    text = message(spoil(study, "electrolyte.forcefield", forcefield))
    assert "electrolyte.species.DME" in text and "no residue DME" in text and "GLY" in text


def test_template_of_another_molecule(study):
    other = study["electrolyte"]["species"]["DME"]["template"]
    text = message(spoil(study, "electrolyte.species.FSI.template", other))
    assert "electrolyte.species.FSI.template" in text and "found DME" in text


def test_charge_that_the_force_field_contradicts(study):
    spoiled = spoil(study, "electrolyte.species.LI.charge", 2)
    for system in spoiled["systems"].values():
        system["counts"]["FSI"] = 2 * system["counts"]["LI"]
    text = message(spoiled)
    assert "electrolyte.species.LI.charge" in text and "+2" in text and "+1.0000" in text


@pytest.mark.parametrize(
    "key", ["md.cutoff_A", "shell.cutoff_A", "shell.rdf_max_A", "shell.lsi_cutoff_A"]
)
def test_cutoff_beyond_half_the_box(key, study):
    text = message(spoil(study, key, 15.0))
    assert f"{key} = 15" in text and "half the box of system 1M" in text
    assert "lower it or raise systems.1M.counts" in text


def test_a_cutoff_that_only_the_smallest_box_forbids(study):
    text = message(spoil(study, "md.cutoff_A", 9.8))
    assert "system 4M (9.76 A)" in text


def test_offset_cutoffs_of_the_index_fit_into_the_box(study):
    text = message(spoil(study, "structure.lsi_cutoff_offsets_A", [0.0, 7.0]))
    assert "structure.lsi_cutoff_offsets_A = 10.7" in text and "system 2M" in text


def test_published_factors_need_their_columns(study, tmp_path):
    assert "elf.published = 'nowhere.csv'" in message(spoil(study, "elf.published", "nowhere.csv"))
    table = tmp_path / "factors.csv"
    table.write_text("# source\nmolarity_M,factor\n1,1.01\n")
    assert "no column factor_err" in message(spoil(study, "elf.published", str(table)))


def test_named_environments_belong_to_a_system(study, tmp_path):
    path = tmp_path / "round.csv"
    path.write_text("system,replica,frame,nucleus\n7M,0,0,0\n")
    text = message(spoil(study, "sampling.chosen", [str(path)]))
    assert "system '7M'; systems has 1M, 2M, 3M, 4M" in text
    assert "sampling.chosen[0] = 'none.csv': no such file" in message(
        spoil(study, "sampling.chosen", ["none.csv"])
    )


def test_a_study_without_any_label_is_refused(study):
    unlabelled = spoil(spoil(study, "sampling.n_clusters", 0), "labelling.shipped", [])
    assert "nothing to train on" in message(unlabelled)
