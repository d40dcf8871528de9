"""From an ASE cluster to a PySCF molecule with a locally dense basis.

The centre gets `basis_centre`, hetero atoms close to it `basis_near`, everything else
`basis_far` (locally dense basis sets: Chesnut and Moore, J. Comput. Chem. 10, 648 (1989)).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from ase.data import chemical_symbols
from pyscf import gto
from pyscf.lib.exceptions import BasisNotFoundError

from ionshift.config.protocol import Protocol

if TYPE_CHECKING:
    from ase import Atoms

CLOSEST_APPROACH_A = 0.5
FITTING_BASIS_PURE = "def2-universal-jfit"
FITTING_BASIS_HYBRID = "def2-universal-jkfit"
BASIS_ERRORS = (BasisNotFoundError, KeyError, RuntimeError, ValueError)


PLANNED_MEMORY_MB = 3500
"""What PySCF may plan with; results do not depend on it."""


class UnusableCluster(ValueError):
    """This cluster cannot be computed as asked; the message becomes the record's `reason`."""


def check_cluster(atoms: Atoms, charge: int, nuclei: Iterable[int]) -> None:
    """Raise `UnusableCluster` for geometries and charges that no closed-shell run can use."""
    positions_A = atoms.get_positions()
    if len(atoms) == 0:
        raise UnusableCluster("the cluster has no atoms")
    if not np.isfinite(positions_A).all():
        raise UnusableCluster("non-finite coordinates")
    if (atoms.numbers < 1).any():
        raise UnusableCluster("an atom has no element (atomic number 0)")
    for nucleus in nuclei:
        if not 0 <= nucleus < len(atoms):
            raise UnusableCluster(f"nucleus {nucleus} is not one of the {len(atoms)} atoms")
    _check_distances(positions_A)
    n_electrons = int(atoms.numbers.sum()) - charge
    if n_electrons < 1:
        raise UnusableCluster(f"charge {charge} leaves {n_electrons} electrons")
    if n_electrons % 2:
        raise UnusableCluster(
            f"odd number of electrons ({n_electrons}) with charge {charge}: "
            "only closed shells are computed; check the charge and that molecules are whole"
        )


def _check_distances(positions_A):
    """Refuse atoms on top of each other."""
    if len(positions_A) < 2:
        return
    distance_A = np.linalg.norm(positions_A[:, None] - positions_A[None], axis=-1)
    np.fill_diagonal(distance_A, np.inf)
    i, j = np.unravel_index(distance_A.argmin(), distance_A.shape)
    if distance_A[i, j] < CLOSEST_APPROACH_A:
        raise UnusableCluster(
            f"atoms {i} and {j} are {distance_A[i, j]:.3f} A apart (at least {CLOSEST_APPROACH_A})"
        )


def basis_name_of_each_atom(atoms: Atoms, protocol: Protocol, centre: int) -> list[str]:
    """The basis set name of every atom under the protocol's locally dense rule."""
    distance_A = np.linalg.norm(atoms.get_positions() - atoms.get_positions()[centre], axis=1)
    names = []
    for index, symbol in enumerate(atoms.get_chemical_symbols()):
        near = symbol in protocol.near_elements and distance_A[index] < protocol.near_cutoff_A
        if index == centre:
            names.append(protocol.basis_centre)
        else:
            names.append(protocol.basis_near if near else protocol.basis_far)
    return names


def load_basis(name: str, symbol: str) -> list:
    """One element's basis in PySCF's format, from its library or from basis_set_exchange.

    Raises `UnusableCluster` where the set lacks the element or needs an effective core
    potential there: shieldings with ECPs are wrong (pyscf issue 1065).
    """
    if _has_ecp(name, symbol):
        raise UnusableCluster(
            f"basis {name!r} uses an effective core potential for {symbol}: "
            "shieldings need all electrons"
        )
    try:
        return gto.basis.load(name, symbol)
    except BASIS_ERRORS:
        raise UnusableCluster(f"basis {name!r} is not known for element {symbol}") from None


def _has_ecp(name, symbol):
    """True where PySCF knows an effective core potential of this name for this element."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bool(gto.basis.load_ecp(name, symbol))
    except BASIS_ERRORS:
        return False


def build_molecule(atoms: Atoms, charge: int, protocol: Protocol, centre: int) -> gto.Mole:
    """A `pyscf.gto.Mole` of the cluster with `centre` at the origin.

    Atoms keep their order. Atoms of one element with different basis sets get different
    labels ('O1', 'O2': PySCF's way to tell them apart).
    """
    names = basis_name_of_each_atom(atoms, protocol, centre)
    kinds = sorted(set(names))
    positions_A = atoms.get_positions() - atoms.get_positions()[centre]
    labels, basis = [], {}
    for number, name in zip(atoms.numbers, names, strict=True):
        symbol = chemical_symbols[number]
        label = f"{symbol}{kinds.index(name) + 1}"
        labels.append(label)
        if label not in basis:
            basis[label] = load_basis(name, symbol)
    return gto.M(
        atom=list(zip(labels, positions_A.tolist(), strict=True)),
        basis=basis,
        charge=charge,
        unit="Angstrom",
        max_memory=PLANNED_MEMORY_MB,
        verbose=0,
    )
