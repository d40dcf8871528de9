"""Frames, split, errors and validation of a potential against closed forms."""

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.lj import LennardJones

from ionshift.config import reading
from ionshift.config.figures import Figures
from ionshift.config.potential_training import PotentialFrames, PotentialModel, PotentialValidation
from ionshift.core.errors import InputError
from ionshift.figures import potentials
from ionshift.figures.style import save
from ionshift.potential_training import evaluation, frames, training, validation
from ionshift.studies import registry
from ionshift.trajectories.trajectory import Trajectory
from molecules import ROOT, place
from on_axes import empty_panels
from studies import spoil

SHORT = PotentialValidation(nve_ps=0.1, nve_timestep_fs=1.0, temperature_K=40)


@pytest.fixture
def trajectory(write_box):
    """Twenty frames of a lithium and a DME that move apart, 1 ps each."""
    parts = [("LI", place("LI", 0, [1, 1, 1])), ("DME", place("DME", 1, [5, 5, 5]))]
    positions = np.concatenate([part.positions for _, part in parts])
    moved = [positions + 0.05 * i * (np.arange(len(positions)) > 0)[:, None] for i in range(20)]
    return Trajectory(*write_box(parts, moved))


def test_frames_are_spread_over_the_replicas(trajectory):
    settings = PotentialFrames(n_frames=5, n_distorted=2)
    chosen = frames.choose([trajectory, trajectory], "box", settings, group_ps=5, seed=1)
    names = [atoms.info["frame_id"] for atoms in chosen]
    assert names[:5] == ["box/r0/f0", "box/r0/f10", "box/r1/f0", "box/r1/f9", "box/r1/f19"]
    assert names[5:] == ["box/d0", "box/d1"]
    assert chosen[3].info["group"] == "box/r1/b1"
    # A distorted copy stays in the group of its frame.
    assert [atoms.info["group"] for atoms in chosen[5:]] == ["box/r0/b0", "box/r1/b3"]
    assert chosen[0].arrays["molecule"].tolist() == [0] + 16 * [1]


def test_too_few_frames_are_refused(trajectory):
    with pytest.raises(InputError, match=r"30 frames of system box .* has 20; lower n_frames"):
        frames.choose([trajectory], "box", PotentialFrames(n_frames=30), 5, 1)


def test_distortion_keeps_molecules_and_moves_the_box(trajectory):
    atoms = frames.choose([trajectory], "box", PotentialFrames(n_frames=1), 5, 1)[0]
    rng = np.random.default_rng(3)
    only_box = frames.distorted(atoms, 0.0, 0.1, rng)
    factor = only_box.cell[0, 0] / atoms.cell[0, 0]
    assert 0.9 <= factor <= 1.1 and abs(factor - 1) > 1e-3
    np.testing.assert_allclose(
        only_box[1:].get_all_distances(), atoms[1:].get_all_distances(), atol=1e-9
    )
    np.testing.assert_allclose(only_box.positions[0], factor * atoms.positions[0])
    rattled = frames.distorted(atoms, 0.05, 0.0, rng)
    assert (rattled.positions - atoms.positions).std() == pytest.approx(0.05, rel=0.3)


def labelled_frames(n=24, per_group=3):
    """Frames of two atoms with made-up labels."""
    rng = np.random.default_rng(1)
    made = []
    for i in range(n):
        atoms = Atoms("LiF", rng.normal(size=(2, 3)))
        atoms.info = {
            "frame_id": f"box/r0/f{i}",
            "system": "box",
            "group": f"box/r0/b{i // per_group}",
            "status": "ok",
            "REF_energy": float(rng.normal()),
        }
        atoms.arrays["REF_forces"] = rng.normal(size=(2, 3))
        made.append(atoms)
    return made


def test_no_group_stands_on_two_sides():
    made = labelled_frames()
    settings = PotentialModel()
    test = training.split(made, settings)["test"]
    for member in range(3):
        parts = training.split(made, settings, member)
        assert parts["test"].tolist() == test.tolist()
        groups = [{made[i].info["group"] for i in parts[name]} for name in parts]
        assert all(groups)
        assert sum(map(len, groups)) == len(set.union(*groups)) == 8
    half = training.split(made, settings, 0, share=0.5)
    full = training.split(made, settings, 0)
    assert len(half["train"]) == round(0.5 * len(full["train"]))
    assert set(half["train"]) <= set(full["train"])


def test_too_few_groups_are_refused():
    with pytest.raises(
        InputError, match=r"2 groups of frames .*potential_training\.model\.group_ps"
    ):
        training.split(labelled_frames(6), PotentialModel())
    unlabelled = labelled_frames(3)
    for atoms in unlabelled:
        atoms.info["status"] = "failed"
    with pytest.raises(InputError, match="no ok frame"):
        training.labelled(unlabelled)


