"""What a potential must pass before its MD is used.

Every check is a row: what was measured, its limit, passed or not. A check never raises for what a
bad potential does: a run that blows up has failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from ase import Atoms, units
from ase.data import atomic_numbers, covalent_radii
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution, Stationary
from ase.md.verlet import VelocityVerlet
from ase.neighborlist import natural_cutoffs, neighbor_list
from numpy.typing import NDArray

from ionshift.config.potential import CoulombPrior
from ionshift.config.potential_training import PotentialValidation
from ionshift.core.errors import InputError
from ionshift.potentials.coulomb import pair_energy_eV

if TYPE_CHECKING:
    from ase.calculators.calculator import BaseCalculator

SCAN_POINTS = 26
SCAN_BOX_A = 60.0
BOND_MARGIN = 1.25
"""Atoms of a molecule nearer than this many sums of covalent radii are bonded."""
HOTTEST = 20.0
"""A run that is hotter than this many times its start has blown up."""
REPORTS = 50


def checks(
    test_metrics: pd.DataFrame, nve: pd.DataFrame, scan: pd.DataFrame, settings: PotentialValidation
) -> pd.DataFrame:
    """All checks of a potential.

    Parameters
    ----------
    test_metrics : rows of `evaluation.metrics` of the potential on held-out frames
    nve : what `run_nve` returned
    scan : what `scan_repulsion` returned
    settings : config.PotentialValidation

    Returns
    -------
    DataFrame: check, value, limit, unit, passed, detail
    """
    rows = [
        _error_check(test_metrics, "force", 1e-3, settings.force_rmse_eV_A, "eV/A"),
        _error_check(test_metrics, "energy", 1.0, settings.energy_rmse_meV, "meV/atom"),
        check_row(
            "nve_drift",
            drift_meV_ps(nve),
            settings.drift_meV_ps,
            "meV/atom/ps",
            f"{nve['time_ps'].max():g} of {settings.nve_ps:g} ps, "
            f"{nve['temperature_K'].iloc[0]:.0f} to {nve['temperature_K'].iloc[-1]:.0f} K",
        ),
        check_row(
            "longest_bond",
            float(nve["longest_bond"].max()),
            settings.bond_stretch,
            "mean lengths",
            nve.loc[nve["longest_bond"].idxmax(), "bond"]
            if nve["longest_bond"].notna().any()
            else "",
        ),
        _scan_check(scan, settings.repulsion_hole_eV),
    ]
    if nve["time_ps"].max() < 0.999 * settings.nve_ps:
        for row in rows[2:4]:
            row.update(passed=False, detail=f"blew up: {row['detail']}")
    return pd.DataFrame(rows)


def check_row(name: str, value: float, limit: float, unit: str, detail: str = "") -> dict[str, Any]:
    """One check as a row: passed where `value` is finite and not above `limit`."""
    passed = bool(np.isfinite(value) and value <= limit)
    return {
        "check": name,
        "value": float(value),
        "limit": float(limit),
        "unit": unit,
        "passed": passed,
        "detail": detail,
    }


def _error_check(table, quantity, factor, limit, unit):
    chosen = table[(table["quantity"] == quantity) & (table["element"] == "all")]
    row = chosen.iloc[0]
    return check_row(
        f"{quantity}_rmse", factor * row["rmse"], limit, unit, f"{row['n']} held-out values"
    )


def _scan_check(scan, limit_eV):
    """The deepest hole on the way inwards, over all pairs."""
    holes = {pair: hole_eV(part["energy_eV"].to_numpy()) for pair, part in scan.groupby("pair")}
    wrong = sorted(pair for pair, hole in holes.items() if not hole <= limit_eV)
    detail = f"holes: {', '.join(wrong)}" if wrong else f"{len(holes)} pairs"
    return check_row("short_range_repulsion", max(holes.values()), limit_eV, "eV", detail)


def hole_eV(energies_eV: NDArray[np.float64]) -> float:
    """The most that a pair gains on its way inwards: 0 where the energy rises all the way."""
    if not np.isfinite(energies_eV).all():
        return float("inf")
    return float(np.max(np.maximum.accumulate(energies_eV) - energies_eV))


def scan_repulsion(
    calculator: BaseCalculator,
    elements: Iterable[str],
    settings: PotentialValidation,
    prior: CoulombPrior | None = None,
) -> pd.DataFrame:
    """Energy of every pair of elements as two atoms come together.

    `calculator` is the potential without its Coulomb prior, whose Ewald sum needs neutral boxes:
    of `prior` (config.CoulombPrior) the energy of the two charges alone is added.

    Returns
    -------
    DataFrame: pair, distance_A (falling), energy_eV (relative to the first distance), hole_eV (of
        the pair)
    """
    rows = []
    for pair in combinations_with_replacement(sorted(elements), 2):
        touching_A = sum(covalent_radii[atomic_numbers[symbol]] for symbol in pair)
        distances_A = touching_A * np.linspace(
            settings.repulsion_from, settings.repulsion_to, SCAN_POINTS
        )
        energies = []
        for distance_A in distances_A:
            atoms = Atoms(pair, [[0, 0, 0], [distance_A, 0, 0]], cell=[SCAN_BOX_A] * 3, pbc=True)
            atoms.calc = calculator
            energies.append(atoms.get_potential_energy() + pair_energy_eV(prior, pair, distance_A))
        relative_eV = np.array(energies) - energies[0]
        rows += [
            {
                "pair": "-".join(pair),
                "distance_A": d,
                "energy_eV": e,
                "hole_eV": hole_eV(relative_eV),
            }
            for d, e in zip(distances_A, relative_eV, strict=True)
        ]
    return pd.DataFrame(rows)


def run_nve(
    calculator: BaseCalculator,
    frame: Atoms,
    lengths_A: Mapping[tuple[int, int], float],
    settings: PotentialValidation,
    seed: int = 1,
) -> pd.DataFrame:
    """A short run at constant energy, with velocities drawn at `settings.temperature_K`.

    Parameters
    ----------
    frame : Atoms with whole molecules (`molecule` in arrays)
    lengths_A : mean length of every bond, see `bond_lengths`

    Returns
    -------
    DataFrame: time_ps, total_meV_atom (relative to the start), temperature_K, longest_bond (in
    units of its mean length), bond; it ends where the run blows up
    """
    atoms = frame.copy()
    atoms.calc = calculator
    rng, temperature_K = np.random.RandomState(seed), settings.temperature_K
    MaxwellBoltzmannDistribution(atoms, temperature_K=temperature_K, force_temp=True, rng=rng)
    Stationary(atoms)
    dynamics = VelocityVerlet(atoms, timestep=settings.nve_timestep_fs * units.fs)
    n_steps = max(REPORTS, round(1000 * settings.nve_ps / settings.nve_timestep_fs))
    interval = n_steps // REPORTS
    rows = [_nve_row(atoms, 0.0, lengths_A)]
    for step in range(interval, n_steps + 1, interval):
        dynamics.run(interval)
        row = _nve_row(atoms, step * settings.nve_timestep_fs / 1000, lengths_A)
        sane = np.isfinite(row["total_meV_atom"]) and row["temperature_K"] < HOTTEST * temperature_K
        if not sane:
            break
        rows.append(row)
    table = pd.DataFrame(rows)
    table["total_meV_atom"] -= table["total_meV_atom"].iloc[0]
    return table


def _nve_row(atoms, time_ps, lengths_A):
    row = {
        "time_ps": time_ps,
        "total_meV_atom": 1000 * atoms.get_total_energy() / len(atoms),
        "temperature_K": atoms.get_temperature(),
        "longest_bond": np.nan,
        "bond": "",
    }
    if lengths_A:
        bonds = np.array(list(lengths_A))
        steps = atoms.positions[bonds[:, 0]] - atoms.positions[bonds[:, 1]]
        ratio = np.linalg.norm(steps, axis=1) / np.array(list(lengths_A.values()))
        longest = int(np.argmax(ratio)) if np.isfinite(ratio).all() else 0
        row["longest_bond"] = float(ratio[longest])
        row["bond"] = "-".join(atoms.symbols[i] + str(i) for i in bonds[longest])
    return row


def drift_meV_ps(nve: pd.DataFrame) -> float:
    """Size of the slope of a straight line through the total energy per atom, in meV/ps."""
    if len(nve) < 3:
        return float("inf")
    return abs(float(np.polyfit(nve["time_ps"], nve["total_meV_atom"], 1)[0]))


def start_of_run(
    frames: Sequence[Atoms], held_out: NDArray[np.integer]
) -> tuple[Atoms, dict[tuple[int, int], float]]:
    """Where the run starts: the first held-out frame of MD, and its system's bond lengths.

    Parameters
    ----------
    frames : labelled frames
    held_out : indices of those in the test

    Returns
    -------
    (Atoms, dict of bonds, see `bond_lengths`)
    """
    from_md = [atoms for atoms in frames if atoms.info["origin"] == "md"]
    start = next((frames[i] for i in held_out if frames[i].info["origin"] == "md"), from_md[0])
    return start, bond_lengths([atoms for atoms in from_md if _same_atoms(atoms, start)])


def _same_atoms(atoms, other):
    """Same box, and the same atoms in the same order: clusters of one box can differ."""
    if atoms.info["system"] != other.info["system"] or len(atoms) != len(other):
        return False
    return np.array_equal(atoms.numbers, other.numbers)


def bond_lengths(frames: Sequence[Atoms]) -> dict[tuple[int, int], float]:
    """Mean length in A of every covalent bond over frames of one system, by atom indices.

    Bonds are found in the first frame: atoms of one molecule that touch.
    """
    first = frames[0]
    cutoffs = [BOND_MARGIN * radius for radius in natural_cutoffs(first)]
    molecule = first.arrays["molecule"]
    open_box = Atoms(first.numbers, first.positions)
    pairs = {
        (int(i), int(j))
        for i, j in zip(*neighbor_list("ij", open_box, cutoffs), strict=True)
        if i < j and molecule[i] == molecule[j]
    }
    return {
        pair: float(np.mean([atoms.get_distance(*pair) for atoms in frames]))
        for pair in sorted(pairs)
    }


def require_passed(table: pd.DataFrame, override: bool) -> list[str]:
    """Raise `InputError` naming the failed checks, unless overridden.

    Returns
    -------
    list of the names of failed checks
    """
    failed = table[~table["passed"].astype(bool)]
    if len(failed) and not override:
        listed = "; ".join(
            f"{row['check']} = {row['value']:.3g} {row['unit']}, limit {row['limit']:g}"
            + (f" ({row['detail']})" if isinstance(row["detail"], str) and row["detail"] else "")
            for _, row in failed.iterrows()
        )
        raise InputError(
            f"the potential failed its validation: {listed}. Label more frames or train a larger "
            "model; to use it all the same, set potential_training.validation.override: true"
        )
    return failed["check"].tolist()
