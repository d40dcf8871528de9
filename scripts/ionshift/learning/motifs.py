"""Which bonded neighbours the atoms of the training set have: a molecule never seen shows here.

A motif is an element with the elements bonded to it, such as `C: F3 S1`. Descriptors of a model
may hardly tell a molecule that no label holds from a known one of the same elements (TFSI from
FSI and an ether); its motifs do. The nucleus, atom 0, is bonded to nothing.
"""

from collections.abc import Iterable, Sequence
from string import ascii_letters, digits
from typing import Self

import numpy as np
from ase.data import atomic_numbers, chemical_symbols, covalent_radii
from numpy.typing import NDArray

from ionshift.descriptors.geometry import Geometries

BOND_MARGIN = 1.2
"""Atoms nearer than this many sums of covalent radii are bonded. With 1.2 two S of FSI, 2.8 A
apart, are not; C-H may be stretched to 1.28 A."""
OWN, NEIGHBOUR = np.random.default_rng(0).integers(0, 2**63, (2, len(chemical_symbols)), np.uint64)
"""Numbers of elements whose sum stands for a motif, modulo 2^64; two motifs hardly share one."""
UNKNOWN = 1e6
"""Extrapolation of an environment with an element or a motif that no label has: no measured
distance comes near (those of LMBTR reach some hundreds)."""


class Motifs:
    """The motifs of a training set, by name in order; `unknown` finds environments with others."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(names)
        self._species = sorted(
            {atomic_numbers[symbol] for name in self.names for symbol in _elements(name)}
        )
        self._known = np.unique(np.array([_code_of(name) for name in self.names], np.uint64))

    @classmethod
    def of(cls, geometries: Geometries) -> Self:
        """Those of all atoms but the nuclei."""
        found = set()
        for numbers, positions_A in _clusters(geometries):
            bonded = _bonds(numbers, positions_A)
            found |= {
                _name(number, numbers[row]) for number, row in zip(numbers, bonded, strict=True)
            }
        return cls(found)

    def unknown(self, geometries: Geometries) -> NDArray[np.bool_]:
        """Whether (n_clusters,) an environment has an element or a motif that is not known."""
        return np.array([self._is_unknown(*cluster) for cluster in _clusters(geometries)], bool)

    def _is_unknown(self, numbers, positions_A):
        if not np.isin(numbers, self._species).all():
            return True
        codes = OWN[numbers] + _bonds(numbers, positions_A) @ NEIGHBOUR[numbers]
        return not np.isin(codes, self._known).all()


def _code_of(name):
    element, bonded = _parts(name)
    of_bonded = NEIGHBOUR[np.array([atomic_numbers[symbol] for symbol, _ in bonded], int)]
    counts = np.array([count for _, count in bonded], np.uint64)
    return (OWN[[atomic_numbers[element]]] + counts @ of_bonded)[0]


def _elements(name):
    element, bonded = _parts(name)
    return {element, *(symbol for symbol, _ in bonded)}


def _parts(name):
    """Element of a motif, and its neighbours as (symbol, count)."""
    element, _, rest = name.partition(":")
    return element, [
        (part.rstrip(digits), int(part.lstrip(ascii_letters))) for part in rest.split()
    ]


def _clusters(geometries):
    """Atomic numbers and positions of every cluster without its nucleus."""
    for start, end in zip(geometries.starts[:-1], geometries.starts[1:], strict=True):
        yield geometries.numbers[start + 1 : end], geometries.positions_A[start + 1 : end]


def _bonds(numbers, positions_A):
    """Whether (n, n) two atoms are bonded."""
    radii_A = covalent_radii[numbers]
    longest_A = BOND_MARGIN * (radii_A[:, None] + radii_A)
    squares = np.sum((positions_A[:, None] - positions_A) ** 2, axis=2)
    bonded = squares < longest_A**2
    np.fill_diagonal(bonded, False)
    return bonded


def _name(number: int, neighbours: Sequence[int]) -> str:
    symbols, counts = np.unique([chemical_symbols[z] for z in neighbours], return_counts=True)
    bonded = [f"{symbol}{count}" for symbol, count in zip(symbols, counts, strict=True)]
    return f"{chemical_symbols[number]}: {' '.join(bonded)}"
