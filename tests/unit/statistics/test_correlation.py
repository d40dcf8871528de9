import numpy as np
import pytest

from ionshift.core.errors import InputError
from ionshift.statistics import correlation
from processes import ornstein_uhlenbeck


def test_lagged_products_are_sums_over_origins():
    series = np.random.default_rng(0).normal(size=(37, 3))
    found = correlation.lagged_products(series, 20)
    direct = [np.sum(series[: 37 - k] * series[k:], axis=0) for k in range(20)]
    assert np.allclose(found, direct)


def test_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(1).normal(size=40)
    means = correlation.leave_one_out(values) / 39
    assert correlation.jackknife_error(means) == pytest.approx(values.std(ddof=1) / np.sqrt(40))


def test_jackknife_of_one_unit_is_unknown():
    assert np.isnan(correlation.jackknife_error(correlation.leave_one_out([[1.0, 2.0]])))


def test_correlation_time_of_an_exponential():
    paths = ornstein_uhlenbeck(4000, 12.0, 60, np.random.default_rng(2))
    n_lags = 1000
    products = correlation.lagged_products(paths, n_lags).sum(axis=1)
    curve = products / (4000 - np.arange(n_lags))
    time, bound = correlation.correlation_time(curve / curve[0], 0.5)
    assert time == pytest.approx(6.0, rel=0.08)
    assert bound == time


def test_correlation_time_of_too_short_a_run_is_a_bound():
    curve = np.exp(-np.arange(50) / 100)
    time, bound = correlation.correlation_time(curve, 1.0)
    assert np.isnan(time)
    assert bound == pytest.approx(100 * (1 - np.exp(-0.49)), rel=1e-3)


@pytest.mark.parametrize(
    ("curve", "step"), [([np.nan, np.nan], 1.0), ([1.0, 0.5], np.nan), ([1.0], 1.0)]
)
def test_correlation_time_of_nothing_is_unknown(curve, step):
    assert np.isnan(correlation.correlation_time(np.array(curve), step)).all()


def test_unequal_steps_are_refused():
    assert correlation.time_step([0.5, 1.0, 1.5]) == 0.5
    assert np.isnan(correlation.time_step([3.0]))
    with pytest.raises(InputError, match=r"0\.5 to 1 ps apart.*rerun the MD"):
        correlation.time_step([0.0, 0.5, 1.5])


def test_replicas_share_a_step():
    assert correlation.common_step([np.nan, 0.5, 0.5]) == 0.5
    assert np.isnan(correlation.common_step([np.nan]))
    with pytest.raises(InputError, match=r"every 0\.5 to 1 ps.*frame_interval_ps"):
        correlation.common_step([0.5, 1.0])


@pytest.mark.parametrize("n_lags", [1, 2, 300, 301, 5000])
def test_lags_of_a_table(n_lags):
    lags = correlation.table_lags(n_lags)
    assert len(lags) <= correlation.MAX_ROWS
    assert (lags[0], lags[-1]) == (0, n_lags - 1)
    assert (np.diff(lags) > 0).all()


def test_correlation_lost_within_a_step_takes_half_of_it():
    assert correlation.correlation_time(np.array([1.0, -0.1, 0.1]), 2.0) == (1.0, 1.0)
