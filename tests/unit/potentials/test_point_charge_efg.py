import numpy as np
import pytest
from ase.units import Bohr

from ionshift.core.errors import InputError
from ionshift.potentials.point_charge_efg import point_charge_efg_au

TETRAGONAL_A = np.diag([4.0, 4.0, 5.5])
IONS_A = np.array([[0.0, 0.0, 0.0], [2.0, 2.0, 2.75]])


def summed_over_cells(charges, cell_A, reach_A):
    """At the first ion, by adding up all neighbours within a sphere."""
    n = np.arange(-25, 26)
    cells_A = np.stack(np.meshgrid(n, n, n, indexing="ij"), -1).reshape(-1, 3) @ cell_A
    tensor = np.zeros((3, 3))
    for charge, ion_A in zip(charges, IONS_A, strict=True):
        between = (cells_A + ion_A) / Bohr
        r2 = np.sum(between**2, axis=1)
        near = (r2 > 1e-9) & (r2 < (reach_A / Bohr) ** 2)
        between, r2 = between[near], r2[near]
        tensor += 3 * charge * np.einsum("n,ni,nj->ij", r2**-2.5, between, between)
        tensor -= charge * np.sum(r2**-1.5) * np.eye(3)
    return tensor


def test_a_cubic_crystal_has_none():
    found = point_charge_efg_au([[0, 0, 0], [2, 2, 2]], [1, -1], np.diag([4.0, 4.0, 4.0]), [0, 1])
    assert np.abs(found).max() < 1e-12


def test_a_tetragonal_crystal_has_that_of_the_plain_sum():
    found = point_charge_efg_au(IONS_A, [1, -1], TETRAGONAL_A, [0, 1])
    expected = summed_over_cells([1, -1], TETRAGONAL_A, 95.0)
    assert np.allclose(found[0], expected, atol=3e-3 * abs(expected[2, 2]))
    assert np.allclose(found[1], -found[0], atol=1e-12)  # each is the other's neighbour
    assert found[0] == pytest.approx(np.diag([6.70486e-3, 6.70486e-3, -1.340973e-2]), abs=1e-8)


def test_a_positive_neighbour_on_the_axis_makes_it_positive():
    """Two opposite charges close to each other in a large cell: 2 q / r^3 along the axis."""
    positions_A = [[0, 0, 0], [0, 0, 1.0]]
    found = point_charge_efg_au(positions_A, [-1, 1], 40.0 * np.eye(3), [0])[0]
    assert found[2, 2] == pytest.approx(2 / (1 / Bohr) ** 3, rel=1e-3)


def test_supercells_turned_and_skewed_are_the_same_crystal():
    rng = np.random.default_rng(0)
    positions_A = rng.uniform(0, 5, size=(6, 3))
    charges = np.array([1, 1, 1, -1, -1, -1.0])
    cell_A = np.array([[5.0, 0, 0], [1.0, 5.5, 0], [-0.5, 1.0, 4.8]])
    found = point_charge_efg_au(positions_A, charges, cell_A, range(6))
    assert np.abs(np.trace(found, axis1=1, axis2=2)).max() < 1e-12
    skewed_A = np.array([[1, 0, 0], [2, 1, 0], [-1, 1, 1]]) @ cell_A
    assert np.allclose(point_charge_efg_au(positions_A, charges, skewed_A, range(6)), found)
    doubled_A = np.concatenate([positions_A, positions_A + cell_A[0]])
    double = point_charge_efg_au(
        doubled_A, np.tile(charges, 2), np.diag([2, 1, 1]) @ cell_A, range(6)
    )
    assert np.allclose(double, found, atol=1e-9)


def test_a_charged_cell_is_refused():
    with pytest.raises(InputError, match="charges add up to 1 e"):
        point_charge_efg_au(IONS_A, [1, 0], TETRAGONAL_A, [0])
