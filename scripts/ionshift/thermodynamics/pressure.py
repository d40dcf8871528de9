"""Osmotic coefficient from correlation functions: the virial and the compressibility route.

Both on the McMillan-Mayer scale: the solvent is a continuum at fixed chemical potential.
Hansen and McDonald, Theory of Simple Liquids, 4th ed., sections 2.5, 3.6 and 10.2.
"""

import numpy as np

from ionshift.thermodynamics.ions import Structure
from ionshift.thermodynamics.radial_grid import RadialGrid

MAX_EXPONENT = 300.0


def virial_osmotic(grid: RadialGrid, densities_A3: np.ndarray, structure: Structure) -> float:
    """phi = 1 - (2 pi / 3 rho) sum_ij rho_i rho_j int r^3 u'_ij g_ij dr, rho = sum_i rho_i.

    The part u_near, which may hold a hard core, is integrated as -int r^3 y d exp(-u_near) with
    g = y exp(-u_near), which needs no derivative of a core. In the part of the smooth u_long, g
    is replaced by g - 1: the difference cancels by electroneutrality.
    """
    steep = _stieltjes(grid, structure.ln_y, structure.near_kT)
    slope = np.gradient(structure.long_kT, grid.step_A, axis=-1)
    smooth = grid.step_A * np.sum(grid.r_A**3 * slope * (structure.g - 1), axis=-1)
    total = densities_A3 @ (steep + smooth) @ densities_A3
    return float(1 - 2 * np.pi / 3 * total / np.sum(densities_A3))


def _stieltjes(grid: RadialGrid, ln_y: np.ndarray, near_kT: np.ndarray) -> np.ndarray:
    """-int r^3 y d exp(-u) for all pairs."""
    boltzmann = np.exp(-np.maximum(near_kT, -MAX_EXPONENT))
    weight = grid.r_A**3 * np.exp(np.minimum(ln_y, MAX_EXPONENT))
    middle = (weight[..., 1:] + weight[..., :-1]) / 2
    return np.asarray(-np.sum(middle * np.diff(boltzmann, axis=-1), axis=-1))


def compressibility(grid: RadialGrid, densities_A3: np.ndarray, structure: Structure) -> float:
    """d (Pi / kT) / d rho at fixed composition: 1 - sum_ij x_i rho_j c_ij(k = 0).

    The long-ranged part of c drops out by electroneutrality. NaN for a theory without c.
    """
    if structure.direct_near is None:
        return float("nan")
    shares = densities_A3 / np.sum(densities_A3)
    return float(1 - shares @ grid.volume_integral(structure.direct_near) @ densities_A3)
