"""Errors of statistics that are not means: whole blocks of time are drawn again.

The blocks are those of `spectrum.mean_with_error`: each replica's frames cut into `n_blocks`
blocks of time. Künsch, Ann. Stat. 17, 1217 (1989).
"""

import numpy as np
import pandas as pd


def block_of(replica, time_ps, n_blocks):
    """Number of the block of each environment (n,); None with fewer than two frames a block."""
    keys = pd.DataFrame({"replica": np.asarray(replica), "time_ps": np.asarray(time_ps)})
    frames = keys.drop_duplicates().sort_values(["replica", "time_ps"], ignore_index=True)
    if frames.groupby("replica").size().min() < 2 * n_blocks or frames.empty:
        return None
    for number, rows in enumerate(frames.groupby("replica").groups.values()):
        sizes = [len(part) for part in np.array_split(rows, n_blocks)]
        frames.loc[rows, "block"] = np.repeat(np.arange(n_blocks) + number * n_blocks, sizes)
    return keys.merge(frames, how="left")["block"].to_numpy(int)


def drawn_counts(n_blocks, n_resamples, rng):
    """How often each block is drawn in each resample (n_resamples, n_blocks)."""
    return rng.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=n_resamples)


def error(estimates, n_blocks):
    """Standard deviation of the resamples' estimates (n_resamples, ...), NaN ones left out.

    The factor sqrt(n / (n - 1)) makes the error of a mean that of `spectrum.mean_with_error`:
    resampled means of n blocks scatter too little by its inverse.
    """
    estimates = np.asarray(estimates, float)
    known = np.isfinite(estimates).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(estimates, axis=0) / known
        squares = np.nansum((estimates - mean) ** 2, axis=0) / (known - 1)
    factor = n_blocks / (n_blocks - 1)
    return np.where(known > 1, np.sqrt(np.where(known > 1, squares, 0.0) * factor), np.nan)
