"""Reference labels of clusters by PySCF; there is no stress."""

from ionshift.dft import pyscf_clusters


def compute(atoms, settings, attempt):
    """See `potential_training.references`."""
    return pyscf_clusters.compute(atoms, settings, attempt.patient)