def test_metrics_of_known_errors():
    made = labelled_frames(4)
    off = evaluation.Predictions(
        np.array([atoms.info["REF_energy"] for atoms in made]) + 0.004,
        [atoms.arrays["REF_forces"] + [[0.03, 0, 0], [0, 0, 0]] for atoms in made],
    )
    exact = evaluation.Predictions(
        np.array([atoms.info["REF_energy"] for atoms in made]),
        [atoms.arrays["REF_forces"] for atoms in made],
    )
    opposite = evaluation.Predictions(
        2 * exact.energy_eV - off.energy_eV,
        [2 * a - b for a, b in zip(exact.forces_eV_A, off.forces_eV_A, strict=True)],
    )
    predictions = {"off": off, "committee": evaluation.committee_of([off, opposite])}
    parts = {"train": np.array([0, 1]), "test": np.array([2, 3])}
    table = evaluation.metrics(made, parts, predictions)
    test = table[(table["part"] == "test")].set_index(["model", "quantity", "element"])["rmse"]
    assert test["off", "energy", "all"] == pytest.approx(2.0)  # 4 meV over two atoms
    assert test["off", "force", "Li"] == pytest.approx(30 / np.sqrt(3))
    assert test["off", "force", "F"] == pytest.approx(0, abs=1e-9)
    assert test["off", "force", "all"] == pytest.approx(30 / np.sqrt(6))
    assert test["committee", "force", "all"] == pytest.approx(0, abs=1e-9)
    curve = evaluation.learning_curve(table, {"off": 2})
    assert curve["force_rmse_meV_A"].tolist() == [pytest.approx(30 / np.sqrt(6))]


def argon():
    atoms = bulk("Ar", "fcc", 5.3, cubic=True).repeat(2)
    atoms.arrays["molecule"] = np.arange(len(atoms))
    return atoms


def lennard_jones():
    return LennardJones(sigma=3.4, epsilon=0.0104, rc=8.0, smooth=True)


def test_lennard_jones_conserves_energy_and_repels():
    nve = validation.run_nve(lennard_jones(), argon(), {(0, 1): 3.75}, SHORT)
    assert nve["time_ps"].iloc[-1] == pytest.approx(0.1)
    assert np.abs(nve["total_meV_atom"]).max() < 0.05
    assert nve["longest_bond"].iloc[0] == pytest.approx(1.0, abs=0.01)
    scan = validation.scan_repulsion(lennard_jones(), ["Ar"], SHORT)
    checks = validation.checks(metrics_of(0.01, 0.1), nve, scan, SHORT).set_index("check")
    assert checks["passed"].all(), checks


def metrics_of(force_eV_A, energy_meV):
    rows = [("force", 1000 * force_eV_A), ("energy", energy_meV)]
    return pd.DataFrame(
        [{"quantity": name, "element": "all", "rmse": rmse, "n": 9} for name, rmse in rows]
    )


def test_hole_is_the_energy_gained_inwards():
    assert validation.hole_eV(np.array([0.0, 1.0, 2.0])) == 0
    assert validation.hole_eV(np.array([0.0, 1.0, 0.7, 0.4, 3.0])) == pytest.approx(0.6)
    assert validation.hole_eV(np.array([0.0, np.nan])) == np.inf


class Collapsing(Calculator):
    """Attraction that has no end: what a learned potential may do where it saw nothing."""

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        vectors = atoms.positions[:, None] - atoms.positions[None]
        r2 = (vectors**2).sum(-1) + 1e-4
        np.fill_diagonal(r2, np.inf)
        self.results["energy"] = -0.5 * (5 / r2).sum()
        self.results["forces"] = -((10 / r2**2)[:, :, None] * vectors).sum(1)


def test_a_collapsing_potential_fails_and_is_refused():
    start = argon()[:4]
    nve = validation.run_nve(Collapsing(), start, {(0, 1): 3.75}, SHORT)
    scan = validation.scan_repulsion(Collapsing(), ["Ar", "Li"], SHORT)
    checks = validation.checks(metrics_of(0.2, 0.1), nve, scan, SHORT).set_index("check")
    assert not checks.loc["force_rmse", "passed"]
    assert checks.loc["energy_rmse", "passed"]
    assert not checks.loc["short_range_repulsion", "passed"]
    assert "Ar-Li" in checks.loc["short_range_repulsion", "detail"]
    with pytest.raises(InputError, match=r"force_rmse = 0\.2 eV/A, limit 0\.15.*override: true"):
        validation.require_passed(checks.reset_index(), override=False)
    failed = validation.require_passed(checks.reset_index(), override=True)
    assert {"force_rmse", "short_range_repulsion"} <= set(failed)


