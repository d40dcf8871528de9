"""Electric field gradient at a nucleus, from the electron density and the other nuclei."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyscf import gto


def efg_tensor(mol: gto.Mole, dm: NDArray[np.float64], nucleus: int) -> NDArray[np.float64]:
    """Traceless symmetric EFG tensor V_ij = d2(potential)/dx_i dx_j in atomic units, (3, 3).

    Nuclei: sum_B Z_B (3 d_i d_j - d^2 delta_ij) / d^5; electrons: minus the expectation value
    of the same operator, through the derivatives of 1/r moved to the basis functions. The
    axial component of a positive neighbour charge is positive.
    """
    origin = mol.atom_coord(nucleus)
    with mol.with_rinv_origin(origin):
        both_left = mol.intor("int1e_ipiprinv", 9).reshape(3, 3, mol.nao, mol.nao)
        one_each = mol.intor("int1e_iprinvip", 9).reshape(3, 3, mol.nao, mol.nao)
    electrons = np.einsum("xymn,mn->xy", both_left + one_each, dm)
    electrons = electrons + electrons.T
    electrons -= np.eye(3) * electrons.trace() / 3
    return _efg_of_nuclei(mol, nucleus) - electrons


def _efg_of_nuclei(mol, nucleus):
    """The other nuclei's part, (3, 3)."""
    tensor = np.zeros((3, 3))
    for other in range(mol.natm):
        if other == nucleus:
            continue
        d = mol.atom_coord(other) - mol.atom_coord(nucleus)
        r2 = d @ d
        tensor += mol.atom_charge(other) * (3 * np.outer(d, d) - r2 * np.eye(3)) / r2**2.5
    return tensor
