"""The correlation that a spin-alignment echo measures.

S2(t_p, t_m) = <sin(2 pi nu_Q(0) t_p) sin(2 pi nu_Q(t_m) t_p)>, with the evolution time t_p and the
mixing time t_m (Qi et al., J. Magn. Reson. 169, 225 (2004), for I = 3/2), up to a factor that its
value at t_m = 0 takes out. Nothing moves during t_p: it is a time of phases. The average over the
powder is taken on a grid that is fine enough for the largest phase. For small t_p,
S2 / (2 pi t_p)^2 is the autocorrelation of nu_Q.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.core.errors import InputError
from ionshift.nmr import powder
from ionshift.nmr.efg_runs import EfgRun
from ionshift.nmr.nuclides import Nuclide
from ionshift.nmr.quadrupolar import along, frequency_per_au_Hz
from ionshift.nmr.quadrupolar_correlation import fit_row
from ionshift.statistics import correlation
from ionshift.statistics.decay import decay
from ionshift.statistics.path_correlation import PathCorrelation, kept_lags, of_paths

Array = NDArray[np.float64]

SPINS = (1.0, 1.5)
US = 1e-6
# Frequencies of all frames and some directions at a time.
MAX_NUMBERS = 4_000_000
# Both sines, each a polynomial in the direction of twice about its phase, and a margin.
DEGREE_PER_PHASE, DEGREE_MARGIN = 4.0, 12


def largest_phase(runs: Sequence[EfgRun], nuclide: Nuclide, evolution_us: float) -> float:
    """Largest 2 pi |nu_Q| t_p in rad over frames, nuclei and directions."""
    largest_au = max(np.abs(np.linalg.eigvalsh(run.tensors_au)).max() for run in runs)
    return float(2 * np.pi * abs(frequency_per_au_Hz(nuclide)) * largest_au * evolution_us * US)


def degree_for(phase: float, evolution_us: float) -> int:
    """Degree of the grid for products of sines of phases up to `phase` rad.

    Raises
    ------
    InputError
        if the finest grid is too coarse.
    """
    degree = int(np.ceil(DEGREE_PER_PHASE * phase)) + DEGREE_MARGIN
    if degree > powder.FINEST:
        longest_us = evolution_us * (powder.FINEST - DEGREE_MARGIN) / (DEGREE_PER_PHASE * phase)
        raise InputError(
            f"evolution time of {evolution_us:g} us: phases reach {phase:.0f} rad, too many turns "
            f"for a powder grid; take at most {longest_us:.2g} us, or average the tensors over a "
            "window first"
        )
    return degree


def echo(
    runs: Sequence[EfgRun],
    nuclide: Nuclide,
    evolution_us: float,
    max_lag_share: float = 0.5,
) -> PathCorrelation:
    """S2 at one evolution time, over the powder, time origins, nuclei and replicas.

    Raises
    ------
    InputError
        for a spin with more than one satellite frequency, an evolution time that is not positive
        or too long for a grid, and replicas stored at different steps.
    """
    if nuclide.spin not in SPINS:
        raise InputError(
            f"nuclide = {nuclide.name}: the spin-alignment echo is known here for spins 1 and 3/2, "
            f"not {nuclide.spin:g}"
        )
    if not evolution_us > 0:
        raise InputError(f"evolution time = {evolution_us:g} us: must be above 0")
    grid = powder.grid(degree_for(largest_phase(runs, nuclide, evolution_us), evolution_us))
    step_ps = correlation.common_step([run.step_ps for run in runs])
    lags = kept_lags(correlation.count_lags([run.n_frames for run in runs], max_lag_share))
    scale = 2 * np.pi * frequency_per_au_Hz(nuclide) * evolution_us * US
    products = [_products(scale * run.tensors_au, grid, lags) for run in runs]
    return of_paths(products, [run.n_frames for run in runs], lags, step_ps)


def _products(phase_tensors: Array, grid: powder.Grid, lags: NDArray[np.int_]) -> Array:
    """Sums over time origins (n_nuclei, n_kept_lags), averaged over the grid."""
    n_frames, n_nuclei = phase_tensors.shape[:2]
    n_parts = -(-n_frames * len(grid.weights) // MAX_NUMBERS)
    found = np.zeros((n_nuclei, len(lags)))
    for part in np.array_split(np.arange(len(grid.weights)), n_parts):
        for nucleus in range(n_nuclei):
            sines = np.sin(along(phase_tensors[:, nucleus], grid.directions[part]))
            products = correlation.lagged_products(sines, lags[-1] + 1)[lags]
            found[nucleus] += products @ grid.weights[part]
    return found


def tables(
    runs: Sequence[EfgRun],
    nuclide: Nuclide,
    evolution_us: Sequence[float],
    fit_from_ps: float = 0.0,
    max_lag_share: float = 0.5,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves and fits on a grid of evolution times.

    Returns
    -------
    (curves with evolution_us, mixing_ps, echo (1 at mixing time 0), echo_err, fit;
    fits with evolution_us, largest_phase_rad, initial (S2 at mixing time 0), then the decay)
    """
    curves, fits = [], []
    for time_us in evolution_us:
        one = echo(runs, nuclide, time_us, max_lag_share)
        found = decay(one, fit_from_ps)
        curves.append(
            pd.DataFrame(
                {
                    "evolution_us": time_us,
                    "mixing_ps": one.lags_ps,
                    "echo": one.value(),
                    "echo_err": one.error(),
                    "fit": found.curve(one.lags_ps),
                }
            )
        )
        fits.append(
            {
                "evolution_us": time_us,
                "largest_phase_rad": largest_phase(runs, nuclide, time_us),
                "initial": one.mean()[0],
            }
            | fit_row(found)
        )
    return pd.concat(curves, ignore_index=True), pd.DataFrame(fits)
