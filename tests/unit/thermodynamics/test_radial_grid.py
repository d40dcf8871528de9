import numpy as np
import pytest

from ionshift.thermodynamics.radial_grid import RadialGrid


def test_transform_of_a_gaussian_is_known():
    grid = RadialGrid(0.05, 1023)
    found = grid.forward(np.exp(-(grid.r_A**2) / 2))
    assert np.allclose(found, (2 * np.pi) ** 1.5 * np.exp(-(grid.k_inverse_A**2) / 2), atol=1e-9)
    assert grid.volume_integral(np.exp(-(grid.r_A**2) / 2)) == pytest.approx((2 * np.pi) ** 1.5)


def test_backward_undoes_forward():
    grid = RadialGrid(0.1, 255)
    values = np.random.default_rng(0).normal(size=(2, 3, 255))
    assert np.allclose(grid.backward(grid.forward(values)), values)


def test_reaching_covers_the_distance():
    grid = RadialGrid.reaching(100.0, 0.04)
    assert 100.0 <= grid.r_A[-1] < 110.0
