"""Hypernetted-chain equation of a mixture of ions.

With u = u_near + u_long, where u_long = z_i z_j l_B erf(alpha r) / r has a known transform, the
direct correlation function is c = c_s - u_long and gamma_s = h - c_s is short-ranged:

    closure            h = exp(-u_near + gamma_s) - 1
    Ornstein-Zernike   H = (1 - C rho)^-1 C   at every k

Ng, J. Chem. Phys. 61, 2680 (1974) splits so; Hansen and McDonald, Theory of Simple Liquids, 4th
ed. (Academic Press, 2013), sections 4.3 and 10.2.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import erfc

from ionshift.core.errors import Unconverged
from ionshift.thermodynamics.ions import IonModel, Structure

ALPHA = 0.25
MEMORY = 8
MAX_EXPONENT = 100.0


def solve(
    model: IonModel,
    densities_A3: np.ndarray,
    start: np.ndarray | None = None,
    tolerance: float = 1e-8,
    max_cycles: int = 2000,
) -> Structure:
    """Solve the hypernetted-chain equation by Anderson's mixing.

    Parameters
    ----------
    densities_A3 : (n,) in 1/A^3
    start : (n, n, n_points) gamma_s of a neighbouring state; that of Debye and Hückel if None

    Returns
    -------
    Structure whose ln_y is gamma_s

    Raises
    ------
    Unconverged
        if the largest change of gamma_s stays above `tolerance`.
    """
    near_kT = model.near_kT(ALPHA)
    long_transform = model.long_transform(ALPHA)
    upper = np.triu_indices(len(model.charges))
    indirect = debye_hueckel_start(model, densities_A3) if start is None else start

    def update(packed):
        gamma = _unpacked(packed.reshape(len(upper[0]), -1), upper)
        direct = _closure(near_kT, gamma) - 1 - gamma
        return _ornstein_zernike(model.grid, direct, long_transform, densities_A3)[upper].ravel()

    packed = anderson(update, indirect[upper].ravel(), tolerance, max_cycles)
    gamma = _unpacked(packed.reshape(len(upper[0]), -1), upper)
    g = _closure(near_kT, gamma)
    return Structure(g, gamma, near_kT, model.long_kT(ALPHA), g - 1 - gamma)


def debye_hueckel_start(model: IonModel, densities_A3: np.ndarray) -> np.ndarray:
    """gamma_s for which ln g = -w_ij - z_i z_j l_B exp(-kappa r) / r."""
    r_A = model.grid.r_A
    screened = np.exp(-model.kappa(densities_A3) * r_A)
    return model.coulomb_kT() * (erfc(ALPHA * r_A) - screened)


def _closure(near_kT, gamma):
    return np.exp(np.minimum(gamma - near_kT, MAX_EXPONENT))


def _ornstein_zernike(grid, direct, long_transform, densities_A3):
    """New gamma_s from c_s."""
    near = grid.forward(direct)
    full = np.moveaxis(near - long_transform, -1, 0)
    total = np.linalg.solve(np.eye(len(densities_A3)) - full * densities_A3, full)
    return grid.backward(np.moveaxis(total, 0, -1) - near)


def _unpacked(rows, upper):
    n = upper[0].max() + 1
    full = np.empty((n, n, rows.shape[-1]))
    full[upper] = rows
    full[upper[::-1]] = rows
    return full


def anderson(
    update: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    tolerance: float,
    max_cycles: int,
) -> np.ndarray:
    """Fixed point of `update` by Anderson's mixing, J. ACM 12, 547 (1965).

    scipy.optimize.anderson searches along lines, which costs evaluations here and stalls.

    Raises
    ------
    Unconverged
        if the largest residual stays above `tolerance`.
    """
    position = start
    positions, residuals = [], []
    for _ in range(max_cycles):
        residual = update(position) - position
        error = np.abs(residual).max()
        if error < tolerance:
            return position
        if not np.isfinite(error):
            break
        positions.append(position)
        residuals.append(residual)
        positions, residuals = positions[-MEMORY:], residuals[-MEMORY:]
        position = _mixed(positions, residuals)
    raise Unconverged(f"residual {error:.1e} after {max_cycles} cycles")


def _mixed(positions, residuals):
    position, residual = positions[-1], residuals[-1]
    if len(positions) == 1:
        return position + 0.3 * residual
    steps = np.diff(positions, axis=0)
    changes = np.diff(residuals, axis=0)
    gram = changes @ changes.T
    gram += 1e-14 * np.trace(gram) * np.eye(len(gram))
    weights = np.linalg.solve(gram, changes @ residual)
    return position + residual - weights @ (steps + changes)
