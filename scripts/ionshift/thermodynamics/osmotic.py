"""Osmotic and activity coefficients of a salt against its molarity, from pair energies.

All on the McMillan-Mayer scale. With phi known from zero concentration on, the mean activity
coefficient follows from the equation of Gibbs and Duhem, with s = sqrt(c):

    ln y = phi - 1 + int (phi - 1) / c dc = phi - 1 + 2 int (phi - 1) / s ds

where (phi - 1) / s has the limit of Debye and Hückel at s = 0.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.interpolate import PchipInterpolator

from ionshift.core.errors import Unconverged
from ionshift.thermodynamics import debye_hueckel, hnc, poisson_boltzmann, pressure
from ionshift.thermodynamics.ions import IonModel, Structure
from ionshift.thermodynamics.radial_grid import RadialGrid

ROUTES: Mapping[str, Callable] = {"hnc": hnc.solve, "mpb": poisson_boltzmann.solve}
"""Theories by name: hypernetted chain, modified Poisson-Boltzmann."""
STEP_A = 0.04
MIN_REACH_A = 80.0
DEBYE_LENGTHS = 15.0
LEAD_IN_M = (0.002, 0.01, 0.03)
N_NODES = 10
NODES_APART = 0.05


def salt_densities(charges: np.ndarray, molarity_M: float) -> np.ndarray:
    """Densities (2,) in 1/A^3 of cation and anion of a neutral salt."""
    z_cation, z_anion = np.abs(np.asarray(charges, int))
    divisor = np.gcd(z_cation, z_anion)
    return np.array([z_anion, z_cation]) / divisor * molarity_M * debye_hueckel.PER_A3


def grid_for(kappa: float, step_A: float = STEP_A) -> RadialGrid:
    """A grid over `DEBYE_LENGTHS` screening lengths, and over `MIN_REACH_A` at least."""
    return RadialGrid.reaching(max(DEBYE_LENGTHS / kappa, MIN_REACH_A), step_A)


def nodes(molarities_M: np.ndarray) -> np.ndarray:
    """Molarities at which to solve: those asked for, and what integration needs below them."""
    chosen = list(np.unique(molarities_M))
    even = np.linspace(0, np.sqrt(chosen[-1]), N_NODES + 1)[1:] ** 2
    for one in (*LEAD_IN_M, *even):
        if one < chosen[-1] and np.abs(np.log(one / np.array(chosen))).min() > NODES_APART:
            chosen.append(one)
            chosen.sort()
    return np.array(chosen)


def coefficients(
    build: Callable[[RadialGrid], IonModel],
    molarities_M: np.ndarray,
    route: str = "hnc",
    step_A: float = STEP_A,
) -> pd.DataFrame:
    """Osmotic and activity coefficients at molarities, rising from infinite dilution.

    Parameters
    ----------
    build : the salt's pair energies on a grid
    molarities_M : (n,) of the salt in mol/l
    route : key of `ROUTES`

    Returns
    -------
    DataFrame with molarity_M, phi_mm (virial route), phi_compressibility_mm (NaN where the theory
    has none), ln_y_mm, and reason: why there is no number, or empty. Above a molarity at which
    the theory has no solution no number is given.
    """
    at, reason = nodes(np.asarray(molarities_M, float)), ""
    rows = []
    structure: Structure | None = None
    last_grid: RadialGrid | None = None
    for molarity in at:
        grid, model, densities = _state(build, molarity, step_A)
        start = None if structure is None else _regridded(structure.ln_y, last_grid, grid)
        try:
            structure = _solved(ROUTES[route], model, densities, start)
        except Unconverged as error:
            reason = f"no solution from {molarity:g} M on ({error})"
            break
        last_grid = grid
        slope = pressure.compressibility(grid, densities, structure)
        rows.append((molarity, pressure.virial_osmotic(grid, densities, structure), slope))
    table = pd.DataFrame(rows, columns=["molarity_M", "phi_mm", "slope"], dtype=float)
    done = _integrated(table, _limit(build, at[0], step_A))
    found = done.set_index("molarity_M").reindex(molarities_M).reset_index()
    return found.assign(reason=np.where(found["phi_mm"].isna(), reason, ""))


def _state(build, molarity_M, step_A):
    """(grid, model, densities) at one molarity; the grid follows the screening length."""
    probe = build(RadialGrid(step_A, 8))
    densities = salt_densities(probe.charges, molarity_M)
    grid = grid_for(probe.kappa(densities), step_A)
    return grid, build(grid), densities


def _solved(solve, model, densities, start):
    """From the neighbouring solution, or from Debye and Hückel's if that fails."""
    if start is None:
        return solve(model, densities)
    try:
        return solve(model, densities, start)
    except Unconverged:
        return solve(model, densities)


def _regridded(values, old, new):
    flat = values.reshape(-1, old.n_points)
    moved = [np.interp(new.r_A, old.r_A, row, right=0.0) for row in flat]
    return np.reshape(moved, (*values.shape[:2], new.n_points))


def _limit(build, molarity_M, step_A):
    """(phi - 1) / sqrt(c) of Debye and Hückel."""
    model = build(RadialGrid(step_A, 8))
    densities = salt_densities(model.charges, molarity_M)
    phi = debye_hueckel.limiting_osmotic(model.charges, densities, model.bjerrum_A)
    return (phi - 1) / np.sqrt(molarity_M)


def _integrated(table, limit):
    """Add ln_y_mm and phi_compressibility_mm: integrals over s = sqrt(c) from the limit at 0."""
    s = np.sqrt(table["molarity_M"].to_numpy())
    s_all = np.append(0.0, s)
    reduced = np.append(limit, (table["phi_mm"] - 1) / s)
    ln_y = table["phi_mm"] - 1 + 2 * _integral(s_all, reduced)
    # phi = 1/c int (dPi/dc) dc; the slope falls off as 1 + 3/2 limit s.
    fall = np.append(1.5 * limit, (table["slope"] - 1) / s)
    phi = 1 + 2 / s**2 * _integral(s_all, s_all**2 * fall)
    return table.drop(columns="slope").assign(phi_compressibility_mm=phi, ln_y_mm=ln_y)


def _integral(x, y):
    """Integral from x[0] to every later x (n - 1,); NaN where y is not known."""
    if len(x) < 2 or not np.isfinite(y).all():
        return np.full(len(x) - 1, np.nan)
    return PchipInterpolator(x, y).antiderivative()(x[1:])
