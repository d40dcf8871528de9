"""Electric field gradient of periodic point charges, by an Ewald sum.

A baseline for models of the EFG: what the charges of the other ions give, without the response of
the electrons (Sternheimer's antishielding), which multiplies it.
"""

import numpy as np
from ase.units import Bohr
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfc

from ionshift.core.errors import InputError
from ionshift.trajectories.cell import volume_A3

Array = NDArray[np.float64]

# Terms of both sums fall below this, relative to the nearest neighbour's.
ACCURACY = 1e-9
NEUTRAL_E = 1e-6


def point_charge_efg_au(
    positions_A: ArrayLike, charges_e: ArrayLike, cell_A: ArrayLike, at: ArrayLike
) -> Array:
    """Traceless tensors V_ij = d2(potential)/dx_i dx_j at some ions, (n_at, 3, 3).

    Conventions as in `dft.efg`: the axial component of a positive neighbour charge is positive.

    Parameters
    ----------
    positions_A : (n, 3)
    charges_e : (n,) in elementary charges, their sum 0
    cell_A : (3, 3)
    at : indices of the ions, whose own charge does not count

    Raises
    ------
    InputError
        if the charges do not cancel.
    """
    positions, charges, cell, at = (
        np.asarray(positions_A, float) / Bohr,
        np.asarray(charges_e, float),
        np.asarray(cell_A, float) / Bohr,
        np.asarray(at, int),
    )
    if abs(charges.sum()) > NEUTRAL_E:
        raise InputError(f"charges add up to {charges.sum():g} e: a periodic sum needs 0")
    # Both sums cost about the same with this splitting (Kolafa and Perram, Mol. Simul. 9, 351).
    splitting = np.sqrt(np.pi) * (len(charges) / volume_A3(cell) ** 2) ** (1 / 6)
    reach = np.sqrt(-np.log(ACCURACY)) + 1.0
    tensors = _real(positions, charges, cell, at, splitting, reach / splitting)
    tensors += _reciprocal(positions, charges, cell, at, splitting, 2 * splitting * reach)
    return tensors - np.trace(tensors, axis1=1, axis2=2)[:, None, None] * np.eye(3) / 3


def _lattice_points(vectors: Array, reach: float) -> Array:
    """All sums of whole multiples of vectors (rows) that can lie within `reach`, (n, 3)."""
    spans = np.linalg.norm(np.linalg.inv(vectors), axis=0)
    counts = np.ceil(reach * spans).astype(int) + 1
    steps = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in counts], indexing="ij"), -1)
    return steps.reshape(-1, 3) @ vectors


def _real(
    positions: Array,
    charges: Array,
    cell: Array,
    at: NDArray[np.int_],
    splitting: float,
    cutoff: float,
) -> Array:
    """Screened charges within a cutoff: second derivatives of erfc(a r) / r."""
    shifts, found = _lattice_points(cell, cutoff), []
    inside = positions @ np.linalg.inv(cell)
    for ion in at:
        between = (inside - inside[ion] + 0.5) % 1.0 - 0.5
        vectors = ((between @ cell)[:, None] + shifts).reshape(-1, 3)
        charge = np.repeat(charges, len(shifts))
        squares = np.sum(vectors**2, axis=1)
        near = (squares > 1e-12) & (squares < cutoff**2)
        found.append(_screened(vectors[near], charge[near], splitting))
    return np.array(found)


def _screened(vectors: Array, charges: Array, splitting: float) -> Array:
    r = np.linalg.norm(vectors, axis=1)
    gaussian = 2 * splitting / np.sqrt(np.pi) * np.exp(-((splitting * r) ** 2))
    slope = -(erfc(splitting * r) / r + gaussian) / r
    curvature = -2 * slope / r + 2 * splitting**2 * gaussian
    unit = vectors / r[:, None]
    along = np.einsum("n,ni,nj->ij", charges * (curvature - slope / r), unit, unit)
    return along + np.sum(charges * slope / r) * np.eye(3)


def _reciprocal(
    positions: Array,
    charges: Array,
    cell: Array,
    at: NDArray[np.int_],
    splitting: float,
    cutoff: float,
) -> Array:
    """Smooth charges; each ion's own is spherical, so that its trace alone is not zero."""
    waves = _lattice_points(np.asarray(2 * np.pi * np.linalg.inv(cell).T, float), cutoff)
    squares = np.sum(waves**2, axis=1)
    near = (squares > 1e-12) & (squares < cutoff**2)
    waves, squares = waves[near], squares[near]
    weights = 4 * np.pi / volume_A3(cell) * np.exp(-squares / (4 * splitting**2)) / squares
    phases = positions @ waves.T
    total = charges @ np.exp(1j * phases)
    amplitudes = weights * np.real(np.exp(-1j * phases[at]) * total)
    return -np.einsum("nk,ki,kj->nij", amplitudes, waves, waves)
