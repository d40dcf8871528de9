"""Reference labels of a potential: energy, forces and stress of periodic frames, or of clusters.

A label belongs to a frame (elements, positions, cell, charge) and the settings of a reference
calculator; the store and the processes are those of the shielding labels. Stress has ASE's sign:
it is the derivative of the energy by the strain over the volume, so the pressure is minus a third
of its trace.
"""

import resource
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms
from ase.calculators.calculator import CalculationFailed
from ase.data import atomic_numbers, ground_state_magnetic_moments
from ase.stress import full_3x3_to_voigt_6_stress

from ionshift.config.reference import Reference
from ionshift.config.registries.references import REFERENCES
from ionshift.core.errors import InputError, Unconverged
from ionshift.core.registry import implementation
from ionshift.labels import store as labels
from ionshift.labels.workers import label_structures
from ionshift.potential_training.frames import ENERGY, FORCES, STRESS
from ionshift.potential_training.references.attempt import Attempt
from ionshift.potential_training.references.settings import effective

VERSION = 1
"""Part of every key: raised when the numbers change."""
KEY_DECIMALS = 6
AGREEMENT_eV = 1e-3
RESULTS = ("energy_eV", "forces_eV_A", "stress_eV_A3")
RECORD_COLUMNS = ("status", "reason", *RESULTS, "wall_s", "cpu_s", "max_rss_MB")
FRAME_COLUMNS = ("frame_id", "system", "origin", "replica", "frame", "time_ps", "group")
COLUMNS: tuple[str, ...] = (
    "key",
    *FRAME_COLUMNS,
    "n_atoms",
    "status",
    "reason",
    "energy_eV",
    "largest_force_eV_A",
)
COLUMNS += ("pressure_GPa", "wall_s", "cpu_s", "max_rss_MB", "reference_hash")
GPA_IN_eV_A3 = 160.21766208


def reference_hash(settings: Reference) -> str:
    """Short hash of all that changes a number."""
    return labels.content_hash({"reference": VERSION, **effective(settings)})[:16]


def open_store(folder: str | Path) -> labels.LabelStore:
    """The store of reference labels: a label store whose records are compared by energy."""
    return labels.LabelStore(folder, "energy_eV", AGREEMENT_eV, "potential_training.store")


