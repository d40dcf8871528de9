"""Compiled sums of the LMBTR. Positions are relative to the nucleus, in A; angles in degrees."""

import math

import numba
import numpy as np

WINDOW_SIGMA = 8.0
"""Gaussians are cut this many standard deviations from their centre."""


@numba.njit(cache=True)
def accumulate(positions, species, triples, grids, n_grid, scale, threshold, k2, k3):
    """Add the Gaussians of one cluster to `k2` and `k3`.

    positions (n, 3) and species (n,) of all atoms but the nucleus; triples (s, s, s) channel of
    an angle; grids (2, 3) minimum, maximum and sigma of distances and angles.
    """
    n = len(species)
    radius = np.empty(n)
    for i in range(n):
        radius[i] = math.sqrt(positions[i, 0] ** 2 + positions[i, 1] ** 2 + positions[i, 2] ** 2)
        weight = math.exp(-scale * radius[i])
        if weight >= threshold:
            _add_gaussian(k2, species[i] * n_grid, radius[i], weight, grids[0], n_grid)
    longest_perimeter = -math.log(threshold) / scale
    for i in range(n):
        if 2 * radius[i] > longest_perimeter:
            continue
        for j in range(i):
            side = math.sqrt(
                (positions[i, 0] - positions[j, 0]) ** 2
                + (positions[i, 1] - positions[j, 1]) ** 2
                + (positions[i, 2] - positions[j, 2]) ** 2
            )
            perimeter = radius[i] + radius[j] + side
            if perimeter > longest_perimeter:
                continue
            weight = math.exp(-scale * perimeter)
            a, b = species[i], species[j]
            at_centre = _angle(radius[i], radius[j], side)
            at_i = _angle(radius[i], side, radius[j])
            at_j = _angle(radius[j], side, radius[i])
            _add_gaussian(k3, triples[a, 0, b] * n_grid, at_centre, weight, grids[1], n_grid)
            _add_gaussian(k3, triples[0, a, b] * n_grid, at_i, weight, grids[1], n_grid)
            _add_gaussian(k3, triples[0, b, a] * n_grid, at_j, weight, grids[1], n_grid)


@numba.njit(cache=True)
def _angle(side_1, side_2, opposite):
    """Angle in degrees between two sides of a triangle."""
    cosine = (side_1**2 + side_2**2 - opposite**2) / (2 * side_1 * side_2)
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))


@numba.njit(cache=True)
def _add_gaussian(out, offset, centre, weight, grid, n_grid):
    """Add a normalised Gaussian as its mean over each bin, by the error function."""
    low, high, sigma = grid[0], grid[1], grid[2]
    step = (high - low) / (n_grid - 1)
    edge = low - step / 2
    first = max(0, math.floor((centre - WINDOW_SIGMA * sigma - edge) / step))
    last = min(n_grid, math.floor((centre + WINDOW_SIGMA * sigma - edge) / step) + 1)
    if first >= last:
        return
    width = sigma * math.sqrt(2.0)
    before = math.erf((edge + first * step - centre) / width)
    for bin_index in range(first, last):
        after = math.erf((edge + (bin_index + 1) * step - centre) / width)
        out[offset + bin_index] += 0.5 * weight * (after - before) / step
        before = after
