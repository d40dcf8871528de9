import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionshift.thermodynamics import scales

MOLARITY = st.floats(1e-4, 5)
VOLUME = st.floats(-10, 60)
PHI = st.floats(0.2, 4)


@given(PHI, st.floats(-3, 3), MOLARITY, VOLUME)
def test_scales_can_be_undone(phi, ln_y, molarity, volume):
    lewis = scales.lewis_randall_osmotic(phi, molarity, volume)
    assert scales.mcmillan_mayer_osmotic(lewis, molarity, volume) == pytest.approx(phi)
    moved = scales.lewis_randall_ln_activity(ln_y, phi, molarity, volume)
    assert scales.mcmillan_mayer_ln_activity(moved, phi, molarity, volume) == pytest.approx(ln_y)


@given(MOLARITY, VOLUME)
def test_molality_and_molarity_can_be_undone(molarity, volume):
    molality = scales.molality_of(molarity, volume)
    assert scales.molarity_of(molality, volume) == pytest.approx(molarity)


def test_two_molar_licl():
    assert scales.molality_of(2.0, 18.0) == pytest.approx(2.0 / (0.99705 * 0.964))
    assert scales.lewis_randall_osmotic(1.2, 2.0, 18.0) == pytest.approx(1.2 * 0.964)


def test_both_coefficients_obey_gibbs_and_duhem_on_every_scale():
    """d ln gamma = d phi + (phi - 1) d ln m holds for measured, molal coefficients."""
    volume = 20.0
    c = np.linspace(1e-4, 2, 20001)
    phi = 1 + 0.3 * c  # McMillan-Mayer, ln y = 0.3 c + 0.3 c by integration
    ln_y = 0.6 * c
    lewis = scales.lewis_randall_osmotic(phi, c, volume)
    m = scales.molality_of(c, volume)
    gamma = scales.molal_ln_activity(
        scales.lewis_randall_ln_activity(ln_y, phi, c, volume), c, volume
    )
    integral = (
        lewis
        - 1
        + np.concatenate([[0], np.cumsum(np.diff(np.log(m)) * ((lewis[1:] + lewis[:-1]) / 2 - 1))])
    )
    assert np.allclose(gamma - gamma[0], integral - integral[0], atol=1e-5)
