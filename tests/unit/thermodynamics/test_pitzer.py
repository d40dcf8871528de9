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


def test_activity_and_osmotic_coefficient_belong_together():
    salt = pitzer.salt_named("LiCl", PATH)
    integral, _ = quad(lambda s: 2 * (salt.osmotic(s**2) - 1) / s, 0, np.sqrt(2.0))
    assert salt.ln_activity(2.0) == pytest.approx(salt.osmotic(2.0) - 1 + integral, abs=1e-6)


def test_derivative_of_the_activity_is_the_published_one():
    """1.22-1.24 at 1.25 M and 1.68 at 2.5 M."""
    found = pitzer.salt_named("LiCl", PATH).activity_derivative([1.25, 2.5])
    assert np.allclose(found, [1.23, 1.685], atol=0.015)


def test_no_number_beyond_the_range():
    salt = pitzer.salt_named("NaCl", PATH)
    assert np.isnan(salt.osmotic(6.2)) and np.isfinite(salt.osmotic(6.1))
    assert salt.ln_activity(0.0) == 0


def test_an_unknown_salt_names_those_there_are():
    with pytest.raises(InputError, match=r"--salt RbF: .* has LiCl, NaCl"):
        pitzer.salt_named("RbF", PATH)
