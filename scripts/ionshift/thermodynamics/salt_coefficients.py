"""Osmotic and activity coefficients of a salt from potentials of mean force, with their errors.

Two errors are told apart. The *sampling* error is that over replicas of the potentials, or else
follows from their own standard errors, each taken as one over all distances. The *tail* error is
what changes if each short-ranged part is shifted by the mean of its tail, or by half of what the
tail's two halves differ by: a constant of 0.01 kT out to 15 A matters in a concentrated solution.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ionshift.core.errors import InputError
from ionshift.statistics.replicas import standard_error
from ionshift.thermodynamics import debye_hueckel, osmotic, pmf, scales
from ionshift.thermodynamics.pitzer import Salt
from ionshift.thermodynamics.pmf import PairPotential

COEFFICIENTS = ["phi_mm", "ln_y_mm"]
SAME_PERMITTIVITY = 0.01


@dataclass(frozen=True)
class Treatment:
    """How potentials of mean force become coefficients.

    Attributes
    ----------
    permittivity : of the solvent in the solution
    tail_permittivity : of the Coulomb part in the potentials; None: fitted to their tails
    short_ranged : whether the potentials come without their Coulomb part
    align : whether to shift each short-ranged part to a tail of zero mean
    tail_from_A : where the tails begin; None: the last quarter of each
    core_A : below it ions repel each other without end
    """

    charges: tuple[int, int] = (1, -1)
    temperature_K: float = 298.15
    permittivity: float = 78.4
    tail_permittivity: float | None = 78.4
    short_ranged: bool = False
    align: bool = False
    tail_from_A: float | None = None
    tail_tolerance_kT: float = pmf.TAIL_TOLERANCE_kT
    core_A: float = 1.6
    step_A: float = osmotic.STEP_A


@dataclass(frozen=True)
class ShortRanged:
    """Short-ranged parts by pair: the mean, each replica, the error; and what was taken off."""

    mean: Mapping[str, PairPotential]
    replicas: Sequence[Mapping[str, PairPotential]]
    errors_kT: Mapping[str, np.ndarray]
    tail_permittivity: float
    by_pair: Mapping[str, float]


def prepare(curves: pd.DataFrame, treatment: Treatment) -> ShortRanged:
    """Check potentials of mean force and take their Coulomb part off.

    Parameters
    ----------
    curves : pair (`cation-anion`, `cation-cation`, `anion-anion`), replica, r_A, w_kT, w_err_kT

    Raises
    ------
    InputError
        if a pair is missing, replicas do not match, a potential begins or ends too early, or its
        tail does not vanish.
    """
    _check_pairs(curves)
    replicas = _replicas(curves, treatment.charges)
    mean = {
        pair: PairPotential(
            pair,
            one.r_A,
            np.mean([replica[pair].w_kT for replica in replicas], axis=0),
            one.charge_product,
        )
        for pair, one in replicas[0].items()
    }
    for one in mean.values():
        pmf.check_range(one)
    permittivity, by_pair = _tail_permittivity(mean, treatment)
    mean, *replicas = [_without_coulomb(one, permittivity, treatment) for one in [mean, *replicas]]
    for one in mean.values():
        pmf.check_tail(one, permittivity, treatment.tail_from_A, treatment.tail_tolerance_kT)
    first = curves[curves["replica"] == 0].groupby("pair")["w_err_kT"]
    errors = {pair: values.to_numpy() for pair, values in first}
    return ShortRanged(mean, replicas, errors, permittivity, by_pair)


def _check_pairs(curves):
    missing = [pair for pair in pmf.INDICES if pair not in set(curves["pair"])]
    if missing:
        raise InputError(
            f"no potential of mean force of {', '.join(missing)}; there are "
            f"{', '.join(curves['pair'].unique())}, give all of {', '.join(pmf.INDICES)}"
        )


def _replicas(curves, charges):
    counts = curves.groupby("pair")["replica"].nunique()
    if counts.nunique() > 1:
        named = ", ".join(f"{pair} {count}" for pair, count in counts.items())
        raise InputError(f"the pairs have unequal numbers of replicas: {named}")
    return [
        {pair: _potential(pair, rows, charges) for pair, rows in one.groupby("pair")}
        for _, one in _on_common_distances(curves).groupby("replica")
    ]


def _on_common_distances(curves):
    """Every pair's replicas at the distances of its first one, where all of them reach."""
    parts = []
    for pair, table in curves.groupby("pair"):
        each = [(replica, one) for replica, one in table.groupby("replica")]
        r_A = each[0][1]["r_A"].to_numpy()
        start = max(one["r_A"].iloc[0] for _, one in each)
        end = min(one["r_A"].iloc[-1] for _, one in each)
        r_A = r_A[(r_A >= start) & (r_A <= end)]
        for replica, one in each:
            w_kT = np.interp(r_A, one["r_A"], one["w_kT"])
            parts.append(
                pd.DataFrame({"r_A": r_A, "w_kT": w_kT}).assign(pair=pair, replica=replica)
            )
    return pd.concat(parts, ignore_index=True)


