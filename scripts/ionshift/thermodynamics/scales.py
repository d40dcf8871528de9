"""Scales of concentration and of activity.

A theory of ions in a continuum is on the McMillan-Mayer scale: the solution is under its osmotic
pressure, in equilibrium with pure solvent. Measured coefficients are on the Lewis-Randall scale:
solution and solvent under one pressure. For an incompressible solution with the partial molar
volume V of the salt (Simonin, J. Chem. Soc., Faraday Trans. 92, 3519 (1996)):

    phi_LR = phi_MM (1 - c V)
    ln y_LR = ln y_MM - c V phi_MM

y are mean activity coefficients on the molar, gamma on the molal scale: y c = gamma m d, with the
density d of the pure solvent. V is taken as one constant of the salt.
"""

import numpy as np
from numpy.typing import ArrayLike

WATER_kg_l = 0.99705
"""Density of water at 25 C and 1 bar (IAPWS-95)."""


def lewis_randall_osmotic(
    phi_mm: ArrayLike, molarity_M: ArrayLike, volume_cm3_mol: float
) -> np.ndarray:
    """Osmotic coefficient under one pressure from that under osmotic pressure."""
    return np.asarray(phi_mm) * (1 - _volume_share(molarity_M, volume_cm3_mol))


def mcmillan_mayer_osmotic(
    phi_lr: ArrayLike, molarity_M: ArrayLike, volume_cm3_mol: float
) -> np.ndarray:
    """Inverse of `lewis_randall_osmotic`."""
    return np.asarray(phi_lr) / (1 - _volume_share(molarity_M, volume_cm3_mol))


def lewis_randall_ln_activity(
    ln_y_mm: ArrayLike, phi_mm: ArrayLike, molarity_M: ArrayLike, volume_cm3_mol: float
) -> np.ndarray:
    """ln of the mean molar activity coefficient under one pressure."""
    return np.asarray(ln_y_mm) - _volume_share(molarity_M, volume_cm3_mol) * np.asarray(phi_mm)


def mcmillan_mayer_ln_activity(
    ln_y_lr: ArrayLike, phi_mm: ArrayLike, molarity_M: ArrayLike, volume_cm3_mol: float
) -> np.ndarray:
    """Inverse of `lewis_randall_ln_activity`."""
    return np.asarray(ln_y_lr) + _volume_share(molarity_M, volume_cm3_mol) * np.asarray(phi_mm)


def _volume_share(molarity_M: ArrayLike, volume_cm3_mol: float) -> np.ndarray:
    """c V, the share of the volume that the salt takes."""
    return 1e-3 * np.asarray(molarity_M) * volume_cm3_mol


def molality_of(
    molarity_M: ArrayLike, volume_cm3_mol: float, solvent_kg_l: float = WATER_kg_l
) -> np.ndarray:
    """mol per kg of solvent at a molarity: m = c / (d (1 - c V))."""
    share = _volume_share(molarity_M, volume_cm3_mol)
    return np.asarray(molarity_M) / (solvent_kg_l * (1 - share))


def molarity_of(
    molality: ArrayLike, volume_cm3_mol: float, solvent_kg_l: float = WATER_kg_l
) -> np.ndarray:
    """Inverse of `molality_of`."""
    per_volume = solvent_kg_l * np.asarray(molality)
    return per_volume / (1 + 1e-3 * per_volume * volume_cm3_mol)


def molal_ln_activity(
    ln_y: ArrayLike, molarity_M: ArrayLike, volume_cm3_mol: float, solvent_kg_l: float = WATER_kg_l
) -> np.ndarray:
    """ln gamma (molal) from ln y (molar)."""
    molality = molality_of(molarity_M, volume_cm3_mol, solvent_kg_l)
    return np.asarray(ln_y) + np.log(np.asarray(molarity_M) / (molality * solvent_kg_l))
