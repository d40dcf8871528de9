"""Pair energies of ions in a continuum: a short-ranged part, a hard core and Coulomb's law."""

from dataclasses import dataclass

import numpy as np
from scipy.special import erf, erfc

from ionshift.thermodynamics.debye_hueckel import inverse_debye_length
from ionshift.thermodynamics.radial_grid import RadialGrid

CORE_kT = np.inf


@dataclass(frozen=True)
class IonModel:
    """u_ij(r) / kT = w_ij(r) + z_i z_j l_B / r on a radial grid.

    Attributes
    ----------
    charges : (n,) in e
    short_kT : (n, n, n_points) symmetric; infinite inside a hard core
    bjerrum_A : l_B
    """

    grid: RadialGrid
    charges: np.ndarray
    short_kT: np.ndarray
    bjerrum_A: float

    @property
    def charge_products(self) -> np.ndarray:
        """z_i z_j, shaped for functions on the grid (n, n, 1)."""
        return np.multiply.outer(self.charges, self.charges)[..., None]

    def coulomb_kT(self) -> np.ndarray:
        """z_i z_j l_B / r (n, n, n_points)."""
        return self.charge_products * self.bjerrum_A / self.grid.r_A

    def long_kT(self, alpha: float) -> np.ndarray:
        """The smooth part of Coulomb's law, z_i z_j l_B erf(alpha r) / r."""
        return self.coulomb_kT() * erf(alpha * self.grid.r_A)

    def long_transform(self, alpha: float) -> np.ndarray:
        """Its Fourier transform in A^3, 4 pi z_i z_j l_B exp(-k^2 / 4 alpha^2) / k^2."""
        k = self.grid.k_inverse_A
        return (
            4
            * np.pi
            * self.bjerrum_A
            * self.charge_products
            * np.exp(-((k / alpha) ** 2) / 4)
            / k**2
        )

    def near_kT(self, alpha: float) -> np.ndarray:
        """All but the smooth part: w_ij + z_i z_j l_B erfc(alpha r) / r."""
        return self.short_kT + self.coulomb_kT() * erfc(alpha * self.grid.r_A)

    def kappa(self, densities_A3: np.ndarray) -> float:
        """Inverse Debye length in 1/A."""
        return inverse_debye_length(self.charges, densities_A3, self.bjerrum_A)


@dataclass(frozen=True)
class Structure:
    """Correlations of a mixture of ions; each (n, n, n_points).

    The pair energy is u = near + long; g = y exp(-near). What is summed up in y acts through the
    other ions. `direct_near`, where a theory has it, is the direct correlation function plus
    `long`.
    """

    g: np.ndarray
    ln_y: np.ndarray
    near_kT: np.ndarray
    long_kT: np.ndarray
    direct_near: np.ndarray | None = None


def primitive_model(
    grid: RadialGrid, charges: np.ndarray, diameters_A: np.ndarray, bjerrum_A: float
) -> IonModel:
    """Charged hard spheres; `diameters_A` (n, n) are the distances of contact."""
    touching = grid.r_A < np.asarray(diameters_A, float)[..., None]
    return IonModel(grid, np.asarray(charges, float), np.where(touching, CORE_kT, 0.0), bjerrum_A)
