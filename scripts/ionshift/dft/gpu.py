"""A converged density from a GPU, by gpu4pyscf: where the protocol's own SCF then starts.

The SCF on the CPU ends with its own integrals, grid and thresholds, and the magnetic response
follows from its orbitals. So a label does not depend on the device beyond the SCF's tolerance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import NDArray

from ionshift.config.protocol import Protocol
from ionshift.core.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from pyscf import gto


def is_present() -> bool:
    """Whether gpu4pyscf is installed and CUDA sees a device."""
    try:
        import cupy
        import gpu4pyscf  # noqa: F401

        return cupy.cuda.runtime.getDeviceCount() > 0
    except (ImportError, OSError, RuntimeError):
        return False


def chosen(device: str) -> bool:
    """Whether the GPU is used, by the key `labelling.device`: cpu, gpu or auto.

    Raises
    ------
    InputError
        if a GPU is asked for and there is none.
    """
    if device == "gpu" and not is_present():
        raise InputError(
            "labelling.device = 'gpu': no CUDA device, or gpu4pyscf (gpu4pyscf-cuda12x, "
            "gpu4pyscf-cuda11x) is not installed; use cpu or auto"
        )
    return device == "gpu" or (device == "auto" and is_present())


def density(mol: gto.Mole, protocol: Protocol, auxiliary_basis: str) -> NDArray[np.float64]:
    """Density matrix (nao, nao) of the protocol's SCF on the GPU, with density fitting.

    It is returned even if that SCF did not converge: the one on the CPU goes on from it.
    """
    import cupy
    from gpu4pyscf import dft, scf

    if protocol.functional.lower() == "hf":
        mf = scf.RHF(mol)
    else:
        mf = dft.RKS(mol, xc=protocol.functional)
        mf.grids.level = protocol.grid_level
    mf = mf.density_fit(auxbasis=auxiliary_basis)
    if protocol.solvent_epsilon is not None:
        mf = mf.PCM()
        mf.with_solvent.method = protocol.solvent_model
        mf.with_solvent.eps = protocol.solvent_epsilon
    mf.conv_tol, mf.max_cycle = protocol.scf_conv_tol, protocol.max_scf_cycles
    mf.chkfile = None
    mf.kernel()
    return cupy.asnumpy(mf.make_rdm1())
