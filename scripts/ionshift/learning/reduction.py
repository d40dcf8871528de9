"""Principal components of descriptors."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

EIGENVALUE_FLOOR = 1e-10


@dataclass
class Reduction:
    """Centred descriptors on principal components, scaled by the largest component's spread."""

    mean: np.ndarray
    components: np.ndarray
    scale: float

    @classmethod
    def fit(cls, X: NDArray[np.float64], n_components: int | None) -> Self:
        mean = X.mean(axis=0)
        n_components = max(1, min(n_components or min(X.shape), len(X) - 1, X.shape[1]))
        components = _principal_axes(X - mean, n_components)
        spread = ((X - mean) @ components[0]).std() if len(components) else 0.0
        return cls(mean, components, float(spread) or 1.0)

    def __call__(self, X):
        return (X @ self.components.T - self.components @ self.mean) / self.scale

    def residual(self, X: NDArray[np.float64], reduced: NDArray[np.float64]) -> NDArray[np.float64]:
        """Length (n,) of the part of X outside the components, in the unit of the reduction.

        reduced : what the reduction makes of X
        """
        squares = np.einsum("ij,ij->i", X, X) - 2 * X @ self.mean + self.mean @ self.mean
        inside = np.einsum("ij,ij->i", reduced, reduced)
        return np.sqrt(np.maximum(squares / self.scale**2 - inside, 0.0))


def _principal_axes(centred, n_components):
    """Principal axes (k, d) from the smaller of the two Gram matrices; empty ones are left out."""
    n, d = centred.shape
    gram = centred @ centred.T if n <= d else centred.T @ centred
    size = len(gram)
    values, vectors = scipy.linalg.eigh(gram, subset_by_index=[size - n_components, size - 1])
    kept = np.flatnonzero(values > EIGENVALUE_FLOOR * max(values[-1], 1e-300))[::-1]
    axes = vectors[:, kept].T
    return axes @ centred / np.sqrt(values[kept])[:, None] if n <= d else axes
