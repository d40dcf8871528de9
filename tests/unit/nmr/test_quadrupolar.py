"""Couplings, lines and powder averages against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from ionshift.core.errors import InputError
from ionshift.nmr import powder, quadrupolar
from ionshift.nmr.nuclides import NUCLIDES, Nuclide
from ionshift.nmr.quadrupolar_correlation import powder_mean_product_Hz2
from jump_process import any_tensor, axial

LI7 = NUCLIDES.get("7Li")
Z = np.array([[0.0, 0.0, 1.0]])


def of_coupling(coupling_Hz, eta, nuclide=LI7):
    """Tensor of a coupling, its axes along x, y and z."""
    return axial(2, coupling_Hz / quadrupolar.coupling_per_au_Hz(nuclide), eta)


def test_an_atomic_unit_at_7li_is_9422_khz():
    """e Q / h x 9.7174e21 V/m2 for Q = -4.01 fm2: 234.9649 MHz per barn and atomic unit."""
    assert quadrupolar.coupling_per_au_Hz(LI7) == pytest.approx(-0.0401 * 234.9648e6, rel=1e-5)


@pytest.mark.parametrize(
    ("unit", "value"), [("au", 1.0), ("V_A2", 97.1736), ("1e21_V_m2", 9.71736)]
)
def test_units(unit, value):
    assert quadrupolar.to_au(value, unit) == pytest.approx(1.0, rel=1e-5)


def test_an_unknown_unit_is_named():
    with pytest.raises(InputError, match=r"'V_m2': known are au, V_A2, 1e21_V_m2"):
        quadrupolar.to_au(1.0, "V_m2")


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
def test_lines_of_spin_three_halves(eta):
    """With the field along the largest axis the satellites are C_Q / 2 to either side."""
    lines = quadrupolar.lines_Hz(of_coupling(50e3, eta), Z, LI7)[0]
    assert lines == pytest.approx([25e3, 0.0, -25e3])
    assert LI7.intensities == pytest.approx([0.3, 0.4, 0.3])
    across = quadrupolar.lines_Hz(of_coupling(50e3, eta), np.eye(3)[:1], LI7)[0, 0]
    assert across == pytest.approx(-12.5e3 * (1 - eta))


def test_lines_of_spin_one_and_five_halves():
    li6 = NUCLIDES.get("6Li")
    doublet = quadrupolar.lines_Hz(of_coupling(1e3, 0.0, li6), Z, li6)[0]
    assert doublet == pytest.approx([750.0, -750.0])
    assert quadrupolar.frequencies_Hz(of_coupling(1e3, 0.0, li6), Z, li6) == pytest.approx(750.0)
    made_up = Nuclide("27X", 2.5, 1e-29)
    five = quadrupolar.lines_Hz(of_coupling(1e5, 0.0, made_up), Z, made_up)[0]
    assert five == pytest.approx([30e3, 15e3, 0.0, -15e3, -30e3])
    assert quadrupolar.frequency_per_au_Hz(made_up) == pytest.approx(
        quadrupolar.spacing_per_au_Hz(made_up)
    )


def test_an_unknown_nuclide_is_told_with_those_known():
    with pytest.raises(InputError, match=r"nuclide = '8Li'.*7Li"):
        NUCLIDES.get("8Li")


@given(seed=st.integers(0, 2**31), coupling=st.floats(1e2, 1e7), eta=st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_turning_a_tensor_turns_its_axes_alone(seed, coupling, eta):
    turn = Rotation.random(random_state=seed).as_matrix()
    tensor = of_coupling(coupling, eta)
    found_Hz, found_eta = quadrupolar.couplings(turn @ tensor @ turn.T, LI7)
    assert abs(found_Hz) == pytest.approx(coupling, rel=1e-9)
    if eta < 0.999:  # at 1 the largest value may be either of two
        assert found_Hz > 0
    assert found_eta == pytest.approx(eta, abs=1e-7)
    values, axes = quadrupolar.principal(turn @ tensor @ turn.T)
    assert np.allclose(axes @ np.diag(values) @ axes.T, turn @ tensor @ turn.T, atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)


@given(seed=st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_closed_form_is_the_average_over_a_grid(seed):
    """(e Q / 2 h)^2 (2 / 15) Tr[V W] for any two traceless symmetric tensors."""
    first, second = any_tensor(np.random.default_rng(seed), (2,))
    directions, weights = powder.grid(9)
    found = quadrupolar.frequencies_Hz([first, second], directions, LI7)
    closed = powder_mean_product_Hz2(first, second, LI7)
    scale = np.sqrt(np.prod([powder_mean_product_Hz2(one, one, LI7) for one in (first, second)]))
    assert weights @ (found[0] * found[1]) == pytest.approx(closed, abs=1e-9 * scale)
    assert abs(weights @ found[0]) < 1e-9 * np.sqrt(scale)


def test_the_closed_form_is_that_of_a_sum_over_angles():
    """Against a plain grid of polar angles, which shares nothing with Lebedev's."""
    first, second = any_tensor(np.random.default_rng(1), (2,))
    cosines, weights = np.polynomial.legendre.leggauss(20)
    phi = 2 * np.pi * np.arange(40) / 40
    sines = np.sqrt(1 - cosines**2)
    directions = np.stack(
        [
            np.outer(sines, np.cos(phi)),
            np.outer(sines, np.sin(phi)),
            np.outer(cosines, np.ones(40)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    found = quadrupolar.frequencies_Hz([first, second], directions, LI7)
    average = np.repeat(weights / 2, 40) / 40 @ (found[0] * found[1])
    assert average == pytest.approx(powder_mean_product_Hz2(first, second, LI7), rel=1e-6)


def test_half_a_sphere_is_half_of_the_points():
    for degree, n_points in ((3, 3), (9, 19), (33, 217), (131, 2905)):
        found = powder.grid(degree)
        assert len(found.weights) == n_points
        assert found.weights.sum() == pytest.approx(1.0)
    with pytest.raises(InputError, match="at most 131"):
        powder.grid(132)


def test_powder_pattern_has_its_horns_and_edges():
    """Axial tensor: horns at -+ C_Q / 4, edges at +- C_Q / 2, satellites 0.6 of the intensity."""
    axis = np.linspace(-40e3, 40e3, 401)
    pattern = powder.spectrum(of_coupling(50e3, 0.0), LI7, axis, 300.0)
    assert np.trapezoid(pattern, axis) == pytest.approx(1.0, abs=1e-6)
    outside = np.abs(axis) > 1500.0
    # Satellites lie at 12.5 kHz (3 c^2 - 1), c even between 0 and 1: few of them are in the middle.
    middle = np.sqrt(1.12 / 3) - np.sqrt(0.88 / 3)
    satellites = np.trapezoid(np.where(outside, pattern, 0), axis)
    assert satellites == pytest.approx(0.6 * (1 - middle), abs=0.01)
    right = axis > 5e3
    assert axis[right][pattern[right].argmax()] == pytest.approx(12.5e3, abs=500)
    assert pattern[axis > 26.5e3].max() < 1e-3 * pattern[right].max()
    assert np.allclose(pattern, pattern[::-1])
