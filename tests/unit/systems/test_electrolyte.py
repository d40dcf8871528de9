"""Composition, checks and packing: boxes have what was asked for, and bad input is named."""

import dataclasses
import math
from pathlib import Path

import MDAnalysis
import numpy as np
import pytest
from scipy.spatial.distance import pdist

from ionshift.config.electrolyte import Electrolyte, Species, System
from ionshift.config.md import MD
from ionshift.core.errors import InputError
from ionshift.systems import electrolyte as boxes
from ionshift.systems import packing

SMALL = System(counts={"LI": 2, "FSI": 2, "DME": 12}, density_g_cm3=0.95)


def replaced(electrolyte, **changes):
    return electrolyte.model_copy(update=changes)


def with_species(electrolyte, name, **changes):
    species = electrolyte.species[name].model_copy(update=changes)
    return replaced(electrolyte, species={**electrolyte.species, name: species})


def edited_copy(path, tmp_path, *replacements):
    """Copy a text file with replacements that must apply."""
    text = Path(path).read_text()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    copy = tmp_path / Path(path).name
    copy.write_text(text)
    return str(copy)


# ---------------------------------------------------------------- quantities


def test_molar_masses(electrolyte):
    assert boxes.molar_mass(electrolyte, "DME") == pytest.approx(90.122, abs=0.01)
    assert boxes.molar_mass(electrolyte, "FSI") == pytest.approx(180.12, abs=0.02)


def test_density_and_molarity_of_a_known_box(electrolyte):
    # One mole of LiFSI in one litre: 602.2 formula units in 1e6 A3; mass 187.06 g.
    counts = {"LI": 6022, "FSI": 6022}
    assert boxes.molarity_M(electrolyte, counts, 1e7) == pytest.approx(1.0, rel=1e-4)
    assert boxes.density_g_cm3(electrolyte, counts, 1e7) == pytest.approx(0.18706, rel=1e-3)


def test_volume_is_the_inverse_of_density(electrolyte):
    volume_A3 = boxes.volume_A3(electrolyte, SMALL.counts, 1.1)
    assert boxes.density_g_cm3(electrolyte, SMALL.counts, volume_A3) == pytest.approx(1.1)


def test_molarity_counts_cations_only(electrolyte):
    with_solvent = boxes.molarity_M(electrolyte, {"LI": 3, "FSI": 3, "DME": 9}, 5000.0)
    without = boxes.molarity_M(electrolyte, {"LI": 3, "FSI": 3}, 5000.0)
    assert with_solvent == without > 0


# ---------------------------------------------------------------- templates


def test_templates_hold_whole_molecules(electrolyte):
    molecules = boxes.load_templates(electrolyte)
    assert {name: m.n_atoms for name, m in molecules.items()} == {"LI": 1, "FSI": 9, "DME": 16}
    assert {name: len(m.bonds) for name, m in molecules.items()} == {"LI": 0, "FSI": 8, "DME": 15}
    assert molecules["LI"].elements == ("Li",)
    for molecule in molecules.values():
        for i, j in molecule.bonds:
            length_A = np.linalg.norm(molecule.positions_A[i] - molecule.positions_A[j])
            assert 1.0 < length_A < 1.8


def test_shipped_system_passes_the_checks(electrolyte):
    boxes.check(electrolyte, SMALL, MD(cutoff_A=6.0))


# ---------------------------------------------------------------- mistakes


def test_unknown_species_is_named(electrolyte):
    system = System(counts={"LI": 1, "FSI": 1, "EC": 4}, density_g_cm3=1.0)
    with pytest.raises(InputError, match=r"counts\.EC.*LI, FSI, DME"):
        boxes.check(electrolyte, system)


def test_net_charge_is_named(electrolyte):
    system = System(counts={"LI": 3, "FSI": 2, "DME": 4}, density_g_cm3=1.0)
    with pytest.raises(InputError, match=r"net charge \+1 from 3 LI \(\+1\), 2 FSI \(-1\)"):
        boxes.check(electrolyte, system)


def test_number_below_one(electrolyte):
    system = System.model_construct(counts={"LI": 1, "FSI": 1, "DME": 0}, density_g_cm3=1.0)
    with pytest.raises(InputError, match=r"counts\.DME: 0"):
        boxes.check(electrolyte, system)