def _potential(pair, rows, charges):
    i, j = pmf.INDICES[pair]
    return PairPotential(
        pair, rows["r_A"].to_numpy(), rows["w_kT"].to_numpy(), float(charges[i] * charges[j])
    )


def _tail_permittivity(potentials, treatment):
    if treatment.short_ranged:
        return float("nan"), {}
    if treatment.tail_permittivity is not None:
        return treatment.tail_permittivity, {}
    return pmf.fit_permittivity(
        potentials, treatment.temperature_K, treatment.tail_from_A, treatment.align
    )


def _without_coulomb(potentials, permittivity, treatment):
    if not treatment.short_ranged:
        length_A = debye_hueckel.bjerrum_length_A(permittivity, treatment.temperature_K)
        potentials = {pair: one.without_coulomb(length_A) for pair, one in potentials.items()}
    if treatment.align:
        return {pair: pmf.align(one, treatment.tail_from_A) for pair, one in potentials.items()}
    return potentials


def measure(
    short: ShortRanged,
    treatment: Treatment,
    molarities_M: np.ndarray,
    routes: Sequence[str] = tuple(osmotic.ROUTES),
    volume_cm3_mol: float = 0.0,
    salt: Salt | None = None,
) -> pd.DataFrame:
    """Coefficients at molarities by every route, with their errors and what was measured.

    Where the permittivity of the tails is another one than that of the solution, both are used in
    turn, so that its effect shows.

    Returns
    -------
    DataFrame: route, permittivity, molarity_M, molality_mol_kg, phi_mm, phi_mm_sampling_err,
    phi_mm_tail_err, the same of ln_y_mm, phi_compressibility_mm, phi_lr, phi_lr_err, ln_gamma_lr,
    ln_gamma_lr_err, phi_limiting_mm, ln_y_limiting_mm, phi_measured, ln_gamma_measured, reason.
    `_mm` is the scale of McMillan and Mayer, `_lr` that of Lewis and Randall; y is molar, gamma
    molal. An `_err` of `_lr` is that of sampling and tail; it is NaN if that of sampling is not
    known.
    """
    molarities_M = np.asarray(molarities_M, float)
    parts = []
    for route in routes:
        for number, permittivity in enumerate(_permittivities(short, treatment)):
            table = _with_errors(short, treatment, molarities_M, route, permittivity, number == 0)
            parts.append(table.assign(route=route, permittivity=permittivity))
    table = pd.concat(parts, ignore_index=True)
    return _on_both_scales(table, treatment, volume_cm3_mol, salt)


def _permittivities(short, treatment):
    known = np.isfinite(short.tail_permittivity)
    differs = abs(short.tail_permittivity / treatment.permittivity - 1) > SAME_PERMITTIVITY
    more = [short.tail_permittivity] if known and differs else []
    return [treatment.permittivity, *more]


