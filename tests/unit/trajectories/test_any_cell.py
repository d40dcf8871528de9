"""What is measured of a trajectory depends on its lattice, not on the vectors that describe it."""

import ase.io
import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.build import bulk
from ase.neighborlist import neighbor_list
from hypothesis import HealthCheck, given, settings

from frame_files import unimodular, write_xtc
from ionshift.config.dynamics import Dynamics
from ionshift.config.shell import Shell
from ionshift.core.errors import InputError
from ionshift.potential_training.frames import from_md
from ionshift.solvation import shells
from ionshift.solvation.ion_networks import NetworkFinder, largest, member_table
from ionshift.solvation.lsi import scan_cutoffs
from ionshift.solvation.pairs import pair_table
from ionshift.solvation.shells import ShellFinder
from ionshift.solvation.symmetry import shell_symmetry
from ionshift.trajectories.trajectory import Trajectory
from ionshift.transport import diffusion
from molecules import template

EDGE_A, CUTOFF_A = 20.0, 4.5
SHELL = Shell(rdf_max_A=9.0, rdf_bin_A=0.1)
few = settings(
    derandomize=True,
    deadline=None,
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def liquid():
    """Molecules of a loose liquid, (name, None), and frames of their atoms in one box."""
    rng = np.random.default_rng(7)
    names = ["LI"] * 8 + ["FSI"] * 8 + ["DME"] * 8
    turned = []
    for name in names:
        atoms = template(name)
        atoms.rotate(rng.uniform(0, 360), rng.normal(size=3), center="COP")
        turned.append(atoms.positions - atoms.positions.mean(axis=0))
    centres_A = rng.uniform(0, EDGE_A, (len(names), 3))
    frames_A = []
    for _ in range(4):
        parts = [centre + atoms for centre, atoms in zip(centres_A, turned, strict=True)]
        frames_A.append(np.concatenate(parts) % EDGE_A)
        centres_A = centres_A + rng.normal(scale=0.8, size=centres_A.shape)
    return [(name, None) for name in names], frames_A


def measured(trajectory, electrolyte):
    """Every table and geometry that is taken from a trajectory."""
    finder = ShellFinder(trajectory, electrolyte, SHELL, CUTOFF_A)
    networks = [NetworkFinder(trajectory, electrolyte, SHELL, CUTOFF_A)]
    members = member_table(networks, 1)
    environments = [finder.shells(frame) for frame in trajectory.frames()]
    clusters = [
        finder.cluster(frame, environment).positions
        for frame, found in zip(trajectory.frames(), environments, strict=True)
        for environment in found
    ]
    msd, coefficients = diffusion.measure(
        [trajectory], electrolyte, Dynamics(), 300.0, viscosity_mPa_s=0.5
    )
    tables = {
        "rdf": pair_table([trajectory], electrolyte, SHELL),
        "members": members,
        "lsi": scan_cutoffs([finder], [3.7, 5.0], 1),
        "symmetry": shell_symmetry([finder], 1),
        "msd": msd,
        "diffusion": coefficients,
    }
    atoms, bonds = largest(networks, members)
    tables |= {"atoms": atoms, "bonds": bonds}
    return tables, environments, clusters


@few
@given(skew=unimodular())
def test_a_skewed_cell_changes_no_result(skew, liquid, write_box, electrolyte, tmp_path):
    molecules, frames_A = liquid
    topology, _ = write_box(molecules, frames_A, EDGE_A)
    cubic_A = np.diag([EDGE_A] * 3)
    straight = write_xtc(tmp_path / "straight.xtc", frames_A, cubic_A)
    skewed = write_xtc(tmp_path / "skewed.xtc", frames_A, skew @ cubic_A)
    expected, shells_before, clusters_before = measured(Trajectory(topology, straight), electrolyte)
    found, shells_after, clusters_after = measured(Trajectory(topology, skewed), electrolyte)
    assert expected["members"]["n_ions"].max() > 2
    for name, table in expected.items():
        pd.testing.assert_frame_equal(found[name], table, rtol=0, atol=1e-6, obj=name)
    for before, after in zip(shells_before, shells_after, strict=True):
        assert [one.molecules for one in before] == [one.molecules for one in after]
    for before, after in zip(clusters_before, clusters_after, strict=True):
        assert np.allclose(before, after, atol=2e-4)


def test_cell_vectors_are_read_as_the_file_has_them(liquid, write_box, tmp_path):
    molecules, frames_A = liquid
    topology, _ = write_box(molecules, frames_A, EDGE_A)
    skewed_A = np.array([[0.0, EDGE_A, 0], [EDGE_A, 5.0, 0], [0, 2.5, 2 * EDGE_A]])
    trajectory = Trajectory(topology, write_xtc(tmp_path / "t.xtc", frames_A, skewed_A))
    assert np.allclose(trajectory.frame(1).cell_A, -skewed_A, atol=1e-5)
    atoms = from_md(trajectory, "1M", 0, 1)
    assert np.allclose(atoms.cell[:], -skewed_A, atol=1e-5) and atoms.pbc.all()


def test_the_reach_of_a_cut_off_is_that_of_the_lattice(liquid, write_box, electrolyte, tmp_path):
    """A thin cell holds few neighbours, though its vectors are long."""
    molecules, frames_A = liquid
    topology, _ = write_box(molecules, frames_A, EDGE_A)
    thin_A = np.array([[EDGE_A, 0, 0], [EDGE_A - 8.0, 1.0, 0], [0, 0, EDGE_A]])
    trajectory = Trajectory(topology, write_xtc(tmp_path / "t.xtc", frames_A, thin_A))
    finder = ShellFinder(trajectory, electrolyte, SHELL, CUTOFF_A)
    with pytest.raises(InputError, match=r"shell\.cutoff_A = 4\.5 is beyond half the box"):
        finder.shells(trajectory.frame(0))
    with pytest.raises(InputError, match=r"shell\.rdf_max_A = 9 is beyond half the box"):
        pair_table([trajectory], electrolyte, SHELL)


# ---------------------------------------------------------------- crystals, without molecules

FCC = bulk("Cu", "fcc", a=3.6) * (5, 5, 5)
HCP = bulk("Mg", "hcp", a=3.2, c=3.2 * np.sqrt(8 / 3)) * (5, 5, 3)
# Distances in units of that of neighbours, and how many there are: geometry of close packings.
FCC_SHELLS = {1.0: 12, np.sqrt(2): 6, np.sqrt(3): 24}
HCP_SHELLS = {1.0: 12, np.sqrt(2): 6, np.sqrt(8 / 3): 2}


def write_crystal(path, atoms, n_frames=2):
    frames = []
    for number in range(n_frames):
        frames.append(atoms.copy())
        frames[-1].info["time_ps"] = 0.5 * number
    ase.io.write(path, frames, format="extxyz")
    return path


@pytest.mark.parametrize(
    ("crystal", "neighbour_A", "expected"),
    [(FCC, 3.6 / np.sqrt(2), FCC_SHELLS), (HCP, 3.2, HCP_SHELLS)],
    ids=["fcc", "hcp"],
)
def test_coordination_numbers_of_close_packings(crystal, neighbour_A, expected, tmp_path):
    trajectory = Trajectory(None, write_crystal(tmp_path / "crystal.extxyz", crystal))
    group = np.arange(len(crystal))
    rdf = shells.radial_distribution(trajectory, group, group, 1.8 * neighbour_A, 0.05)
    total = 0
    for distance, number in expected.items():
        total += number
        inside = rdf["r_A"] < distance * neighbour_A + 0.15
        assert rdf.loc[inside, "n"].iloc[-1] == pytest.approx(total)
    pairs = neighbor_list("i", crystal, max(expected) * neighbour_A + 0.1)
    assert len(pairs) == total * len(crystal)


def test_a_crystal_needs_no_molecules_and_no_templates(tmp_path, electrolyte):
    trajectory = Trajectory(None, write_crystal(tmp_path / "salt.extxyz", FCC, 5))
    assert len(trajectory) == 5 and [f.time_ps for f in trajectory.frames(2)] == [0.0, 1.0, 2.0]
    assert set(trajectory.molecule_name) == {"Cu"}
    assert [len(atoms) for atoms in trajectory.atoms_of] == [1] * len(FCC)
    assert np.allclose(trajectory.frame(4).cell_A, FCC.cell[:])
    msd, table = diffusion.measure([trajectory], None, Dynamics(), 300.0)
    assert table["species"].tolist() == ["Cu"] and np.allclose(msd["msd_A2"], 0.0)
    with pytest.raises(InputError, match=r"whose molecules are Cu.*electrolyte\.species"):
        ShellFinder(trajectory, electrolyte, SHELL, CUTOFF_A)


def test_a_crystal_in_pdb_and_xtc_is_taken_atom_by_atom(tmp_path):
    ase.io.write(tmp_path / "crystal.pdb", FCC)
    frames = write_xtc(tmp_path / "crystal.xtc", [FCC.positions], FCC.cell[:])
    trajectory = Trajectory(tmp_path / "crystal.pdb", frames, molecules=False)
    assert len(trajectory.atoms_of) == len(FCC) and set(trajectory.molecule_name) == {"Cu"}
    rdf = shells.radial_distribution(trajectory, [0], np.arange(len(FCC)), 3.0, 0.1)
    assert rdf["n"].iloc[-1] == 12


def test_molecules_of_extxyz_are_read_if_it_names_them(tmp_path):
    parts = template("DME") + template("LI")
    atoms = Atoms(parts.symbols, parts.positions, cell=[15.0, 15.0, 15.0], pbc=True)
    atoms.arrays["molecule"] = np.repeat([0, 1], [16, 1])
    ase.io.write(tmp_path / "a.extxyz", atoms, format="extxyz")
    trajectory = Trajectory(None, tmp_path / "a.extxyz")
    assert trajectory.molecule_name.tolist() == [template("DME").get_chemical_formula(), "Li"]
    atoms.arrays["molecule_name"] = np.repeat(["DME", "LI"], [16, 1])
    ase.io.write(tmp_path / "b.extxyz", atoms, format="extxyz")
    trajectory = Trajectory(None, tmp_path / "b.extxyz")
    assert trajectory.molecule_name.tolist() == ["DME", "LI"]
    assert [len(one) for one in trajectory.atoms_of] == [16, 1]


def test_a_trajectory_without_times_has_no_diffusion(tmp_path):
    ase.io.write(tmp_path / "still.extxyz", [FCC, FCC, FCC], format="extxyz")
    trajectory = Trajectory(None, tmp_path / "still.extxyz")
    with pytest.raises(InputError, match="the frames have no times"):
        diffusion.measure([trajectory], None, Dynamics(), 300.0)
