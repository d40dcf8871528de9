"""The correlation time of a decay, or why the run is too short to give one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import trapezoid

from ionshift.statistics import stretched
from ionshift.statistics.path_correlation import PathCorrelation
from ionshift.statistics.uncertainty import larger, resampling_error

Array = NDArray[np.float64]

KNOWN, LOWER_BOUND = "known", "lower bound"
MIN_LAGS = 8
# A decay is over when this share of it is left, and seen when it exceeds its error by this factor.
MAX_REMAINING, MIN_SIGNIFICANCE = 0.1, 3.0
# What falls by less, of 1, is no decay, however small its error.
MIN_DROP = 1e-3
MAX_RELATIVE_ERROR = 0.5
# The end of a function is the mean over the last lags, from this share of the longest.
END_SHARE = 0.9
N_RESAMPLES = 100


@dataclass(frozen=True)
class Decay:
    """A stretched exponential with offset and its errors; times in ps.

    `status` is 'known', or 'lower bound' with a `reason`; then tau, beta, offset and the mean time
    are NaN and `lower_ps` bounds the mean correlation time from below. Errors are the larger of
    those with each nucleus and with each replica as one sample, NaN with one sample.
    `drop` is what the function, 1 at lag 0, loses from `fit_from_ps` to `fit_to_ps`.
    """

    status: str
    reason: str
    fit_from_ps: float
    fit_to_ps: float
    drop: float
    drop_err: float
    tau_ps: float
    tau_err_ps: float
    beta: float
    beta_err: float
    amplitude: float
    offset: float
    offset_err: float
    mean_time_ps: float
    mean_time_err_ps: float
    lower_ps: float

    def curve(self, times_ps: Array) -> Array:
        """The fit at some times (n,), NaN outside of the fitted range or without a fit."""
        one = stretched.Stretched(self.tau_ps, self.beta, self.amplitude, self.offset)
        inside = (times_ps >= self.fit_from_ps) & (times_ps <= self.fit_to_ps)
        return np.where(inside, one(times_ps), np.nan)


def decay(
    correlation: PathCorrelation,
    fit_from_ps: float = 0.0,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Decay:
    """Fit of a correlation function from a lag on; lag 0 is left out in any case.

    Parameters
    ----------
    fit_from_ps : the first lag of the fit, past what vibrations lose
    n_resamples : draws of whole nuclei, and of whole replicas, for the errors
    """
    inside = (correlation.lags_ps > 0) & (correlation.lags_ps >= fit_from_ps)
    lags_ps, values = correlation.lags_ps[inside], correlation.value()[inside]
    longest_ps = float(lags_ps[-1]) if len(lags_ps) else float("nan")
    if len(lags_ps) < MIN_LAGS or not np.isfinite(values).all():
        return _bound(
            f"{len(lags_ps)} lags from {fit_from_ps:g} ps on, a fit needs {MIN_LAGS}: the run is "
            "too short or stored too rarely",
            lags_ps,
            (float("nan"),) * 2,
            longest_ps,
        )
    resampled = [(n, part[:, inside]) for n, part in correlation.resampled(n_resamples, seed)]
    drop = float(_drop(lags_ps, values))
    drop_err = float(_error(resampled, lambda curves: _drop(lags_ps, curves)))
    if not drop > max(MIN_DROP, MIN_SIGNIFICANCE * np.nan_to_num(drop_err)):
        return _bound(
            f"no decay from {lags_ps[0]:g} to {longest_ps:g} ps: the function falls by {drop:.2g}, "
            f"its error is {drop_err:.1g}",
            lags_ps,
            (drop, drop_err),
            longest_ps,
        )
    return _fitted(lags_ps, values, resampled, (drop, drop_err))


def _fitted(lags_ps, values, resampled, drop):
    found = stretched.fit(lags_ps, values)
    lower_ps = _least_time(lags_ps, values)
    remaining = found.remaining(lags_ps[-1])
    if remaining > MAX_REMAINING:
        return _bound(
            f"{100 * remaining:.0f} % of the decay is left at the longest lag, {lags_ps[-1]:g} ps; "
            f"run until it is {100 * MAX_REMAINING:.0f} %",
            lags_ps,
            drop,
            lower_ps,
        )

    def shapes(curves):
        return np.array([[*one, one.mean_time] for one in stretched.fits(lags_ps, curves)])

    tau_err, beta_err, _, offset_err, mean_err = np.broadcast_to(_error(resampled, shapes), 5)
    if mean_err > MAX_RELATIVE_ERROR * found.mean_time:
        return _bound(
            f"the mean correlation time, {found.mean_time:.3g} ps, has an error of {mean_err:.2g} "
            "ps; add replicas or run longer",
            lags_ps,
            drop,
            lower_ps,
        )
    return Decay(
        status=KNOWN,
        reason="",
        fit_from_ps=float(lags_ps[0]),
        fit_to_ps=float(lags_ps[-1]),
        drop=drop[0],
        drop_err=drop[1],
        tau_ps=found.tau,
        tau_err_ps=float(tau_err),
        beta=found.beta,
        beta_err=float(beta_err),
        amplitude=found.amplitude,
        offset=found.offset,
        offset_err=float(offset_err),
        mean_time_ps=found.mean_time,
        mean_time_err_ps=float(mean_err),
        lower_ps=found.mean_time,
    )


def _error(resampled, statistic):
    """The larger error of a statistic of curves (n_resamples, n_lags) over the kinds of samples."""
    return larger([resampling_error(statistic(curves), n) for n, curves in resampled])


def _drop(lags_ps, values):
    return values[..., 0] - values[..., lags_ps >= END_SHARE * lags_ps[-1]].mean(axis=-1)


def _least_time(lags_ps, values):
    """Least mean correlation time: as if nothing decayed any more after the last lag."""
    end = values[lags_ps >= END_SHARE * lags_ps[-1]].mean()
    return float(trapezoid((values - end) / (values[0] - end), lags_ps))


def _bound(reason, lags_ps, drop, lower_ps):
    nan = float("nan")
    ends = (float(lags_ps[0]), float(lags_ps[-1])) if len(lags_ps) else (nan, nan)
    return Decay(LOWER_BOUND, reason, *ends, *drop, *(nan,) * 9, lower_ps)
