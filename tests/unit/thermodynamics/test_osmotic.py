import numpy as np
import pytest

from ionshift.core.errors import Unconverged
from ionshift.thermodynamics import debye_hueckel, hnc, ions, osmotic
from ionshift.thermodynamics.radial_grid import RadialGrid
from model_salts import BJERRUM_A, DIAMETER_A, STEP_A, restricted_primitive_model

CHARGES = np.array([1, -1])


def closed_form_ln_y(molarity_M):
    """HNC has a chemical potential of its own: sum_j rho_j int [h (h - c) / 2 - c_s]."""
    densities = osmotic.salt_densities(CHARGES, molarity_M)
    probe = restricted_primitive_model(RadialGrid(STEP_A, 8))
    grid = osmotic.grid_for(probe.kappa(densities), STEP_A)
    found = hnc.solve(restricted_primitive_model(grid), densities)
    h, direct = found.g - 1, found.direct_near - found.long_kT
    return float((grid.volume_integral(h * (h - direct) / 2 - found.direct_near) @ densities)[0])


def test_activity_by_integration_is_that_of_the_closed_form():
    molarities = np.array([0.05, 0.5, 1.5])
    table = osmotic.coefficients(restricted_primitive_model, molarities, "hnc", STEP_A)
    assert np.allclose(table["ln_y_mm"], [closed_form_ln_y(c) for c in molarities], atol=3e-4)
    assert table["reason"].tolist() == ["", "", ""]


def test_compressibility_route_agrees_when_dilute():
    table = osmotic.coefficients(restricted_primitive_model, np.array([0.01, 0.1]), "hnc", STEP_A)
    assert np.allclose(table["phi_compressibility_mm"], table["phi_mm"], atol=5e-4)


@pytest.mark.parametrize("route", ["hnc", "mpb"])
def test_limiting_slopes_are_met_to_a_percent(route, monkeypatch):
    """Extrapolated from 1e-5 and 4e-5 M, where ions feel nothing but charge."""
    monkeypatch.setattr(osmotic, "N_NODES", 2)
    molarities = np.array([1e-5, 4e-5])
    table = osmotic.coefficients(restricted_primitive_model, molarities, route, 5 * STEP_A)
    roots = np.sqrt(molarities)
    for name, limit in (("phi_mm", _limits()[0]), ("ln_y_mm", _limits()[1])):
        slopes = (table[name] - (name == "phi_mm")) / roots
        at_zero = slopes[0] - roots[0] * (slopes[1] - slopes[0]) / (roots[1] - roots[0])
        assert at_zero == pytest.approx(limit, rel=0.01)
        assert slopes[0] == pytest.approx(limit, rel=0.02)


def _limits():
    densities = osmotic.salt_densities(CHARGES, 1e-5)
    phi = debye_hueckel.limiting_osmotic(CHARGES, densities, BJERRUM_A) - 1
    ln_y = debye_hueckel.limiting_ln_activity(CHARGES, densities, BJERRUM_A)
    return phi / np.sqrt(1e-5), ln_y / np.sqrt(1e-5)


@pytest.mark.parametrize("route", ["hnc", "mpb"])
def test_a_2_1_salt_has_its_own_limit(route, monkeypatch):
    """phi - 1 is sqrt(3) |z+ z-| = 2 sqrt(3) times that of a 1:1 salt per root of molarity."""
    monkeypatch.setattr(osmotic, "N_NODES", 2)

    def build(grid):
        return ions.primitive_model(grid, [2, -1], np.full((2, 2), DIAMETER_A), BJERRUM_A)

    found = osmotic.coefficients(build, np.array([1e-5]), route, 5 * STEP_A)["phi_mm"][0]
    assert (found - 1) / np.sqrt(1e-5) == pytest.approx(2 * np.sqrt(3) * _limits()[0], rel=0.03)


def test_no_number_beyond_where_there_is_no_solution(monkeypatch):
    def solve(model, densities, start=None):
        if densities[0] > 0.6 * debye_hueckel.PER_A3:
            raise Unconverged("residual 1.0e-02 after 2000 cycles")
        return hnc.solve(model, densities, start)

    monkeypatch.setitem(osmotic.ROUTES, "hnc", solve)
    table = osmotic.coefficients(restricted_primitive_model, np.array([0.5, 1.0]), "hnc", STEP_A)
    assert table["phi_mm"].notna().tolist() == [True, False]
    assert table["reason"][0] == "" and "no solution from" in table["reason"][1]


def test_nodes_hold_what_is_asked_and_stay_apart():
    found = osmotic.nodes(np.array([1.0, 0.1]))
    assert {0.1, 1.0} < set(found) and found[-1] == 1.0 and found[0] <= 0.002
    assert np.diff(np.log(found)).min() > 0.04


def test_densities_are_neutral():
    assert np.allclose(osmotic.salt_densities([2, -1], 1.0) @ [2, -1], 0)
    assert np.allclose(osmotic.salt_densities([2, -1], 1.0), np.array([1, 2]) * 6.02214e-4)
    assert np.allclose(osmotic.salt_densities([2, -2], 1.0), np.array([1, 1]) * 6.02214e-4)
