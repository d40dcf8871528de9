"""Sampling errors of what is averaged over environments, which are correlated in several ways.

Environments of neighbouring frames move together: blocks of time see that. A nucleus can keep
its shell for longer than the run lasts: only the comparison of nuclei sees that. And all nuclei of
a box can share what its start has left behind: only the comparison of replicas sees that. So the
environments are cut into independent samples two or three times, into blocks of time, into paths
(one nucleus of one replica) and, from `LEAST_REPLICAS` on, into replicas, and an error is the
largest of those that follow.

Errors of means are those of a ratio of sums over samples (Cochran, Sampling Techniques, 3rd ed.,
1977, section 6.4), so that samples may be of any size. Statistics that are not means are computed
again from whole samples drawn at random (Künsch, Ann. Stat. 17, 1217 (1989)).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

ZERO = 1e-8
LEAST_REPLICAS = 3
"""From two values a standard deviation is too uncertain to stand beside the other errors."""


@dataclass(frozen=True)
class Samples:
    """The samples that the rows of a table belong to.

    Attributes
    ----------
    block : (n,) number of the block of time; None with fewer than two frames a block
    path : (n,) number of the path
    replica : (n,) number of the replica; None with fewer than `LEAST_REPLICAS`
    """

    block: np.ndarray | None
    path: np.ndarray
    replica: np.ndarray | None = None

    @classmethod
    def of(cls, table: pd.DataFrame, n_blocks: int) -> Self:
        """From a table with replica, nucleus and time_ps; `n_blocks` blocks a replica."""
        path = table.groupby(["replica", "nucleus"], sort=True).ngroup().to_numpy()
        block = block_of(table["replica"], table["time_ps"], n_blocks)
        names, replica = np.unique(table["replica"].to_numpy(), return_inverse=True)
        return cls(block, path, replica if len(names) >= LEAST_REPLICAS else None)

    def mean(
        self, values: ArrayLike, inside: NDArray[np.bool_] | None = None
    ) -> tuple[float, float]:
        """Mean over the environments, or over those `inside`, and its error.

        The error is unknown (NaN) if that of the blocks is, and if all samples agree exactly: a
        number that never changed says nothing about how far it would.

        Parameters
        ----------
        values : (n,)
        inside : (n,) bool

        Returns
        -------
        (mean, error), NaN without environments
        """
        values = np.asarray(values, float)
        inside = np.ones(len(values), bool) if inside is None else np.asarray(inside, bool)
        if not inside.any():
            return float("nan"), float("nan")
        if self.block is None:
            return float(values[inside].mean()), float("nan")
        errors = [ratio_error(values[inside], kind[inside]) for kind in self._all_kinds()]
        error = float(larger(errors))
        return float(values[inside].mean()), error if error > ZERO else float("nan")

    def block_error(self, values: ArrayLike) -> float:
        """Error of the mean from blocks of time alone."""
        return float("nan") if self.block is None else ratio_error(values, self.block)

    def path_error(self, values: ArrayLike) -> float:
        """Error of the mean with each path as one sample; NaN for a single path."""
        return ratio_error(values, self.path)

    def kinds(self) -> list[NDArray[np.integer]]:
        """All ways to cut, as (n,) sample numbers; none where the error is unknown."""
        if self.block is None:
            return []
        return [kind for kind in self._all_kinds() if len(kind) and kind.max() > 0]

    def _all_kinds(self):
        kinds = (self.block, self.path, self.replica)
        return [kind for kind in kinds if kind is not None]


def block_of(replica: ArrayLike, time_ps: ArrayLike, n_blocks: int) -> NDArray[np.integer] | None:
    """Number of the block of time of each environment (n,); None with under two frames a block."""
    keys = pd.DataFrame({"replica": np.asarray(replica), "time_ps": np.asarray(time_ps)})
    frames = keys.drop_duplicates().sort_values(["replica", "time_ps"], ignore_index=True)
    if frames.empty or frames.groupby("replica").size().min() < 2 * n_blocks:
        return None
    for number, rows in enumerate(frames.groupby("replica").groups.values()):
        sizes = [len(part) for part in np.array_split(rows, n_blocks)]
        frames.loc[rows, "block"] = np.repeat(np.arange(n_blocks) + number * n_blocks, sizes)
    return keys.merge(frames, how="left")["block"].to_numpy(int)


def ratio_error(values: ArrayLike, sample: NDArray[np.integer]) -> float:
    """Standard error of a mean over values (n,) of independent samples (n,); NaN for one sample."""
    values = np.asarray(values, float)
    counts, sums = np.bincount(sample), np.bincount(sample, values)
    n = np.count_nonzero(counts)
    if n < 2:
        return float("nan")
    deviations = sums - values.mean() * counts
    return float(np.sqrt(n / (n - 1) * np.sum(deviations**2)) / len(values))


def drawn_counts(n_samples: int, n_resamples: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each sample is drawn in each resample (n_resamples, n_samples)."""
    return rng.multinomial(n_samples, np.full(n_samples, 1 / n_samples), size=n_resamples)


def resampling_error(estimates: NDArray[np.float64], n_samples: int) -> NDArray[np.float64]:
    """Standard deviation of the resamples' estimates (n_resamples, ...), NaN ones left out.

    The factor sqrt(n / (n - 1)) makes the error of a mean that of `ratio_error`: resampled means
    of n samples scatter too little by its inverse.
    """
    estimates = np.asarray(estimates, float)
    known = np.isfinite(estimates).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(estimates, axis=0) / known
        squares = np.nansum((estimates - mean) ** 2, axis=0) / (known - 1)
    factor = n_samples / (n_samples - 1)
    return np.where(known > 1, np.sqrt(np.where(known > 1, squares, 0.0) * factor), np.nan)


def larger(errors: Iterable[ArrayLike]) -> Any:
    """The largest known one of some errors, element by element; NaN where none is known."""
    return np.fmax.reduce([np.asarray(error, float) for error in errors], initial=np.nan)
