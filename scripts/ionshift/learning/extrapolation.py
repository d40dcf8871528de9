"""What the training set has seen, and how far an environment lies outside of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from ionshift.learning.reduction import Reduction

RANGE_QUANTILE = 0.99
ROWS_AT_A_TIME = 2000
EMPTY_SHARE = 1e-6
"""A feature below this share of the largest one in every training row counts as never filled."""


@dataclass
class Range:
    """What the training set has seen: where its descriptors lie and which features they fill.

    Two distances, each in units of its 99th percentile over groups that the range was built
    without: to the nearest training row (in the components, with the part outside of them
    added), and the length in features that no training row fills.
    """

    reduction: Reduction
    points: np.ndarray
    filled: np.ndarray
    radius: float = 1.0
    novelty_radius: float = 1.0

    @classmethod
    def fit(
        cls, X: NDArray[np.float64], fold: NDArray[np.integer], n_components: int | None
    ) -> Self:
        whole = cls._of(X, n_components)
        parts = []
        for number in np.unique(fold):
            rest = cls._of(X[fold != number], n_components)
            unit = rest.reduction.scale / whole.reduction.scale
            distance, novelty = rest._distances(X[fold == number])
            parts.append((distance * unit, novelty))
        distance, novelty = (np.concatenate(part) for part in zip(*parts, strict=True))
        whole.radius = float(np.quantile(distance, RANGE_QUANTILE)) or 1.0
        floor = EMPTY_SHARE * np.abs(X).max()
        whole.novelty_radius = float(max(np.quantile(novelty, RANGE_QUANTILE), floor))
        return whole

    @classmethod
    def _of(cls, X, n_components):
        reduction = Reduction.fit(X, n_components)
        size = np.abs(X)
        return cls(reduction, reduction(X), size.max(axis=0) > EMPTY_SHARE * size.max())

    def _distances(self, X):
        reduced = self.reduction(X)
        nearest = nearest_distance(reduced, self.points)
        distance = np.hypot(nearest, self.reduction.residual(X, reduced))
        return distance, np.linalg.norm(X[:, ~self.filled], axis=1)

    def __call__(self, X):
        """The larger of the two distances (n,); above 1 is extrapolation."""
        distance, novelty = self._distances(X)
        return np.maximum(distance / self.radius, novelty / self.novelty_radius)

    def state(self) -> dict[str, Any]:
        """Plain content for saving."""
        return {
            "mean": torch.tensor(self.reduction.mean),
            "components": torch.tensor(self.reduction.components),
            "scale": self.reduction.scale,
            "points": torch.tensor(self.points),
            "filled": torch.tensor(self.filled),
            "radii": [self.radius, self.novelty_radius],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        reduction = Reduction(state["mean"].numpy(), state["components"].numpy(), state["scale"])
        return cls(reduction, state["points"].numpy(), state["filled"].numpy(), *state["radii"])


def nearest_distance(
    points: NDArray[np.float64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance (n,) of every point (n, d) to the nearest of the others (m, d)."""
    return np.concatenate([_nearest(chunk, others) for chunk in _chunks(points, ROWS_AT_A_TIME)])


def _nearest(points, others):
    squares = (points**2).sum(1)[:, None] + (others**2).sum(1) - 2 * points @ others.T
    return np.sqrt(np.maximum(squares.min(axis=1), 0.0))


def _chunks(rows, size):
    return [rows[start : start + size] for start in range(0, len(rows), size)]
