import numpy as np
import pytest
from scipy.special import sph_harm_y

from ionshift.config.shell import Shell
from ionshift.solvation.shells import ShellFinder
from ionshift.solvation.symmetry import asymmetry, shell_symmetry, tetrahedrality
from ionshift.trajectories.trajectory import Trajectory

TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
OCTAHEDRON = np.vstack([np.eye(3), -np.eye(3)])


def random_directions(n, seed):
    vectors = np.random.default_rng(seed).normal(size=(n, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def steinhardt_q1(directions):
    """sqrt(4 pi / 3 sum_m |mean of Y_1m|^2)."""
    x, y, z = directions.T
    polar, azimuth = np.arccos(z), np.arctan2(y, x)
    means = [np.mean(sph_harm_y(1, m, polar, azimuth)) for m in (-1, 0, 1)]
    return np.sqrt(4 * np.pi / 3 * np.sum(np.abs(means) ** 2))


def test_symmetric_shells_have_no_asymmetry():
    assert asymmetry(TETRAHEDRON) == pytest.approx(0, abs=1e-15)
    assert asymmetry(OCTAHEDRON) == pytest.approx(0, abs=1e-15)
    assert asymmetry(TETRAHEDRON[:1]) == pytest.approx(1)
    assert np.isnan(asymmetry(np.empty((0, 3))))


@pytest.mark.parametrize("n", [2, 5, 6])
def test_asymmetry_is_steinhardts_parameter_for_l_1(n):
    directions = random_directions(n, seed=n)
    assert asymmetry(directions) == pytest.approx(steinhardt_q1(directions))


def test_tetrahedrality_of_known_shapes():
    """A square has four right and two straight angles: 1 - 3/8 (4/9 + 2 * 4/9) = 1/2."""
    assert tetrahedrality(TETRAHEDRON) == pytest.approx(1)
    assert tetrahedrality(OCTAHEDRON[[0, 1, 3, 4]]) == pytest.approx(0.5)
    assert np.isnan(tetrahedrality(TETRAHEDRON[:3]))


def test_tetrahedrality_of_random_directions_is_zero_on_average():
    values = [tetrahedrality(random_directions(4, seed)) for seed in range(4000)]
    assert np.mean(values) == pytest.approx(0, abs=0.03)


def test_shells_are_measured_across_the_boundary(known_box, electrolyte):
    """One DME oxygen at -x and one FSI oxygen at -y within a cut-off of 2.2 A: length 1/sqrt 2."""
    finder = ShellFinder(Trajectory(*known_box), electrolyte, Shell(), 2.2)
    table = shell_symmetry([finder, finder], 1)
    assert table[["replica", "frame", "nucleus"]].to_numpy().tolist() == [
        [0, 0, 0],
        [0, 1, 0],
        [1, 0, 0],
        [1, 1, 0],
    ]
    assert [finder.shells(frame)[0].coordination for frame in finder.trajectory.frames()] == [2, 2]
    assert np.allclose(table["asymmetry"], np.sqrt(0.5), atol=1e-3)
    assert table["tetrahedrality"].between(-3, 1).all()


def test_an_empty_shell_is_unknown(known_box, electrolyte):
    finder = ShellFinder(Trajectory(*known_box), electrolyte, Shell(), 1.0)
    assert shell_symmetry([finder], 1)["asymmetry"].isna().all()
