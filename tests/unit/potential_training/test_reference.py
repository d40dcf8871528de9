"""Reference labels: their physics by finite differences, their records through the store."""

import shutil
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.units import GPa

from ionshift.config.reference import Reference
from ionshift.core.errors import InputError
from ionshift.dft import cp2k, pyscf_clusters
from ionshift.labels import gate
from ionshift.potential_training import reference
from ionshift.potential_training.reference import ReferenceTask, label_frames

XTB = Reference(accuracy=0.01)
SMALL_DFT = Reference(calculator="cp2k", basis="DZVP-MOLOPT-SR-GTH", cutoff_Ry=200)
PYSCF = Reference(calculator="pyscf", cluster_atoms=2, gaussian_basis="def2-SVP")
needs_cp2k = pytest.mark.skipif(shutil.which("cp2k.psmp") is None, reason="CP2K is not installed")


@pytest.fixture
def store(tmp_path):
    return reference.open_store(tmp_path / "store")


def lithium_fluoride(edge_A=5.0, moved_A=0.1):
    """Two pairs in a small periodic box, out of equilibrium in every direction."""
    atoms = Atoms(
        "LiFHF",
        [[0, 0, moved_A], [1.7, 0.1, 0], [1, 3, 2], [1.9, 3.1, 2.1]],
        cell=[edge_A, 1.1 * edge_A, 1.2 * edge_A],
        pbc=True,
    )
    atoms.info = {"frame_id": f"test/f{moved_A:g}", "system": "test", "charge": 0}
    return atoms


def hydrogen():
    """A stretched molecule in a small box."""
    return Atoms("H2", [[0, 0, 0], [0.8, 0.1, 0]], cell=[3.5, 3.6, 3.7], pbc=True)


def evaluate(task, atoms):
    record = task.compute(atoms, None)
    assert record["status"] == "ok", record["reason"]
    return (
        record["energy_eV"],
        np.array(record["forces_eV_A"]),
        np.array(record["stress_eV_A3"]),
    )


def check_derivatives(task, atoms, tolerance):
    """Force on one coordinate, and one normal stress, against central differences."""
    step = 0.01
    _, forces, stress = evaluate(task, atoms)
    energies, strained = [], []
    for sign in (1, -1):
        moved = atoms.copy()
        moved.positions[0, 0] += sign * step
        energies.append(evaluate(task, moved)[0])
        longer = atoms.copy()
        scale = np.array([1 + sign * step / 2, 1, 1])
        longer.set_cell(atoms.cell * scale, scale_atoms=True)
        strained.append(evaluate(task, longer)[0])
    slope = (energies[0] - energies[1]) / (2 * step)
    assert forces[0, 0] == pytest.approx(-slope, abs=tolerance * np.abs(forces).max())
    expected = (strained[0] - strained[1]) / step / atoms.get_volume()
    assert stress[0, 0] == pytest.approx(expected, abs=tolerance * np.abs(stress).max())
    assert abs(stress[0, 0]) > 5 * tolerance * np.abs(stress).max()


def test_xtb_forces_and_stress_are_derivatives_of_the_energy():
    check_derivatives(ReferenceTask(XTB), lithium_fluoride(), 0.01)


def test_labels_are_stored_and_found_again(store):
    frames = [lithium_fluoride(moved_A=shift) for shift in (0.0, 0.1)]
    labelled, table = label_frames(frames, ReferenceTask(XTB), store, workers=2, log=print)
    assert table["status"].tolist() == ["ok", "ok"]
    assert table["frame_id"].tolist() == ["test/f0", "test/f0.1"]
    messages = []
    again, same = label_frames(frames, ReferenceTask(XTB), store, log=messages.append)
    assert "2 labels in the store, 0 to compute" in messages[0]
    assert same.equals(table)
    for one, other in zip(labelled, again, strict=True):
        np.testing.assert_array_equal(one.arrays["REF_forces"], other.arrays["REF_forces"])
    stress = labelled[0].info["REF_stress"]
    assert table["pressure_GPa"][0] == pytest.approx(-stress[:3].mean() / GPa)


