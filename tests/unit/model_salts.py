"""Model salts and liquids with known answers."""

import numpy as np

from ionshift.thermodynamics import debye_hueckel, ions
from ionshift.thermodynamics.radial_grid import RadialGrid

BJERRUM_A = debye_hueckel.bjerrum_length_A(78.5, 298.0)
DIAMETER_A = 4.25
STEP_A = DIAMETER_A / 85.5
"""The distance of contact lies between two points of the grid."""


def restricted_primitive_model(grid):
    """Equal charged hard spheres."""
    return ions.primitive_model(grid, [1, -1], np.full((2, 2), DIAMETER_A), BJERRUM_A)


def hard_spheres(grid, diameter_A):
    """The same without charges."""
    return ions.primitive_model(grid, [0, 0], np.full((2, 2), diameter_A), BJERRUM_A)


def percus_yevick_g(packing, diameter_A, reach_A, step_A=0.01):
    """g(r) of hard spheres in the Percus-Yevick theory (Wertheim, Thiele 1963) and their density.

    c(r) = -(l1 + 6 eta l2 x + eta l1 x^3 / 2) for x = r / sigma < 1, and OZ.
    """
    density_A3 = 6 * packing / (np.pi * diameter_A**3)
    grid = RadialGrid(step_A, 2**15 - 1)
    x = grid.r_A / diameter_A
    l1 = (1 + 2 * packing) ** 2 / (1 - packing) ** 4
    l2 = -((1 + packing / 2) ** 2) / (1 - packing) ** 4
    direct = np.where(x < 1, -(l1 + 6 * packing * l2 * x + packing / 2 * l1 * x**3), 0.0)
    transform = grid.forward(direct)
    total = transform / (1 - density_A3 * transform)
    g = 1 + grid.backward(total - transform) + direct
    inside = grid.r_A <= reach_A
    return grid.r_A[inside], np.where(x < 1, 0.0, g)[inside], density_A3
