"""A correlation function pooled over paths, with what its errors need.

A path is one nucleus of one replica. Paths of one replica share a box, so an error is taken twice,
with each path and with each replica as one sample, and the larger one counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionshift.statistics import correlation
from ionshift.statistics.uncertainty import drawn_counts, larger

Array = NDArray[np.float64]

KEPT_LAGS = 120


@dataclass(frozen=True)
class PathCorrelation:
    """Products of a quantity with itself a lag later, summed over time origins.

    Attributes
    ----------
    lags_ps : (n_lags,) the first is 0
    products : (n_paths, n_lags) sums over origins
    origins : (n_paths, n_lags) number of origins
    replica : (n_paths,) number of the replica of each path
    """

    lags_ps: Array
    products: Array
    origins: Array
    replica: NDArray[np.int_]

    @property
    def n_replicas(self) -> int:
        return len(np.unique(self.replica))

    def mean(self) -> Array:
        """Correlation function (n_lags,), not normalised."""
        return self.products.sum(axis=0) / self.origins.sum(axis=0)

    def value(self) -> Array:
        """Correlation function (n_lags,) over its value at lag 0; NaN if that is 0."""
        return _normalised(self.mean())

    def error(self) -> Array:
        """Jackknife error (n_lags,) of `value`; NaN for a single path."""
        errors = []
        for sample in self._samples():
            products, origins = self._totals(sample)
            others = correlation.leave_one_out(products) / correlation.leave_one_out(origins)
            errors.append(correlation.jackknife_error(_normalised(others)))
        return np.broadcast_to(larger(errors), self.lags_ps.shape)

    def resampled(self, n_resamples: int, seed: int) -> list[tuple[int, Array]]:
        """`value` of whole samples drawn at random, as (n_samples, (n_resamples, n_lags)).

        One entry for paths and one for replicas; none where there is one sample alone.
        """
        rng, found = np.random.default_rng(seed), []
        for sample in self._samples():
            products, origins = self._totals(sample)
            counts = drawn_counts(len(products), n_resamples, rng)
            found.append((len(products), _normalised((counts @ products) / (counts @ origins))))
        return found

    def _samples(self) -> list[NDArray[np.int_]]:
        """The two ways to cut, as sample numbers (n_paths,)."""
        replica = np.unique(self.replica, return_inverse=True)[1]
        kinds = [np.arange(len(self.replica)), replica]
        return [kind for kind in kinds if len(kind) and kind.max() > 0]

    def _totals(self, sample: NDArray[np.int_]) -> tuple[Array, Array]:
        members = (sample == np.arange(sample.max() + 1)[:, None]).astype(float)
        return members @ self.products, members @ self.origins


def _normalised(values: Array) -> Array:
    first = values[..., :1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(first > 0, values / first, np.nan)


def kept_lags(n_lags: int) -> NDArray[np.int_]:
    """At most `KEPT_LAGS` lags in steps: 0, then evenly spaced on a logarithmic scale."""
    if n_lags < 2:
        return np.zeros(1, int)
    spaced = np.geomspace(1, n_lags - 1, KEPT_LAGS - 1).round().astype(int)
    return np.unique(np.append(0, spaced))


def of_paths(
    products: Sequence[ArrayLike], n_frames: Sequence[int], lags: NDArray[np.int_], step_ps: float
) -> PathCorrelation:
    """From products, an array (n_nuclei, n_kept_lags) a replica.

    Parameters
    ----------
    products : sums over time origins at the `lags`, one array a replica
    n_frames : frames of each replica
    lags : (n_kept_lags,) in steps
    """
    n_nuclei = [len(np.atleast_2d(part)) for part in products]
    replica = np.repeat(np.arange(len(n_nuclei)), n_nuclei)
    origins = np.repeat([frames - lags for frames in n_frames], n_nuclei, axis=0)
    return PathCorrelation(
        np.asarray(step_ps * lags, float), np.concatenate(products), origins.astype(float), replica
    )