def test_a_run_that_blows_up_fails():
    long_step = SHORT.model_copy(update={"nve_timestep_fs": 400.0, "nve_ps": 80.0})
    squeezed = argon()
    squeezed.set_cell(0.75 * squeezed.cell, scale_atoms=True)
    nve = validation.run_nve(lennard_jones(), squeezed, {}, long_step)
    assert nve["time_ps"].max() < 80
    scan = validation.scan_repulsion(lennard_jones(), ["Ar"], SHORT)
    nve["longest_bond"] = 1.0
    checks = validation.checks(metrics_of(0.01, 0.1), nve, scan, long_step).set_index("check")
    assert not checks.loc[["nve_drift", "longest_bond"], "passed"].any()
    assert "blew up" in checks.loc["nve_drift", "detail"]


def test_bonds_are_those_of_the_molecules(trajectory):
    chosen = frames.choose([trajectory], "box", PotentialFrames(n_frames=3, n_distorted=0), 5, 1)
    lengths_A = validation.bond_lengths(chosen)
    assert len(lengths_A) == 15  # a chain of 16 atoms
    assert all(0 not in pair for pair in lengths_A)
    assert 1.0 < min(lengths_A.values()) < max(lengths_A.values()) < 1.6


def test_figures_are_drawn(tmp_path):
    made = labelled_frames(6)
    predicted = evaluation.Predictions(
        np.array([atoms.info["REF_energy"] for atoms in made]),
        [atoms.arrays["REF_forces"] + 0.01 for atoms in made],
    )
    parts = {"train": np.arange(4), "test": np.arange(4, 6)}
    table = evaluation.metrics(made, parts, {"member0": predicted, "committee": predicted})
    curve = evaluation.learning_curve(table, {"member0": 4})
    epochs = pd.DataFrame({"model": "member0", "epoch": [0, 1], "force_rmse_meV_A": [300.0, 200.0]})
    nve = validation.run_nve(lennard_jones(), argon(), {}, SHORT)
    nve["longest_bond"] = 1.0
    scan = validation.scan_repulsion(Collapsing(), ["Ar"], SHORT)
    checks = validation.checks(metrics_of(0.01, 0.1), nve, scan, SHORT)
    style = Figures()
    drawn = {
        "parity": potentials.parity(evaluation.parity(made, parts, predicted), table, style),
        "errors": potentials.errors(table, curve, epochs, style),
        "validation": potentials.validation(checks, nve, scan, style),
    }
    for name, figure in drawn.items():
        save(figure, [tmp_path / f"{name}.png"], 100)
        assert empty_panels(figure) == [], name
    total = drawn["validation"].axes[0].lines[0]
    assert total.get_ydata() == pytest.approx(nve["total_meV_atom"].to_numpy())


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("validation.repulsion_to", 0.9, ["repulsion_to = 0.9", "repulsion_from"]),
        ("reference.calculator", "vasp", ["calculator", "tblite"]),
        ("md", {"engine": "potential"}, ["md.engine", "classical"]),
        ("systems", {"b": {"counts": {"LI": 1}, "density_g_cm3": 1.0}}, ["not neutral"]),
        (
            "systems",
            {"b": {"counts": {"LI": 1, "FSI": 1}, "density_g_cm3": 1.0}},
            ["no box holds DME"],
        ),
    ],
)
def test_bad_configuration_is_told(key, value, words):
    study = reading.read_yaml(ROOT / "config" / "config.yaml")
    with pytest.raises(InputError) as caught:
        registry.load(spoil(study, f"potential_training.{key}", value))
    assert all(word in str(caught.value) for word in words), caught.value


OF_CLUSTERS = {
    "reference": {"calculator": "pyscf"},
    "model": {"stress_weight": 0},
    "validation": {"md_npt_ps": 0},
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, []),
        ({"model": {}}, ["model.stress_weight = 10", "labels clusters", "set it to 0"]),
        ({"validation": {}}, ["validation.md_npt_ps = 5", "set it to 0"]),
        ({"prior": {"charges": {"Li": 1}}}, ["potential_training.prior", "set it to null"]),
    ],
)
def test_clusters_give_no_stress(change, words):
    study = reading.read_yaml(ROOT / "config" / "config.yaml")
    study["potential_training"] = OF_CLUSTERS | change
    if not words:
        registry.load(study)
        return
    with pytest.raises(InputError) as caught:
        registry.load(study)
    assert all(word in str(caught.value) for word in words), caught.value


def test_md_with_what_learned_clusters_has_no_pressure():
    study = reading.read_yaml(ROOT / "config" / "config.yaml")
    study["potential_training"] = OF_CLUSTERS
    study["md"]["engine"] = "potential"
    study["potential"] = {
        "kind": "mace",
        "model": f"results/{study['study']}/potential/potential.model",
    }
    with pytest.raises(InputError, match=r"potential_md\.npt_ps = 5: .*which have no stress"):
        registry.load(study)
    study["potential_md"] = {"npt_ps": 0}
    registry.load(study)
