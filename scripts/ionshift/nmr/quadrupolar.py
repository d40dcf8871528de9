"""From the electric field gradient (EFG) at a nucleus to its quadrupolar coupling and lines.

Tensors V are traceless and symmetric, in atomic units (hartree / (e bohr^2)), with the sign of
`dft.efg`: the axial component of a positive neighbour charge is positive. First order in the
coupling, a high field along the unit vector n shifts the line m to m - 1 of a nucleus of spin I by

    (m - 1/2) 3 e Q / (2 I (2 I - 1) h)  n.V.n

(Abragam, The Principles of Nuclear Magnetism, Oxford 1961, chapter VII). nu_Q is the shift of the
innermost satellite: e Q / (2 h) n.V.n for I = 3/2.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import constants

from ionshift.core.errors import InputError
from ionshift.nmr.nuclides import Nuclide

Array = NDArray[np.float64]

AU_V_m2 = constants.physical_constants["atomic unit of electric field gradient"][0]
UNITS_V_m2 = {"au": AU_V_m2, "V_A2": 1e20, "1e21_V_m2": 1e21}
"""Units of an EFG by the name that ends a column or key; CP2K prints 1e21 V/m2."""


def to_au(tensors: ArrayLike, unit: str) -> Array:
    """Tensors in atomic units.

    Raises
    ------
    InputError
        if the unit is unknown.
    """
    if unit not in UNITS_V_m2:
        raise InputError(f"unit of an EFG = '{unit}': known are {', '.join(UNITS_V_m2)}")
    return np.asarray(tensors, float) * (UNITS_V_m2[unit] / AU_V_m2)


def principal(tensors_au: ArrayLike) -> tuple[Array, Array]:
    """Principal values and axes, |V_xx| <= |V_yy| <= |V_zz|.

    Returns
    -------
    (values (..., 3), axes (..., 3, 3) with the axis of value k in column k, right-handed)
    """
    values, axes = np.linalg.eigh(np.asarray(tensors_au, float))
    order = np.argsort(np.abs(values), axis=-1)
    values = np.take_along_axis(values, order, axis=-1)
    axes = np.take_along_axis(axes, order[..., None, :], axis=-1)
    axes[..., 0] *= np.sign(np.linalg.det(axes))[..., None]
    return values, axes


def couplings(tensors_au: ArrayLike, nuclide: Nuclide) -> tuple[Array, Array]:
    """C_Q = e Q V_zz / h in Hz and the asymmetry eta = (V_xx - V_yy) / V_zz, each (...).

    eta is between 0 and 1; NaN for a tensor that is zero.
    """
    values, _ = principal(tensors_au)
    with np.errstate(invalid="ignore", divide="ignore"):
        eta = (values[..., 0] - values[..., 1]) / values[..., 2]
    return coupling_per_au_Hz(nuclide) * values[..., 2], eta


def coupling_per_au_Hz(nuclide: Nuclide) -> float:
    """e Q / h times the atomic unit of an EFG."""
    return constants.e * nuclide.quadrupole_moment_m2 / constants.h * AU_V_m2


def spacing_per_au_Hz(nuclide: Nuclide) -> float:
    """Spacing of neighbouring lines over n.V.n in atomic units."""
    return 3 * coupling_per_au_Hz(nuclide) / (2 * nuclide.spin * (2 * nuclide.spin - 1))


def frequency_per_au_Hz(nuclide: Nuclide) -> float:
    """nu_Q, the shift of the innermost satellite, over n.V.n in atomic units."""
    orders = np.abs(nuclide.orders)
    return spacing_per_au_Hz(nuclide) * float(orders[orders > 0].min())


def along(tensors_au: ArrayLike, directions: ArrayLike) -> Array:
    """n.V.n of tensors (..., 3, 3) for unit vectors n (n_directions, 3): (..., n_directions)."""
    directions = np.asarray(directions, float)
    products = directions[:, :, None] * directions[:, None, :]
    return np.tensordot(np.asarray(tensors_au, float), products, axes=([-2, -1], [1, 2]))


def frequencies_Hz(tensors_au: ArrayLike, directions: ArrayLike, nuclide: Nuclide) -> Array:
    """nu_Q (..., n_directions) for a field along each of the unit vectors (n_directions, 3)."""
    return frequency_per_au_Hz(nuclide) * along(tensors_au, directions)


def lines_Hz(tensors_au: ArrayLike, directions: ArrayLike, nuclide: Nuclide) -> Array:
    """Shifts (..., n_directions, 2I) of all lines; `nuclide.intensities` are their shares."""
    spacing = spacing_per_au_Hz(nuclide) * along(tensors_au, directions)
    return spacing[..., None] * nuclide.orders
