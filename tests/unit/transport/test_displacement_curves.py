import numpy as np
import pandas as pd
import pytest

from ionshift.core.errors import InputError
from ionshift.transport import diffusion
from ionshift.transport.displacement_curves import Box, coefficients

D_A2_PS = 0.1
TIMES_PS = np.arange(0.0, 101.0)


def curve(msd_A2, replica=0, errors=np.nan, species="Li"):
    columns = {"time_ps": TIMES_PS, "msd_A2": msd_A2, "msd_err_A2": errors}
    return pd.DataFrame({"species": species, "replica": replica} | columns)


def brownian(rng, n_walkers=60, n_frames=301):
    steps = rng.normal(scale=np.sqrt(2 * D_A2_PS), size=(n_frames, n_walkers, 3))
    return diffusion.mean_square_displacement([np.cumsum(steps, axis=0)], len(TIMES_PS))


def test_a_straight_line_has_its_slope_and_the_correction_of_its_box():
    table = coefficients(curve(6 * D_A2_PS * TIMES_PS + 0.3), Box(25.05, 300.0, 0.888))
    row = table.iloc[0]
    assert row["d_m2_s"] == pytest.approx(1e-9) and row["reason"] == ""
    assert (row["fit_from_ps"], row["fit_to_ps"]) == (20, 60)
    # 2.837297 kT / (6 pi eta L) at 300 K, 0.888 mPa s, 25.05 A
    assert row["correction_m2_s"] == pytest.approx(2.803e-10, rel=1e-3)
    assert row["corrected_d_m2_s"] == pytest.approx(1e-9 + 2.803e-10, rel=1e-3)
    assert np.isnan(row["d_err_m2_s"])


def test_walkers_have_their_coefficient_within_its_error():
    rng, pulls = np.random.default_rng(0), []
    for _ in range(30):
        replicas = [curve(brownian(rng), k) for k in range(4)]
        row = coefficients(pd.concat(replicas), slope_tolerance=0.5).iloc[0]
        pulls.append((row["d_m2_s"] - 1e-9) / row["d_err_m2_s"])
    assert abs(np.mean(pulls)) < 0.8
    # Student's t with three degrees of freedom: half of the pulls are within 0.76.
    assert 0.25 < np.mean(np.abs(pulls) < 0.765) < 0.8


def test_errors_of_a_single_curve_bound_that_of_its_slope():
    row = coefficients(curve(6 * D_A2_PS * TIMES_PS, errors=0.03 * TIMES_PS)).iloc[0]
    assert row["d_err_m2_s"] == pytest.approx(0.03 / 6 * 1e-8)


@pytest.mark.parametrize(
    ("msd", "slope"), [(0.1 * TIMES_PS**0.6, "0.60"), (0.001 * TIMES_PS**2, "2.00")]
)
def test_what_is_not_diffusive_has_no_coefficient(msd, slope):
    row = coefficients(curve(msd), Box(20.0, 300.0, 1.0)).iloc[0]
    assert np.isnan(row["d_m2_s"]) and np.isnan(row["corrected_d_m2_s"])
    assert np.isfinite(row["apparent_d_m2_s"])
    assert f"the log-log slope is {slope}, not 1 within 0.1" in row["reason"]


def test_halves_that_cancel_are_seen():
    """Ballistic, then caged: a slope of 1 over the window by accident."""
    msd = np.interp(TIMES_PS, [0, 20, 35, 60, 100], [0, 2, 5.6, 6.2, 7])
    row = coefficients(curve(msd), slope_tolerance=0.12).iloc[0]
    assert row["slope"] == pytest.approx(1, abs=0.12)
    assert "not diffusive: from 20 to 34.64 ps" in row["reason"]


@pytest.mark.parametrize(
    ("msd", "window", "words"),
    [
        (TIMES_PS * 1e4, None, "which no liquid has; is its unit right"),
        (TIMES_PS, (200.0, 300.0), "fewer than 3 positive displacements between 200 and 300 ps"),
    ],
)
def test_bad_input_is_said(msd, window, words):
    with pytest.raises(InputError, match=words):
        coefficients(curve(msd), window_ps=window)
