"""Environments that lie farthest apart in descriptor space."""

import numpy as np
from numpy.typing import NDArray

from ionshift.solvation.sampling import Pool


def choose(n: int, pool: Pool, rng: np.random.Generator) -> list[int]:
    """The first at random, every further one farthest from all before in descriptor space."""
    return farthest_points(pool.describe(), n, start=int(rng.integers(len(pool.classes))))


def farthest_points(
    descriptors: NDArray[np.float64],
    n: int,
    start: int | None = None,
    distance: NDArray[np.float64] | None = None,
    weights: float | NDArray[np.float64] = 1.0,
) -> list[int]:
    """Greedy farthest-point selection by Euclidean distance; returns `n` indices.

    Parameters
    ----------
    start : the first index; None begins with the farthest by `distance`
    distance : (n_points,) distances to points that count as chosen already
    weights : factors (n_points,) on the distances that are compared
    """
    points = np.asarray(descriptors, float)
    distance = np.full(len(points), np.inf) if distance is None else distance
    chosen: list[int] = []
    while len(chosen) < n:
        best = start if start is not None and not chosen else int(np.argmax(weights * distance))
        chosen.append(best)
        distance = np.minimum(distance, np.linalg.norm(points - points[best], axis=1))
    return chosen
