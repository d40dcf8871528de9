"""Averages over the directions of the field, as in a powder."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import lebedev_rule

from ionshift.core.errors import InputError
from ionshift.nmr.nuclides import Nuclide
from ionshift.nmr.quadrupolar import lines_Hz

Array = NDArray[np.float64]

DEGREES = (*range(3, 33, 2), *range(35, 132, 6))
FINEST = DEGREES[-1]


class Grid(NamedTuple):
    """Unit vectors (n, 3) of half a sphere and their weights (n,), which sum to 1."""

    directions: Array
    weights: Array


def grid(degree: int) -> Grid:
    """Lebedev's rule, exact for even polynomials in the direction up to `degree`.

    Lebedev and Laikov, Dokl. Math. 59, 477 (1999). Opposite directions give the same frequency,
    so one of each pair is kept. The next finer rule is taken if there is none of this degree.

    Raises
    ------
    InputError
        above `FINEST`.
    """
    if degree > FINEST:
        raise InputError(f"degree of the powder grid = {degree}: at most {FINEST}")
    points, weights = lebedev_rule(next(one for one in DEGREES if one >= degree))
    directions = points.T
    upper = _upper(directions)
    return Grid(directions[upper], weights[upper] / weights[upper].sum())


def _upper(directions: Array) -> NDArray[np.bool_]:
    """One of each pair of opposite directions: the first coordinate that is not 0 is positive."""
    x, y, z = np.where(np.abs(directions) < 1e-12, 0.0, directions).T
    return (z > 0) | ((z == 0) & ((y > 0) | ((y == 0) & (x > 0))))


def spectrum(
    tensors_au: ArrayLike,
    nuclide: Nuclide,
    frequencies_Hz: ArrayLike,
    sigma_Hz: float,
    degree: int = FINEST,
) -> Array:
    """First-order powder pattern of static tensors (n, 3, 3) on a grid of frequencies, per Hz.

    Every line of every direction is a Gaussian of `sigma_Hz`; the central line is not broadened
    further, since first order leaves it where it is. Its integral is 1.
    """
    directions, weights = grid(degree)
    tensors = np.asarray(tensors_au, float).reshape(-1, 3, 3)
    axis = np.asarray(frequencies_Hz, float)
    total = np.zeros(len(axis))
    shares = weights[:, None] * nuclide.intensities / len(tensors)
    for tensor in tensors:
        shifts = lines_Hz(tensor, directions, nuclide)
        distance = (axis[:, None] - shifts.ravel()) / sigma_Hz
        total += np.exp(-0.5 * distance**2) @ shares.ravel()
    return total / (sigma_Hz * np.sqrt(2 * np.pi))
