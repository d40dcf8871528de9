"""Poisson-Boltzmann equation around each ion, with the short-ranged pair energies in the exponent.

    laplace psi_i = -4 pi l_B sum_j z_j rho_j exp(-w_ij - z_j psi_i),  r psi_i -> z_i l_B at r = 0

The mean of psi_i about i, in kT/e, replaces what the other ions do; short-ranged energies act
between pairs alone (Kalcher and Dzubiella, J. Chem. Phys. 130, 134507 (2009)). The two answers for
an unlike pair, around either ion, differ: their geometric mean is taken.
"""

import numpy as np
from scipy.linalg import solve_banded

from ionshift.core.errors import Unconverged
from ionshift.thermodynamics.ions import IonModel, Structure

MAX_EXPONENT = 100.0
MAX_STEPS = 200
TOLERANCE = 1e-9


def solve(model: IonModel, densities_A3: np.ndarray, start: np.ndarray | None = None) -> Structure:
    """Structure with ln y_ij = -(z_j psi_i + z_i psi_j) / 2 and g = y exp(-w).

    `start` is not used: the equation has one solution, and Newton's iteration finds it.

    Raises
    ------
    Unconverged
        if Newton's iteration does not end.
    """
    r_A = model.grid.r_A
    potentials = np.array([_around(i, model, densities_A3) for i in range(len(model.charges))])
    one_sided = -potentials[:, None] * model.charges[None, :, None] / r_A
    ln_y = (one_sided + np.swapaxes(one_sided, 0, 1)) / 2
    g = np.exp(np.minimum(ln_y - model.short_kT, MAX_EXPONENT))
    return Structure(g, ln_y, model.short_kT, model.coulomb_kT())


def _around(centre: int, model: IonModel, densities_A3: np.ndarray) -> np.ndarray:
    """v = r psi in A around one ion, by Newton's iteration on v'' = F(v), where F rises with v."""
    r_A, step_A = model.grid.r_A, model.grid.step_A
    edge_A = model.charges[centre] * model.bjerrum_A
    v = edge_A * np.exp(-model.kappa(densities_A3) * r_A)
    residual, slope = _residual(v, centre, model, densities_A3, edge_A)
    for _ in range(MAX_STEPS):
        change = _newton_step(residual, slope, step_A)
        if np.abs(change / r_A).max() < TOLERANCE:
            return v + change
        v, residual, slope = _damped(v, change, residual, centre, model, densities_A3, edge_A)
    raise Unconverged(f"Poisson-Boltzmann: {MAX_STEPS} steps of Newton's iteration do not end")


def _residual(v, centre, model, densities_A3, edge_A):
    """(v'' - F(v), dF/dv), each (n_points,)."""
    r_A, step_A = model.grid.r_A, model.grid.step_A
    exponent = -model.short_kT[centre] - model.charges[:, None] * v / r_A
    g = np.exp(np.minimum(exponent, MAX_EXPONENT))
    strength = 4 * np.pi * model.bjerrum_A * model.charges * densities_A3
    curvature = np.diff(v, n=2, prepend=edge_A, append=0.0) / step_A**2
    return curvature + r_A * (strength @ g), (strength * model.charges) @ g


def _newton_step(residual, slope, step_A):
    bands = np.full((3, len(residual)), step_A**-2)
    bands[1] = -2 * step_A**-2 - slope
    return solve_banded((1, 1), bands, -residual)


def _damped(v, change, residual, centre, model, densities_A3, edge_A):
    """The longest of the halved steps that makes the residual smaller."""
    norm, share = np.linalg.norm(residual), 1.0
    while share > 1e-6:
        trial = v + share * change
        answer = _residual(trial, centre, model, densities_A3, edge_A)
        if np.linalg.norm(answer[0]) < norm:
            break
        share /= 2
    return trial, *answer
