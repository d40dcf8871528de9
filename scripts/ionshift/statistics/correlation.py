"""Correlation functions of paths that are stored at equal time steps."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft
from scipy.integrate import trapezoid

from ionshift.core.errors import InputError

MAX_ROWS = 300
STEP_TOLERANCE = 1e-3


def time_step(time_ps: ArrayLike) -> float:
    """Step of equally spaced times in ps; NaN for a single time.

    Raises
    ------
    InputError
        if the steps differ, or a time is NaN.
    """
    steps = np.diff(np.asarray(time_ps, float))
    if len(steps) == 0:
        return float("nan")
    if np.isnan(steps).any():
        raise InputError(
            "the frames have no times, which a correlation function needs; write time_ps into "
            "every frame"
        )
    if np.ptp(steps) > STEP_TOLERANCE * abs(steps.mean()) or steps.mean() <= 0:
        raise InputError(
            f"the frames are {steps.min():g} to {steps.max():g} ps apart, a correlation function "
            "needs equal steps; rerun the MD of this replica"
        )
    return float(steps.mean())


def common_step(steps_ps: Iterable[float]) -> float:
    """The time step that all replicas share, in ps; NaN if no replica has two frames.

    Raises
    ------
    InputError
        if the replicas differ.
    """
    known = np.array([step for step in steps_ps if np.isfinite(step)])
    if len(known) == 0:
        return float("nan")
    if np.ptp(known) > STEP_TOLERANCE * known[0]:
        raise InputError(
            f"replicas are stored every {known.min():g} to {known.max():g} ps; rerun them with "
            "one md.frame_interval_ps"
        )
    return float(known[0])


def count_lags(n_frames: Iterable[int], max_lag_share: float) -> int:
    """Number of lags, lag 0 included, up to `max_lag_share` of the shortest run."""
    return int(max_lag_share * (min(n_frames) - 1)) + 1


def lagged_products(series: ArrayLike, n_lags: int) -> NDArray[np.float64]:
    """Sum over time origins of series(t) series(t + lag), by FFT.

    Parameters
    ----------
    series : (n_frames, ...)

    Returns
    -------
    (n_lags, ...), not divided by the n_frames - lag origins
    """
    series = np.asarray(series, float)
    size = fft.next_fast_len(len(series) + n_lags, real=True)
    spectrum = fft.rfft(series, size, axis=0)
    return fft.irfft(np.abs(spectrum) ** 2, size, axis=0)[:n_lags]


def leave_one_out(sums: ArrayLike) -> NDArray[np.float64]:
    """Totals (n_units, ...) of all units but one, for the jackknife; empty for one unit."""
    sums = np.asarray(sums, float)
    return sums.sum(axis=0) - sums if len(sums) > 1 else sums[:0]


def jackknife_error(estimates: ArrayLike) -> Any:
    """Standard error from estimates (n_units, ...) that leave one unit out each.

    Efron, The jackknife, the bootstrap and other resampling plans (SIAM 1982). NaN with fewer
    than two units or where one of the estimates is unknown.
    """
    estimates = np.asarray(estimates, float)
    n = len(estimates)
    if n < 2:
        return float("nan")
    return np.sqrt((n - 1) * np.mean((estimates - estimates.mean(axis=0)) ** 2, axis=0))


def zero_crossing(values: ArrayLike) -> int | None:
    """Index of the first value that is not positive; None if there is none."""
    crossed = np.flatnonzero(~(np.asarray(values) > 0))
    return int(crossed[0]) if len(crossed) else None


def correlation_time(normalised: NDArray[np.float64], step: float) -> tuple[float, float]:
    """Integral of a correlation function up to its first zero.

    Returns
    -------
    (time, lower bound) in the unit of `step`; the time is NaN if the function is positive over
    all lags, the bound is then the integral over them; both are NaN without two lags of a
    known function and a known step
    """
    if len(normalised) < 2 or np.isnan(step) or np.isnan(normalised[0]):
        return float("nan"), float("nan")
    crossing = zero_crossing(normalised)
    if crossing is None:
        return float("nan"), float(trapezoid(normalised, dx=step))
    time = float(trapezoid(np.append(normalised[:crossing], 0.0), dx=step))
    return time, time


def table_lags(n_lags: int) -> NDArray[np.integer]:
    """At most `MAX_ROWS` lags for a table: 0, then evenly spaced on a logarithmic scale."""
    if n_lags <= MAX_ROWS:
        return np.arange(n_lags)
    spaced = np.geomspace(1, n_lags - 1, MAX_ROWS - 1).round().astype(int)
    return np.unique(np.append(0, spaced))
