"""Reference labels by CP2K, which goes on from the wave function that an attempt has left."""

from ionshift.dft import cp2k


def compute(atoms, settings, attempt):
    """See `potential_training.references`."""
    return cp2k.compute(atoms, settings, attempt.folder, attempt.command)
