"""The electron localization function around a nucleus and how far it is from a sphere.

The electron localization function (ELF) of Becke and Edgecombe, J. Chem. Phys. 92, 5397 (1990),
is near 1 in the 1s core of Li and falls where the core ends. Around a bare spherical ion it
depends on the distance alone; neighbours deform it. Two measures of the deformation are defined
here, both 1 for a sphere: `axis_ratio` of the surface that ends the core and `peak_ratio` on a
sphere around the nucleus. They are this project's definitions. Lengths are in bohr.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import lebedev_rule
from scipy.optimize import elementwise

SMALLEST_DENSITY = 1e-14
SCAN_BOHR = np.arange(0.3, 3.01, 0.1)
RADIUS_TOLERANCE_BOHR = 1e-7


def localization(
    density: NDArray[np.float64], gradient: NDArray[np.float64], kinetic: NDArray[np.float64]
) -> NDArray[np.float64]:
    """ELF of a closed shell, between 0 and 1.

    ELF = 1 / (1 + (D / D0)^2) with D = tau - |grad rho|^2 / (8 rho), the excess of the kinetic
    energy density over that of one pair, and D0 = 3/10 (3 pi^2)^(2/3) rho^(5/3), that of the
    homogeneous gas (Becke and Edgecombe 1990, both spins added).

    Parameters
    ----------
    density : (n,) rho of all electrons
    gradient : (3, n)
    kinetic : (n,) tau = 1/2 sum over all electrons of |grad psi|^2
    """
    rho = np.maximum(density, SMALLEST_DENSITY)
    excess = np.maximum(kinetic - (np.asarray(gradient) ** 2).sum(axis=0) / (8 * rho), 0)
    homogeneous = 0.3 * (3 * np.pi**2) ** (2 / 3) * rho ** (5 / 3)
    return 1 / (1 + (excess / homogeneous) ** 2)


def directions(degree: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lebedev's directions, exact for spherical harmonics up to `degree`.

    Returns
    -------
    (unit vectors (n, 3), weights (n,) that add up to 1)
    """
    points, weights = lebedev_rule(degree)
    return points.T, weights / weights.sum()


def surface_radii(
    field: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    units: NDArray[np.float64],
    isovalues: Sequence[float],
) -> NDArray[np.float64]:
    """Distance along each direction at which the ELF first falls below each isovalue.

    The ELF is scanned outwards over `SCAN_BOHR`; the first downward crossing is refined by root
    finding. A direction without a crossing in this range is NaN: the surface is open there.

    Parameters
    ----------
    field : function of positions (n, 3) relative to the nucleus that returns the ELF (n,)
    units : (n_directions, 3)
    isovalues : (n_isovalues,)

    Returns
    -------
    (n_isovalues, n_directions)
    """
    scan = field((units[:, None] * SCAN_BOHR[:, None]).reshape(-1, 3)).reshape(len(units), -1)
    radii = np.full((len(isovalues), len(units)), np.nan)
    for row, isovalue in zip(radii, isovalues, strict=True):
        falls = (scan[:, :-1] >= isovalue) & (scan[:, 1:] < isovalue)
        closed = np.flatnonzero(falls.any(axis=1))
        first = falls[closed].argmax(axis=1)
        row[closed] = _refine(field, units[closed], isovalue, first)
    return radii


def _refine(field, units, isovalue, first):
    """Roots of ELF - isovalue between the scan points `first` and the ones after them."""
    if not len(units):
        return np.empty(0)

    def difference(radius, x, y, z):
        return field(np.stack([x * radius, y * radius, z * radius], axis=-1)) - isovalue

    root = elementwise.find_root(
        difference,
        (SCAN_BOHR[first], SCAN_BOHR[first + 1]),
        args=tuple(units.T),
        tolerances={"xatol": RADIUS_TOLERANCE_BOHR},
    )
    return np.where(root.success, root.x, np.nan)


def axis_ratio(
    radii: NDArray[np.float64], units: NDArray[np.float64], weights: NDArray[np.float64]
) -> float:
    """Longest over shortest root-mean-square principal axis of a surface r(u).

    sqrt(l_max / l_min) with l the eigenvalues of M = sum_u w_u r(u)^2 u u^T, the second moment
    of the surface points averaged over directions as seen from the nucleus (not over the area).
    Exactly 1 for a sphere around the nucleus; 1 + 0.4 s to first order in s where
    r = r0 (1 + s (cos^2 theta - 1/3)). NaN where the surface is open.
    """
    points = radii[:, None] * units
    if not np.isfinite(points).all():
        return float("nan")
    axes = np.linalg.eigvalsh((weights[:, None] * points).T @ points)
    return float(np.sqrt(axes[-1] / axes[0]))


def peak_ratio(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Largest over mean ELF on a sphere around the nucleus; the mean is over directions.

    The largest value is the largest at a direction of the grid.
    """
    return float(np.max(values) / (weights @ values))
