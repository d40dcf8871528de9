import numpy as np
import pytest

from ionshift.thermodynamics import debye_hueckel

CHARGES = np.array([1, -1])


def test_bjerrum_length_of_water_is_seven_angstrom():
    assert debye_hueckel.bjerrum_length_A(78.4, 298.15) == pytest.approx(7.149, abs=0.002)
    assert debye_hueckel.permittivity_of(7.149, 298.15) == pytest.approx(78.4, abs=0.02)


def test_debye_length_of_a_tenth_molar_is_9_6_angstrom():
    densities = np.full(2, 0.1 * debye_hueckel.PER_A3)
    assert 1 / debye_hueckel.inverse_debye_length(CHARGES, densities, 7.149) == pytest.approx(
        9.62, abs=0.02
    )


def test_limiting_laws_have_the_slopes_of_water():
    """1 - phi = A_phi sqrt(c), ln y = -3 A_phi sqrt(c), A_phi = 0.391 in molal, 25 C."""
    densities = np.full(2, 0.01 * 0.99705 * debye_hueckel.PER_A3)
    phi = debye_hueckel.limiting_osmotic(
        CHARGES, densities, debye_hueckel.bjerrum_length_A(78.3, 298.15)
    )
    ln_y = debye_hueckel.limiting_ln_activity(
        CHARGES, densities, debye_hueckel.bjerrum_length_A(78.3, 298.15)
    )
    assert (1 - phi) / 0.1 == pytest.approx(0.3915, abs=0.001)
    assert ln_y == pytest.approx(3 * (phi - 1))


def test_a_2_1_salt_has_twice_the_product_of_charges():
    charges, densities = np.array([2, -1]), np.array([1, 2]) * 1e-6
    kappa = debye_hueckel.inverse_debye_length(charges, densities, 7.15)
    assert debye_hueckel.limiting_ln_activity(charges, densities, 7.15) == pytest.approx(
        -2 * 7.15 * kappa / 2
    )
