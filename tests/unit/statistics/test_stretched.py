"""The stretched exponential and Arrhenius' law give back what made the data."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import curve_fit

from ionshift.core.errors import InputError
from ionshift.statistics import arrhenius
from ionshift.statistics.decay import decay
from ionshift.statistics.path_correlation import of_paths
from ionshift.statistics.stretched import Stretched, fit, fits

TIMES = np.geomspace(1, 1000, 60)


@pytest.mark.parametrize("tau", [5.0, 40.0])
@pytest.mark.parametrize("beta", [0.35, 0.7, 1.0])
@pytest.mark.parametrize("offset", [0.0, 0.4])
def test_parameters_are_found(tau, beta, offset):
    made = Stretched(tau, beta, 0.5, offset)
    found = fit(TIMES, made(TIMES))
    assert found == pytest.approx(made, rel=2e-3, abs=1e-3)
    integral = quad(lambda t: np.exp(-((t / tau) ** beta)), 0, np.inf, limit=200)[0]
    assert made.mean_time == pytest.approx(integral, rel=1e-6)


def test_the_least_squares_are_those_of_scipy():
    rng = np.random.default_rng(0)
    made = Stretched(30.0, 0.6, 0.5, 0.2)
    curves = made(TIMES) + rng.normal(scale=0.01, size=(3, 60))
    for curve, found in zip(curves, fits(TIMES, curves), strict=True):

        def form(times, *shape):
            return Stretched(*shape)(times)

        expected, _ = curve_fit(
            form, TIMES, curve, p0=made, bounds=([1, 0.1, 0, -1], [1e4, 1, 2, 1])
        )
        assert found == pytest.approx(expected, rel=5e-3)


def test_errors_of_paths_of_one_replica_are_not_taken_as_independent():
    """Two replicas differ, their paths agree: the error is that of replicas."""
    times = np.arange(200)
    curves = [np.exp(-times / tau) * np.ones((8, 1)) for tau in (15.0, 25.0)]
    origins = 400 - times
    one = of_paths([curve * origins for curve in curves], [400, 400], times, 1.0)
    found = decay(one)
    assert one.n_replicas == 2 and found.status == "known"
    assert found.mean_time_err_ps > 3.0


def test_a_single_path_has_a_value_without_an_error():
    times = np.arange(200)
    found = decay(of_paths([np.exp(-times / 20.0)[None] * (400 - times)], [400], times, 1.0))
    assert found.mean_time_ps == pytest.approx(20.0, rel=1e-3)
    assert np.isnan([found.mean_time_err_ps, found.tau_err_ps, found.drop_err]).all()


def test_activation_energy_of_known_rates():
    temperature = np.array([500.0, 600.0, 750.0, 900.0])
    rate = 1e12 * np.exp(-0.24 / (arrhenius.BOLTZMANN_eV_K * temperature))
    found = arrhenius.fit(temperature, rate, 0.05 * rate)
    assert found.activation_eV == pytest.approx(0.24)
    assert found.log_prefactor == pytest.approx(np.log(1e12))
    assert found.rate_per_s(600.0) == pytest.approx(rate[1])
    assert found.reduced_chi2 == pytest.approx(0.0, abs=1e-12)
    inverse = 1 / (arrhenius.BOLTZMANN_eV_K * temperature)
    spread = np.sqrt(np.sum((inverse - inverse.mean()) ** 2))
    assert found.activation_err_eV == pytest.approx(0.05 / spread)


def test_scatter_beyond_the_errors_widens_them():
    temperature = np.array([500.0, 600.0, 700.0, 800.0, 900.0])
    rate = 1e12 * np.exp(-0.24 / (arrhenius.BOLTZMANN_eV_K * temperature))
    rate *= np.exp([0.3, -0.3, 0.3, -0.3, 0.3])
    tight, none = (arrhenius.fit(temperature, rate, error * rate) for error in (0.01, np.nan))
    assert tight.reduced_chi2 > 100
    assert tight.activation_err_eV == pytest.approx(none.activation_err_eV)
    assert np.isnan(none.reduced_chi2)


def test_two_temperatures_without_errors_give_a_slope_without_one():
    found = arrhenius.fit([500.0, 600.0], [1.0, 2.0], [np.nan, np.nan])
    expected = np.log(2) * arrhenius.BOLTZMANN_eV_K / (1 / 500 - 1 / 600)
    assert found.activation_eV == pytest.approx(expected)
    assert np.isnan(found.activation_err_eV)


@pytest.mark.parametrize(
    ("temperature", "rate", "words"),
    [
        ([500.0, 500.0], [1.0, 2.0], "needs two temperatures, there is 1"),
        ([500.0, 600.0], [0.0, 2.0], "rate_per_s = .*positive"),
        ([-5.0, 600.0], [1.0, 2.0], "temperature_K = .*positive"),
    ],
)
def test_what_has_no_line_is_refused(temperature, rate, words):
    with pytest.raises(InputError, match=words):
        arrhenius.fit(temperature, rate, [0.1, 0.1])
