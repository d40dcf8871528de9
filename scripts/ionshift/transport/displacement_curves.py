"""Diffusion coefficients from mean-square displacements that are there as curves.

The window of the fit is given, or lies between `WINDOW_SHARE` of the longest time. A coefficient is
given only where the displacement is diffusive: the slope of its logarithm against that of time is
1 within a tolerance over the window, and within `HALVES` times that over each half of it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ionshift.core.errors import InputError
from ionshift.statistics.replicas import standard_error
from ionshift.transport.diffusion import A2_PER_PS, MIN_FIT_LAGS, finite_size_correction, fit

WINDOW_SHARE = (0.2, 0.6)
HALVES = 2.5
FASTEST_m2_s = 5e-8
SLOWEST_m2_s = 1e-18


@dataclass(frozen=True)
class Box:
    """Cubic box with periodic boundaries, and the solution's shear viscosity."""

    edge_A: float
    temperature_K: float
    viscosity_mPa_s: float

    def correction_m2_s(self) -> float:
        """What the box takes from a diffusion coefficient (Yeh and Hummer)."""
        return finite_size_correction(self.temperature_K, self.viscosity_mPa_s, self.edge_A)


def coefficients(
    curves: pd.DataFrame,
    box: Box | None = None,
    window_ps: tuple[float, float] | None = None,
    slope_tolerance: float = 0.1,
) -> pd.DataFrame:
    """Diffusion coefficients of every species.

    Parameters
    ----------
    curves : species, replica, time_ps, msd_A2, msd_err_A2 (NaN where not known)
    box : None leaves the coefficients as they are in the box

    Returns
    -------
    DataFrame, a row a species: n_replicas, fit_from_ps, fit_to_ps, slope, apparent_d_m2_s (the fit
    whatever the regime), d_m2_s and corrected_d_m2_s (NaN where not diffusive, the latter also
    without a box), d_err_m2_s, reason. The standard error is that over replicas; of a single
    curve it is an upper bound from its own errors, as if they were one at all times; else NaN.

    Raises
    ------
    InputError
        if the window holds too few times, or the numbers fit no unit.
    """
    rows = []
    for species, table in curves.groupby("species", sort=False):
        replicas = [one.reset_index(drop=True) for _, one in table.groupby("replica")]
        rows.append({"species": species} | _species(species, replicas, window_ps, slope_tolerance))
    result = pd.DataFrame(rows)
    result["correction_m2_s"] = np.nan if box is None else box.correction_m2_s()
    result["corrected_d_m2_s"] = result["d_m2_s"] + result["correction_m2_s"]
    result["reason"] = result.pop("reason")
    return result


def _species(species, replicas, window_ps, tolerance):
    if window_ps is None:
        longest_ps = min(float(one["time_ps"].iloc[-1]) for one in replicas)
        window_ps = (WINDOW_SHARE[0] * longest_ps, WINDOW_SHARE[1] * longest_ps)
    fits = np.array([_fit(species, one, window_ps) for one in replicas])
    apparent, slope = fits[:, 0].mean(), fits[:, 1].mean()
    if not SLOWEST_m2_s < abs(apparent) < FASTEST_m2_s:
        raise InputError(
            f"{species}: the slope of the displacement is D = {apparent:.1e} m^2/s, which no "
            "liquid has; is its unit right (A2 or nm2, ps or fs)?"
        )
    reason = _not_diffusive(replicas, slope, window_ps, tolerance)
    error = standard_error(fits[:, 0]) if len(replicas) > 1 else _bound(replicas[0], window_ps)
    return {
        "n_replicas": len(replicas),
        "fit_from_ps": window_ps[0],
        "fit_to_ps": window_ps[1],
        "slope": slope,
        "apparent_d_m2_s": apparent,
        "d_m2_s": np.nan if reason else apparent,
        "d_err_m2_s": float(error),
        "reason": reason,
    }


def _fit(species, one, window_ps):
    found = fit(one["time_ps"].to_numpy(), one["msd_A2"].to_numpy(), window_ps)
    if np.isnan(found[0]):
        raise InputError(
            f"{species}: fewer than {MIN_FIT_LAGS} positive displacements between {window_ps[0]:g} "
            f"and {window_ps[1]:g} ps; the file has times from {one['time_ps'].iloc[0]:g} to "
            f"{one['time_ps'].iloc[-1]:g} ps"
        )
    return found


def _not_diffusive(replicas, slope, window_ps, tolerance):
    """Why the displacement of all replicas is not diffusive; empty if it is."""
    middle_ps = float(np.sqrt(window_ps[0] * window_ps[1]))
    checks = [(slope, window_ps, tolerance)]
    for half_ps in ((window_ps[0], middle_ps), (middle_ps, window_ps[1])):
        slopes = [
            fit(o["time_ps"].to_numpy(), o["msd_A2"].to_numpy(), half_ps)[1] for o in replicas
        ]
        checks.append((float(np.mean(slopes)), half_ps, HALVES * tolerance))
    for found, (start_ps, end_ps), allowed in checks:
        if abs(found - 1) > allowed:
            return (
                f"not diffusive: from {start_ps:.4g} to {end_ps:.4g} ps the log-log slope is "
                f"{found:.2f}, not 1 within {allowed:.2g}"
            )
    return ""


def _bound(one, window_ps):
    """Largest error(t) / 6 t in the window, in m^2/s; NaN if errors are not known."""
    inside = one["time_ps"].between(*window_ps) & (one["time_ps"] > 0)
    return float((one["msd_err_A2"] / (6 * one["time_ps"]))[inside].max() * A2_PER_PS)
