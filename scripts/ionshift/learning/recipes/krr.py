"""Recipe `krr`: kernel ridge regression with a Gaussian kernel on the descriptor.

Prediction = mean + sum_i c_i exp(-|x - x_i|^2 / (2 l^2)), c = (K + r 1)^-1 (y - mean)
(Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 2009, section
5.8). The length l and the ridge r are those with the least error over folds left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.linalg
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import pdist, squareform

from ionshift.config.model import Model
from ionshift.core.errors import InputError

LENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Candidates for l, in units of the median distance between labels."""
RIDGES = tuple(10.0**exponent for exponent in range(-8, 2))
MAX_LABELS = 5000
"""The kernel matrix and its decompositions grow with the square and cube of this."""


@dataclass
class Krr:
    """Centred training points (n, d) and one row of coefficients (n_members, n) a member."""

    centre: torch.Tensor
    points: torch.Tensor
    coefficients: torch.Tensor
    means: list
    length: float
    ridge: float

    @classmethod
    def fit(
        cls,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        fold: NDArray[np.integer],
        config: Model,
        log: Callable[[str], None],
    ) -> Self:
        """Member m is fitted to the other folds.

        Raises
        ------
        InputError
            if there are more than `MAX_LABELS` labels.
        """
        if len(y) > MAX_LABELS:
            raise InputError(
                f"model.recipe = krr: {len(y)} labels are more than it can hold "
                f"({MAX_LABELS}); use mlp"
            )
        centre = X.mean(axis=0)
        points = X - centre
        squares = squareform(pdist(points, "sqeuclidean"))
        between = squares[np.triu_indices(len(squares), 1)]
        unit = float(np.sqrt(np.median(between))) if len(between) else 0.0
        unit = unit or 1.0
        errors = {
            (length * unit, ridge): error
            for length in LENGTHS
            for ridge, error in _errors(_gaussian(squares, length * unit), y, fold).items()
        }
        length, ridge = min(errors, key=errors.__getitem__)
        log(
            f"kernel ridge regression: {len(y)} labels, length {length / unit:g} median "
            f"distances, ridge {ridge:g}, RMSE over folds {errors[length, ridge]:.3g}"
        )
        kernel = _gaussian(squares, length)
        members = np.unique(fold)
        coefficients, means = np.zeros((len(members), len(y))), []
        for row, member in zip(coefficients, members, strict=True):
            used = np.flatnonzero(fold != member)
            mean = float(y[used].mean())
            matrix = kernel[np.ix_(used, used)] + ridge * np.eye(len(used))
            row[used] = scipy.linalg.solve(matrix, y[used] - mean, assume_a="pos")
            means.append(mean)
        tensors = [torch.tensor(part) for part in (centre, points, coefficients)]
        return cls(tensors[0], tensors[1], tensors[2], means, length, ridge)

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Targets (n_members, n)."""
        centred = np.asarray(X, float) - self.centre.numpy()
        points = self.points.numpy()
        squares = (
            np.einsum("ij,ij->i", centred, centred)[:, None]
            + np.einsum("ij,ij->i", points, points)
            - 2 * centred @ points.T
        )
        kernel = _gaussian(np.maximum(squares, 0.0), self.length)
        return np.array(self.means)[:, None] + self.coefficients.numpy() @ kernel.T

    def state(self) -> dict[str, Any]:
        return vars(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        return cls(**state)


def _gaussian(squares, length):
    return np.exp(-squares / (2 * length**2))


def _errors(kernel, y, fold):
    """Root-mean-square error over left-out folds, for every ridge."""
    squares = dict.fromkeys(RIDGES, 0.0)
    for member in np.unique(fold):
        used, left = np.flatnonzero(fold != member), np.flatnonzero(fold == member)
        values, vectors = scipy.linalg.eigh(kernel[np.ix_(used, used)])
        target = vectors.T @ (y[used] - y[used].mean())
        towards = kernel[np.ix_(left, used)] @ vectors
        for ridge in RIDGES:
            predicted = y[used].mean() + towards @ (target / (np.maximum(values, 0) + ridge))
            squares[ridge] += np.sum((predicted - y[left]) ** 2)
    return {ridge: float(np.sqrt(total / len(y))) for ridge, total in squares.items()}
