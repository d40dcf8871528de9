"""Self-diffusion of ions and solvent from the mean-square displacement of their molecules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from ase.data import atomic_masses, atomic_numbers
from numpy.typing import NDArray
from scipy import constants, sparse

from ionshift.config.dynamics import Dynamics
from ionshift.config.electrolyte import Electrolyte
from ionshift.statistics import correlation
from ionshift.trajectories.cell import cubic_edge_A, minimum_image
from ionshift.trajectories.unwrapping import unwrapped_A

if TYPE_CHECKING:
    from ionshift.trajectories.trajectory import Trajectory

A2_PER_PS = 1e-8  # in m^2/s
YEH_HUMMER_XI = 2.837297
MIN_FIT_LAGS = 3
CUBIC_TOLERANCE = 1e-3


def centre_paths(
    trajectory: Trajectory, stride: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Unwrapped centres of mass of all molecules, the drift of the whole box removed.

    Successive frames are joined by the minimum image, so no molecule may move by half a box
    between them. A molecule's atoms are taken nearest to its first atom.

    Returns
    -------
    (time_ps (n_frames,), centres_A (n_frames, n_molecules, 3), mean cell (3, 3) in A)

    Raises
    ------
    InputError
        if a centre moves too far between two frames, see `unwrapped_A`.
    """
    masses = atomic_masses[[atomic_numbers[symbol] for symbol in trajectory.symbols]]
    molecule_masses = np.bincount(trajectory.molecule_of, masses)
    average = sparse.csr_matrix(
        (
            masses / molecule_masses[trajectory.molecule_of],
            (trajectory.molecule_of, np.arange(len(masses))),
        )
    )
    anchors = np.array([atoms[0] for atoms in trajectory.atoms_of])
    time_ps, centres_A, cells_A = [], [], []
    for frame in trajectory.frames(stride):
        anchor_A = frame.positions_A[anchors]
        inner_A = minimum_image(frame.positions_A - anchor_A[trajectory.molecule_of], frame.cell_A)
        time_ps.append(frame.time_ps)
        centres_A.append(anchor_A + average @ inner_A)
        cells_A.append(frame.cell_A)
    cell_A = np.mean(cells_A, axis=0)
    paths_A = unwrapped_A(
        np.array(centres_A),
        cell_A,
        f"{trajectory.path}: a molecule",
        "lower dynamics.frame_stride or md.frame_interval_ps",
    )
    drift_A = np.average(paths_A - paths_A[0], axis=1, weights=molecule_masses)
    return np.array(time_ps), paths_A - drift_A[:, None], cell_A


def squared_displacements(paths_A: NDArray[np.float64], n_lags: int) -> NDArray[np.float64]:
    """Squared displacement summed over time origins and molecules, by FFT.

    |r(t + lag) - r(t)|^2 is split into squares and a correlation (Calandrini, Pellegrini,
    Calligari, Hinsen, Kneller, Collection SFN 12, 201 (2011)).

    Parameters
    ----------
    paths_A : (n_frames, n_molecules, 3)

    Returns
    -------
    (n_lags,) in A^2; divide by (n_frames - lag) n_molecules for the mean
    """
    paths_A = paths_A - paths_A[0]
    squares = np.concatenate([[0.0], np.cumsum(np.sum(paths_A**2, axis=(1, 2)))])
    lags = np.arange(n_lags)
    both_ends = squares[len(paths_A) - lags] + squares[-1] - squares[lags]
    products = correlation.lagged_products(paths_A.reshape(len(paths_A), -1), n_lags).sum(axis=1)
    return both_ends - 2 * products


def mean_square_displacement(
    all_paths_A: Sequence[NDArray[np.float64]], n_lags: int
) -> NDArray[np.float64]:
    """Mean-square displacement (n_lags,) in A^2, pooled over a list of (n_frames, n, 3)."""
    lags = np.arange(n_lags)
    total = sum(squared_displacements(paths, n_lags) for paths in all_paths_A)
    origins = sum((len(paths) - lags) * paths.shape[1] for paths in all_paths_A)
    msd_A2 = total / origins
    msd_A2[0] = 0.0
    return msd_A2


def block_displacements(
    all_paths_A: Sequence[NDArray[np.float64]], n_lags: int, n_blocks: int
) -> NDArray[np.float64]:
    """Mean-square displacements of time blocks (n_replicas * n_blocks, n_lags) in A^2.

    Lags that do not fit into a block are NaN.
    """
    curves = []
    for paths_A in all_paths_A:
        for block_A in np.array_split(paths_A, n_blocks):
            curve = np.full(n_lags, np.nan)
            n_inside = min(n_lags, len(block_A))
            if n_inside:
                curve[:n_inside] = mean_square_displacement([block_A], n_inside)
            curves.append(curve)
    return np.array(curves)


def fit(
    time_ps: NDArray[np.float64], msd_A2: NDArray[np.float64], window_ps: tuple[float, float]
) -> tuple[float, float]:
    """Einstein's relation <r^2> = 6 D t + c fitted within a window.

    Returns
    -------
    (D in m^2/s, slope of log <r^2> against log t, which is 1 for diffusion); NaN if fewer than
    `MIN_FIT_LAGS` known lags are in the window
    """
    inside = (time_ps >= window_ps[0]) & (time_ps <= window_ps[1]) & (msd_A2 > 0)
    if inside.sum() < MIN_FIT_LAGS:
        return float("nan"), float("nan")
    time_ps, msd_A2 = time_ps[inside], msd_A2[inside]
    gradient = np.polyfit(time_ps, msd_A2, 1)[0]
    slope = np.polyfit(np.log(time_ps), np.log(msd_A2), 1)[0]
    return float(gradient / 6 * A2_PER_PS), float(slope)


