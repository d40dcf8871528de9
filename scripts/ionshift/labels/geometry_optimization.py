"""GeometryOptimization of clusters around the nucleus, with the rest held where the MD has it.

Atoms near the nucleus move until the forces on them vanish. The others hold the arrangement of the
liquid, which a cluster in vacuum would leave. The result is a minimum of the potential energy near
the geometry of the MD: other bond lengths, and no thermal motion.
"""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from ase import Atoms
from ase.calculators.calculator import CalculationFailed
from ase.constraints import FixAtoms
from ase.optimize import LBFGS
from numpy.typing import NDArray

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.geometry_optimization import GeometryOptimization
from ionshift.core.errors import InputError
from ionshift.core.provenance import file_hash
from ionshift.labels import store as labels
from ionshift.labels.bonds import covalent_bonds, molecule_numbers
from ionshift.labels.optimization_settings import effective
from ionshift.labels.workers import label_structures
from ionshift.potentials import calculators
from ionshift.solvation.classes import solvation_class
from ionshift.solvation.shells import POSITION_DECIMALS
from ionshift.systems.electrolyte import load_templates

if TYPE_CHECKING:
    from ase.calculators.calculator import BaseCalculator

VERSION = 1
"""Part of every key: raised when the geometries change."""
AGREEMENT_eV = 0.01
RESULTS = (
    "positions_A",
    "energy_eV",
    "energy_change_eV",
    "largest_displacement_A",
    "largest_force_eV_A",
    "n_steps",
)
RECORD_COLUMNS = ("status", "reason", *RESULTS, "wall_s", "cpu_s", "max_rss_MB")
FAILURES = (CalculationFailed, RuntimeError, ArithmeticError, MemoryError, ValueError)
TABLE_COLUMNS = (
    "cluster_id",
    "system",
    "solvation_class",
    "solvation_class_after",
    "n_anion",
    "n_anion_after",
    "n_solvent",
    "n_solvent_after",
    "coordination",
    "coordination_after",
    "solvent_distance_A",
    "solvent_distance_after_A",
    "anion_distance_A",
    "anion_distance_after_A",
    "largest_displacement_A",
    "n_moving",
    "status",
    "reason",
    "energy_change_eV",
    "largest_force_eV_A",
    "n_steps",
    "cpu_s",
    "key",
)


def open_store(folder: str | Path) -> labels.LabelStore:
    """The store of optimized clusters: a label store whose records are compared by energy."""
    return labels.LabelStore(folder, "energy_eV", AGREEMENT_eV, "geometry_optimization.store")


