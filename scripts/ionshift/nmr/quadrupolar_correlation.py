"""The powder-averaged autocorrelation of nu_Q, in closed form.

For traceless symmetric V the average of (n.V(0).n)(n.V(t).n) over all n is (2/15) Tr[V(0) V(t)],
so no grid of directions is needed. The mean is not taken off: spin-alignment echoes measure
nu_Q itself, and what lasts (the tensor that is left when all sites have been visited) is the
offset of the decay.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ionshift.core.errors import InputError
from ionshift.nmr.efg_runs import EfgRun, averaged
from ionshift.nmr.nuclides import Nuclide
from ionshift.nmr.quadrupolar import frequency_per_au_Hz
from ionshift.statistics import correlation
from ionshift.statistics.decay import Decay, decay
from ionshift.statistics.path_correlation import PathCorrelation, kept_lags, of_paths

Array = NDArray[np.float64]

POWDER = 2 / 15
# The six different components, those off the diagonal by sqrt(2): their dot product is the trace.
ROWS, COLUMNS = np.array([0, 1, 2, 0, 0, 1]), np.array([0, 1, 2, 1, 2, 2])
WEIGHTS = np.sqrt([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
NOTHING_AU = 1e-10


def powder_mean_product_Hz2(first_au: ArrayLike, second_au: ArrayLike, nuclide: Nuclide) -> Array:
    """Powder average of nu_Q of one tensor times nu_Q of the other, (...), in Hz^2."""
    trace = np.einsum("...ij,...ij->...", np.asarray(first_au), np.asarray(second_au))
    return frequency_per_au_Hz(nuclide) ** 2 * POWDER * trace


def rms_frequency_Hz(runs: Sequence[EfgRun], nuclide: Nuclide) -> float:
    """Root mean square of nu_Q over the powder, frames, nuclei and replicas."""
    squares = np.concatenate([np.sum(run.tensors_au**2, axis=(2, 3)).ravel() for run in runs])
    return float(abs(frequency_per_au_Hz(nuclide)) * np.sqrt(POWDER * squares.mean()))


def autocorrelation(
    runs: Sequence[EfgRun], nuclide: Nuclide, max_lag_share: float = 0.5
) -> PathCorrelation:
    """<nu_Q(0) nu_Q(t)> in Hz^2 over the powder, time origins, nuclei and replicas, by FFT.

    Parameters
    ----------
    max_lag_share : longest lag over the length of the shortest replica

    Raises
    ------
    InputError
        if replicas are stored at different steps, or all tensors are zero.
    """
    step_ps = correlation.common_step([run.step_ps for run in runs])
    if max(np.abs(run.tensors_au).max() for run in runs) < NOTHING_AU:
        raise InputError("all EFG tensors are zero: there is nothing to correlate; check the unit")
    lags = kept_lags(correlation.count_lags([run.n_frames for run in runs], max_lag_share))
    scale = frequency_per_au_Hz(nuclide) ** 2 * POWDER
    products = [scale * _traces(run.tensors_au, lags) for run in runs]
    return of_paths(products, [run.n_frames for run in runs], lags, step_ps)


def _traces(tensors_au: Array, lags: NDArray[np.int_]) -> Array:
    """Sums over time origins of Tr[V(0) V(t)], (n_nuclei, n_kept_lags)."""
    found = []
    for nucleus in range(tensors_au.shape[1]):
        components = tensors_au[:, nucleus, ROWS, COLUMNS] * WEIGHTS
        found.append(correlation.lagged_products(components, lags[-1] + 1).sum(axis=1)[lags])
    return np.array(found)


def correlation_table(one: PathCorrelation, found: Decay) -> pd.DataFrame:
    """time_ps, autocorrelation_Hz2, autocorrelation (1 at lag 0), its error, and the fit."""
    return pd.DataFrame(
        {
            "time_ps": one.lags_ps,
            "autocorrelation_Hz2": one.mean(),
            "autocorrelation": one.value(),
            "autocorrelation_err": one.error(),
            "fit": found.curve(one.lags_ps),
        }
    )


def window_table(
    runs: Sequence[EfgRun],
    nuclide: Nuclide,
    windows_ps: Sequence[float],
    fit_from_ps: float = 0.0,
    max_lag_share: float = 0.5,
) -> pd.DataFrame:
    """What averaging the tensors over a window does, a row a window (0: as they are).

    Returns
    -------
    DataFrame with window_ps, rms_frequency_Hz, kept_share (mean square of nu_Q over that of the
    tensors as they are), first_lag_ps, first_value (autocorrelation there), then the fit
    """
    rows, raw_Hz = [], rms_frequency_Hz(runs, nuclide)
    for window_ps in windows_ps:
        means = [averaged(run, window_ps) for run in runs]
        one = autocorrelation(means, nuclide, max_lag_share)
        rms_Hz, value = rms_frequency_Hz(means, nuclide), one.value()
        known = len(value) > 1
        rows.append(
            {
                "window_ps": window_ps,
                "rms_frequency_Hz": rms_Hz,
                "kept_share": (rms_Hz / raw_Hz) ** 2,
                "first_lag_ps": one.lags_ps[1] if known else np.nan,
                "first_value": value[1] if known else np.nan,
            }
            | fit_row(decay(one, fit_from_ps))
        )
    return pd.DataFrame(rows)


def fit_row(found: Decay) -> dict[str, float | str]:
    """A decay as a row of a table."""
    return {
        "status": found.status,
        "tau_ps": found.tau_ps,
        "tau_err_ps": found.tau_err_ps,
        "beta": found.beta,
        "beta_err": found.beta_err,
        "amplitude": found.amplitude,
        "offset": found.offset,
        "offset_err": found.offset_err,
        "mean_time_ps": found.mean_time_ps,
        "mean_time_err_ps": found.mean_time_err_ps,
        "mean_time_lower_ps": found.lower_ps,
        "drop": found.drop,
        "drop_err": found.drop_err,
        "fit_from_ps": found.fit_from_ps,
        "fit_to_ps": found.fit_to_ps,
        "reason": found.reason,
    }
