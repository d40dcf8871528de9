"""Principal components of the descriptors of all environments, without keeping them.

Count, mean and co-moment are updated chunk by chunk and joined over the systems by the parallel
formula of Chan, Golub and LeVeque (Am. Stat. 37, 242 (1983)); the principal axes are the
eigenvectors of the covariance. Memory is that of the d x d co-moment, whatever the number of
environments.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.core.tables import SCORES

VARIANCE_FLOOR = 1e-12
"""An axis with less variance than this share of the first one's is left out."""
ROUNDING = 1e-24
"""Variance below this share of the mean's squared length is rounding."""


@dataclass
class Moments:
    """Count, mean (d,) and co-moment (d, d), the sum of (x - mean)(x - mean)^T over all rows."""

    n: int
    mean: np.ndarray
    comoment: np.ndarray

    @classmethod
    def empty(cls, n_features: int) -> Self:
        return cls(0, np.zeros(n_features), np.zeros((n_features, n_features)))

    def add(self, rows: NDArray[np.float64]) -> None:
        """Take rows (n, d) in; features that are zero in all rows so far cost nothing."""
        if len(rows):
            used = np.flatnonzero(
                rows.any(axis=0) | (self.mean != 0) | (self.comoment.diagonal() != 0)
            )
            rows = rows[:, used]
            mean = rows.mean(axis=0)
            centred = rows - mean
            self._join(len(rows), used, mean, centred.T @ centred)

    def _filled(self):
        return (self.mean != 0) | (self.comoment.diagonal() != 0)

    def join(self, other: Moments) -> None:
        """Take the rows of other `Moments` in."""
        self._join(other.n, np.arange(len(self.mean)), other.mean, other.comoment)

    def _join(self, n, used, mean, comoment):
        total = self.n + n
        if total == 0:
            return
        difference = mean - self.mean[used]
        weight = self.n * n / total
        self.comoment[np.ix_(used, used)] += comoment + weight * np.outer(difference, difference)
        self.mean[used] += difference * (n / total)
        self.n = total

    def save(self, path: str | Path, species: Sequence[str]) -> None:
        """Write to npz, only features that vary or differ from zero in any row."""
        used = np.flatnonzero(self._filled())
        with atomic_path(path) as temporary:
            np.savez_compressed(
                temporary,
                n=self.n,
                n_features=len(self.mean),
                used=used,
                mean=self.mean[used],
                comoment=self.comoment[np.ix_(used, used)],
                species=species,
            )

    @classmethod
    def load(cls, path: str | Path) -> tuple[Self, list[str]]:
        """Read a saved file: (Moments, species)."""
        with _saved(path) as data:
            moments = cls.empty(int(data["n_features"]))
            used = data["used"]
            moments.mean[used] = data["mean"]
            moments.comoment[np.ix_(used, used)] = data["comoment"]
            moments.n = int(data["n"])
            return moments, data["species"].tolist()


@contextmanager
def _saved(path):
    """The arrays of a file that was saved here; a damaged one raises `InputError`."""
    try:
        with np.load(path, allow_pickle=False) as data:
            yield data
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path} cannot be read ({type(error).__name__}); delete it and run again"
        ) from None


@dataclass
class Axes:
    """Principal axes (k, d) of rows with `mean` (d,), by falling variance (k,).

    The unit of scores and variances is the descriptor's (none). The sign of an axis is such
    that its largest entry is positive. `species` fixes the layout of the descriptor.
    """

    species: list
    mean: np.ndarray
    axes: np.ndarray
    variance: np.ndarray
    total_variance: float

    @classmethod
    def of(cls, moments: Moments, species: list[str], n_axes: int) -> Self:
        """At most `n_axes` axes: fewer if the rows span fewer dimensions.

        The covariance has the divisor n - 1; one row alone has no axis.
        """
        covariance = moments.comoment / max(moments.n - 1, 1)
        used = np.flatnonzero(covariance.diagonal() > 0)
        n_axes = min(n_axes, len(used), moments.n - 1)
        if n_axes < 1:
            return cls(species, moments.mean, np.zeros((0, len(moments.mean))), np.zeros(0), 0.0)
        last = len(used) - 1
        values, vectors = scipy.linalg.eigh(
            covariance[np.ix_(used, used)], subset_by_index=[last - n_axes + 1, last]
        )
        floor = max(VARIANCE_FLOOR * values[-1], ROUNDING * moments.mean @ moments.mean)
        kept = np.flatnonzero(values > floor)[::-1]
        axes = np.zeros((len(kept), len(moments.mean)))
        axes[:, used] = vectors[:, kept].T
        largest = np.abs(axes).argmax(axis=1)
        axes *= np.sign(axes[np.arange(len(axes)), largest])[:, None]
        return cls(species, moments.mean, axes, values[kept], float(covariance.trace()))

    @property
    def explained_share(self) -> NDArray[np.float64]:
        """Share (k,) of the total variance on each axis."""
        return self.variance / self.total_variance if len(self.variance) else self.variance

    def scores(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores (n, len(SCORES)) of rows (n, d); NaN on axes that do not exist."""
        scores = np.full((len(rows), len(SCORES)), np.nan)
        axes = self.axes[: len(SCORES)]
        scores[:, : len(axes)] = (rows - self.mean) @ axes.T
        return scores

    def save(self, path: str | Path) -> None:
        with atomic_path(path) as temporary:
            np.savez_compressed(temporary, **vars(self))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a saved file."""
        with _saved(path) as data:
            return cls(
                data["species"].tolist(),
                data["mean"],
                data["axes"],
                data["variance"],
                float(data["total_variance"]),
            )