class OptimizationTask:
    """Optimized positions by `settings` (GeometryOptimization); see `ionshift.labels.workers`.

    elements : symbols that the calculator has to cover
    calculator : of ASE, in place of the one that `settings` name
    """

    record_columns = RECORD_COLUMNS
    workers_key = "geometry_optimization.workers"
    name_key = "cluster_id"

    def __init__(self, settings, elements, calculator=None):
        self.settings = settings
        self.elements = elements
        self._calculator = calculator
        self._hash = labels.content_hash(
            {
                "relaxation": VERSION,
                **effective(settings),
                "files": [_model_hash(path) for path in settings.potential.files()],
            }
        )

    def key_of(self, atoms: Atoms) -> str:
        steps = np.rint((atoms.positions - atoms.positions[0]) * 10**POSITION_DECIMALS)
        return labels.content_hash(
            {
                "numbers": atoms.numbers.tolist(),
                "positions": steps.astype(int).tolist(),
                "charge": int(atoms.info["charge"]),
                "relaxation": self._hash,
            }
        )

    def is_enough(self, record: Mapping[str, Any], atoms: Atoms) -> bool:
        return True

    def compute(self, atoms: Atoms, last_failure: Mapping[str, Any] | None) -> dict[str, Any]:
        """One record with the keys `RECORD_COLUMNS`. Never raises for a cluster."""
        wall, cpu = time.perf_counter(), time.process_time()
        record = dict.fromkeys(RECORD_COLUMNS) | {"status": "failed", "reason": ""}
        calculator = self._its_calculator()
        try:
            record |= optimize(atoms, calculator, self.settings)
        except FAILURES as error:
            record["reason"] = " ".join(str(error).split()) or type(error).__name__
        record["wall_s"] = time.perf_counter() - wall
        record["cpu_s"] = time.process_time() - cpu
        record["max_rss_MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return record

    def describe(self, record: Mapping[str, Any]) -> str:
        return f"{record['energy_change_eV']:.2f} eV in {record['n_steps']} steps"

    def _its_calculator(self):
        if self._calculator is None:
            try:
                self._calculator = calculators.build_plain(self.settings.potential, self.elements)
            except InputError as error:
                raise InputError(f"geometry_optimization: {error}") from error
        return self._calculator


def _model_hash(path):
    try:
        return file_hash(path)
    except FileNotFoundError:
        raise InputError(
            f"geometry_optimization.potential.model: no file {path}; give a path "
            "relative to the repository's "
            "root"
        ) from None


def moving_atoms(atoms: Atoms, radius_A: float) -> NDArray[np.integer]:
    """Indices of the atoms within `radius_A` of the nucleus, which is atom 0 and one of them."""
    return np.flatnonzero(np.linalg.norm(atoms.positions - atoms.positions[0], axis=1) <= radius_A)


def optimize(
    atoms: Atoms, calculator: BaseCalculator, settings: GeometryOptimization
) -> dict[str, Any]:
    """Move the atoms near the nucleus downhill in energy.

    The charge in `info` stands on the nucleus as an initial charge, which calculators of charged
    molecules add up.

    Parameters
    ----------
    atoms : cluster, the nucleus first; not changed
    settings : GeometryOptimization

    Returns
    -------
    dict of status, reason and `RESULTS`. ok: converged; unconverged: the geometry of the
    lowest energy on the way; failed (no positions): a covalent bond broke or formed

    Raises
    ------
    FloatingPointError
        for energies or forces that are not finite; the calculator's own errors as well.
    """
    moving = moving_atoms(atoms, settings.radius_A)
    bonds = covalent_bonds(atoms)
    work = Atoms(atoms.numbers, atoms.positions, info={"charge": int(atoms.info["charge"])})
    work.set_initial_charges([float(atoms.info["charge"])] + [0.0] * (len(atoms) - 1))
    work.set_constraint(FixAtoms(np.setdiff1d(np.arange(len(atoms)), moving)))
    work.calc = calculator
    path = []
    optimiser = LBFGS(work, logfile=None)  # type: ignore[arg-type]  # None is allowed
    optimiser.attach(lambda: path.append(_point(work)))
    converged = bool(optimiser.run(fmax=settings.fmax_eV_A, steps=settings.max_steps))
    reached = path[-1] if converged else min(path, key=lambda point: point["energy_eV"])
    changed = bonds ^ covalent_bonds(Atoms(atoms.numbers, reached["positions_A"]))
    if changed:
        return {"status": "failed", "reason": f"covalent bonds changed: {_named(changed, atoms)}"}
    return reached | {
        "status": "ok" if converged else "unconverged",
        "reason": "" if converged else _why(path[-1], settings),
        "largest_displacement_A": _longest(reached["positions_A"] - atoms.positions),
        "energy_change_eV": reached["energy_eV"] - path[0]["energy_eV"],
        "positions_A": np.round(reached["positions_A"], POSITION_DECIMALS + 2).tolist(),
        "n_steps": int(optimiser.nsteps),
    }


def _point(work):
    energy_eV, force_eV_A = work.get_potential_energy(), _longest(work.get_forces())
    if not np.isfinite([energy_eV, force_eV_A]).all():
        raise FloatingPointError("energy or forces not finite")
    return {
        "energy_eV": float(energy_eV),
        "largest_force_eV_A": force_eV_A,
        "positions_A": work.get_positions(),
    }


def _longest(vectors):
    return float(np.linalg.norm(vectors, axis=1).max())


def _why(last, settings):
    return (
        f"{last['largest_force_eV_A']:.3g} eV/A left after geometry_optimization.max_steps = "
        f"{settings.max_steps}"
    )


def _named(bonds, atoms):
    return ", ".join("-".join(f"{atoms.symbols[i]}{i}" for i in pair) for pair in sorted(bonds))


def molecules_of(atoms: Atoms, electrolyte: Electrolyte) -> tuple[NDArray[np.integer], list[str]]:
    """Molecule and role of every atom, found by covalent bonds and composition.

    Returns
    -------
    (molecules (n,) numbered from 1, 0 for the nucleus; roles, a list by molecule, '' for 0)

    Raises
    ------
    InputError
        for a molecule that is no species of the electrolyte.
    """
    molecules = molecule_numbers(atoms)
    known = {
        frozenset(Counter(molecule.elements).items()): molecule.role
        for molecule in load_templates(electrolyte).values()
    }
    roles = [""]
    for number in range(1, molecules.max() + 1):
        symbols = [atoms.symbols[i] for i in np.flatnonzero(molecules == number)]
        role = known.get(frozenset(Counter(symbols).items()))
        if role is None:
            raise InputError(
                f"cluster {atoms.info.get('cluster_id', '')}: a molecule of {len(symbols)} atoms "
                f"({''.join(symbols)}) is no species of electrolyte.species; the cluster was cut "
                "from another liquid"
            )
        roles.append(role)
    return molecules, roles


def optimize_clusters(
    clusters: Sequence[Atoms],
    task: OptimizationTask,
    store: labels.LabelStore,
    electrolyte: Electrolyte,
    ligand_elements: Collection[str],
    workers: int = 1,
    log: Callable[[str], None] = print,
) -> tuple[list[Atoms], pd.DataFrame]:
    """Optimize clusters through the store.

    Returns
    -------
    (list of Atoms, DataFrame with the columns `TABLE_COLUMNS`) : copies of the clusters with the
    nucleus at the origin, those that failed as they were, with the status as
    `geometry_optimization` in info; and one row per cluster. Distances are means over the
    ligands that the shell has in the MD, counts those of molecules and ligand
    atoms within the cut-off. All else in info is the MD's.
    """
    keys = label_structures(clusters, task, store, workers, log)
    records = [store.get(key) for key in keys]
    optimized = [_with_positions(*pair) for pair in zip(clusters, records, strict=True)]
    rows = []
    for key, before, after, record in zip(keys, clusters, optimized, records, strict=True):
        info = {name: before.info.get(name) for name in ("cluster_id", "system")}
        result = {name: record[name] for name in TABLE_COLUMNS if name in RECORD_COLUMNS}
        shells = compare_shells(before, after, electrolyte, ligand_elements)
        n_moving = len(moving_atoms(before, task.settings.radius_A))
        rows.append({**info, **shells, "n_moving": n_moving, **result, "key": key})
    return optimized, pd.DataFrame(rows, columns=list(TABLE_COLUMNS))


def _with_positions(atoms, record):
    atoms = atoms.copy()
    if record["positions_A"] is not None:
        positions_A = np.array(record["positions_A"])
        atoms.positions = np.round(positions_A - positions_A[0], POSITION_DECIMALS)
    atoms.info["geometry_optimization"] = record["status"]
    return atoms


def compare_shells(
    before: Atoms, after: Atoms, electrolyte: Electrolyte, ligand_elements: Collection[str]
) -> dict[str, Any]:
    """The first shell of two geometries of a cluster, as a part of a row of `optimize_clusters`."""
    molecules, roles = molecules_of(before, electrolyte)
    role = np.array(roles)[molecules]
    ligand = np.isin(before.symbols, list(ligand_elements)) & (molecules > 0)
    distances_A = [_from_nucleus_A(atoms) for atoms in (before, after)]
    inside = distances_A[0] <= before.info["cutoff_A"]
    row: dict[str, Any] = {}
    for suffix, from_nucleus_A in zip(("", "_after"), distances_A, strict=True):
        shell = ligand & (from_nucleus_A <= before.info["cutoff_A"])
        counts = Counter(roles[number] for number in set(molecules[shell]))
        row |= {
            f"solvation_class{suffix}": solvation_class(counts["anion"]),
            f"n_anion{suffix}": counts["anion"],
            f"n_solvent{suffix}": counts["solvent"],
            f"coordination{suffix}": int(shell.sum()),
        }
        for name in ("solvent", "anion"):
            chosen = from_nucleus_A[ligand & inside & (role == name)]
            row[f"{name}_distance{suffix}_A"] = chosen.mean() if len(chosen) else np.nan
    return row


def _from_nucleus_A(atoms):
    return np.linalg.norm(atoms.positions - atoms.positions[0], axis=1)
