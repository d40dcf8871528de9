"""Reference labels of clusters by PySCF; there is no stress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import NDArray

from ionshift.config.reference import Reference
from ionshift.dft import pyscf_clusters

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms

    from ionshift.potential_training.references.attempt import Attempt


def compute(
    atoms: Atoms, settings: Reference, attempt: Attempt
) -> tuple[float, NDArray[np.float64], None]:
    """See `potential_training.references`."""
    return pyscf_clusters.compute(atoms, settings, attempt.patient)
