"""Whether a running integral has come to rest, and the number that it then gives."""

from dataclasses import dataclass

import numpy as np

from ionshift.statistics.replicas import standard_error

LAST_SHARE = 0.25


@dataclass(frozen=True)
class Settled:
    """A value with its standard error (NaN: unknown), or NaN with the reason why there is none.

    `drift` is half of the range that the running integral covers over the last quarter.
    """

    value: float
    error: float
    drift: float
    reason: str


def read_off(distances_A: np.ndarray, running: np.ndarray, tolerance: float, unit: str) -> Settled:
    """Value at the last distance, if the running integral has settled.

    It has if over the last quarter of distances it stays within `tolerance`, or within twice the
    standard error where replicas say that it is larger.

    Parameters
    ----------
    distances_A : (n,)
    running : (n_replicas, n)
    tolerance : in `unit`
    """
    mean = running.mean(axis=0)
    last = distances_A >= (1 - LAST_SHARE) * distances_A[-1]
    error = float(standard_error(running[:, -1]))
    if not np.isfinite(mean[last]).all():
        return Settled(np.nan, error, np.nan, "not converged: a fluctuation of numbers is negative")
    drift = float(np.ptp(mean[last]) / 2)
    allowed = max(tolerance, 2 * error) if np.isfinite(error) else tolerance
    if drift <= allowed:
        return Settled(float(mean[-1]), error, drift, "")
    reason = (
        f"not converged: from {distances_A[last][0]:.1f} to {distances_A[-1]:.1f} A the running "
        f"integral moves by +-{drift:.3g} {unit}, more than {allowed:.3g}"
    )
    return Settled(np.nan, error, drift, reason)
