"""Covalent bonds of a cluster, and the molecules that they make."""

from collections.abc import Collection

import numpy as np
from ase import Atoms
from ase.neighborlist import natural_cutoffs, neighbor_list
from scipy.sparse.csgraph import connected_components

BOND_MARGIN = 1.25
"""Atoms nearer than this many sums of covalent radii are bonded."""


def covalent_bonds(atoms: Atoms) -> set[tuple[int, int]]:
    """Pairs of bonded atoms, the nucleus (atom 0) left out, as a set of index pairs."""
    rest = Atoms(atoms.numbers[1:], atoms.positions[1:])
    first, second = neighbor_list("ij", rest, natural_cutoffs(rest, mult=BOND_MARGIN))
    return {(int(i) + 1, int(j) + 1) for i, j in zip(first, second, strict=True) if i < j}


def molecule_numbers(atoms: Atoms, unbonded: Collection[str] = ()) -> np.ndarray:
    """Number of the molecule of every atom (n,), from 1; 0 is the nucleus, atom 0.

    Atoms of the elements `unbonded` are molecules of their own.
    """
    bonds = np.zeros((len(atoms), len(atoms)), int)
    for i, j in covalent_bonds(atoms):
        if not {atoms.symbols[i], atoms.symbols[j]} & set(unbonded):
            bonds[i, j] = 1
    return connected_components(bonds, directed=False)[1]