def _with_errors(short, treatment, molarities_M, route, permittivity, errors):
    length_A = debye_hueckel.bjerrum_length_A(permittivity, treatment.temperature_K)

    def solve(potentials):
        def build(grid):
            return pmf.ion_model(
                potentials, np.array(treatment.charges), length_A, grid, treatment.core_A
            )

        return osmotic.coefficients(build, molarities_M, route, treatment.step_A)

    table = solve(short.mean)
    values = table[COEFFICIENTS].to_numpy()
    unknown = np.full_like(values, np.nan)
    sampling = _sampling_error(short, solve, values) if errors else unknown
    tail = _quadrature(short, solve, values, _tail_offsets(short, treatment)) if errors else unknown
    for number, name in enumerate(COEFFICIENTS):
        table[f"{name}_sampling_err"] = sampling[:, number]
        table[f"{name}_tail_err"] = tail[:, number]
    return table


def _sampling_error(short, solve, values):
    if len(short.replicas) > 1:
        return standard_error([solve(one)[COEFFICIENTS].to_numpy() for one in short.replicas])
    if not all(np.isfinite(error).all() for error in short.errors_kT.values()):
        return np.full_like(values, np.nan)
    return _quadrature(short, solve, values, short.errors_kT)


def _tail_offsets(short, treatment):
    """By how much each tail may be off: its mean, or what its two halves differ by."""
    offsets = {}
    for pair, one in short.mean.items():
        tail_kT = one.w_kT[one.tail(treatment.tail_from_A)]
        first, second = np.array_split(tail_kT, 2)
        offsets[pair] = max(abs(tail_kT.mean()), abs(first.mean() - second.mean()) / 2)
    return offsets


def _quadrature(short, solve, values, offsets):
    """Root of the summed squares of the changes by one offset after the other."""
    squares = np.zeros_like(values)
    for pair, offset in offsets.items():
        moved = {**short.mean, pair: short.mean[pair].shifted(offset)}
        squares += (solve(moved)[COEFFICIENTS].to_numpy() - values) ** 2
    return np.sqrt(squares)


def _on_both_scales(table, treatment, volume_cm3_mol, salt):
    c, phi = table["molarity_M"], table["phi_mm"]
    table["molality_mol_kg"] = scales.molality_of(c, volume_cm3_mol)
    table["phi_lr"] = scales.lewis_randall_osmotic(phi, c, volume_cm3_mol)
    ln_y = scales.lewis_randall_ln_activity(table["ln_y_mm"], phi, c, volume_cm3_mol)
    table["ln_gamma_lr"] = scales.molal_ln_activity(ln_y, c, volume_cm3_mol)
    both = {
        name: np.hypot(table[f"{name}_sampling_err"], table[f"{name}_tail_err"])
        for name in COEFFICIENTS
    }
    table["phi_lr_err"] = scales.lewis_randall_osmotic(both["phi_mm"], c, volume_cm3_mol)
    table["ln_gamma_lr_err"] = both["ln_y_mm"]
    limits = [
        _limiting(treatment, molarity, permittivity)
        for molarity, permittivity in zip(c, table["permittivity"], strict=True)
    ]
    table[["phi_limiting_mm", "ln_y_limiting_mm"]] = np.reshape(limits, (-1, 2))
    molality = table["molality_mol_kg"]
    table["phi_measured"] = np.nan if salt is None else salt.osmotic(molality)
    table["ln_gamma_measured"] = np.nan if salt is None else salt.ln_activity(molality)
    first = ["route", "permittivity", "molarity_M", "molality_mol_kg", "phi_mm"]
    last = ["reason"]
    middle = [name for name in table if name not in first + last]
    return table[first + middle + last]


def _limiting(treatment, molarity_M, permittivity):
    """(phi, ln y) of Debye and Hückel."""
    charges = np.array(treatment.charges)
    length_A = debye_hueckel.bjerrum_length_A(permittivity, treatment.temperature_K)
    densities = osmotic.salt_densities(charges, molarity_M)
    return (
        debye_hueckel.limiting_osmotic(charges, densities, length_A),
        debye_hueckel.limiting_ln_activity(charges, densities, length_A),
    )