def test_missing_template(electrolyte):
    wrong = with_species(electrolyte, "DME", template="nowhere/DME.pdb")
    with pytest.raises(InputError, match=r"species\.DME\.template: no file nowhere/DME\.pdb"):
        boxes.check(wrong, SMALL)


def test_template_of_another_residue(electrolyte):
    wrong = with_species(electrolyte, "DME", template=electrolyte.species["FSI"].template)
    with pytest.raises(InputError, match=r"one residue named DME, found FSI"):
        boxes.check(wrong, SMALL)


def test_unreadable_template(electrolyte, tmp_path):
    broken = tmp_path / "DME.pdb"
    broken.write_text("HETATM    1 C1   DME A   1       x.xxx   0.710  -0.026\nEND\n")
    with pytest.raises(InputError, match=r"species\.DME\.template.*cannot be read as PDB"):
        boxes.check(with_species(electrolyte, "DME", template=str(broken)), SMALL)


def test_atom_name_that_the_force_field_lacks(electrolyte, tmp_path):
    path = edited_copy(electrolyte.species["DME"].template, tmp_path, (" O1 ", " OX "))
    with pytest.raises(InputError, match=r"(?s)species\.DME: atom names differ.*OX.*has C1 O1"):
        boxes.check(with_species(electrolyte, "DME", template=path), SMALL)


def test_residue_that_the_force_field_lacks(electrolyte, tmp_path):
    path = edited_copy(electrolyte.forcefield, tmp_path, ('Residue name="DME"', 'Residue name="X"'))
    with pytest.raises(InputError, match=r"species\.DME: .* has no residue DME, only LI, X, FSI"):
        boxes.check(replaced(electrolyte, forcefield=path), SMALL)


def test_bonds_that_differ(electrolyte, tmp_path):
    bond = '<Bond atomName1="C2" atomName2="C3"/>'
    path = edited_copy(electrolyte.forcefield, tmp_path, (bond, ""))
    with pytest.raises(InputError, match=r"bonds differ; only in the template: C2-C3"):
        boxes.check(replaced(electrolyte, forcefield=path), SMALL)


def test_charges_that_do_not_add_up(electrolyte, tmp_path):
    path = edited_copy(electrolyte.forcefield, tmp_path, ('charge="-0.66"', 'charge="-0.60"'))
    with pytest.raises(InputError, match=r"species\.FSI\.charge: -1 declared.*-0\.9400"):
        boxes.check(replaced(electrolyte, forcefield=path), SMALL)


def test_missing_charge(electrolyte, tmp_path):
    path = edited_copy(electrolyte.forcefield, tmp_path, (' charge="-0.66"', ""))
    with pytest.raises(InputError, match=r"species\.FSI: a charge is missing"):
        boxes.check(replaced(electrolyte, forcefield=path), SMALL)


def test_missing_force_field(electrolyte):
    with pytest.raises(InputError, match=r"electrolyte\.forcefield: no file nowhere\.xml"):
        boxes.check(replaced(electrolyte, forcefield="nowhere.xml"), SMALL)


def test_force_field_that_is_no_xml(electrolyte, tmp_path):
    path = tmp_path / "ff.xml"
    path.write_text("<ForceField>")
    with pytest.raises(InputError, match=r"is not XML"):
        boxes.check(replaced(electrolyte, forcefield=str(path)), SMALL)


def test_cutoff_beyond_half_the_box(electrolyte):
    with pytest.raises(InputError, match=r"md\.cutoff_A: 9\.0 is not below half"):
        boxes.check(electrolyte, SMALL, MD(cutoff_A=9.0))


# ---------------------------------------------------------------- packing


