"""The local structure index against the shift.

The index of a nucleus is the variance of the gaps between the sorted distances of its ligand
atoms, up to the first one beyond the cut-off (`solvation.local_structure_index`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from ionshift.solvation.shells import check_half_box, local_structure_index
from ionshift.statistics import uncertainty
from ionshift.statistics.uncertainty import Samples

if TYPE_CHECKING:
    from ionshift.solvation.shells import ShellFinder


def ranges(edges_A2: Iterable[float]) -> list[tuple[float, float]]:
    """Consecutive (low, high) of ascending edges; low is inside, high is not."""
    return list(pairwise(edges_A2))


def range_table(
    predictions: Mapping[str, pd.DataFrame],
    molarity_M: Mapping[str, float],
    edges_A2: Sequence[float],
    n_blocks: int,
) -> pd.DataFrame:
    """Mean shift and share of the environments in every range of the index.

    Parameters
    ----------
    predictions : dict of DataFrame by system, with lsi_A2, shift_ppm, replica, time_ps
    molarity_M : dict of float
    edges_A2 : ascending edges
    n_blocks : int, blocks of time a replica for the errors

    Returns
    -------
    DataFrame with system, molarity_M, lsi_low_A2, lsi_high_A2, share, share_err,
    mean_shift_ppm, mean_shift_err_ppm, n_environments. An empty range has share 0 and no
    mean. Environments beyond the last edge are in no row.
    """
    rows = []
    for system, table in predictions.items():
        samples = Samples.of(table, n_blocks)
        for low, high in ranges(edges_A2):
            inside = table["lsi_A2"].between(low, high, inclusive="left")
            share, share_err = samples.mean(inside)
            shift, shift_err = samples.mean(table["shift_ppm"], inside)
            rows.append(
                {
                    "system": system,
                    "molarity_M": molarity_M[system],
                    "lsi_low_A2": low,
                    "lsi_high_A2": high,
                    "share": share,
                    "share_err": share_err,
                    "mean_shift_ppm": shift,
                    "mean_shift_err_ppm": shift_err,
                    "n_environments": int(inside.sum()),
                }
            )
    return pd.DataFrame(rows)


def histogram_table(
    predictions: Mapping[str, pd.DataFrame], edges_A2: Sequence[float], n_bins: int
) -> pd.DataFrame:
    """Histogram of the shifts in every range of the index, on one grid for all systems.

    Returns
    -------
    DataFrame with system, lsi_low_A2, lsi_high_A2, shift_ppm (middle of the bin),
    environments_per_ppm (density of all of the system's environments: the integral over a
    range is its share)
    """
    shifts = np.concatenate([table["shift_ppm"] for table in predictions.values()])
    bins = np.histogram_bin_edges(shifts, n_bins)
    parts = []
    for system, table in predictions.items():
        for low, high in ranges(edges_A2):
            inside = table["lsi_A2"].between(low, high, inclusive="left")
            counts = np.histogram(table.loc[inside, "shift_ppm"], bins)[0]
            parts.append(
                pd.DataFrame(
                    {
                        "system": system,
                        "lsi_low_A2": low,
                        "lsi_high_A2": high,
                        "shift_ppm": (bins[1:] + bins[:-1]) / 2,
                        "environments_per_ppm": counts / (len(table) * np.diff(bins)),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def sample_table(
    predictions: Mapping[str, pd.DataFrame], size: int, seeds: Mapping[str, int]
) -> pd.DataFrame:
    """At most `size` environments a system, drawn at random; seeds is a dict by system."""
    columns = ["replica", "frame", "nucleus", "lsi_A2", "shift_ppm", "n_anion", "solvation_class"]
    parts = []
    for system, table in predictions.items():
        known = table.loc[table["lsi_A2"].notna(), columns]
        drawn = known.sample(min(size, len(known)), random_state=seeds[system]).sort_index()
        drawn.insert(0, "system", system)
        parts.append(drawn)
    return pd.concat(parts, ignore_index=True)


def pearson(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Pearson's correlation; NaN if either is constant or shorter than two."""
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def spearman(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Spearman's rank correlation: Pearson's of the ranks, equal values sharing their mean rank."""
    return pearson(rankdata(x), rankdata(y))


def correlation(
    table: pd.DataFrame, n_blocks: int, n_bootstrap: int, seed: int
) -> dict[str, float]:
    """Correlations of index and shift, with errors from draws of whole samples.

    See `uncertainty`; an error is unknown (NaN) with fewer than two frames a block.

    Parameters
    ----------
    table : DataFrame with lsi_A2, shift_ppm, replica, nucleus, time_ps; rows without an index are
        dropped

    Returns
    -------
    dict with pearson, pearson_err, spearman, spearman_err
    """
    table = table[table["lsi_A2"].notna()].reset_index(drop=True)
    lsi, shift = table["lsi_A2"].to_numpy(), table["shift_ppm"].to_numpy()
    result = {"pearson": pearson(lsi, shift), "pearson_err": float("nan")}
    result |= {"spearman": spearman(lsi, shift), "spearman_err": float("nan")}
    kinds = Samples.of(table, n_blocks).kinds()
    if not kinds:
        return result
    errors = uncertainty.larger(
        [_correlation_errors(lsi, shift, sample, n_bootstrap, seed) for sample in kinds]
    )
    return result | {"pearson_err": float(errors[0]), "spearman_err": float(errors[1])}


def _correlation_errors(lsi, shift, sample, n_bootstrap, seed):
    """Errors of both correlations (2,) from draws of whole samples."""
    rows_of = [np.flatnonzero(sample == number) for number in np.unique(sample)]
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(n_bootstrap):
        chosen = rng.integers(len(rows_of), size=len(rows_of))
        rows = np.concatenate([rows_of[number] for number in chosen])
        drawn.append((pearson(lsi[rows], shift[rows]), spearman(lsi[rows], shift[rows])))
    return uncertainty.resampling_error(drawn, len(rows_of))


def scan_cutoffs(
    finders: Iterable[ShellFinder], cutoffs_A: Sequence[float], stride: int
) -> pd.DataFrame:
    """The index of every nucleus at several cut-offs.

    Parameters
    ----------
    finders : list of ShellFinder, one a replica
    cutoffs_A : cut-offs of the index
    stride : int, every n-th frame of the trajectories

    Returns
    -------
    DataFrame with replica, frame, time_ps, nucleus, cutoff_A, lsi_A2

    Raises
    ------
    InputError
        if a cut-off is beyond half the box.
    """
    key = "shell.lsi_cutoff_A + structure.lsi_cutoff_offsets_A"
    rows = []
    for replica, finder in enumerate(finders):
        for frame in finder.trajectory.frames(stride):
            check_half_box(key, max(cutoffs_A), frame, finder.trajectory)
            rows += [
                (replica, frame.index, frame.time_ps, nucleus, cutoff_A, lsi_A2)
                for nucleus, distances_A in enumerate(finder.distances_A(frame))
                for cutoff_A in cutoffs_A
                for lsi_A2 in [local_structure_index(distances_A, cutoff_A)]
            ]
    return pd.DataFrame(
        rows, columns=["replica", "frame", "time_ps", "nucleus", "cutoff_A", "lsi_A2"]
    )


def cutoff_table(
    scans: Mapping[str, pd.DataFrame],
    molarity_M: Mapping[str, float],
    n_blocks: int,
    n_bootstrap: int,
    seeds: Mapping[str, int],
) -> pd.DataFrame:
    """Mean index and its correlation with the shift at every cut-off.

    Parameters
    ----------
    scans : dict of DataFrame by system: `scan_cutoffs` with shift_ppm

    Returns
    -------
    DataFrame with system, molarity_M, cutoff_A, mean_lsi_A2, mean_lsi_err_A2, pearson,
    pearson_err, spearman, spearman_err, n_environments
    """
    rows = []
    for system, scan in scans.items():
        for cutoff_A, part in scan.groupby("cutoff_A"):
            known = part[part["lsi_A2"].notna()]
            row = {"system": system, "molarity_M": molarity_M[system], "cutoff_A": cutoff_A}
            samples = Samples.of(known, n_blocks)
            row["mean_lsi_A2"], row["mean_lsi_err_A2"] = samples.mean(known["lsi_A2"])
            row |= correlation(known, n_blocks, n_bootstrap, seeds[system])
            rows.append(row | {"n_environments": len(known)})
    return pd.DataFrame(rows)


def correlation_table(
    predictions: Mapping[str, pd.DataFrame],
    molarity_M: Mapping[str, float],
    edges_A2: Sequence[float],
    n_blocks: int,
    n_bootstrap: int,
    seeds: Mapping[str, int],
) -> pd.DataFrame:
    """Mean index, share outside all ranges and correlation with the shift of every system.

    Returns
    -------
    DataFrame with system, molarity_M, mean_lsi_A2, mean_lsi_err_A2, outside_share, pearson,
    pearson_err, spearman, spearman_err
    """
    rows = []
    for system, table in predictions.items():
        known = table[table["lsi_A2"].notna()]
        inside = table["lsi_A2"].between(edges_A2[0], edges_A2[-1], inclusive="left")
        row = {"system": system, "molarity_M": molarity_M[system]}
        samples = Samples.of(known, n_blocks)
        row["mean_lsi_A2"], row["mean_lsi_err_A2"] = samples.mean(known["lsi_A2"])
        row["outside_share"] = 1 - float(inside.mean())
        rows.append(row | correlation(table, n_blocks, n_bootstrap, seeds[system]))
    return pd.DataFrame(rows)
