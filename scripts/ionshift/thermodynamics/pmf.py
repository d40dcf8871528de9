"""Potentials of mean force of ion pairs at infinite dilution, cut into Coulomb and the rest.

w_ij(r) / kT = w_short(r) + z_i z_j l_B / r, where the Bjerrum length l_B holds the permittivity of
the solvent: one that is given, or the one that the tails of all pairs have in common.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import PchipInterpolator

from ionshift.core.errors import InputError
from ionshift.thermodynamics.debye_hueckel import permittivity_of
from ionshift.thermodynamics.ions import CORE_kT, IonModel
from ionshift.thermodynamics.radial_grid import RadialGrid

CATIONS, ANIONS, UNLIKE = "cation-cation", "anion-anion", "cation-anion"
INDICES = {CATIONS: (0, 0), ANIONS: (1, 1), UNLIKE: (0, 1)}
TAIL_SHARE = 0.25
TAIL_TOLERANCE_kT = 0.05
PERMITTIVITY_SPREAD = 0.15
CONTACT_kT = 2.0
STEEP_kT_A = 5.0
MIN_REACH_A = 8.0


@dataclass(frozen=True)
class PairPotential:
    """One pair: distances (n,) in A that rise, energies (n,) in kT, the product of charges."""

    pair: str
    r_A: np.ndarray
    w_kT: np.ndarray
    charge_product: float

    def coulomb_kT(self, bjerrum_A: float) -> np.ndarray:
        """z_i z_j l_B / r."""
        return self.charge_product * bjerrum_A / self.r_A

    def without_coulomb(self, bjerrum_A: float) -> "PairPotential":
        """Its short-ranged part."""
        return replace(self, w_kT=self.w_kT - self.coulomb_kT(bjerrum_A))

    def shifted(self, offset_kT: float | np.ndarray) -> "PairPotential":
        """With an offset added."""
        return replace(self, w_kT=self.w_kT + offset_kT)

    def tail(self, from_A: float | None) -> np.ndarray:
        """Mask of the points from `from_A`, or of the last quarter of the range."""
        start = (1 - TAIL_SHARE) * self.r_A[-1] if from_A is None else from_A
        return self.r_A >= start


def check_range(potential: PairPotential) -> None:
    """Refuse what begins beyond contact or ends before Coulomb's law is reached.

    Raises
    ------
    InputError
        with the distance and the remedy.
    """
    pair, r_A, w_kT = potential.pair, potential.r_A, potential.w_kT
    if r_A[-1] < MIN_REACH_A:
        raise InputError(
            f"{pair}: the potential of mean force ends at {r_A[-1]:g} A; it must reach at least "
            f"{MIN_REACH_A:g} A, where Coulomb's law alone is left. Are the distances in nm?"
        )
    if w_kT[0] < w_kT.min() + CONTACT_kT:
        raise InputError(
            f"{pair}: the potential of mean force begins at {r_A[0]:g} A with {w_kT[0]:.2f} kT, "
            "where the ions do not yet repel each other; start it below the contact distance"
        )


def fit_permittivity(
    potentials: Mapping[str, PairPotential],
    temperature_K: float,
    tail_from_A: float | None = None,
    offsets: bool = False,
) -> tuple[float, dict[str, float]]:
    """Permittivity of the tails: the Bjerrum length of w = z_i z_j l_B / r + b of every pair.

    Parameters
    ----------
    offsets : whether each pair has a constant b of its own, or none

    Returns
    -------
    (permittivity of all pairs together, permittivity by pair)

    Raises
    ------
    InputError
        if the pairs differ by more than `PERMITTIVITY_SPREAD`, or repel and attract wrongly.
    """
    single = {
        pair: _bjerrum_of_tails([one], tail_from_A, offsets) for pair, one in potentials.items()
    }
    common = _bjerrum_of_tails(list(potentials.values()), tail_from_A, offsets)
    by_pair = {pair: permittivity_of(length, temperature_K) for pair, length in single.items()}
    spread = np.ptp(list(single.values())) / abs(common)
    if common <= 0 or spread > PERMITTIVITY_SPREAD:
        named = ", ".join(f"{pair} {value:.1f}" for pair, value in by_pair.items())
        raise InputError(
            f"the tails of the potentials of mean force have no common permittivity ({named}); "
            "name it (--tail-permittivity), or give potentials that reach farther"
        )
    return permittivity_of(common, temperature_K), by_pair


def _bjerrum_of_tails(potentials, tail_from_A, offsets):
    """Least squares of w on z_i z_j / r, each pair's means taken off where it has an offset."""
    products = squares = 0.0
    for one in potentials:
        inside = one.tail(tail_from_A)
        x, y = one.charge_product / one.r_A[inside], one.w_kT[inside]
        if offsets:
            x, y = x - x.mean(), y - y.mean()
        products += x @ y
        squares += x @ x
    return products / squares


