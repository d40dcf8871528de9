import numpy as np
import pytest

from ionshift.thermodynamics import ions, osmotic, poisson_boltzmann
from ionshift.thermodynamics.radial_grid import RadialGrid
from model_salts import BJERRUM_A, DIAMETER_A, STEP_A, restricted_primitive_model


def test_weakly_charged_spheres_have_the_linear_solution():
    """psi = z l_B exp(-kappa (r - a)) / (r (1 + kappa a)) outside of contact (Debye and Hückel)."""
    grid = RadialGrid(STEP_A, 4095)
    weak_A = BJERRUM_A / 500
    model = ions.primitive_model(grid, [1, -1], np.full((2, 2), DIAMETER_A), weak_A)
    densities = np.full(2, 6e-3)
    kappa = model.kappa(densities)
    ln_y = poisson_boltzmann.solve(model, densities).ln_y
    outside = (grid.r_A > DIAMETER_A) & (grid.r_A < 60)
    r = grid.r_A[outside]
    expected = weak_A * np.exp(-kappa * (r - DIAMETER_A)) / (r * (1 + kappa * DIAMETER_A))
    assert np.allclose(ln_y[0, 1][outside], expected, rtol=5e-3, atol=1e-9)
    assert np.allclose(ln_y[0, 0][outside], -expected, rtol=5e-3, atol=1e-9)


def test_the_cloud_around_an_ion_neutralises_it():
    grid = RadialGrid(STEP_A, 8191)
    densities = osmotic.salt_densities(np.array([1, -1]), 0.5)
    g = poisson_boltzmann.solve(restricted_primitive_model(grid), densities).g
    cloud = grid.volume_integral(g[0, 1] - g[0, 0]) * densities[1]
    assert cloud == pytest.approx(1, rel=2e-3)