@pytest.fixture(scope="module")
def packed(electrolyte, tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "packed.pdb"
    packing.pack_box(electrolyte, SMALL, seed=3, out_pdb=path)
    return path


def test_packed_box_can_be_read_by_mdanalysis(packed):
    universe = MDAnalysis.Universe(str(packed))
    assert list(universe.residues.resnames) == ["LI"] * 2 + ["FSI"] * 2 + ["DME"] * 12
    symbols = {symbol.capitalize() for symbol in universe.atoms.elements}
    assert symbols == {"C", "F", "H", "Li", "N", "O", "S"}
    assert len(universe.bonds) == 2 * 8 + 12 * 15


def test_packed_box_has_the_density_but_for_the_margin(electrolyte, packed):
    edges_A = boxes.read_pdb_box(packed)
    density = boxes.density_g_cm3(electrolyte, SMALL.counts, np.prod(edges_A))
    assert density == pytest.approx(0.95 / packing.MARGIN**3, rel=1e-3)


def test_packed_molecules_do_not_overlap_across_the_boundary(electrolyte, packed):
    positions_A = boxes.read_pdb_positions(packed)
    edges_A = boxes.read_pdb_box(packed)
    topology = boxes.build_topology(electrolyte, SMALL.counts)
    molecule = np.array([atom.residue.index for atom in topology.atoms()])
    distances_A = pdist(
        positions_A,
        lambda a, b: np.linalg.norm((a - b) - edges_A * np.round((a - b) / edges_A)),
    )
    i, j = np.triu_indices(len(positions_A), k=1)
    assert distances_A[molecule[i] != molecule[j]].min() > 0.9 * packing.TOLERANCE_A


def test_seed_decides_the_packing(electrolyte, packed, tmp_path):
    again, other = tmp_path / "again.pdb", tmp_path / "other.pdb"
    packing.pack_box(electrolyte, SMALL, seed=3, out_pdb=again)
    packing.pack_box(electrolyte, SMALL, seed=4, out_pdb=other)
    assert again.read_text().splitlines()[1:] == packed.read_text().splitlines()[1:]
    moved_A = boxes.read_pdb_positions(other) - boxes.read_pdb_positions(packed)
    assert np.abs(moved_A).max() > 1.0


def test_missing_packmol(electrolyte, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="packmol is not on the PATH; install it"):
        packing.pack_box(electrolyte, SMALL, seed=1, out_pdb=tmp_path / "packed.pdb")


def test_impossible_density(electrolyte, tmp_path):
    crowded = System(counts=SMALL.counts, density_g_cm3=3.0)
    with pytest.raises(InputError, match=r"density_g_cm3 = 3: .* packmol finds no packing"):
        packing.pack_box(electrolyte, crowded, seed=1, out_pdb=tmp_path / "packed.pdb")
    assert not (tmp_path / "packed.pdb").exists()


def test_excluded_volume_of_an_atom_is_its_sphere(electrolyte):
    lithium = boxes.load_templates(electrolyte)["LI"]
    sphere_A3 = 4 / 3 * math.pi * (packing.TOLERANCE_A / 2) ** 3
    assert packing.excluded_volume_A3(lithium) == pytest.approx(sphere_A3, rel=0.02)


def test_excluded_volume_of_two_atoms_is_their_union(electrolyte):
    lithium = boxes.load_templates(electrolyte)["LI"]
    apart_A, radius_A = 1.2, packing.TOLERANCE_A / 2
    pair = dataclasses.replace(lithium, positions_A=np.array([[0, 0, 0], [apart_A, 0, 0]]))
    lens_A3 = math.pi * (4 * radius_A + apart_A) * (2 * radius_A - apart_A) ** 2 / 12
    union_A3 = 2 * 4 / 3 * math.pi * radius_A**3 - lens_A3
    assert packing.excluded_volume_A3(pair) == pytest.approx(union_A3, rel=0.02)


def test_box_without_periodicity(tmp_path):
    path = tmp_path / "no_box.pdb"
    path.write_text("HETATM    1 LI   LI  A   1       0.000   0.000   0.000\nEND\n")
    with pytest.raises(InputError, match="no CRYST1 record"):
        boxes.read_pdb_box(path)


def test_box_that_is_not_rectangular(tmp_path):
    path = tmp_path / "skew.pdb"
    path.write_text("CRYST1   20.000   20.000   20.000  90.00  60.00  90.00 P 1           1\n")
    with pytest.raises(InputError, match="they must be 90"):
        boxes.read_pdb_box(path)


def test_roles_of_ions(electrolyte):
    assert boxes.ion_names(electrolyte) == ["LI", "FSI"]
    neutral = Electrolyte(
        species={"DME": Species(role="solvent", charge=0, template="x.pdb")}, forcefield="y.xml"
    )
    assert boxes.ion_names(neutral) == []
    assert math.isclose(boxes.PER_A3_IN_ONE_MOLAR, 6.02214076e23 / 1e27)
