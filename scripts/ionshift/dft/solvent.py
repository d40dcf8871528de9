"""The cluster in a polarisable continuum, and what a magnetic field does to the continuum."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyscf import gto, lib
from pyscf.solvent import pcm

from ionshift.dft.basis import UnusableCluster

BLOCK_BYTES = 2.5e8
ANTISYMMETRIC = 2


def surround(mf: Any, model: str, epsilon: float) -> Any:
    """Put a mean field into a continuum of relative permittivity `epsilon`.

    model: 'IEF-PCM' or 'C-PCM' with the smooth surface of Lange and Herbert, J. Chem. Phys.
    133, 244111 (2010), as PySCF has it: 1.2 x Bondi radii, electrostatics only.
    """
    continuum = pcm.PCM(mf.mol)
    continuum.method, continuum.eps = model, epsilon
    surrounded = mf.PCM(continuum)
    try:
        surrounded.with_solvent.build()
    except (KeyError, IndexError) as error:
        raise UnusableCluster(f"no cavity radius for an element: {error}") from None
    return surrounded


def derivative(mf: Any, dm: NDArray[np.float64]) -> NDArray[np.float64]:
    """d(solvent potential)/dB in London orbitals at fixed surface charges, (3, nao, nao).

    The potential is -sum_k q_k (m|1 / |r - r_k||n) with Gaussian charges q_k. A magnetic field
    changes no density, hence no charge: only the phases of the orbitals count.
    """
    mol, continuum = mf.mol, mf.with_solvent
    continuum.kernel(dm)
    charges = np.ravel(continuum._intermediates["q_sym"])
    surface = continuum.surface
    probes = gto.fakemol_for_charges(surface["grid_coords"], expnt=surface["charge_exp"] ** 2)
    joined = mol + probes
    step = max(8, int(BLOCK_BYTES / (16 * 3 * mol.nao**2)))
    lower: Any = 0.0
    for start in range(0, probes.nbas, step):
        stop = min(start + step, probes.nbas)
        shells = (0, mol.nbas, 0, mol.nbas, mol.nbas + start, mol.nbas + stop)
        integrals = joined.intor("int3c2e_ig1", comp=3, aosym="s2ij", shls_slice=shells)
        lower = lower + integrals @ charges[start:stop]
    return np.array([lib.unpack_tril(part, filltriu=ANTISYMMETRIC) for part in lower])
