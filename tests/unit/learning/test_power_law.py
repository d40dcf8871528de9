import numpy as np
import pandas as pd
import pytest

from ionshift.learning.evaluation import extend
from ionshift.learning.power_law import PowerLaw

N = np.array([20.0, 40.0, 80.0, 160.0])


def curve(rmse, scatter=0.0):
    return pd.DataFrame(
        {"n_train": N[: len(rmse)], "n_test": 50, "rmse_ppm": rmse, "rmse_sd_ppm": scatter}
    )


def test_exact_law_is_found():
    law = PowerLaw.fit(N, 2.0 * N**-0.5, np.full(4, 0.05), seed=1)
    assert law.b[0] == pytest.approx(0.5)
    assert law.rmse(N)[0] == pytest.approx(2.0 * N**-0.5)
    best, low, high = law.labels_for(0.1)
    assert best == pytest.approx(400.0)
    assert low < best < high


def test_error_of_the_exponent_is_that_of_least_squares():
    law = PowerLaw.fit(N, 2.0 * N**-0.5, np.full(4, 0.05), seed=1)
    x = np.log(N)
    assert law.b.std() == pytest.approx(0.05 / np.sqrt(np.sum((x - x.mean()) ** 2)), rel=0.1)


def test_rising_curve_reaches_nothing():
    assert PowerLaw.fit(N, 0.1 * N**0.2, np.full(4, 0.01), seed=1).labels_for(0.05) == (np.inf,) * 3


def test_noisier_points_give_a_wider_range():
    ranges = []
    for scatter in (0.0, 0.1):
        row = extend(curve(2.0 * N**-0.5, scatter), 0.1, seed=1).iloc[0]
        ranges.append(row["n_for_target_high"] / row["n_for_target_low"])
    assert 1 < ranges[0] < ranges[1]


def test_two_points_claim_nothing():
    row = extend(curve([0.4, 0.2]), 0.1, seed=1).iloc[0]
    assert np.isnan(row["n_for_target"]) and np.isnan(row["power_b"])
    assert row["target_rmse_ppm"] == 0.1


def test_no_target_still_gives_the_law():
    row = extend(curve(2.0 * N**-0.5), None, seed=1).iloc[0]
    assert row["power_b"] == pytest.approx(0.5)
    assert np.isnan(row["n_for_target"])
