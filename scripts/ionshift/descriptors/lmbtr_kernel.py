"""Compiled sums of the LMBTR. Positions are relative to the nucleus, in A; angles in degrees.

A Gaussian enters every bin as its mean over the bin. Where the Gaussian lies between two bins
is its phase; these means are tabulated over phases and interpolated by cubic Hermite
polynomials, which keeps them within 1e-9 of the error function.
"""

import math

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

WINDOW_SIGMA = 6.0
"""Gaussians are cut this many standard deviations from their centre."""
PHASE_STEP = 1 / 64
"""Spacing of the table at most, in units of sqrt(2) sigma."""


def gaussian_table(
    low: float, high: float, sigma: float, n_grid: int
) -> tuple[float, float, int, NDArray[np.float64], NDArray[np.float64]]:
    """Bin means of a normalised Gaussian and their slopes, over phases.

    Returns
    -------
    (edge, step, reach, values, slopes): lower edge of bin 0, bin width, bins from the one that
    holds the centre to the first of the window, tables (n_phases + 1, n_window)
    """
    step = (high - low) / (n_grid - 1)
    width = sigma * math.sqrt(2.0)
    reach = math.ceil(WINDOW_SIGMA * sigma / step)
    n_phases = math.ceil(step / width / PHASE_STEP)
    phase = np.linspace(0.0, 1.0, n_phases + 1)[:, None]
    edges = (np.arange(-reach, reach + 2) - phase) * step / width
    values = np.diff(erf(edges), axis=1) / (2 * step)
    slopes = -np.diff(np.exp(-(edges**2)), axis=1) / (math.sqrt(math.pi) * width * n_phases)
    return low - step / 2, step, reach, values, slopes


@numba.njit(cache=True)
def accumulate(
    positions: NDArray[np.float64],
    species: NDArray[np.integer],
    starts: NDArray[np.integer],
    triples: NDArray[np.integer],
    table_k2: tuple[float, float, int, NDArray[np.float64], NDArray[np.float64]],
    table_k3: tuple[float, float, int, NDArray[np.float64], NDArray[np.float64]],
    n_grid: int,
    scale: float,
    threshold: float,
    k2: NDArray[np.float64],
    k3: NDArray[np.float64],
) -> None:
    """Add the Gaussians of all clusters to the rows of `k2` and `k3`.

    positions (n_atoms, 3) and species (n_atoms,) of all clusters, whose first atom is the
    nucleus; starts (n_clusters + 1,); triples (s, s, s) channel of an angle; tables as
    `gaussian_table` makes them.
    """
    longest_perimeter = -math.log(threshold) / scale
    for row in range(len(starts) - 1):
        first, n = starts[row] + 1, starts[row + 1] - starts[row] - 1
        near, radius = np.empty((n, 3)), np.empty(n)
        kind = np.empty(n, np.int64)
        n_near = 0
        for atom in range(first, first + n):
            x = positions[atom, 0] - positions[first - 1, 0]
            y = positions[atom, 1] - positions[first - 1, 1]
            z = positions[atom, 2] - positions[first - 1, 2]
            r = math.sqrt(x * x + y * y + z * z)
            weight = math.exp(-scale * r)
            if weight >= threshold:
                _add_gaussian(k2[row], species[atom] * n_grid, r, weight, table_k2, n_grid)
            if 2 * r <= longest_perimeter:
                near[n_near, 0], near[n_near, 1], near[n_near, 2] = x, y, z
                radius[n_near], kind[n_near] = r, species[atom]
                n_near += 1
        _add_angles(
            k3[row],
            near[:n_near],
            radius,
            kind,
            triples,
            table_k3,
            n_grid,
            scale,
            longest_perimeter,
        )


@numba.njit(cache=True)
def _add_angles(out, near, radius, kind, triples, table, n_grid, scale, longest_perimeter):
    for i in range(len(near)):
        for j in range(i):
            side = math.sqrt(
                (near[i, 0] - near[j, 0]) ** 2
                + (near[i, 1] - near[j, 1]) ** 2
                + (near[i, 2] - near[j, 2]) ** 2
            )
            perimeter = radius[i] + radius[j] + side
            if perimeter > longest_perimeter:
                continue
            weight = math.exp(-scale * perimeter)
            a, b = kind[i], kind[j]
            at_centre = _angle(radius[i], radius[j], side)
            at_i = _angle(radius[i], side, radius[j])
            at_j = _angle(radius[j], side, radius[i])
            _add_gaussian(out, triples[a, 0, b] * n_grid, at_centre, weight, table, n_grid)
            _add_gaussian(out, triples[0, a, b] * n_grid, at_i, weight, table, n_grid)
            _add_gaussian(out, triples[0, b, a] * n_grid, at_j, weight, table, n_grid)


@numba.njit(cache=True)
def _angle(side_1, side_2, opposite):
    """Angle in degrees between two sides of a triangle."""
    cosine = (side_1**2 + side_2**2 - opposite**2) / (2 * side_1 * side_2)
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))


@numba.njit(cache=True)
def _add_gaussian(out, offset, centre, weight, table, n_grid):
    edge, step, reach, values, slopes = table
    position = (centre - edge) / step
    holder = math.floor(position)
    n_phases = len(values) - 1
    scaled = (position - holder) * n_phases
    phase = min(int(scaled), n_phases - 1)
    t = scaled - phase
    from_value = weight * (1 + 2 * t) * (1 - t) ** 2
    from_slope = weight * t * (1 - t) ** 2
    to_value = weight * t * t * (3 - 2 * t)
    to_slope = weight * t * t * (t - 1)
    low = max(0, holder - reach)
    high = min(n_grid, holder + reach + 1)
    shift = reach - holder
    for bin_index in range(low, high):
        k = bin_index + shift
        out[offset + bin_index] += (
            from_value * values[phase, k]
            + from_slope * slopes[phase, k]
            + to_value * values[phase + 1, k]
            + to_slope * slopes[phase + 1, k]
        )
