"""One cluster in, one label record out: SCF, shielding and field gradient of a nucleus."""

import resource
import time

import numpy as np
from pyscf import dft, scf

from ionshift.shielding import basis, efg, giao
from ionshift.shielding.fitting import FittedKernel
from ionshift.shielding.quadrature import CachedNumInt

RESULTS = (
    "shielding_ppm",
    "shielding_tensor_ppm",
    "efg_tensor_au",
    "energy_Ha",
    "scf_cycles",
    "cphf_residual",
    "n_basis",
)


class Unconverged(RuntimeError):
    """An iteration did not reach its tolerance; the message becomes the record's `reason`."""


def compute(atoms, charge, protocol, centre=0, nuclei=None):
    """Shielding and EFG of nucleus `centre` of a closed-shell cluster.

    atoms: `ase.Atoms` (positions in A, whole molecules, no periodicity used);
    charge: total charge in e; protocol: the label protocol of the configuration;
    nuclei: further nuclei, whose shielding tensors go to the record's `nuclei`.

    Returns a dict: status ('ok', 'unconverged' or 'failed'), reason, shielding_ppm,
    shielding_tensor_ppm (rows: field, columns: nuclear moment), efg_tensor_au, energy_Ha,
    scf_cycles, cphf_residual, n_basis, wall_s, cpu_s, max_rss_MB (of the process so far) and
    nuclei. What was not obtained is None. A cluster that cannot be computed never raises.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    record = _empty_record()
    wanted = [centre, *(nuclei or [])]
    try:
        basis.check_cluster(atoms, charge, wanted)
        mol = basis.build_molecule(atoms, charge, protocol, centre)
        record["n_basis"] = int(mol.nao)
        _run(mol, protocol, centre, wanted, record)
        record["status"] = "ok"
    except Unconverged as error:
        record.update(status="unconverged", reason=str(error))
    except basis.UnusableCluster as error:
        record.update(status="failed", reason=str(error))
    except (np.linalg.LinAlgError, FloatingPointError, MemoryError) as error:
        record.update(status="failed", reason=f"{type(error).__name__}: {error}")
    record["wall_s"] = time.perf_counter() - wall
    record["cpu_s"] = time.process_time() - cpu
    record["max_rss_MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return record


def _empty_record():
    """A record with nothing obtained yet."""
    return {"status": "failed", "reason": "", **dict.fromkeys(RESULTS), "nuclei": {}}


def _run(mol, protocol, centre, wanted, record):
    """SCF, response and properties; fills `record` as results come."""
    share = exchange_share(protocol.functional)
    kernel = FittedKernel(mol, auxiliary_basis(protocol, share), share != 0)
    mf = converge_scf(mol, protocol, kernel, record)
    response = giao.magnetic_response(mf, kernel, share, protocol.cphf_tol)
    dm = mf.make_rdm1()
    tensors = {i: giao.shielding_tensor(mol, dm, response, i) for i in wanted}
    record["cphf_residual"] = response.residual
    record["shielding_tensor_ppm"] = tensors[centre].tolist()
    record["shielding_ppm"] = float(tensors[centre].trace() / 3)
    record["efg_tensor_au"] = efg.efg_tensor(mol, dm, centre).tolist()
    record["nuclei"] = {int(i): tensor.tolist() for i, tensor in tensors.items()}
    if not np.isfinite(record["shielding_ppm"]):
        record.update(shielding_ppm=None, shielding_tensor_ppm=None, nuclei={})
        raise Unconverged("the shielding is not a finite number")
    if response.residual > 10 * protocol.cphf_tol:
        raise Unconverged(
            f"CPHF residual {response.residual:.1e} above 10 x {protocol.cphf_tol:.1e}"
        )


def exchange_share(functional):
    """Share of exact exchange: 1 for HF, 0 for LDA and GGA.

    Refuses functionals whose magnetic response this engine does not have.
    """
    if functional.lower() == "hf":
        return 1.0
    integrator = dft.numint.NumInt()
    try:
        kind = integrator._xc_type(functional)
        omega, long_range, share = integrator.rsh_and_hybrid_coeff(functional)
    except (KeyError, ValueError) as error:
        raise basis.UnusableCluster(f"functional {functional!r} is not known: {error}") from None
    if kind not in ("LDA", "GGA", "HF"):
        raise basis.UnusableCluster(f"functional {functional!r} is a {kind}: not implemented")
    if abs(omega) > 1e-10 and abs(long_range - share) > 1e-10:
        raise basis.UnusableCluster(
            f"functional {functional!r} is range separated: not implemented"
        )
    return float(share)


def auxiliary_basis(protocol, share):
    """The protocol's fitting basis, or the universal one for the functional's kind."""
    if protocol.auxbasis:
        return protocol.auxbasis
    return basis.FITTING_BASIS_HYBRID if share else basis.FITTING_BASIS_PURE


def converge_scf(mol, protocol, kernel, record):
    """A converged closed-shell SCF with the fitted integrals; raises `Unconverged`."""
    mf = (
        scf.RHF(mol)
        if protocol.functional.lower() == "hf"
        else dft.RKS(mol, xc=protocol.functional)
    )
    _use_fitted_integrals(mf, kernel)
    if hasattr(mf, "xc"):
        mf._numint = CachedNumInt()
        mf.grids.level = protocol.grid_level
    mf.conv_tol = protocol.scf_conv_tol
    mf.max_cycle = protocol.max_scf_cycles
    mf.init_guess = "minao"
    mf.chkfile = None
    mf.kernel()
    record["scf_cycles"] = int(mf.cycles)
    record["energy_Ha"] = float(mf.e_tot)
    if not mf.converged:
        raise Unconverged(f"SCF not converged in {protocol.max_scf_cycles} cycles")
    return mf


def _use_fitted_integrals(mf, kernel):
    """Let PySCF's SCF take Coulomb and exchange matrices from `kernel`."""
    mf.direct_scf = False
    mf.get_j = lambda mol=None, dm=None, hermi=1, omega=None: kernel.coulomb(dm)
    mf.get_jk = lambda mol=None, dm=None, hermi=1, **_: kernel.coulomb_and_exchange(dm)
