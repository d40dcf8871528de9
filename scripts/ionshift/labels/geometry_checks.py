"""Geometries that cannot be: positions that are no numbers, atoms in one place, another unit."""

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list

from ionshift.core.errors import InputError

TOO_CLOSE_A = 0.6
"""Two H are bonded at 0.62 A by their covalent radii, all other atoms farther apart."""
LIKE_NM = (0.05, 0.2)
"""Median distance of nearest neighbours over the sum of their covalent radii: 1 in A."""
LIKE_BOHR = (1.6, 2.3)


def check_geometry(place: str, atoms: Atoms) -> None:
    """Raise `InputError` for a frame without atoms, positions that are no numbers, or overlap.

    Parameters
    ----------
    place : where the frame is, to begin the message with
    """
    if not len(atoms):
        raise InputError(f"{place}: no atom in it; leave the entry out")
    bad = np.flatnonzero(~np.isfinite(atoms.positions).all(axis=1))
    if len(bad):
        at = ", ".join(f"{value:g}" for value in atoms.positions[bad[0]])
        raise InputError(
            f"{place}: the position of atom {bad[0]} ({atoms.symbols[bad[0]]}) is {at}; "
            "leave the entry out, or restore the file"
        )
    first, second, apart_A = neighbor_list("ijd", atoms, TOO_CLOSE_A)
    if not len(apart_A):
        return
    if LIKE_NM[0] < bond_lengths_apart(atoms) < LIKE_NM[1]:
        raise InputError(
            f"{place}: positions look like nm (atoms are {apart_A.min():.3f} apart); give them "
            "in A, ten times as large"
        )
    pair = int(np.argmin(apart_A))
    raise InputError(
        f"{place}: atoms {first[pair]} and {second[pair]} ({atoms.symbols[first[pair]]}, "
        f"{atoms.symbols[second[pair]]}) are {apart_A[pair]:.3f} A apart, less than the "
        f"{TOO_CLOSE_A:g} A of any two; correct the geometry or leave the entry out"
    )


def bond_lengths_apart(atoms: Atoms) -> float:
    """Median distance of nearest neighbours, in sums of their covalent radii; NaN for one atom."""
    if len(atoms) < 2:
        return float("nan")
    apart_A = atoms.get_all_distances(mic=bool(atoms.pbc.any()))
    np.fill_diagonal(apart_A, np.inf)
    nearest = apart_A.argmin(axis=1)
    radii_A = covalent_radii[atoms.numbers] + covalent_radii[atoms.numbers[nearest]]
    return float(np.median(apart_A.min(axis=1) / radii_A))


def check_unit(place: str, atoms: Atoms) -> None:
    """Raise `InputError` if the atoms of molecules are too far apart to be bonded."""
    apart = bond_lengths_apart(atoms)
    if apart > LIKE_BOHR[0]:
        unit = "look like bohr" if apart < LIKE_BOHR[1] else "are not in A"
        raise InputError(
            f"{place}: positions {unit} (nearest neighbours are {apart:.2g} bond lengths apart); "
            "give them in A"
        )
