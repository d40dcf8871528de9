"""Clusters as flat arrays, without an object for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from numpy.typing import NDArray

from ionshift.core.errors import InputError


@dataclass(frozen=True)
class Geometries:
    """Atoms of many clusters, one cluster after the other; the first of each is the nucleus.

    Attributes
    ----------
    numbers : (n_atoms,) atomic numbers
    positions_A : (n_atoms, 3)
    starts : (n_clusters + 1,) index of each cluster's first atom, and the end
    """

    numbers: np.ndarray
    positions_A: np.ndarray
    starts: np.ndarray

    @classmethod
    def join(
        cls, numbers: Sequence[NDArray[np.integer]], positions_A: Sequence[NDArray[np.float64]]
    ) -> Geometries:
        """From lists of arrays, one a cluster."""
        starts = np.concatenate([[0], np.cumsum([len(part) for part in numbers])])
        if not len(numbers):
            return cls(np.zeros(0, np.int64), np.zeros((0, 3)), starts.astype(np.int64))
        joined = np.concatenate(numbers).astype(np.int64)
        return cls(joined, np.concatenate(positions_A).astype(float), starts)

    @classmethod
    def of(cls, clusters: Geometries | Sequence[Atoms]) -> Geometries:
        """From a list of ASE Atoms; geometries pass unchanged."""
        if isinstance(clusters, Geometries):
            return clusters
        return cls.join(
            [atoms.numbers for atoms in clusters], [atoms.positions for atoms in clusters]
        )

    def __len__(self):
        return len(self.starts) - 1

    def atoms(self) -> Iterator[Atoms]:
        """Yield an ASE Atoms for every cluster."""
        for start, end in zip(self.starts[:-1], self.starts[1:], strict=True):
            yield Atoms(self.numbers[start:end], positions=self.positions_A[start:end])


def elements_of(clusters: Geometries | Sequence[Atoms]) -> list[str]:
    """Element symbols that occur in clusters, by atomic number."""
    return [chemical_symbols[z] for z in np.unique(Geometries.of(clusters).numbers)]


def geometries_of(clusters: Geometries | Sequence[Atoms], species: Sequence[str]) -> Geometries:
    """`Geometries` of clusters; raises `InputError` if one has an element outside `species`."""
    geometries = Geometries.of(clusters)
    unknown = sorted(set(elements_of(geometries)) - set(species))
    if unknown:
        raise InputError(
            f"element {', '.join(unknown)} is not among the descriptor's species "
            f"({', '.join(species)}); train with labels that contain it"
        )
    return geometries


def fill_by_dscribe(rows: NDArray[np.float64], geometries: Geometries, descriptor: Any) -> None:
    """Write what a descriptor of DScribe says of atom 0 of each cluster into its row."""
    for row, atoms in zip(rows, geometries.atoms(), strict=True):
        row[:] = descriptor.create(atoms, centers=[0])[0]


def unit_rows(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows scaled to unit length, in place; rows of zeros stay."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    rows /= np.where(lengths > 0, lengths, 1.0)
    return rows
