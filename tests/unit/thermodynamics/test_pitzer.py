import numpy as np
import pytest
from scipy.integrate import quad

from ionshift.core.errors import InputError
from ionshift.thermodynamics import pitzer, scales
from molecules import ROOT

PATH = ROOT / pitzer.DATA


def test_lithium_chloride_against_molarity():
    salt = pitzer.salt_named("LiCl", PATH)
    molality = scales.molality_of([0.1, 0.5, 1, 2, 2.5, 3], 18.0)
    expected = [0.941, 0.964, 1.020, 1.157, 1.235, 1.319]
    assert np.allclose(salt.osmotic(molality), expected, atol=6e-4)


# Hamer and Wu, J. Phys. Chem. Ref. Data 1, 1047 (1972).
@pytest.mark.parametrize(
    ("name", "molality", "gamma"),
    [
        ("LiCl", 0.1, 0.790),
        ("LiCl", 1.0, 0.774),
        ("LiCl", 3.0, 1.156),
        ("NaCl", 0.1, 0.778),
        ("NaCl", 1.0, 0.657),
        ("KCl", 0.1, 0.770),
        ("KCl", 1.0, 0.604),
    ],
)
def test_activity_coefficients_are_those_of_tables(name, molality, gamma):
    found = np.exp(pitzer.salt_named(name, PATH).ln_activity(molality))
    assert found == pytest.approx(gamma, rel=0.012)


def test_activity_and_osmotic_coefficient_belong_together():
    salt = pitzer.salt_named("LiCl", PATH)
    integral, _ = quad(lambda s: 2 * (salt.osmotic(s**2) - 1) / s, 0, np.sqrt(2.0))
    assert salt.ln_activity(2.0) == pytest.approx(salt.osmotic(2.0) - 1 + integral, abs=1e-6)


def test_derivative_of_the_activity_is_the_published_one():
    """1.22-1.24 at 1.25 M and 1.68 at 2.5 M."""
    found = pitzer.salt_named("LiCl", PATH).activity_derivative([1.25, 2.5])
    assert np.allclose(found, [1.23, 1.685], atol=0.015)


def test_no_number_beyond_the_range():
    salt = pitzer.salt_named("KCl", PATH)
    assert np.isnan(salt.osmotic(5.0)) and np.isfinite(salt.osmotic(4.8))
    assert salt.ln_activity(0.0) == 0


def test_an_unknown_salt_names_those_there_are():
    with pytest.raises(InputError, match=r"--salt RbF: .* has LiCl, NaCl, KCl"):
        pitzer.salt_named("RbF", PATH)
