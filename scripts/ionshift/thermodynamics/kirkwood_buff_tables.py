"""Kirkwood-Buff integrals of measured pair distributions, as tidy tables."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ionshift.core.errors import InputError
from ionshift.core.tables import thin
from ionshift.statistics.replicas import standard_error
from ionshift.thermodynamics.debye_hueckel import PER_A3
from ionshift.thermodynamics.kirkwood_buff import (
    WEIGHTS,
    activity_derivative,
    normalised,
    running_integral,
    salt_combination,
)
from ionshift.thermodynamics.settling import Settled, read_off

TAIL_A = 2.0
CORE_G = 0.05
TAIL_G = (0.7, 1.4)
CORE_A = 1.0
MAX_ROWS = 400
MIN_REACH_A = 6.0
A3_PER_CM3_MOL = 1e24 / 6.02214076e23


@dataclass(frozen=True)
class Distributions:
    """g(r) of every pair: distances (n,) in A, and by pair (n_replicas, n)."""

    r_A: np.ndarray
    g: dict[str, np.ndarray]


@dataclass(frozen=True)
class Salt:
    """Names of a salt's species in pairs such as `Li-O`, its stoichiometry and molarity."""

    cation: str
    anion: str
    solvent: str
    molarity_M: float
    stoichiometry: tuple[int, int] = (1, 1)

    def pairs(self) -> list[tuple[str, str]]:
        """The five pairs that the derivative of the activity needs, in order."""
        ions = [(self.cation, self.cation), (self.anion, self.anion), (self.cation, self.anion)]
        return [*ions, (self.cation, self.solvent), (self.anion, self.solvent)]


def gather(curves: pd.DataFrame, box_edge_A: float | None = None) -> Distributions:
    """Pair distributions on the grid of the first, cut at half of the box if that is given.

    Parameters
    ----------
    curves : pair, replica, r_A, g

    Raises
    ------
    InputError
        if one begins or ends too early, or holds what is no g(r).
    """
    ends = curves.groupby(["pair", "replica"])["r_A"].max()
    half_A = np.inf if box_edge_A is None else box_edge_A / 2
    end_A = min(float(ends.min()), half_A + TAIL_A)
    grid_A: np.ndarray | None = None
    parts: dict[str, list[np.ndarray]] = {}
    for (pair, _), curve in curves.groupby(["pair", "replica"], sort=False):
        r_A, g = curve["r_A"].to_numpy(), curve["g"].to_numpy()
        _check(pair, r_A, g, half_A)
        grid_A = r_A[r_A <= end_A * (1 + 1e-9)] if grid_A is None else grid_A
        parts.setdefault(pair, []).append(np.interp(grid_A, r_A, g))
    return Distributions(np.asarray(grid_A), {pair: np.array(rows) for pair, rows in parts.items()})


def _check(pair, r_A, g, half_A):
    step_A = np.diff(r_A).max()
    if np.isfinite(half_A) and r_A[-1] < half_A - 1.5 * step_A:
        raise InputError(
            f"{pair}: g(r) ends at {r_A[-1]:.2f} A; the box allows {half_A:.2f} A, and the "
            "integral needs all of it: compute g(r) up to half of the box"
        )
    if r_A[-1] < MIN_REACH_A:
        raise InputError(
            f"{pair}: g(r) ends at {r_A[-1]:.2f} A, too short for any integral to settle; compute "
            "it farther. Are the distances in nm?"
        )
    if r_A[0] > max(1.5 * step_A, CORE_A) and g[0] > CORE_G:
        raise InputError(
            f"{pair}: g(r) begins at {r_A[0]:.2f} A with {g[0]:.2f}; what lies below is missing, "
            "start it at 0"
        )
    end_A = min(r_A[-1], half_A)
    tail = float(g[(r_A >= end_A - 2 * TAIL_A) & (r_A <= end_A + TAIL_A)].mean())
    if g.min() >= 0 and not TAIL_G[0] < tail < TAIL_G[1]:
        raise InputError(
            f"{pair}: g(r) tends to {tail:.2f}, not to 1; is it g(r), and of a whole liquid?"
        )
    if g.min() < -1e-6:
        raise InputError(f"{pair}: g(r) is negative ({g.min():.3g}); is it g(r) - 1 or an energy?")


