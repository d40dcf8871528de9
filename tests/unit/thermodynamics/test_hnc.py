import numpy as np
import pytest

from ionshift.core.errors import Unconverged
from ionshift.thermodynamics import hnc, ions, osmotic, pressure
from ionshift.thermodynamics.radial_grid import RadialGrid
from model_salts import BJERRUM_A, STEP_A, hard_spheres, restricted_primitive_model


def solved(molarity_M):
    model = restricted_primitive_model(RadialGrid(STEP_A, 8))
    densities = osmotic.salt_densities(model.charges, molarity_M)
    grid = osmotic.grid_for(model.kappa(densities), STEP_A)
    return grid, densities, hnc.solve(restricted_primitive_model(grid), densities)


@pytest.mark.parametrize("molarity_M", [0.01, 0.5, 2.0])
def test_moments_of_stillinger_and_lovett(molarity_M):
    """Electroneutrality, and the second moment that makes a conductor of the ions."""
    grid, densities, structure = solved(molarity_M)
    charge = np.array([1, -1])
    # sum_ij z_i z_j rho_i rho_j h_ij has the moments -sum rho z^2 and 6 / (4 pi l_B) of k^0, k^2.
    weighted = np.einsum("i,j,ijr->r", charge * densities, charge * densities, structure.g - 1)
    assert grid.volume_integral(weighted) == pytest.approx(-densities.sum(), rel=1e-3)
    second = grid.volume_integral(weighted * grid.r_A**2)
    assert second == pytest.approx(-6 / (4 * np.pi * BJERRUM_A), rel=5e-3)


def test_a_start_from_another_state_gives_the_same():
    grid, densities, structure = solved(1.0)
    again = hnc.solve(restricted_primitive_model(grid), densities, start=0.9 * structure.ln_y)
    assert np.abs(again.g - structure.g).max() < 1e-5


def test_dilute_hard_spheres_have_their_first_three_virial_coefficients():
    """Z = 1 + 4 eta + 10 eta^2 + ...: HNC is exact up to there."""
    grid = RadialGrid(0.02, 2047)
    diameter_A = 3.01
    for packing in (0.005, 0.02):
        densities = np.full(2, 0.5) * 6 * packing / (np.pi * diameter_A**3)
        phi = pressure.virial_osmotic(
            grid, densities, hnc.solve(hard_spheres(grid, diameter_A), densities)
        )
        assert phi == pytest.approx(1 + 4 * packing + 10 * packing**2, abs=30 * packing**3 + 2e-5)


def test_a_square_well_has_its_second_virial_coefficient():
    """B2 = 2 pi / 3 sigma^3 (1 - (lambda^3 - 1)(e^eps - 1)); the edges lie between points."""
    grid = RadialGrid(0.02, 2047)
    r_A, sigma, edge, depth = grid.r_A, 3.01, 4.51, 0.7
    energy = np.where(r_A < sigma, np.inf, np.where(r_A < edge, -depth, 0.0))
    model = ions.IonModel(grid, np.zeros(2), np.broadcast_to(energy, (2, 2, len(r_A))), BJERRUM_A)
    densities = np.full(2, 5e-7)
    phi = pressure.virial_osmotic(grid, densities, hnc.solve(model, densities))
    b2 = 2 * np.pi / 3 * (sigma**3 - (edge**3 - sigma**3) * np.expm1(depth))
    assert (phi - 1) / densities.sum() == pytest.approx(b2, rel=2e-3)


def test_virial_and_compressibility_agree_when_dilute():
    """d (rho phi) / d rho from two pressures against the direct correlation function."""
    low, high = (pressure.virial_osmotic(*solved(c)) * c for c in (0.0099, 0.0101))
    assert (high - low) / 2e-4 == pytest.approx(pressure.compressibility(*solved(0.01)), abs=1e-3)


def test_what_cannot_be_solved_is_said():
    grid = RadialGrid(STEP_A, 511)
    with pytest.raises(Unconverged, match="residual"):
        hnc.solve(restricted_primitive_model(grid), np.full(2, 6e-4), max_cycles=3)
