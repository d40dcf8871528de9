"""Measured osmotic and activity coefficients of 1:1 salts, by Pitzer's equation.

Pitzer and Mayorga, J. Phys. Chem. 77, 2300 (1973), for 1:1 salts at molality m:

    phi - 1 = -A sqrt(m) / (1 + b sqrt(m)) + m (beta0 + beta1 exp(-alpha sqrt(m))) + m^2 Cphi
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ionshift.core.errors import InputError
from ionshift.core.user_tables import read_user_table
from ionshift.thermodynamics import scales

DATA = Path("resources/reference/pitzer_25C.csv")
DEBYE_HUECKEL = 0.3915
"""A_phi of water at 25 C in (kg/mol)^(1/2)."""
B, ALPHA = 1.2, 2.0
COLUMNS = ("beta0", "beta1", "cphi", "max_molality", "volume_cm3_mol")


@dataclass(frozen=True)
class Salt:
    """Pitzer's parameters (kg/mol, kg/mol, kg^2/mol^2) at 25 C and the partial molar volume."""

    name: str
    beta0: float
    beta1: float
    cphi: float
    max_molality: float
    volume_cm3_mol: float
    source: str

    def osmotic(self, molality: ArrayLike) -> np.ndarray:
        """Osmotic coefficient at molalities in mol/kg; NaN beyond `max_molality`."""
        root = np.sqrt(self._known(molality))
        virial = self.beta0 + self.beta1 * np.exp(-ALPHA * root)
        return 1 - DEBYE_HUECKEL * root / (1 + B * root) + root**2 * virial + root**4 * self.cphi

    def ln_activity(self, molality: ArrayLike) -> np.ndarray:
        """ln of the mean molal activity coefficient; NaN beyond `max_molality`."""
        root = np.sqrt(self._known(molality))
        debye = root / (1 + B * root) + 2 / B * np.log1p(B * root)
        x = ALPHA * np.maximum(root, 1e-6)
        shape = (1 - (1 + x - x**2 / 2) * np.exp(-x)) / x**2
        virial = 2 * self.beta0 + 2 * self.beta1 * shape
        return -DEBYE_HUECKEL * debye + root**2 * virial + 1.5 * root**4 * self.cphi

    def activity_derivative(self, molarity_M: ArrayLike, step: float = 1e-4) -> np.ndarray:
        """d ln(y c) / d ln c at constant pressure: what Kirkwood-Buff integrals are held to."""
        logs = np.log(np.asarray(molarity_M, float))

        def ln_a(ln_c):
            molality = scales.molality_of(np.exp(ln_c), self.volume_cm3_mol)
            return np.log(molality) + self.ln_activity(molality)

        return (ln_a(logs + step) - ln_a(logs - step)) / (2 * step)

    def _known(self, molality):
        molality = np.asarray(molality, float)
        return np.where(molality <= self.max_molality, molality, np.nan)


def read_salts(path: Path = DATA) -> dict[str, Salt]:
    """All salts of a table by name.

    Raises
    ------
    InputError
        if the file is missing or lacks a column.
    """
    table = read_user_table(
        path,
        needed=["salt", *COLUMNS, "source"],
        numbers=COLUMNS,
        remedy="run in a clone of Ionshift, or give such a table with --experiment",
        comment="#",
    )
    rows = table[["salt", *COLUMNS, "source"]].itertuples(index=False)
    return {row[0]: Salt(*row) for row in rows}


def salt_named(name: str, path: Path = DATA) -> Salt:
    """One salt of a table.

    Raises
    ------
    InputError
        if the table has no such salt.
    """
    salts = read_salts(path)
    if name not in salts:
        raise InputError(f"--salt {name}: {path} has {', '.join(salts)}")
    return salts[name]
