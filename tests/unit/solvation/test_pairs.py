"""Pair distributions: which pairs there are, and their normalisation."""

import numpy as np
import pytest

from ionshift.config.shell import Shell
from ionshift.solvation import shells
from ionshift.solvation.pairs import pair_table, pairs
from ionshift.trajectories.trajectory import Trajectory
from molecules import place, template


def test_pairs_follow_from_nucleus_ligands_and_anion(known_box, electrolyte):
    found = pairs(Trajectory(*known_box), electrolyte, Shell())
    assert list(found) == [
        "Li-O (solvent)",
        "Li-O (anion)",
        *[f"Li-{e} (anion)" for e in dict.fromkeys(template("FSI").symbols) if e != "O"],
    ]
    assert set(found) == {"Li-O (solvent)"} | {f"Li-{e} (anion)" for e in "ONSF"}
    assert len(found["Li-O (solvent)"][1]) == 4


def test_an_absent_species_leaves_its_pairs_out(write_box, electrolyte):
    parts = [("LI", place("LI", 0, (x, 5, 5))) for x in (3, 6)]
    trajectory = Trajectory(*write_box(parts, [np.array([[3.0, 5, 5], [6, 5, 5]])]))
    assert list(pairs(trajectory, electrolyte, Shell())) == ["Li-Li"]


def test_an_anion_without_nitrogen_and_fluorine(known_box, electrolyte):
    """DME takes the role of the anion: C and H are left out, O stays."""
    species = electrolyte.species | {
        "DME": electrolyte.species["DME"].model_copy(update={"role": "anion"}),
        "FSI": electrolyte.species["FSI"].model_copy(update={"role": "solvent"}),
    }
    other = electrolyte.model_copy(update={"species": species})
    found = pairs(Trajectory(*known_box), other, Shell())
    assert list(found) == ["Li-O (solvent)", "Li-O (anion)"]


def test_a_named_ligand_is_kept_even_if_it_is_carbon(known_box, electrolyte):
    found = pairs(Trajectory(*known_box), electrolyte, Shell(ligand_elements=["C"]))
    assert next(iter(found)) == "Li-C (solvent)"
    assert "Li-O (anion)" in found


def test_like_atoms_are_taken_against_one_less(write_box):
    """Ten like atoms of an ideal gas: g = 1 with N - 1 partners, 0.9 with N."""
    rng = np.random.default_rng(2)
    frames = [rng.uniform(0, 20, (10, 3)) for _ in range(600)]
    trajectory = Trajectory(*write_box([("LI", None)] * 10, frames))
    group = np.arange(10)
    rdf = shells.radial_distribution(trajectory, group, group, r_max_A=9.5, bin_A=9.5)
    assert rdf["g"].iloc[0] == pytest.approx(1.0, abs=0.03)
    expected = 9 / 20**3 * 4 / 3 * np.pi * 9.5**3
    assert rdf["n"].iloc[0] == pytest.approx(expected, rel=0.03)


def test_replicas_are_averaged(write_box, electrolyte):
    boxes = []
    for number, distance in enumerate((3.0, 5.0)):
        parts = [("LI", place("LI", 0, (2, 5, 5))), ("LI", place("LI", 0, (2 + distance, 5, 5)))]
        positions = np.concatenate([part.positions for _, part in parts])
        boxes.append(Trajectory(*write_box(parts, [positions], name=f"box{number}")))
    table = pair_table(boxes, electrolyte, Shell(rdf_max_A=8.0, rdf_bin_A=0.4))
    assert table["pair"].unique().tolist() == ["Li-Li"]
    counts = table.set_index(table["r_A"].round(3))["n"]
    assert counts[[2.2, 4.2, 7.8]].tolist() == pytest.approx([0.0, 0.5, 1.0])
