import numpy as np
import pytest

from ionshift.core.errors import InputError
from ionshift.thermodynamics import debye_hueckel, pmf
from ionshift.thermodynamics.pmf import PairPotential
from ionshift.thermodynamics.radial_grid import RadialGrid

R_A = np.arange(2.0, 14.0, 0.1)
PRODUCTS = {pmf.UNLIKE: -1.0, pmf.CATIONS: 1.0, pmf.ANIONS: 1.0}


def potential(pair=pmf.UNLIKE, permittivity=52.0, constant=0.0):
    length_A = debye_hueckel.bjerrum_length_A(permittivity, 298.15)
    short = 40 * np.exp(-(R_A - 2) / 0.25) + np.exp(-((R_A - 4.5) ** 2))
    return PairPotential(
        pair, R_A, short + PRODUCTS[pair] * length_A / R_A + constant, PRODUCTS[pair]
    )


def test_the_permittivity_of_the_tails_is_found():
    all_pairs = {pair: potential(pair) for pair in PRODUCTS}
    found, by_pair = pmf.fit_permittivity(all_pairs, 298.15)
    assert found == pytest.approx(52.0, rel=1e-4)
    assert by_pair == pytest.approx(dict.fromkeys(PRODUCTS, 52.0), rel=1e-3)


def test_constants_do_not_matter_where_they_are_fitted():
    shifted = {pair: potential(pair, constant=0.5) for pair in PRODUCTS}
    found, _ = pmf.fit_permittivity(shifted, 298.15, offsets=True)
    assert found == pytest.approx(52.0, rel=1e-3)
    with pytest.raises(InputError, match=r"no common permittivity .*--tail-permittivity"):
        pmf.fit_permittivity(shifted, 298.15)


def test_a_tail_that_vanishes_passes_and_others_do_not():
    right, wrong = (
        potential().without_coulomb(debye_hueckel.bjerrum_length_A(eps, 298.15))
        for eps in (52, 78.4)
    )
    pmf.check_tail(right, 52.0)
    with pytest.raises(
        InputError, match=r"from 10\.5 to 13\.9 A .*permittivity 78.4\) is -0\.30 kT"
    ):
        pmf.check_tail(wrong, 78.4)
    shifted = right.shifted(0.2)
    with pytest.raises(InputError, match=r"is \+0\.20 kT.*--tail-permittivity fit.*--align"):
        pmf.check_tail(shifted, 52.0)
    pmf.check_tail(pmf.align(shifted), 52.0)


def test_what_begins_or_ends_too_early_is_refused():
    whole = potential()
    late, short = whole.r_A > 4.0, whole.r_A < 7.0
    pmf.check_range(whole)
    with pytest.raises(InputError, match=r"begins at 4.* do not yet repel each other"):
        pmf.check_range(PairPotential("cation-anion", R_A[late], whole.w_kT[late], -1))
    with pytest.raises(InputError, match=r"ends at 6.9 A; it must reach at least 8 A"):
        pmf.check_range(PairPotential("cation-anion", R_A[short], whole.w_kT[short], -1))


def test_on_the_grid_it_goes_on_below_and_stops_beyond():
    grid = RadialGrid(0.05, 400)
    short = potential().without_coulomb(debye_hueckel.bjerrum_length_A(52, 298.15))
    found = pmf.on_grid(short, grid, core_A=1.6)
    assert np.isinf(found[grid.r_A < 1.59]).all()
    between = (grid.r_A > 1.61) & (grid.r_A < 1.99)
    assert (np.diff(found[between]) < 0).all() and found[between].min() > 40
    assert np.allclose(found[[79, 139]], np.interp([4.0, 7.0], R_A, short.w_kT), atol=1e-3)
    assert (found[grid.r_A > 13.95] == 0).all()


def test_what_is_not_steep_gets_a_wall():
    flat = PairPotential("anion-anion", R_A, np.linspace(3, 0, len(R_A)), 1)
    found = pmf.on_grid(flat, RadialGrid(0.05, 400), core_A=0.5)
    assert np.isinf(found[RadialGrid(0.05, 400).r_A < 1.99]).all()
