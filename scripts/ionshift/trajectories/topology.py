"""What the atoms of a trajectory are: elements, and molecules where there are any."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import MDAnalysis
import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray

from ionshift.core.errors import InputError


@dataclass(frozen=True)
class Topology:
    """Elements and molecules of n atoms, and where the file has them.

    Attributes
    ----------
    symbols : (n,) element symbols
    molecule_of : (n,) index of the molecule an atom belongs to
    molecule_name : (n_molecules,) names; without molecules every atom is one, named by its element
    positions_A : (n, 3)
    """

    symbols: NDArray
    molecule_of: NDArray
    molecule_name: NDArray
    positions_A: NDArray[np.float64]

    def single_atoms(self) -> "Topology":
        """The same with every atom for itself, as in a crystal or a melt."""
        return Topology(self.symbols, np.arange(len(self.symbols)), self.symbols, self.positions_A)

    def counts(self) -> dict[str, int]:
        """Number of molecules by name."""
        names, numbers = np.unique(self.molecule_name, return_counts=True)
        return dict(zip(names.astype(str).tolist(), numbers.tolist(), strict=True))


def read_topology(path: str | Path) -> Topology:
    """Read a PDB file; its residues are the molecules.

    Raises
    ------
    InputError
        if it cannot be read or does not name the elements.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            universe = MDAnalysis.Universe(str(path))
            atoms = universe.atoms
            positions_A = atoms.positions.astype(float)
            symbols = np.array([str(one).capitalize() for one in atoms.elements])
        except (OSError, ValueError, AttributeError, IndexError, EOFError) as error:
            raise InputError(
                f"topology {path} cannot be read ({' '.join(str(error).split())}); it must be a "
                "PDB file with its columns of elements; delete it and rerun the MD"
            ) from None
    return Topology(
        _known(symbols, path),
        atoms.resindices.copy(),
        np.array(universe.residues.resnames),
        positions_A,
    )


def topology_of(atoms: Atoms, path: str | Path) -> Topology:
    """Topology of `Atoms`; arrays `molecule` and `molecule_name` say which molecules there are.

    Without the first every atom is for itself; without the second formulas are the names.
    """
    symbols = _known(np.array(atoms.get_chemical_symbols()), path)
    alone = Topology(symbols, np.arange(len(symbols)), symbols, atoms.positions)
    if "molecule" not in atoms.arrays:
        return alone
    _, first, molecule_of = np.unique(
        atoms.arrays["molecule"], return_index=True, return_inverse=True
    )
    if "molecule_name" in atoms.arrays:
        names = atoms.arrays["molecule_name"][first]
    else:
        members = [atoms.symbols[molecule_of == one] for one in range(len(first))]
        names = np.array([one.get_chemical_formula() for one in members])
    return Topology(symbols, molecule_of, names, atoms.positions)


def _known(symbols: NDArray, path: str | Path) -> NDArray:
    unknown = sorted(set(symbols.tolist()) - (set(atomic_numbers) - {"X"}))
    if unknown:
        raise InputError(
            f"{path}: {', '.join(map(repr, unknown))} is no element; write the elements of all "
            "atoms into the file"
        )
    return symbols