def _prepared(distributions, box_edge_A, normalise):
    """(r up to L, g by pair) with the tail's mean brought to 1 if asked for."""
    r_A = distributions.r_A
    reach_A = r_A[-1] if box_edge_A is None else min(box_edge_A / 2, r_A[-1])
    start_A = reach_A - (2 * TAIL_A if box_edge_A is None else TAIL_A)
    inside = r_A <= reach_A * (1 + 1e-9)
    g = {
        pair: (normalised(r_A, rows, (start_A, r_A[-1])) if normalise else rows)[:, inside]
        for pair, rows in distributions.g.items()
    }
    return r_A[inside], g


def integrals(
    distributions: Distributions,
    box_edge_A: float | None = None,
    normalise: bool = True,
    tolerance_A3: float = 20.0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Kirkwood-Buff integrals of all pairs by all methods.

    Returns
    -------
    (integrals, running): `integrals` has a row a pair and method: pair, method, n_replicas,
    reach_A, value_A3, value_err_A3, drift_A3, value_cm3_mol and reason; the value is NaN where
    the reason says that it has not converged. `running`: pair, method, r_A, value_A3,
    value_err_A3.
    """
    r_A, g = _prepared(distributions, box_edge_A, normalise)
    rows, curves = [], []
    for pair, all_g in g.items():
        for method in WEIGHTS:
            running = running_integral(r_A, all_g, method)
            found = read_off(r_A, running, tolerance_A3, "A^3")
            rows.append(_row({"pair": pair, "method": method}, r_A, len(all_g), found, "A3"))
            curves.append(_curve({"pair": pair, "method": method}, r_A, running, "A3"))
    table = pd.DataFrame(rows)
    table.insert(7, "value_cm3_mol", table["value_A3"] / A3_PER_CM3_MOL)
    return table, pd.concat(curves, ignore_index=True)


def _row(
    labels: dict[str, str], r_A: np.ndarray, n_replicas: int, found: Settled, unit: str
) -> dict[str, object]:
    ending = f"_{unit}" if unit else ""
    return labels | {
        "n_replicas": n_replicas,
        "reach_A": r_A[-1],
        f"value{ending}": found.value,
        f"value_err{ending}": found.error,
        f"drift{ending}": found.drift,
        "reason": found.reason,
    }


def _curve(labels, r_A, running, unit):
    ending = f"_{unit}" if unit else ""
    columns = {
        "r_A": r_A,
        f"value{ending}": running.mean(axis=0),
        f"value_err{ending}": standard_error(running),
    }
    return thin(pd.DataFrame(labels | columns), MAX_ROWS)


def derivatives(
    distributions: Distributions,
    salt: Salt,
    box_edge_A: float | None = None,
    normalise: bool = True,
    tolerance: float = 0.1,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """d ln a / d ln c of a salt by all methods, with its running value.

    Its error comes from the scatter of G_cc - G_co over replicas, which covers how the errors of
    the five pairs hang together.

    Returns
    -------
    (derivatives, running): method, n_replicas, reach_A, value, value_err, drift, reason; and
    method, r_A, value, value_err

    Raises
    ------
    InputError
        if a pair is missing or the pairs have unequal numbers of replicas.
    """
    r_A, g = _prepared(distributions, box_edge_A, normalise)
    found = [_of_pair(g, pair) for pair in salt.pairs()]
    if len({len(rows) for rows in found}) > 1:
        raise InputError(
            "the pairs have unequal numbers of replicas ("
            + ", ".join(
                f"{a}-{b} {len(rows)}" for (a, b), rows in zip(salt.pairs(), found, strict=True)
            )
            + "); give every pair of every replica"
        )
    density_A3 = sum(salt.stoichiometry) * salt.molarity_M * PER_A3
    rows, curves = [], []
    for method in WEIGHTS:
        pairs = [running_integral(r_A, one, method) for one in found]
        running = _linearised(
            salt_combination(*pairs, stoichiometry=salt.stoichiometry), density_A3
        )
        settled = read_off(r_A, running, tolerance, "")
        rows.append(_row({"method": method}, r_A, len(running), settled, ""))
        curves.append(_curve({"method": method}, r_A, running, ""))
    return pd.DataFrame(rows), pd.concat(curves, ignore_index=True)


def _of_pair(g, pair):
    for name in ("-".join(pair), "-".join(reversed(pair))):
        if name in g:
            return g[name]
    raise InputError(
        f"no g(r) of the pair {'-'.join(pair)}, which the derivative of the activity needs; there "
        f"are {', '.join(g)}"
    )


def _linearised(excess_A3, density_A3):
    """The derivative of every replica, to first order about the mean of G over replicas."""
    mean = activity_derivative(excess_A3.mean(axis=0), density_A3)
    return mean - mean**2 * density_A3 * (excess_A3 - excess_A3.mean(axis=0))
