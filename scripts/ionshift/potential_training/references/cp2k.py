"""Reference labels by CP2K, which goes on from the wave function that an attempt has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import NDArray

from ionshift.config.reference import Reference
from ionshift.dft import cp2k

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms

    from ionshift.potential_training.references.attempt import Attempt


def compute(
    atoms: Atoms, settings: Reference, attempt: Attempt
) -> tuple[float, NDArray[np.float64], NDArray[np.float64] | None]:
    """See `potential_training.references`."""
    if attempt.folder is None:
        raise ValueError("CP2K writes files: give ReferenceTask a folder for them (work)")
    return cp2k.compute(atoms, settings, attempt.folder, attempt.command)