def test_key_follows_frame_and_settings():
    task = ReferenceTask(XTB)
    key = task.key_of(lithium_fluoride())
    assert task.key_of(lithium_fluoride()) == key
    assert task.key_of(lithium_fluoride(edge_A=5.01)) != key
    assert task.key_of(lithium_fluoride(moved_A=0.11)) != key
    charged = lithium_fluoride()
    charged.info["charge"] = 1
    assert task.key_of(charged) != key
    assert ReferenceTask(Reference()).key_of(lithium_fluoride()) != key
    # A setting of the calculator that is not in use changes nothing.
    assert ReferenceTask(Reference(accuracy=0.01, cutoff_Ry=999)).key_of(lithium_fluoride()) == key


def test_scf_without_convergence_is_told_from_failure(store):
    few = Reference(max_cycles=2)
    odd = lithium_fluoride()[:3]
    odd.info["frame_id"] = "odd"
    labelled, table = label_frames([lithium_fluoride()], ReferenceTask(few), store, log=print)
    assert table["status"].tolist() == ["unconverged"]
    assert "2 cycles" in table["reason"][0]
    assert "REF_forces" not in labelled[0].arrays
    with pytest.raises(InputError, match=r"only 0% of 1 labels .*potential_training\.min_ok_share"):
        gate.check_gate(table, 0.9, "potential_training.min_ok_share", "another reference")
    on_top = lithium_fluoride()
    on_top.positions[1] = on_top.positions[0]
    assert ReferenceTask(XTB).compute(on_top, None)["status"] == "failed"


def test_a_retry_is_more_patient(store):
    """Ten cycles are too few, forty with damping enough; the numbers are those of a plain run."""
    task = ReferenceTask(Reference(max_cycles=10))
    _, table = label_frames([lithium_fluoride()], task, store, log=print)
    assert table["status"].tolist() == ["unconverged"]
    assert store.discard(table["key"][0])
    _, again = label_frames([lithium_fluoride()], task, store, log=print)
    plain = evaluate(ReferenceTask(Reference()), lithium_fluoride())[0]
    assert again["status"].tolist() == ["ok"]
    assert again["energy_eV"][0] == pytest.approx(plain, abs=1e-4)


def test_isolated_atoms_lie_above_the_molecule(store):
    task = ReferenceTask(Reference())
    atoms = reference.isolated_atoms(["F", "Li"], task, store)
    molecule = Atoms("LiF", [[0, 0, 0], [1.6, 0, 0]], cell=[20] * 3, pbc=True)
    energy = evaluate(task, molecule)[0]
    assert -9 < energy - sum(atoms.values()) < -4  # experiment: -5.9 eV


def test_cp2k_input_follows_the_settings():
    text = cp2k.make_input(lithium_fluoride(), SMALL_DFT)
    for line in ("CUTOFF 200", "TYPE DFTD3(BJ)", "BASIS_SET DZVP-MOLOPT-SR-GTH", "&KIND Li"):
        assert f"{line}\n" in text
    assert text.count("&END") == text.count("&") / 2
    assert "DFTD3" not in cp2k.make_input(
        lithium_fluoride(), SMALL_DFT.model_copy(update={"dispersion": None})
    )
    assert "PERIODIC NONE" in cp2k.make_input(reference.isolated_atom("O"), SMALL_DFT)
    assert "MULTIPLICITY 3" in cp2k.make_input(reference.isolated_atom("O"), SMALL_DFT)


def test_missing_cp2k_is_said(tmp_path):
    task = ReferenceTask(SMALL_DFT, tmp_path, "no_such_cp2k")
    with pytest.raises(InputError, match=r"cp2k_command = 'no_such_cp2k': no such program"):
        task.compute(lithium_fluoride(), None)


