import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ionshift.thermodynamics import kirkwood_buff
from ionshift.thermodynamics.kirkwood_buff import WEIGHTS, running_integral
from model_salts import percus_yevick_g

R_A = np.arange(0.005, 40, 0.01)


def damped(r_A, decay_A=3.0, period_A=2.8):
    """(g, its integral): (g - 1) r = exp(-r / d) cos(q r), in closed form."""
    q, k = 2 * np.pi / period_A, 1 / decay_A
    g = 1 + np.exp(-k * r_A) * np.cos(q * r_A) / r_A
    return g, 4 * np.pi * (k**2 - q**2) / (k**2 + q**2) ** 2


@pytest.mark.parametrize("method", WEIGHTS)
def test_an_ideal_gas_has_none(method):
    assert np.abs(running_integral(R_A, np.ones_like(R_A), method)).max() == 0


@pytest.mark.parametrize("method", WEIGHTS)
def test_a_bare_core_has_its_volume(method):
    """Far out all weights are 4 pi r^2 near the origin."""
    found = running_integral(R_A, np.where(R_A < 3, 0.0, 1.0), method)[-1]
    volume = 4 / 3 * np.pi * 27
    exact = {
        "truncated": 1.0,
        "finite_volume_2013": 1 - 3 / 6 * (3 / 40) ** 3,
        "finite_volume_2018": 1
        - 23 / 8 * 3 / 6 * (3 / 40) ** 3
        + 3 / 4 * 3 / 7 * (3 / 40) ** 4
        + 9 / 8 * 3 / 8 * (3 / 40) ** 5,
    }
    assert found == pytest.approx(-volume * exact[method], rel=2e-4)


def test_finite_volume_weights_vanish_where_g_ends():
    for method, smooth in (("finite_volume_2013", False), ("finite_volume_2018", True)):
        powers, factors = zip(*WEIGHTS[method].items(), strict=True)
        assert sum(factors) == pytest.approx(0)
        slope = sum(p * f for p, f in zip(powers, factors, strict=True))
        assert (abs(slope) < 1e-12) == smooth


def test_first_weight_is_the_extrapolation_of_a_finite_sphere():
    """G(L) of a sphere of diameter L has the weight 1 - 3x/2 + x^3/2; w = G + L dG/dL."""
    x = np.linspace(0, 1, 50)
    sphere, slope = 1 - 1.5 * x + 0.5 * x**3, -1.5 + 1.5 * x**2
    w = sum(f * x**p for p, f in WEIGHTS["finite_volume_2013"].items())
    assert np.allclose(sphere - x * slope, w)


def test_finite_volume_weights_find_the_integral_of_an_oscillation():
    """At 12 A the truncated integral still swings; the weights have found the infinite one."""
    g, exact = damped(R_A)
    near = (R_A > 10) & (R_A < 14)
    errors = {m: np.abs(running_integral(R_A, g, m) - exact)[near].max() for m in WEIGHTS}
    assert errors["truncated"] > 1
    assert errors["finite_volume_2013"] < 0.45 * errors["truncated"]
    assert errors["finite_volume_2018"] < 0.2 * errors["truncated"]
    assert running_integral(R_A, g, "truncated")[-1] == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("packing", [0.1, 0.25])
@pytest.mark.parametrize("method", WEIGHTS)
def test_hard_spheres_have_the_compressibility_of_percus_yevick(method, packing):
    """1 + rho G = (1 - eta)^4 / (1 + 2 eta)^2."""
    r_A, g, density_A3 = percus_yevick_g(packing, 3.005, 30)
    found = 1 + density_A3 * running_integral(r_A, g, method)[-1]
    assert found == pytest.approx((1 - packing) ** 4 / (1 + 2 * packing) ** 2, abs=3e-3)


def test_dilute_lennard_jones_has_minus_twice_the_second_virial_coefficient():
    """B2* = B2 / (2 pi sigma^3 / 3) is -2.538 at T* = 1 (Hirschfelder, Curtiss and Bird)."""
    r_A = np.arange(0.002, 60, 0.004)
    inverse = (3.0 / r_A) ** 6
    g = np.exp(-np.minimum(4 * (inverse**2 - inverse), 500.0))
    b2 = -running_integral(r_A, g, "truncated")[-1] / 2
    assert b2 / (2 / 3 * np.pi * 27) == pytest.approx(-2.538, abs=0.002)


@settings(deadline=None, max_examples=25)
@given(st.floats(-300, 300), st.floats(-300, 300), st.floats(0.1, 4))
def test_uncharged_ions_that_ignore_charge_give_one_component(salt, solvent, molarity):
    """With G++ = G-- = G+- and equal G to the solvent, only their difference counts."""
    excess = kirkwood_buff.salt_combination(
        salt, salt, salt, solvent, solvent, stoichiometry=(2, 1)
    )
    assert excess == pytest.approx(salt - solvent, abs=1e-9)


def test_derivative_of_the_debye_hueckel_limit():
    """Electroneutral ions without excess: G+- = -G++ = 1 / (2 rho+), and d ln a / d ln c = 1."""
    density_A3 = 1e-4
    like, unlike = -1 / (2 * density_A3), 1 / (2 * density_A3)
    excess = kirkwood_buff.salt_combination(like, like, unlike, 0.0, 0.0)
    assert kirkwood_buff.activity_derivative(excess, 2 * density_A3) == pytest.approx(1)


def test_a_negative_fluctuation_has_no_derivative():
    assert np.isnan(kirkwood_buff.activity_derivative(-2000.0, 1e-3))


def test_tails_are_brought_to_one():
    g = 0.97 * damped(R_A)[0]
    found = kirkwood_buff.normalised(R_A, g, (35, 40))
    assert found[-1] == pytest.approx(1, abs=1e-3)
    assert np.allclose(found, g / 0.97, rtol=1e-3)
