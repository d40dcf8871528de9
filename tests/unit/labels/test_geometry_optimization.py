"""Geometry optimization around the nucleus: real clusters with GFN1-xTB, and springs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.calculators.calculator import CalculationFailed, Calculator, all_changes
from pydantic import ValidationError

from ionshift.config.geometry_optimization import GeometryOptimization
from ionshift.core.errors import InputError
from ionshift.labels import geometry_optimization, geometry_optimization_summary, sets
from ionshift.labels import store as labels_store
from molecules import ROOT

SHIPPED = ROOT / "resources/labels/lifsi_dme_fast.extxyz"
ELEMENTS = ["C", "F", "H", "Li", "N", "O", "S"]
QUICK = GeometryOptimization(radius_A=2.5, fmax_eV_A=0.15, max_steps=40)


@pytest.fixture(scope="module")
def clusters():
    """The smallest shipped cluster of every class."""
    shipped = sorted(sets.read_label_set(SHIPPED), key=len)
    return {
        name: next(atoms for atoms in shipped if atoms.info["solvation_class"] == name)
        for name in ("SSIP", "CIP", "AGG", "AGG+")
    }


@pytest.fixture(scope="module")
def aggregate(clusters):
    """A shipped cluster of charge -1 and its record."""
    atoms = clusters["AGG"]
    assert atoms.info["charge"] == -1
    return atoms, geometry_optimization.OptimizationTask(QUICK, ELEMENTS).compute(atoms, None)


def forces_eV_A(atoms, positions_A, charge):
    from tblite.ase import TBLite

    work = Atoms(atoms.numbers, positions_A)
    work.calc = TBLite(method="GFN1-xTB", charge=charge, verbosity=0)
    return work.get_forces()


def test_forces_vanish_where_atoms_move_and_the_rest_stays(aggregate):
    atoms, record = aggregate
    assert record["status"] == "ok", record["reason"]
    positions_A = np.array(record["positions_A"])
    moving = geometry_optimization.moving_atoms(atoms, QUICK.radius_A)
    assert 0 in moving and 4 < len(moving) < len(atoms)
    held = np.setdiff1d(np.arange(len(atoms)), moving)
    assert np.abs(positions_A[held] - atoms.positions[held]).max() < 1e-6
    assert np.linalg.norm(positions_A - atoms.positions, axis=1)[moving].max() > 0.01
    left = np.linalg.norm(forces_eV_A(atoms, positions_A, -1), axis=1)
    assert left[moving].max() == pytest.approx(record["largest_force_eV_A"], abs=2e-3)
    assert left[moving].max() < QUICK.fmax_eV_A + 2e-3
    assert left[held].max() > QUICK.fmax_eV_A
    assert record["energy_change_eV"] < -0.1


def test_the_charge_of_the_cluster_reaches_the_calculator(aggregate):
    """Without it the forces at the optimized geometry are others."""
    atoms, record = aggregate
    moving = geometry_optimization.moving_atoms(atoms, QUICK.radius_A)
    neutral = forces_eV_A(atoms, np.array(record["positions_A"]), +1)
    assert np.linalg.norm(neutral[moving], axis=1).max() > 2 * QUICK.fmax_eV_A


def test_too_few_steps_give_the_best_geometry_so_far(aggregate):
    atoms, converged = aggregate
    settings = QUICK.model_copy(update={"max_steps": 3})
    record = geometry_optimization.OptimizationTask(settings, ELEMENTS).compute(atoms, None)
    assert (
        record["status"] == "unconverged"
        and "geometry_optimization.max_steps = 3" in record["reason"]
    )
    assert record["n_steps"] == 3
    assert converged["energy_change_eV"] < record["energy_change_eV"] < 0


class Pull(Calculator):
    """A spring that pulls atom `atom` 3 A away; nothing works at all without one."""

    implemented_properties = ("energy", "forces")

    def __init__(self, atom=None, stiffness_eV_A2=1.0):
        super().__init__()
        self.atom, self.stiffness_eV_A2, self.rest_A = atom, stiffness_eV_A2, None

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        if self.atom is None:
            raise CalculationFailed("SCF not converged in 250 cycles")
        if self.rest_A is None:
            self.rest_A = atoms.positions[self.atom] + [3.0, 0.0, 0.0]
        away_A = self.rest_A - atoms.positions[self.atom]
        forces = np.zeros((len(atoms), 3))
        forces[self.atom] = self.stiffness_eV_A2 * away_A
        energy = 0.5 * self.stiffness_eV_A2 * float(away_A @ away_A)
        self.results = {"energy": energy, "forces": forces}


def with_calculator(calculator, settings=QUICK):
    return geometry_optimization.OptimizationTask(settings, ELEMENTS, calculator)


def test_a_calculator_that_fails_is_recorded(clusters):
    record = with_calculator(Pull()).compute(clusters["CIP"], None)
    assert record["status"] == "failed"
    assert record["reason"] == "SCF not converged in 250 cycles"
    assert record["positions_A"] is None


def test_numbers_that_are_not_finite_are_a_failure(clusters):
    record = with_calculator(Pull(0, np.nan)).compute(clusters["CIP"], None)
    assert (record["status"], record["reason"]) == ("failed", "energy or forces not finite")


def test_a_broken_bond_is_a_failure(clusters):
    atoms = clusters["CIP"]
    oxygen = next(
        i for i in geometry_optimization.moving_atoms(atoms, 2.5) if atoms.symbols[i] == "O"
    )
    record = with_calculator(Pull(oxygen)).compute(atoms, None)
    assert record["status"] == "failed" and record["positions_A"] is None
    assert f"O{oxygen}" in record["reason"] and "covalent bonds changed" in record["reason"]


class Never(geometry_optimization.OptimizationTask):
    """Must find everything in the store."""

    def compute(self, atoms, last_failure):
        raise AssertionError("computed again")


def test_finished_clusters_are_kept_and_never_optimized_again(
    clusters, aggregate, tmp_path, electrolyte
):
    atoms, record = aggregate
    other = clusters["SSIP"]
    store = geometry_optimization.open_store(tmp_path)
    task = geometry_optimization.OptimizationTask(QUICK, ELEMENTS)
    store.put(task.key_of(atoms), record)
    chosen, lines = [other, atoms], []
    optimized, table = geometry_optimization.optimize_clusters(
        chosen, task, store, electrolyte, ["O"], log=lines.append
    )
    assert "2 clusters: 1 labels in the store, 1 to compute" in lines[0]
    again = geometry_optimization.optimize_clusters(
        chosen, Never(QUICK, ELEMENTS), store, electrolyte, ["O"], log=lambda line: None
    )
    pd.testing.assert_frame_equal(again[1], table)
    assert np.allclose(again[0][1].positions, optimized[1].positions)
    row = table.iloc[1]
    assert row["cluster_id"] == atoms.info["cluster_id"]
    assert (row["solvation_class"], row["n_anion"]) == ("AGG", atoms.info["n_anion"])
    assert row["n_solvent"] == atoms.info["n_solvent"]
    assert row["coordination"] == atoms.info["coordination"]
    assert optimized[1].info["charge"] == -1 and optimized[1].info["geometry_optimization"] == "ok"
    assert np.allclose(optimized[1].positions[0], 0)
    distance_A = np.linalg.norm(optimized[1].positions, axis=1)
    held = np.array(record["positions_A"]) - record["positions_A"][0]
    assert np.allclose(distance_A, np.linalg.norm(held, axis=1), atol=2e-4)


def test_the_key_holds_geometry_charge_and_settings(clusters):
    atoms = clusters["CIP"]
    key = geometry_optimization.OptimizationTask(QUICK, ELEMENTS).key_of(atoms)
    charged, moved = atoms.copy(), atoms.copy()
    charged.info["charge"] += 1
    moved.positions[1, 0] += 0.001
    shifted = atoms.copy()
    shifted.translate([1.0, 2.0, 3.0])
    changed = [
        QUICK.model_copy(update={"radius_A": 3.0}),
        QUICK.model_copy(update={"fmax_eV_A": 0.1}),
        QUICK.model_copy(
            update={"potential": QUICK.potential.model_copy(update={"model": "GFN2-xTB"})}
        ),
    ]
    others = [
        geometry_optimization.OptimizationTask(one, ELEMENTS).key_of(atoms) for one in changed
    ]
    others += [
        geometry_optimization.OptimizationTask(QUICK, ELEMENTS).key_of(one)
        for one in (charged, moved)
    ]
    assert len({key, *others}) == 6
    assert geometry_optimization.OptimizationTask(QUICK, ELEMENTS).key_of(shifted) == key
    how = QUICK.model_copy(update={"workers": 4, "shieldings": "none", "store": "elsewhere"})
    assert geometry_optimization.OptimizationTask(how, ELEMENTS).key_of(atoms) == key


def test_a_missing_model_is_named(clusters):
    settings = GeometryOptimization(potential={"kind": "mace", "model": "none.model"})
    with pytest.raises(
        InputError, match=r"geometry_optimization\.potential\.model: no file none\.model"
    ):
        geometry_optimization.OptimizationTask(settings, ELEMENTS)


def test_molecules_are_those_of_the_shell(clusters, electrolyte):
    for atoms in clusters.values():
        molecules, roles = geometry_optimization.molecules_of(atoms, electrolyte)
        assert molecules[0] == 0 and roles[0] == ""
        assert roles.count("anion") == atoms.info["n_anion"]
        assert roles.count("solvent") == atoms.info["n_solvent"]


def test_a_molecule_of_another_liquid_is_named(electrolyte):
    water = Atoms("LiOHH", [[0, 0, 0], [2, 0, 0], [2.6, 0.76, 0], [2.6, -0.76, 0]])
    with pytest.raises(InputError, match=r"3 atoms \(OHH\) is no species of electrolyte"):
        geometry_optimization.molecules_of(water, electrolyte)


def test_a_ligand_that_leaves_the_shell_is_seen(clusters, electrolyte):
    before = clusters["CIP"]
    molecules, roles = geometry_optimization.molecules_of(before, electrolyte)
    after = before.copy()
    anion = molecules == roles.index("anion")
    after.positions[anion] += 3.0 * before.positions[anion].mean(axis=0)
    row = geometry_optimization.compare_shells(before, after, electrolyte, ["O"])
    assert (row["solvation_class"], row["solvation_class_after"]) == ("CIP", "SSIP")
    assert (row["n_anion"], row["n_anion_after"]) == (1, 0)
    assert row["n_solvent"] == row["n_solvent_after"]
    assert row["coordination_after"] < row["coordination"]
    assert row["anion_distance_after_A"] > row["anion_distance_A"] + 2
    assert row["solvent_distance_after_A"] == pytest.approx(row["solvent_distance_A"])


# ---------------------------------------------------------------- tables


def rows(**columns):
    """Optimized clusters a to e: c lost an anion, d failed."""
    table = {
        "cluster_id": list("abcde"),
        "system": ["1M", "1M", "1M", "1M", "2M"],
        "solvation_class": ["CIP", "CIP", "CIP", "SSIP", "SSIP"],
        "solvation_class_after": ["CIP", "CIP", "SSIP", "SSIP", "SSIP"],
        "n_anion": [1, 1, 1, 0, 0],
        "n_anion_after": [1, 1, 0, 0, 0],
        "n_solvent": [2, 2, 2, 3, 3],
        "n_solvent_after": [2, 2, 2, 3, 3],
        "coordination": [5, 5, 5, 6, 6],
        "coordination_after": [5, 4, 4, 6, 6],
        "solvent_distance_A": [2.1, 2.2, 2.3, 2.1, 2.1],
        "solvent_distance_after_A": [2.0, 2.2, 2.6, 2.1, 2.0],
        "anion_distance_A": [2.0, 2.1, 2.2, np.nan, np.nan],
        "anion_distance_after_A": [1.9, 1.9, 4.0, np.nan, np.nan],
        "status": ["ok", "unconverged", "ok", "failed", "ok"],
        "key": list("vwxyz"),
    }
    return pd.DataFrame(table | columns)


def labelled(shielding_ppm, status="ok"):
    return pd.DataFrame(
        {
            "cluster_id": list("abcde"),
            "key": list("abcde"),
            "status": status,
            "shielding_ppm": shielding_ppm,
        }
    )


SPECIATION = pd.DataFrame(
    {
        "system": ["1M", "1M", "2M", "2M"],
        "solvation_class": ["SSIP", "CIP", "SSIP", "CIP"],
        "share": [0.3, 0.7, 1.0, 0.0],
    }
)


def test_means_leave_out_what_failed_and_what_lost_its_shell():
    before = labelled([92.0, 92.0, 92.0, 92.0, 92.0])
    after = labelled([92.2, 92.4, 99.0, 92.0, 91.5])
    clusters = geometry_optimization_summary.cluster_table(rows(), before, after)
    assert clusters["kept"].tolist() == [True, True, False, False, True]
    assert "key" not in clusters
    groups = geometry_optimization_summary.group_table(clusters, SPECIATION).set_index(
        ["system", "solvation_class"]
    )
    row = groups.loc[("1M", "CIP")]
    assert row[["n", "n_unconverged", "n_failed", "n_left", "n_labelled"]].tolist() == [
        3,
        1,
        0,
        1,
        2,
    ]
    assert row["shielding_change_ppm"] == pytest.approx(0.3)
    assert row["shielding_change_err_ppm"] == pytest.approx(0.1)
    assert row["solvent_distance_A"] == pytest.approx(2.15)
    assert row["anion_distance_after_A"] == pytest.approx(1.9)
    assert row["coordination_after"] == pytest.approx(4.5)
    every = groups.loc[("1M", "all")]
    assert every["n_failed"] == 1 and every["n"] == 4
    assert every["ensemble_change_ppm"] == pytest.approx(0.3)
    assert every["sampled_share"] == pytest.approx(0.7)
    assert groups.loc[("2M", "all"), "ensemble_change_ppm"] == pytest.approx(-0.5)
    assert np.isnan(groups.loc[("2M", "SSIP"), "shielding_change_err_ppm"])
    assert groups.loc[("all", "all"), "shielding_change_ppm"] == pytest.approx(0.1 / 3)


def test_a_label_that_failed_is_no_difference():
    after = labelled([92.2, np.nan, 99.0, 92.0, 91.5], ["ok", "failed", "ok", "ok", "ok"])
    clusters = geometry_optimization_summary.cluster_table(rows(), labelled([92.0] * 5), after)
    assert clusters["shielding_change_ppm"].notna().tolist() == [True, False, False, False, True]


def test_distances_are_compared_without_labels():
    clusters = geometry_optimization_summary.cluster_table(rows())
    groups = geometry_optimization_summary.group_table(clusters, SPECIATION)
    assert groups["n_labelled"].eq(0).all() and groups["shielding_change_ppm"].isna().all()
    assert groups["ensemble_change_ppm"].isna().all()


def test_the_model_learns_shieldings_of_optimized_clusters_at_geometries_of_the_dynamics(clusters):
    sampled = []
    for name, atoms in zip("abcd", clusters.values(), strict=True):
        sampled.append(Atoms(atoms.numbers, atoms.positions, info={"cluster_id": name}))
    after = labelled([92.2, 92.4, 99.0, 92.0, 91.5]).iloc[:4]
    chosen, table = geometry_optimization_summary.training_pairs(sampled, rows().iloc[:4], after)
    assert table["cluster_id"].tolist() == ["a", "b"]
    assert table["shielding_ppm"].tolist() == [92.2, 92.4]
    assert all(one is two for one, two in zip(chosen, sampled, strict=False))
    with pytest.raises(InputError, match=r"lower geometry_optimization\.radius_A"):
        geometry_optimization_summary.training_pairs(sampled, rows(status="failed"), after)


def test_a_charge_for_all_clusters_is_refused():
    with pytest.raises(ValidationError, match="every cluster brings its own charge"):
        GeometryOptimization(potential={"options": {"charge": -1}})


def test_the_figure_is_drawn_with_and_without_shieldings():
    from ionshift.config.figures import Figures
    from ionshift.figures.geometry_optimization import before_and_after

    with_labels = geometry_optimization_summary.cluster_table(
        rows(), labelled([92.0] * 5), labelled([92.2, 92.4, 99.0, 92.0, 91.5])
    )
    without = geometry_optimization_summary.cluster_table(rows())
    for clusters, n_panels in ((with_labels, 2), (without, 1)):
        groups = geometry_optimization_summary.group_table(clusters, SPECIATION)
        figure = before_and_after(clusters, groups, Figures())
        assert len(figure.axes) == n_panels
        figure.canvas.draw()


def test_scripts_of_the_rule_leave_what_the_labels_read(aggregate, tmp_path, electrolyte):
    """The written geometry has the label key of the one in memory."""
    import ase.io

    from ionshift.config.protocol import PROTOCOLS

    atoms, record = aggregate
    store = geometry_optimization.open_store(tmp_path)
    task = Never(QUICK, ELEMENTS)
    store.put(task.key_of(atoms), record)
    optimized, _ = geometry_optimization.optimize_clusters([atoms], task, store, electrolyte, ["O"])
    ase.io.write(tmp_path / "optimized.extxyz", optimized, format="extxyz")
    read = sets.read_clusters(Path(tmp_path / "optimized.extxyz"))[0]
    keys = [
        labels_store.label_key(one, -1, PROTOCOLS["fast"]) for one in (optimized[0], read, atoms)
    ]
    assert keys[0] == keys[1] != keys[2]
