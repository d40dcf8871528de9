"""How fast a nucleus forgets its shift, and what this means for the line and for the mean.

A path is one nucleus of one replica over time. The autocorrelation is taken of the deviation
from the mean over all paths, so that it stays above zero as long as paths keep apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.config.spectrum import Spectrum
from ionshift.core.errors import InputError
from ionshift.nmr import lineshape
from ionshift.nmr.spectrum import distribution
from ionshift.statistics import correlation
from ionshift.statistics.uncertainty import Samples

PS = 1e-12
NO_SPREAD_PPM = 1e-9


@dataclass(frozen=True)
class Paths:
    """Shifts of one system: a list of (n_frames, n_nuclei) in ppm, one a replica."""

    shifts_ppm: list
    step_ps: float

    @property
    def mean_ppm(self) -> float:
        return float(np.concatenate([shifts.ravel() for shifts in self.shifts_ppm]).mean())

    @property
    def sd_ppm(self) -> float:
        """Standard deviation of all shifts; 0 if they are equal but for rounding."""
        spread = float(np.concatenate([shifts.ravel() for shifts in self.shifts_ppm]).std())
        return 0.0 if spread < NO_SPREAD_PPM else spread

    def deviations_ppm(self) -> list[NDArray[np.float64]]:
        """List of (n_frames,) deviations from the mean over all paths, one a path."""
        return [path - self.mean_ppm for shifts in self.shifts_ppm for path in shifts.T]

    @property
    def n_frames(self) -> list[int]:
        """Frames of each replica."""
        return [len(shifts) for shifts in self.shifts_ppm]


def read_paths(predictions: pd.DataFrame) -> Paths:
    """`Paths` of a table with replica, nucleus, time_ps and shift_ppm.

    Raises
    ------
    InputError
        if a nucleus lacks a frame or the frames are not equally spaced.
    """
    shifts, steps = [], []
    for replica, part in predictions.groupby("replica"):
        wide = part.pivot(index="time_ps", columns="nucleus", values="shift_ppm")
        if wide.isna().to_numpy().any():
            raise InputError(
                f"predictions of replica {replica}: a nucleus lacks a frame or its shift; delete "
                "the table and predict again"
            )
        shifts.append(wide.to_numpy())
        steps.append(correlation.time_step(wide.index))
    return Paths(shifts, correlation.common_step(steps))


@dataclass(frozen=True)
class Autocorrelation:
    """Normalised shift autocorrelation of a system with what follows from it.

    Times in ps. `time_ps` is the correlation time, NaN if the function is positive over all
    lags; `lower_ps` is then the integral over them. `static_share` is the share of the
    variance that lies between the means of the paths over the run. Errors are jackknife
    errors over paths.
    """

    lags_ps: np.ndarray
    value: np.ndarray
    error: np.ndarray
    time_ps: float
    time_err_ps: float
    lower_ps: float
    static_share: float
    static_share_err: float


def shift_autocorrelation(paths: Paths, max_lag_share: float) -> Autocorrelation:
    """`Autocorrelation` of `Paths` up to a share of the shortest replica."""
    n_lags = correlation.count_lags(paths.n_frames, max_lag_share)
    deviations = paths.deviations_ppm()
    products = np.array([correlation.lagged_products(path, n_lags) for path in deviations])
    origins = np.array([len(path) - np.arange(n_lags) for path in deviations])
    value = _normalised(products.sum(axis=0) / origins.sum(axis=0))
    others = [
        _normalised(covariance)
        for covariance in correlation.leave_one_out(products) / correlation.leave_one_out(origins)
    ]
    time_ps, lower_ps = correlation.correlation_time(value, paths.step_ps)
    other_times = [correlation.correlation_time(other, paths.step_ps)[0] for other in others]
    static_share, static_share_err = _static_share(deviations)
    return Autocorrelation(
        lags_ps=paths.step_ps * np.arange(n_lags) if n_lags > 1 else np.zeros(1),
        value=value,
        error=np.broadcast_to(correlation.jackknife_error(others), value.shape),
        time_ps=time_ps,
        time_err_ps=float(correlation.jackknife_error(other_times)),
        lower_ps=lower_ps,
        static_share=static_share,
        static_share_err=static_share_err,
    )


def _normalised(covariance):
    if covariance[0] < NO_SPREAD_PPM**2:
        return np.full(len(covariance), np.nan)
    return covariance / covariance[0]


def _static_share(deviations):
    between = np.array([len(path) * path.mean() ** 2 for path in deviations])
    total = np.array([np.sum(path**2) for path in deviations])
    n_frames = [len(path) for path in deviations]
    if len(deviations) < 2 or min(n_frames) < 2 or total.sum() < sum(n_frames) * NO_SPREAD_PPM**2:
        return float("nan"), float("nan")
    others = correlation.leave_one_out(between) / correlation.leave_one_out(total)
    return float(between.sum() / total.sum()), float(correlation.jackknife_error(others))


def autocorrelation_table(found: Mapping[str, Autocorrelation]) -> pd.DataFrame:
    """Curves of a dict of `Autocorrelation` by system, at no more than some hundred lags.

    Returns
    -------
    DataFrame with system, time_ps, autocorrelation, autocorrelation_err
    """
    parts = []
    for system, one in found.items():
        lags = correlation.table_lags(len(one.value))
        parts.append(
            pd.DataFrame(
                {
                    "system": system,
                    "time_ps": one.lags_ps[lags],
                    "autocorrelation": one.value[lags],
                    "autocorrelation_err": one.error[lags],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def exchange_table(
    all_paths: Mapping[str, Paths],
    found: Mapping[str, Autocorrelation],
    larmor_MHz: float,
    t2_s: float,
) -> pd.DataFrame:
    """Whether exchange is fast, a row a system.

    `amplitude_rad_s` is Delta of the whole distribution, fast vibrations and the model's noise
    included; `crossover_s` = 1 / Delta is the correlation time above which exchange would no
    longer be fast. `lower` columns hold bounds for a correlation time that the run is too
    short to give. `exchange_width_Hz` is compared with `t2_width_Hz` = 1 / (pi T2) and with
    `static_width_Hz`, the full width at half height of a Gaussian of that amplitude.

    Parameters
    ----------
    all_paths : dict of `Paths` by system
    found : dict of `Autocorrelation` by system
    """
    rows = []
    for system, paths in all_paths.items():
        one = found[system]
        delta = lineshape.amplitude_rad_s(paths.sd_ppm, larmor_MHz)
        rows.append(
            {
                "system": system,
                "shift_sd_ppm": paths.sd_ppm,
                "static_share": one.static_share,
                "static_share_err": one.static_share_err,
                "frame_step_ps": paths.step_ps,
                "longest_lag_ps": one.lags_ps[-1],
                "correlation_time_ps": one.time_ps,
                "correlation_time_err_ps": one.time_err_ps,
                "correlation_time_lower_ps": one.lower_ps,
                "amplitude_rad_s": delta,
                "crossover_s": 1 / delta if delta else np.nan,
                "amplitude_times_tau": delta * one.time_ps * PS,
                "amplitude_times_tau_lower": delta * one.lower_ps * PS,
                "regime": lineshape.regime(delta, one.time_ps * PS, one.lower_ps * PS),
                "exchange_width_Hz": lineshape.exchange_width_Hz(delta, one.time_ps * PS),
                "exchange_width_lower_Hz": lineshape.exchange_width_Hz(delta, one.lower_ps * PS),
                "t2_width_Hz": 1 / (np.pi * t2_s),
                "static_width_Hz": np.sqrt(8 * np.log(2)) * delta / (2 * np.pi),
            }
        )
    return pd.DataFrame(rows)


def line_table(
    all_paths: Mapping[str, Paths], exchange: pd.DataFrame, spectrum: Spectrum
) -> pd.DataFrame:
    """Static distribution and Kubo's lines of every system on a grid of its own.

    Returns
    -------
    DataFrame with system, shift_ppm, static_per_ppm, tau_ps (the correlation time, or its lower
    bound), line_per_ppm (Kubo's line for it) and crossover_per_ppm (the line if Delta tau were
    1); both lines are broadened by T2. A line whose tau is unknown is NaN; without spread tau
    does not matter.
    """
    return pd.concat(
        [
            _lines(paths, exchange.set_index("system").loc[system], spectrum).assign(system=system)
            for system, paths in all_paths.items()
        ],
        ignore_index=True,
    )


def _lines(paths, row, spectrum):
    values = np.concatenate([shifts.ravel() for shifts in paths.shifts_ppm])
    margin = 5 * spectrum.distribution_sigma_ppm
    grid = np.linspace(values.min() - margin, values.max() + margin, spectrum.n_points)
    frequency_Hz = (grid - paths.mean_ppm) * spectrum.larmor_MHz
    tau_ps = row["correlation_time_ps"]
    if np.isnan(tau_ps):
        tau_ps = row["correlation_time_lower_ps"]

    def line_per_ppm(tau_s):
        if np.isnan(tau_s) and row["amplitude_rad_s"] > 0:
            return np.full(len(grid), np.nan)
        return spectrum.larmor_MHz * lineshape.line(
            frequency_Hz, row["amplitude_rad_s"], tau_s, spectrum.t2_s
        )

    return pd.DataFrame(
        {
            "shift_ppm": grid,
            "static_per_ppm": distribution(values, grid, spectrum.distribution_sigma_ppm),
            "tau_ps": tau_ps,
            "line_per_ppm": line_per_ppm(tau_ps * PS),
            "crossover_per_ppm": line_per_ppm(row["crossover_s"]),
        }
    )


def mean_error_table(
    predictions: Mapping[str, pd.DataFrame], all_paths: Mapping[str, Paths], n_blocks: int
) -> pd.DataFrame:
    """Three independent errors of the mean shift, a row a system.

    `block_err_ppm` comes from blocks of time (`uncertainty`).
    `autocorrelation_err_ppm` = sqrt(g var / n_frames) with the statistical inefficiency
    g = 1 + 2 sum_k (1 - k/N) C(k) of the frame means, summed up to the first zero of C (Chodera,
    Swope, Pitera, Seok, Dill, J. Chem. Theory Comput. 3, 26 (2007)); NaN if there is none.
    Both see only what changes within the run. `path_err_ppm` takes the mean of every path as
    one independent sample: it holds differences between nuclei that outlive the run.
    """
    rows = []
    for system, paths in all_paths.items():
        table = predictions[system]
        samples = Samples.of(table, n_blocks)
        inefficiency, error = _inefficiency([shifts.mean(axis=1) for shifts in paths.shifts_ppm])
        rows.append(
            {
                "system": system,
                "shift_ppm": table["shift_ppm"].mean(),
                "block_err_ppm": samples.block_error(table["shift_ppm"]),
                "block_ps": min(paths.n_frames) * paths.step_ps / n_blocks,
                "statistical_inefficiency": inefficiency,
                "mean_correlation_time_ps": inefficiency * paths.step_ps / 2,
                "autocorrelation_err_ppm": error,
                "path_err_ppm": samples.path_error(table["shift_ppm"]),
                "n_paths": sum(shifts.shape[1] for shifts in paths.shifts_ppm),
            }
        )
    return pd.DataFrame(rows)


def _inefficiency(series):
    """Statistical inefficiency in frames and error of the mean of series, one a replica."""
    n_frames = np.array([len(one) for one in series])
    mean = np.concatenate(series).mean()
    n_lags = n_frames.min()
    products = sum(correlation.lagged_products(one - mean, n_lags) for one in series)
    origins = n_frames.sum() - len(series) * np.arange(n_lags)
    normalised = _normalised(products / origins)
    crossing = correlation.zero_crossing(normalised)
    if n_lags < 2 or crossing is None or np.isnan(normalised[0]):
        return float("nan"), float("nan")
    lags = np.arange(1, crossing)
    inefficiency = 1 + 2 * np.sum((1 - lags / n_frames.mean()) * normalised[1:crossing])
    variance = products[0] / (n_frames.sum() - 1)
    return float(inefficiency), float(np.sqrt(inefficiency * variance / n_frames.sum()))