@needs_cp2k
@pytest.mark.slow
def test_cp2k_forces_and_stress_are_derivatives_of_the_energy(tmp_path):
    check_derivatives(ReferenceTask(SMALL_DFT, tmp_path), hydrogen(), 0.03)


@needs_cp2k
@pytest.mark.slow
def test_cp2k_goes_on_from_the_wave_function_and_tells_its_failures(tmp_path):
    task = ReferenceTask(SMALL_DFT, tmp_path)
    first = task.compute(hydrogen(), None)
    folder = tmp_path / task.key_of(hydrogen())
    cycles = (folder / "label.out").read_text().count("OT DIIS")
    again = task.compute(hydrogen(), None)
    assert again["energy_eV"] == pytest.approx(first["energy_eV"], abs=1e-4)
    assert (folder / "label.out").read_text().count("OT DIIS") < cycles
    few = ReferenceTask(SMALL_DFT.model_copy(update={"max_cycles": 2}), tmp_path)
    assert few.compute(hydrogen(), None)["status"] == "unconverged"
    unknown = ReferenceTask(SMALL_DFT.model_copy(update={"basis": "NONE"}), tmp_path)
    record = unknown.compute(hydrogen(), None)
    assert record["status"] == "failed"
    assert "basis" in record["reason"]


@needs_cp2k
def test_isolated_atom_of_cp2k(tmp_path):
    record = ReferenceTask(SMALL_DFT, tmp_path).compute(reference.isolated_atom("H"), None)
    assert record["status"] == "ok", record["reason"]
    assert record["energy_eV"] == pytest.approx(-13.6, abs=1.0)


MOLECULES = {"Li": 1, "F": -1, "H2O": 0}


def salt_water(edge_A=9.0):
    """Two ion pairs and three waters in a periodic box, a pair and a water across its wall."""
    water = [[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]]
    parts = [("Li", [[0.3, 1, 1]]), ("Li", [[5, 5, 5]]), ("F", [[8.2, 1, 1]]), ("F", [[5, 5, 7]])]
    parts += [("OH2", np.add(water, shift)) for shift in ([2.3, 1, 1], [0.3, 8.4, 1], [5, 7.1, 5])]
    symbols, positions = "".join(name for name, _ in parts), np.concatenate([x for _, x in parts])
    atoms = Atoms(symbols, positions, cell=[edge_A] * 3, pbc=True)
    atoms.arrays["molecule"] = np.repeat(np.arange(7), [1, 1, 1, 1, 3, 3, 3])
    atoms.info = {"frame_id": "box/r0/f0", "system": "box", "origin": "md", "frame": 0}
    return atoms


def test_a_cluster_is_neutral_and_whole_across_the_walls():
    cluster = pyscf_clusters.cut(salt_water(), MOLECULES, 8)
    assert cluster.get_chemical_formula() == "H4FLiO2" and not cluster.pbc.any()
    assert cluster.symbols[0] == "Li" and cluster.info["charge"] == 0
    lithium, fluorine = cluster.positions[0], cluster.positions[cluster.symbols == "F"][0]
    # The fluoride at 8.2 A is 1.1 A away, behind the wall.
    assert np.linalg.norm(fluorine - lithium) == pytest.approx(1.1)
    oxygens = cluster.positions[cluster.symbols == "O"]
    assert np.linalg.norm(oxygens - lithium, axis=1) == pytest.approx([1.6, 2.0])
    assert cluster.arrays["molecule"].tolist() == [0, 2, 5, 5, 5, 4, 4, 4]
    # The next frame has the other cation, a small limit leaves its solvents out.
    other = salt_water()
    other.info["frame"] = 1
    pair = pyscf_clusters.cut(other, MOLECULES, 2)
    assert pair.get_chemical_formula() == "FLi"
    assert pair.get_distance(0, 1) == pytest.approx(2.0)


