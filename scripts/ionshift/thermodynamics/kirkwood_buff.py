"""Kirkwood-Buff integrals G = 4 pi int (g - 1) r^2 dr and what they say about activity.

Kirkwood and Buff, J. Chem. Phys. 19, 774 (1951). A simulation knows g(r) up to some distance L. Two
ways to go on from there:

- *truncated*: the integral to L. It oscillates with L, and a tail of g that is not 1, as in every
  closed box, counts with r^2: g is divided by its mean at the end.
- *finite volume*: weights w(x), x = r / L, under which the integral to L converges fast though g
  has not died out: 4 pi r^2 (1 - x^3) (Krüger et al., J. Phys. Chem. Lett. 4, 235 (2013)) and
  4 pi r^2 (1 - 23 x^3 / 8 + 3 x^4 / 4 + 9 x^5 / 8) (Krüger and Vlugt, Phys. Rev. E 97, 051301
  (2018)).
"""

from collections.abc import Mapping

import numpy as np
from scipy.integrate import cumulative_trapezoid

WEIGHTS: Mapping[str, Mapping[int, float]] = {
    "truncated": {0: 1.0},
    "finite_volume_2013": {0: 1.0, 3: -1.0},
    "finite_volume_2018": {0: 1.0, 3: -23 / 8, 4: 3 / 4, 5: 9 / 8},
}
"""Coefficients of the powers of x in w / (4 pi r^2), by method."""


def normalised(r_A: np.ndarray, g: np.ndarray, window_A: tuple[float, float]) -> np.ndarray:
    """g divided by its mean over a window of distances."""
    inside = (r_A >= window_A[0]) & (r_A <= window_A[1])
    return g / g[..., inside].mean(axis=-1, keepdims=True)


def running_integral(r_A: np.ndarray, g: np.ndarray, method: str) -> np.ndarray:
    """G in A^3 as a function of the distance L = r at which g ends.

    Parameters
    ----------
    r_A : (n,) rising
    g : (..., n); below r_A[0] it is taken as g[0]
    method : key of `WEIGHTS`

    Returns
    -------
    (..., n)
    """
    r = np.append(0.0, r_A)
    excess = np.concatenate([g[..., :1], g], axis=-1) - 1
    total = np.zeros_like(excess[..., 1:])
    for power, factor in WEIGHTS[method].items():
        moment = cumulative_trapezoid(excess * r ** (2 + power), r, axis=-1)
        total += factor * moment / np.where(r_A > 0, r_A, 1.0) ** power
    return 4 * np.pi * total


def salt_combination(
    plus_plus: np.ndarray,
    minus_minus: np.ndarray,
    plus_minus: np.ndarray,
    plus_solvent: np.ndarray,
    minus_solvent: np.ndarray,
    *,
    stoichiometry: tuple[int, int] = (1, 1),
) -> np.ndarray:
    """G_cc - G_co of a salt c in a solvent o, its ions taken as indistinguishable.

    With the numbers of ions n+ and n- in n of a formula unit, G_cc = (n+^2 G++ + n-^2 G-- +
    2 n+ n- G+-) / n^2 and G_co = (n+ G+o + n- G-o) / n.
    """
    n_plus, n_minus = stoichiometry
    n = n_plus + n_minus
    like = n_plus**2 * plus_plus + n_minus**2 * minus_minus
    g_cc = (like + 2 * n_plus * n_minus * plus_minus) / n**2
    return g_cc - (n_plus * plus_solvent + n_minus * minus_solvent) / n


def activity_derivative(excess_A3: np.ndarray, ion_density_A3: float) -> np.ndarray:
    """d ln a / d ln c at constant temperature and pressure: 1 / (1 + rho (G_cc - G_co)).

    a is the mean ionic activity on the molar scale and rho the density of all ions (Kusalik and
    Patey, J. Chem. Phys. 86, 5110 (1987)). NaN where 1 + rho (G_cc - G_co), a fluctuation of
    numbers that must be positive, is not.
    """
    fluctuation = 1 + ion_density_A3 * np.asarray(excess_A3, float)
    return np.where(fluctuation > 0, 1 / np.where(fluctuation > 0, fluctuation, 1.0), np.nan)
