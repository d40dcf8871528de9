"""Recipe `krr`: kernel ridge regression with a Gaussian kernel on the descriptor.

Prediction = mean + sum_i c_i exp(-|x - x_i|^2 / (2 l^2)), c = (K + r 1)^-1 (y - mean)
(Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 2009, section
5.8). The length l and the ridge r are those with the least error over folds left out, found on at
most `MOST_TUNED` labels. Up to `MOST_EXACT` labels every label is a centre x_i; beyond, centres are
`CENTRES` labels drawn at random, and c is that of the subset of regressors (Rasmussen and Williams,
Gaussian Processes for Machine Learning, 2006, section 8.3.1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.linalg
import torch
from numpy.typing import ArrayLike, NDArray

from ionshift.config.model import Model

Array = NDArray[np.float64]

LENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Candidates for l, in units of the median distance between labels."""
RIDGES = tuple(10.0**exponent for exponent in range(-8, 2))
MOST_TUNED = 2000
"""One eigendecomposition a length of so many labels: 10 s in all on one core."""
MOST_EXACT = 20000
"""The kernel matrix takes 3.2 GB, a member's copy as much; time grows with the cube."""
CENTRES = 5000
ROWS_AT_A_TIME = 2000


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
        X: Array,
        y: Array,
        fold: NDArray[np.integer],
        config: Model,
        log: Callable[[str], None],
    ) -> Self:
        """Member m is fitted to the other folds; X (n, d), y (n,), fold (n,)."""
        centre = X.mean(axis=0)
        points = X - centre
        rng = np.random.default_rng(config.seed)
        length, ridge = _tune(points, y, fold, rng, log)
        if len(y) <= MOST_EXACT:
            coefficients, means = _exact(points, y, fold, length, ridge)
        else:
            log(f"kernel ridge regression: {CENTRES} of {len(y)} labels are centres")
            chosen = np.sort(rng.choice(len(y), CENTRES, replace=False))
            centres = points[chosen]
            coefficients, means = _sparse(points, centres, y, fold, length, ridge)
            points = centres
        tensors = [torch.tensor(part) for part in (centre, points, coefficients)]
        return cls(tensors[0], tensors[1], tensors[2], means, length, ridge)

    def predict(self, X: ArrayLike) -> Array:
        """Targets (n_members, n)."""
        centred = np.asarray(X, float) - self.centre.numpy()
        points, coefficients = self.points.numpy(), self.coefficients.numpy()
        values = np.empty((len(coefficients), len(centred)))
        for rows in _chunks(np.arange(len(centred))):
            kernel = _gaussian(_squares(centred[rows], points), self.length)
            values[:, rows] = coefficients @ kernel.T
        return np.array(self.means)[:, None] + values

    def state(self) -> dict[str, Any]:
        return vars(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        return cls(**state)


def _squares(some: Array, others: Array) -> Array:
    """Squared distances (n, m) of points (n, d) and (m, d)."""
    squares = some @ others.T
    squares *= -2
    squares += np.einsum("ij,ij->i", some, some)[:, None]
    squares += np.einsum("ij,ij->i", others, others)
    return np.maximum(squares, 0.0, out=squares)


def _gaussian(squares: Array, length: float) -> Array:
    """The kernel, in place of the squared distances."""
    squares *= -1 / (2 * length**2)
    return np.exp(squares, out=squares)


def _tune(points, y, fold, rng, log):
    """Length and ridge of the least error over folds, of all labels or a random part of them."""
    n_labels = len(y)
    if n_labels > MOST_TUNED:
        part = np.sort(rng.choice(len(y), MOST_TUNED, replace=False))
        points, y, fold = points[part], y[part], fold[part]
    squares = _squares(points, points)
    between = squares[np.triu_indices(len(squares), 1)]
    unit = float(np.sqrt(np.median(between))) if len(between) else 0.0
    unit = unit or 1.0
    errors = {
        (length * unit, ridge): error
        for length in LENGTHS
        for ridge, error in left_out_errors(
            _gaussian(squares.copy(), length * unit), y, fold
        ).items()
    }
    length, ridge = min(errors, key=errors.__getitem__)
    log(
        f"kernel ridge regression: {n_labels} labels, length {length / unit:g} median distances, "
        f"ridge {ridge:g}, RMSE over folds {errors[length, ridge]:.3g} (of {len(y)} labels)"
    )
    return length, ridge


def left_out_errors(kernel: Array, y: Array, fold: NDArray[np.integer]) -> dict[float, float]:
    """Root-mean-square error over left-out folds, for every ridge.

    With G the inverse of K + r 1 for all labels, what a fold L is off by without it in the fit is
    (G_LL)^-1 (G z)_L, z = y - mean of the others (the leave-one-out formula of Rasmussen and
    Williams, 2006, section 5.4.2, for a block): one decomposition serves all folds and ridges.
    """
    values, vectors = scipy.linalg.eigh(kernel)
    values = np.maximum(values, 0.0)
    towards = vectors.T @ np.column_stack([y, np.ones_like(y)])
    errors = {}
    for ridge in RIDGES:
        inverse = 1 / (values + ridge)
        of_y, of_one = (vectors @ (inverse[:, None] * towards)).T
        total = 0.0
        for member in np.unique(fold):
            left = fold == member
            rows = vectors[left]
            block = (rows * inverse) @ rows.T
            wanted = (of_y - y[~left].mean() * of_one)[left]
            total += np.sum(scipy.linalg.solve(block, wanted, assume_a="pos") ** 2)
        errors[ridge] = float(np.sqrt(total / len(y)))
    return errors


def _exact(points, y, fold, length, ridge):
    """Coefficients (n_members, n), zero for what a member has not seen, and means."""
    kernel = _gaussian(_squares(points, points), length)
    members = np.unique(fold)
    coefficients, means = np.zeros((len(members), len(y))), []
    for row, member in zip(coefficients, members, strict=True):
        used = np.flatnonzero(fold != member)
        mean = float(y[used].mean())
        matrix = kernel[np.ix_(used, used)]
        matrix[np.diag_indices_from(matrix)] += ridge
        row[used] = scipy.linalg.solve(matrix, y[used] - mean, assume_a="pos", overwrite_a=True)
        means.append(mean)
    return coefficients, means


def _sparse(points, centres, y, fold, length, ridge):
    """Coefficients (n_members, m) of the centres (m, d), and means.

    In features P = K_nm W, with W W^T the inverse of the centres' kernel, the normal equations
    (P^T P + r 1) b = P^T z are well conditioned; c = W b.
    """
    whitening = _whitening(_gaussian(_squares(centres, centres), length))
    members = np.unique(fold)
    n_features = whitening.shape[1]
    grams = {member: np.zeros((n_features, n_features)) for member in members}
    sums = {member: np.zeros((n_features, 2)) for member in members}
    for member in members:
        for rows in _chunks(np.flatnonzero(fold == member)):
            features = _gaussian(_squares(points[rows], centres), length) @ whitening
            grams[member] += features.T @ features
            sums[member] += features.T @ np.column_stack([y[rows], np.ones(len(rows))])
    gram, of_both = sum(grams.values()), sum(sums.values())
    coefficients, means = np.zeros((len(members), len(centres))), []
    for row, member in zip(coefficients, members, strict=True):
        mean = float(y[fold != member].mean())
        of_y, of_one = (of_both - sums[member]).T
        matrix = gram - grams[member]
        matrix[np.diag_indices_from(matrix)] += ridge
        weights = scipy.linalg.solve(matrix, of_y - mean * of_one, assume_a="pos", overwrite_a=True)
        row[:] = whitening @ weights
        means.append(mean)
    return coefficients, means


def _whitening(kernel):
    """W (m, k) with W W^T the inverse of a kernel on the directions that are not rounding."""
    values, vectors = scipy.linalg.eigh(kernel, overwrite_a=True)
    kept = values > len(values) * np.finfo(float).eps * values[-1]
    return vectors[:, kept] / np.sqrt(values[kept])


def _chunks(rows):
    return [rows[start : start + ROWS_AT_A_TIME] for start in range(0, len(rows), ROWS_AT_A_TIME)]