def finite_size_correction(temperature_K: float, viscosity_mPa_s: float, edge_A: float) -> float:
    """What a cubic box of edge L takes from D, in m^2/s: xi kB T / (6 pi eta L).

    Yeh and Hummer, J. Phys. Chem. B 108, 15873 (2004), xi = 2.837297. NaN if the viscosity is
    NaN.
    """
    viscosity_Pa_s, edge_m = 1e-3 * viscosity_mPa_s, 1e-10 * edge_A
    return YEH_HUMMER_XI * constants.k * temperature_K / (6 * np.pi * viscosity_Pa_s * edge_m)


def measure(
    trajectories: Sequence[Trajectory],
    electrolyte: Electrolyte | None,
    settings: Dynamics,
    temperature_K: float,
    viscosity_mPa_s: float | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Displacements and diffusion coefficients of every species of one system.

    Parameters
    ----------
    trajectories : list of Trajectory, one a replica
    electrolyte : config.Electrolyte, or None: a row for every name of molecules, without a role
    settings : config.Dynamics
    viscosity_mPa_s : float or None

    Returns
    -------
    (msd, diffusion) DataFrames. `msd`: species, role, time_ps, msd_A2, msd_err_A2.
    `diffusion`: a row a species; `apparent_d_m2_s` is the fit whatever the regime, `d_m2_s`
    is NaN where `diffusive` is false, `corrected_d_m2_s` is NaN without a viscosity or
    in a box that is not cubic. Errors are standard errors over time blocks and replicas.
    """
    traced = [centre_paths(one, settings.frame_stride) for one in trajectories]
    step_ps = correlation.common_step([correlation.time_step(times) for times, _, _ in traced])
    n_frames = [len(times) for times, _, _ in traced]
    n_lags = correlation.count_lags(n_frames, settings.max_lag_share)
    lags_ps = step_ps * np.arange(n_lags) if n_lags > 1 else np.zeros(1)
    window_ps = np.array(settings.fit_share) * step_ps * (min(n_frames) - 1)
    edge_A = cubic_edge_A(np.mean([cell_A for _, _, cell_A in traced], axis=0), CUBIC_TOLERANCE)
    correction = finite_size_correction(
        temperature_K, np.nan if viscosity_mPa_s is None else viscosity_mPa_s, edge_A
    )
    curves, rows = [], []
    for species, role in _roles(trajectories, electrolyte).items():
        paths_A = [
            centres_A[:, one.molecule_name == species]
            for one, (_, centres_A, _) in zip(trajectories, traced, strict=True)
        ]
        if not all(paths.shape[1] for paths in paths_A):
            continue
        labels = {"species": species, "role": role}
        msd_A2 = mean_square_displacement(paths_A, n_lags)
        blocks_A2 = block_displacements(paths_A, n_lags, settings.n_blocks)
        curves.append(_curve(labels, lags_ps, msd_A2, blocks_A2))
        rows.append(
            labels
            | {"n_molecules": paths_A[0].shape[1], "n_replicas": len(paths_A)}
            | {"fit_from_ps": window_ps[0], "fit_to_ps": window_ps[1]}
            | _coefficient(lags_ps, msd_A2, blocks_A2, window_ps, settings.slope_tolerance)
            | {"box_edge_A": edge_A, "viscosity_mPa_s": viscosity_mPa_s}
            | {"correction_m2_s": correction}
        )
    diffusion = pd.DataFrame(rows)
    diffusion["viscosity_mPa_s"] = diffusion["viscosity_mPa_s"].astype(float)
    diffusion["corrected_d_m2_s"] = diffusion["d_m2_s"] + diffusion["correction_m2_s"]
    return pd.concat(curves, ignore_index=True), diffusion


def _roles(trajectories, electrolyte):
    """Roles by name of the molecules."""
    if electrolyte is None:
        return dict.fromkeys(np.unique(trajectories[0].molecule_name).astype(str).tolist(), "")
    return {name: species.role for name, species in electrolyte.species.items()}


def _standard_error(values):
    values = np.asarray(values, float)
    return values.std(axis=0, ddof=1) / np.sqrt(len(values))


def _curve(labels, lags_ps, msd_A2, blocks_A2):
    lags = correlation.table_lags(len(lags_ps))
    table = {
        "time_ps": lags_ps[lags],
        "msd_A2": msd_A2[lags],
        "msd_err_A2": _standard_error(blocks_A2)[lags],
    }
    return pd.DataFrame(labels | table)


def _coefficient(lags_ps, msd_A2, blocks_A2, window_ps, slope_tolerance):
    apparent, slope = fit(lags_ps, msd_A2, window_ps)
    fits = np.array([fit(lags_ps, block_A2, window_ps) for block_A2 in blocks_A2])
    d_err, slope_err = _standard_error(fits)
    diffusive = bool(abs(slope - 1) <= slope_tolerance)
    return {
        "slope": slope,
        "slope_err": slope_err,
        "diffusive": diffusive,
        "apparent_d_m2_s": apparent,
        "d_m2_s": apparent if diffusive else np.nan,
        "d_err_m2_s": d_err,
    }