def test_a_cluster_is_the_same_through_a_skewed_cell():
    skewed, expected = salt_water(), pyscf_clusters.cut(salt_water(), MOLECULES, 8)
    skewed.set_cell(np.array([[2, 1, 0], [-1, -1, 0], [0, 1, 1]]) @ skewed.cell[:])
    found = pyscf_clusters.cut(skewed, MOLECULES, 8)
    assert found.get_chemical_formula() == expected.get_chemical_formula()
    assert np.allclose(found.get_all_distances(), expected.get_all_distances())


def test_what_has_no_neutral_cluster_is_refused():
    with pytest.raises(InputError, match="molecule H2O of the frame is none of the electrolyte's"):
        pyscf_clusters.cut(salt_water(), {"Li": 1, "F": -1}, 8)
    without = salt_water()
    without = without[without.numbers != 9]
    with pytest.raises(InputError, match="box/r0/f0: the anions of the box make no neutral"):
        pyscf_clusters.cut(without, MOLECULES, 8)
    with pytest.raises(InputError, match="box/r0/f0: no cation"):
        pyscf_clusters.cut(without[without.numbers != 3], MOLECULES, 8)


def test_periodic_references_take_the_frame_itself():
    frames = [salt_water()]
    assert reference.structures(frames, XTB, None) is frames
    clusters = reference.structures(frames, PYSCF, MOLECULES)
    assert clusters[0].info["frame_id"] == "box/r0/f0"


@pytest.mark.parametrize("dispersion", [None, "DFTD3(BJ)", "DFTD3"])
def test_forces_of_clusters_are_derivatives_of_the_energy(dispersion):
    # A fine grid: its own derivative is not in the forces.
    settings = PYSCF.model_copy(update={"dispersion": dispersion, "grid_level": 5})
    pair = pyscf_clusters.cut(salt_water(), MOLECULES, 2)
    energies = []
    for sign in (1, -1):
        moved = pair.copy()
        moved.positions[1, 0] += sign * 0.005
        energies.append(pyscf_clusters.compute(moved, settings)[0])
    energy, forces, stress = pyscf_clusters.compute(pair, settings)
    assert stress is None and energy < min(energies) + 1
    slope = (energies[0] - energies[1]) / 0.01
    assert forces[1, 0] == pytest.approx(-slope, rel=2e-3)


def test_labels_of_clusters_are_stored_without_a_stress(store):
    clusters = reference.structures([salt_water()], PYSCF, MOLECULES)
    labelled, table = label_frames(clusters, ReferenceTask(PYSCF), store, log=print)
    assert table["status"].tolist() == ["ok"] and table["n_atoms"].tolist() == [2]
    assert np.isnan(table["pressure_GPa"].astype(float)[0])
    assert "REF_stress" not in labelled[0].info
    assert np.abs(labelled[0].arrays["REF_forces"]).max() > 1
    few = ReferenceTask(PYSCF.model_copy(update={"max_cycles": 2}))
    assert few.compute(clusters[0], None)["status"] == "unconverged"


def test_single_atoms_of_open_shells_by_pyscf(store):
    energies = reference.isolated_atoms(["Li", "F"], ReferenceTask(PYSCF), store)
    assert set(energies) == {"Li", "F"}
    # Bound against its atoms.
    pair = reference.structures([salt_water()], PYSCF, MOLECULES)
    pair[0].set_distance(0, 1, 1.6)
    assert pyscf_clusters.compute(pair[0], PYSCF)[0] < sum(energies.values()) - 3


def test_a_missing_dispersion_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dftd3.ase", None)
    pair = reference.structures([salt_water()], PYSCF, MOLECULES)[0]
    with pytest.raises(InputError, match=r"dispersion = 'DFTD3\(BJ\)'.*dftd3 cannot be imported"):
        pyscf_clusters.compute(pair, PYSCF)
