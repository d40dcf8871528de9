"""Length scales of ions in a dielectric, and the limiting laws of Debye and Hückel.

Debye and Hückel, Phys. Z. 24, 185 (1923); in the form of McQuarrie, Statistical Mechanics
(University Science Books, 2000), chapter 15.
"""

import numpy as np
from scipy import constants

PER_A3 = 1e-27 * constants.N_A
"""Number density in 1/A^3 of 1 mol/l."""


def bjerrum_length_A(permittivity: float, temperature_K: float) -> float:
    """Distance in A at which two unit charges have the energy kT: e^2 / (4 pi eps0 eps kT)."""
    vacuum_m = constants.e**2 / (4 * np.pi * constants.epsilon_0 * constants.k * temperature_K)
    return 1e10 * vacuum_m / permittivity


def permittivity_of(bjerrum_A: float, temperature_K: float) -> float:
    """Relative permittivity that belongs to a Bjerrum length in A."""
    return bjerrum_length_A(1.0, temperature_K) / bjerrum_A


def inverse_debye_length(charges: np.ndarray, densities_A3: np.ndarray, bjerrum_A: float) -> float:
    """kappa in 1/A: sqrt(4 pi l_B sum_i rho_i z_i^2), densities in 1/A^3."""
    return float(np.sqrt(4 * np.pi * bjerrum_A * np.sum(densities_A3 * np.square(charges))))


def limiting_osmotic(charges: np.ndarray, densities_A3: np.ndarray, bjerrum_A: float) -> float:
    """Osmotic coefficient of the limiting law: 1 - kappa^3 / (24 pi sum_i rho_i)."""
    kappa = inverse_debye_length(charges, densities_A3, bjerrum_A)
    return float(1 - kappa**3 / (24 * np.pi * np.sum(densities_A3)))


def limiting_ln_activity(charges: np.ndarray, densities_A3: np.ndarray, bjerrum_A: float) -> float:
    """ln of the mean activity coefficient of the limiting law: -|z+ z-| l_B kappa / 2."""
    kappa = inverse_debye_length(charges, densities_A3, bjerrum_A)
    mean_square = np.sum(densities_A3 * np.square(charges)) / np.sum(densities_A3)
    return float(-mean_square * bjerrum_A * kappa / 2)