def align(potential: PairPotential, tail_from_A: float | None = None) -> PairPotential:
    """A short-ranged part shifted so that the mean of its tail is zero."""
    return potential.shifted(-potential.w_kT[potential.tail(tail_from_A)].mean())


def check_tail(
    potential: PairPotential,
    permittivity: float,
    tail_from_A: float | None = None,
    tolerance_kT: float = TAIL_TOLERANCE_kT,
) -> None:
    """Refuse a short-ranged part that is not short-ranged.

    Raises
    ------
    InputError
        if the mean of the tail exceeds the tolerance, or any part of it three times that.
    """
    inside = potential.tail(tail_from_A)
    tail_kT = potential.w_kT[inside]
    if abs(tail_kT.mean()) <= tolerance_kT and np.abs(tail_kT).max() <= 3 * tolerance_kT:
        return
    raise InputError(
        f"{potential.pair}: from {potential.r_A[inside][0]:.1f} to {potential.r_A[-1]:.1f} A the "
        f"potential of mean force without Coulomb's part (permittivity {permittivity:.1f}) is "
        f"{tail_kT.mean():+.2f} kT, between {tail_kT.min():+.2f} and {tail_kT.max():+.2f}, not 0. "
        "The file may have another permittivity (--tail-permittivity fit), an arbitrary constant "
        "(--align), or Coulomb's part taken off already (--short-range)"
    )


def on_grid(potential: PairPotential, grid: RadialGrid, core_A: float) -> np.ndarray:
    """A short-ranged part on a grid (n_points,) in kT.

    Below the first point it goes on along its slope, or as a wall where it is not steep; below
    `core_A` it is a wall, since Coulomb's law has none; beyond the last point it is zero.
    """
    r_A, w_kT = potential.r_A, potential.w_kT
    values = np.zeros(grid.n_points)
    inside = (grid.r_A >= r_A[0]) & (grid.r_A <= r_A[-1])
    values[inside] = PchipInterpolator(r_A, w_kT)(grid.r_A[inside])
    below = grid.r_A < r_A[0]
    few = min(4, len(r_A))
    slope = np.polyfit(r_A[:few], w_kT[:few], 1)[0]
    steep = slope < -STEEP_kT_A
    values[below] = w_kT[0] + slope * (grid.r_A[below] - r_A[0]) if steep else CORE_kT
    values[grid.r_A < core_A] = CORE_kT
    return values


def ion_model(
    short: Mapping[str, PairPotential],
    charges: np.ndarray,
    bjerrum_A: float,
    grid: RadialGrid,
    core_A: float,
) -> IonModel:
    """The model of a salt: short-ranged parts of its three pairs, and Coulomb's law."""
    energies = np.empty((2, 2, grid.n_points))
    for pair, (i, j) in INDICES.items():
        energies[i, j] = energies[j, i] = on_grid(short[pair], grid, core_A)
    return IonModel(grid, np.asarray(charges, float), energies, bjerrum_A)
