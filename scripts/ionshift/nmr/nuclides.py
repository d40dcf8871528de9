"""Nuclides with a quadrupole moment: an entry adds one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionshift.core.registry import Registry

MILLIBARN_m2 = 1e-31


@dataclass(frozen=True)
class Nuclide:
    """A nuclide by its name, such as 7Li.

    Attributes
    ----------
    spin : I, at least 1
    quadrupole_moment_m2 : Q
    """

    name: str
    spin: float
    quadrupole_moment_m2: float

    @property
    def element(self) -> str:
        return self.name.lstrip("0123456789")

    @property
    def orders(self) -> NDArray[np.float64]:
        """m - 1/2 of the lines m to m - 1, (2I,), from the highest down; 0 is the central line."""
        return np.asarray(self.spin - 0.5 - np.arange(round(2 * self.spin)), float)

    @property
    def intensities(self) -> NDArray[np.float64]:
        """Shares (2I,) of the lines, in proportion to I(I + 1) - m(m - 1)."""
        m = self.orders + 0.5
        weights = self.spin * (self.spin + 1) - m * (m - 1)
        return weights / weights.sum()


# Moments: Pyykko, Year-2008 nuclear quadrupole moments, Mol. Phys. 106, 1965 (2008).
NUCLIDES = Registry(
    "nuclide",
    Nuclide("7Li", 1.5, -40.1 * MILLIBARN_m2),
    Nuclide("6Li", 1.0, -0.808 * MILLIBARN_m2),
    Nuclide("23Na", 1.5, 104.0 * MILLIBARN_m2),
)
