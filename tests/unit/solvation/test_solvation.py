import numpy as np
import pandas as pd
import pytest

from ionshift.config.sampling import Sampling
from ionshift.config.shell import Shell
from ionshift.core.errors import InputError
from ionshift.solvation import shells
from ionshift.solvation.classes import solvation_class
from ionshift.solvation.shells import ShellFinder
from ionshift.trajectories.trajectory import Trajectory
from molecules import template


@pytest.fixture
def finder(known_box, electrolyte):
    return ShellFinder(Trajectory(*known_box), electrolyte, Shell(), cutoff_A=2.8)


@pytest.mark.parametrize(
    ("n_anion", "name"),
    [(0, "SSIP"), (1, "CIP"), (2, "AGG"), (3, "AGG"), (4, "AGG+"), (6, "AGG+")],
)
def test_classes_follow_the_paper(n_anion, name):
    assert solvation_class(n_anion) == name


def test_shell_members_and_counts(finder):
    (shell,) = finder.shells(finder.trajectory.frame(0))
    assert sorted(shell.molecules) == [1, 2]
    assert (shell.n_anion, shell.n_solvent) == (1, 1)
    assert shell.solvation_class == "CIP"


def test_a_smaller_cutoff_loses_the_anion(known_box, electrolyte):
    narrow = ShellFinder(Trajectory(*known_box), electrolyte, Shell(), cutoff_A=2.05)
    (shell,) = narrow.shells(narrow.trajectory.frame(0))
    assert (shell.n_anion, shell.n_solvent) == (0, 1)


def test_cluster_is_whole_across_the_boundary(finder):
    frame = finder.trajectory.frame(0)
    atoms = finder.cluster(frame, finder.shells(frame)[0])
    assert (
        atoms.get_chemical_formula()
        == (template("LI") + template("DME") + template("FSI")).get_chemical_formula()
    )
    assert atoms.info["charge"] == 0
    assert np.allclose(atoms.positions[0], 0)
    assert atoms.get_distance(0, 2) == pytest.approx(2.0, abs=0.02)
    dme = atoms[1:17]
    assert np.allclose(dme.get_all_distances(), template("DME").get_all_distances(), atol=0.02)
    assert not atoms.pbc.any()


def test_lsi_is_the_variance_of_gaps():
    distances = [2.0, 2.1, 2.3, 2.4, 4.0, 5.0]
    gaps = [0.1, 0.2, 0.1, 1.6]
    assert shells.local_structure_index(distances, 3.7) == pytest.approx(np.var(gaps))


def test_lsi_of_too_few_distances_is_unknown():
    assert np.isnan(shells.local_structure_index([2.0], 3.7))


def test_cutoff_beyond_half_the_box_is_refused(known_box, electrolyte):
    finder = ShellFinder(Trajectory(*known_box), electrolyte, Shell(), cutoff_A=10.5)
    with pytest.raises(InputError, match=r"shell\.cutoff_A = 10\.5 is beyond half the box"):
        finder.shells(finder.trajectory.frame(0))


def test_unknown_nucleus_is_refused(known_box, electrolyte):
    other = electrolyte.model_copy(update={"nucleus": "Na"})
    with pytest.raises(InputError, match=r"electrolyte\.nucleus = 'Na'"):
        shells.centres(Trajectory(*known_box), other)


def test_rdf_of_an_ideal_gas_is_one(write_box):
    rng = np.random.default_rng(1)
    molecules = [("LI", None)] * 400
    frames = [rng.uniform(0, 20, (400, 3)) for _ in range(20)]
    trajectory = Trajectory(*write_box(molecules, frames))
    rdf = shells.radial_distribution(
        trajectory, np.arange(200), np.arange(200, 400), r_max_A=9.0, bin_A=0.5
    )
    far = rdf[rdf["r_A"] > 2]
    assert np.allclose(far["g"], 1.0, atol=0.12)
    expected = 200 / 20**3 * 4 / 3 * np.pi * 9.0**3
    assert rdf["n"].iloc[-1] == pytest.approx(expected, rel=0.03)


def test_first_minimum_of_a_known_curve():
    r = np.arange(0.025, 8, 0.05)
    g = 8 * np.exp(-(((r - 2.0) / 0.15) ** 2)) + 1.5 / (1 + np.exp(-(r - 4.0) / 0.2))
    g += 0.3 * np.exp(-(((r - 2.4) / 0.4) ** 2))
    found = shells.first_minimum_A(pd.DataFrame({"r_A": r, "g": g}))
    inside = (r > 2.2) & (r < 4.5)
    assert found == pytest.approx(r[inside][np.argmin(g[inside])], abs=0.1)


def test_rdf_without_peak_is_refused():
    r = np.arange(0.025, 8, 0.05)
    with pytest.raises(InputError, match=r"no peak.*shell\.cutoff_A"):
        shells.first_minimum_A(pd.DataFrame({"r_A": r, "g": np.zeros_like(r)}))


def test_pool_clusters_say_where_they_come_from(finder):
    clusters = shells.pool_clusters(
        [finder], "study", "1M", Sampling(pool_size=10, n_clusters=1), seed=3
    )
    assert [atoms.info["frame"] for atoms in clusters] == [0, 1]
    assert clusters[1].info["cluster_id"] == "study/1M/r0/f1/n0"
    assert clusters[1].info["time_ps"] == 1.0


def test_named_environments_are_those_of_the_pool(finder):
    pool = shells.pool_clusters(
        [finder], "study", "1M", Sampling(pool_size=10, n_clusters=1), seed=3
    )
    (again,) = shells.cut_clusters([finder], "study", "1M", [(0, 1, 0)])
    assert again == pool[1]
    assert again.info["cluster_id"] == pool[1].info["cluster_id"]


@pytest.mark.parametrize("member", [(1, 0, 0), (0, 2, 0), (0, 0, 1)])
def test_environments_of_another_run_are_refused(finder, member):
    with pytest.raises(InputError, match=r"no environment of replica .*sampling\.chosen"):
        shells.cut_clusters([finder], "study", "1M", [member])
