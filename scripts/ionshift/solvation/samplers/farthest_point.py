"""Environments that lie farthest apart in descriptor space."""

import numpy as np


def choose(n, pool, rng):
    """The first at random, every further one farthest from all before in descriptor space."""
    return farthest_points(pool.describe(), n, start=int(rng.integers(len(pool.classes))))


def farthest_points(descriptors, n, start=None, distance=None, weights=1.0):
    """Greedy farthest-point selection by Euclidean distance; returns `n` indices.

    Parameters
    ----------
    start : the first index; None begins with the farthest by `distance`
    distance : (n_points,) distances to points that count as chosen already
    weights : factors (n_points,) on the distances that are compared
    """
    points = np.asarray(descriptors, float)
    distance = np.full(len(points), np.inf) if distance is None else distance
    chosen = []
    while len(chosen) < n:
        best = start if start is not None and not chosen else int(np.argmax(weights * distance))
        chosen.append(best)
        distance = np.minimum(distance, np.linalg.norm(points - points[best], axis=1))
    return chosen