class ReferenceTask:
    """Energy, forces and stress by `settings` (config.Reference); see `ionshift.label_workers`.

    `work` is a folder for files of unfinished calculations; a calculation that is started again
    goes on from them.
    """

    record_columns = RECORD_COLUMNS
    workers_key = "potential_training.workers"
    name_key = "frame_id"

    def __init__(self, settings, work=None, cp2k_command="cp2k.psmp"):
        self.settings = settings
        self.work = work
        self.cp2k_command = cp2k_command

    def key_of(self, atoms: Atoms) -> str:
        return labels.content_hash(
            {
                "numbers": atoms.numbers.tolist(),
                "positions": _steps(atoms.positions),
                "cell": _steps(atoms.cell[:]),
                "pbc": atoms.pbc.tolist(),
                "charge": int(atoms.info.get("charge", 0)),
                "multiplicity": int(atoms.info.get("multiplicity", 1)),
                "reference": reference_hash(self.settings),
            }
        )

    def is_enough(self, record: Mapping[str, Any], atoms: Atoms) -> bool:
        return True

    def compute(self, atoms: Atoms, last_failure: Mapping[str, Any] | None) -> dict[str, Any]:
        """One record with the keys `RECORD_COLUMNS`. Never raises for a frame.

        A frame that failed before is computed with a stronger SCF recipe.
        """
        wall, cpu = time.perf_counter(), _cpu_s()
        record = dict.fromkeys(RECORD_COLUMNS) | {"status": "failed", "reason": ""}
        try:
            energy, forces, stress = self._single_point(atoms, patient=last_failure is not None)
            _check_finite(energy, forces, stress)
            record.update(
                status="ok",
                energy_eV=float(energy),
                forces_eV_A=np.round(forces, 7).tolist(),
                stress_eV_A3=None if stress is None else np.round(stress, 10).tolist(),
            )
        except (CalculationFailed, RuntimeError, ArithmeticError, MemoryError) as error:
            record.update(_failure(error))
        record["wall_s"] = time.perf_counter() - wall
        record["cpu_s"] = _cpu_s() - cpu
        record["max_rss_MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return record

    def describe(self, record: Mapping[str, Any]) -> str:
        return f"{record['energy_eV']:.4f} eV"

    def _single_point(self, atoms, patient):
        folder = Path(self.work) / self.key_of(atoms) if self.work else None
        compute = REFERENCES.get(self.settings.calculator).load()
        return compute(atoms, self.settings, Attempt(patient, folder, self.cp2k_command))


def _steps(values):
    return np.rint(np.asarray(values) * 10**KEY_DECIMALS).astype(int).tolist()


def _cpu_s():
    """CPU seconds of this process and of its finished children."""
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _failure(error):
    text = " ".join(str(error).split()) or type(error).__name__
    unconverged = isinstance(error, Unconverged) or "not converged" in text
    return {"status": "unconverged" if unconverged else "failed", "reason": text}


def _check_finite(energy, forces, stress):
    for name, value in (("energy", energy), ("forces", forces), ("stress", stress)):
        if value is not None and not np.all(np.isfinite(value)):
            raise FloatingPointError(f"{name} not finite")


def structures(
    frames: Sequence[Atoms], settings: Reference, charges: Mapping[str, int]
) -> Sequence[Atoms]:
    """What is computed for frames: themselves, or their clusters for a reference of molecules.

    `charges` is the charge in e of every kind of molecule, see `pyscf_clusters.cut`.
    """
    spec = REFERENCES.get(settings.calculator)
    if spec.cut is None:
        return frames
    cut = implementation(spec.cut)
    return [cut(atoms, charges, settings.cluster_atoms) for atoms in frames]


def label_frames(
    frames: Sequence[Atoms],
    task: ReferenceTask,
    store: labels.LabelStore,
    workers: int = 1,
    log: Callable[[str], None] = print,
) -> tuple[list[Atoms], pd.DataFrame]:
    """Label frames through the store.

    Returns
    -------
    (list of Atoms, DataFrame) : copies of the frames, those with status ok with the reference
    energy and stress (`REF_energy`, eV; `REF_stress`, six numbers, eV/A^3, of periodic ones) in
    info and `REF_forces` (eV/A) in arrays; one row a frame, the columns `COLUMNS`
    """
    keys = label_structures(frames, task, store, workers, log, "frames")
    records = [store.get(key) for key in keys]
    labelled = [_with_label(*pair) for pair in zip(frames, records, strict=True)]
    rows = [
        {
            "key": key,
            **{name: atoms.info.get(name) for name in FRAME_COLUMNS},
            "n_atoms": len(atoms),
            **_summary(record),
            "reference_hash": reference_hash(task.settings),
        }
        for key, atoms, record in zip(keys, frames, records, strict=True)
    ]
    return labelled, pd.DataFrame(rows, columns=list(COLUMNS))


def _with_label(atoms, record):
    atoms = atoms.copy()
    atoms.info["status"] = record["status"]
    if record["status"] == "ok":
        atoms.info[ENERGY] = record["energy_eV"]
        if record["stress_eV_A3"] is not None:
            atoms.info[STRESS] = full_3x3_to_voigt_6_stress(np.array(record["stress_eV_A3"]))
        atoms.arrays[FORCES] = np.array(record["forces_eV_A"])
    return atoms


def _summary(record):
    row = {name: record[name] for name in RECORD_COLUMNS if name not in RESULTS}
    if record["status"] == "ok":
        row["energy_eV"] = record["energy_eV"]
        row["largest_force_eV_A"] = float(np.linalg.norm(record["forces_eV_A"], axis=1).max())
        if record["stress_eV_A3"] is not None:
            row["pressure_GPa"] = -float(np.trace(record["stress_eV_A3"])) / 3 * GPA_IN_eV_A3
    return row


def isolated_atoms(
    elements: Iterable[str],
    task: ReferenceTask,
    store: labels.LabelStore,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Energies in eV of single atoms in their ground states' multiplicities, by symbol.

    Raises
    ------
    InputError
        if an atom cannot be computed.
    """
    atoms = [isolated_atom(element) for element in elements]
    keys = label_structures(atoms, task, store, log=log, kind="isolated atoms")
    energies = {}
    for element, key in zip(elements, keys, strict=True):
        record = store.get(key)
        if record["status"] != "ok":
            raise InputError(
                f"the isolated {element} atom is {record['status']} ({record['reason']}); set "
                "potential_training.model.isolated_atoms: average, or another reference"
            )
        energies[element] = record["energy_eV"]
    return energies


def isolated_atom(element: str) -> Atoms:
    """One atom in vacuum, with the multiplicity of its ground state in info."""
    moment = ground_state_magnetic_moments[atomic_numbers[element]]
    return Atoms(element, info={"multiplicity": int(moment) + 1, "frame_id": f"atom/{element}"})
