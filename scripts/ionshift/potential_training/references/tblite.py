"""Reference labels by xTB (tblite)."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ase import Atoms
from numpy.typing import NDArray

from ionshift.config.reference import Reference
from ionshift.core.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from ionshift.potential_training.references.attempt import Attempt

DAMPING, PATIENT_DAMPING = 0.4, 0.1
PATIENT_CYCLES = 4
"""How a label that was put aside is tried again; the converged numbers are the same."""


def compute(
    atoms: Atoms, settings: Reference, attempt: Attempt
) -> tuple[float, NDArray[np.float64], NDArray[np.float64] | None]:
    """See `potential_training.references`."""
    try:
        module = importlib.import_module("tblite.ase")
    except ImportError as error:
        raise InputError(
            f"reference.calculator = 'tblite': the Python package tblite cannot be imported "
            f"({error}); install it with pip, or take cp2k"
        ) from None
    atoms = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc, info=atoms.info)
    atoms.calc = module.TBLite(
        method=settings.method,
        accuracy=settings.accuracy,
        electronic_temperature=settings.electronic_temperature_K,
        max_iterations=settings.max_cycles * (PATIENT_CYCLES if attempt.patient else 1),
        mixer_damping=PATIENT_DAMPING if attempt.patient else DAMPING,
        charge=int(atoms.info.get("charge", 0)),
        multiplicity=int(atoms.info.get("multiplicity", 1)),
        verbosity=0,
    )
    stress = atoms.get_stress(voigt=False) if atoms.pbc.all() else None
    return atoms.get_potential_energy(), atoms.get_forces(), stress
