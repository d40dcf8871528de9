"""One cluster in, one label record out: SCF, shielding and field gradient of a nucleus."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pyscf import dft, scf

from ionshift.config.protocol import Protocol
from ionshift.core.errors import Unconverged
from ionshift.dft import basis, efg, giao, gpu, solvent
from ionshift.dft.fitting import Exchange, TwoElectron
from ionshift.dft.quadrature import CachedNumInt

if TYPE_CHECKING:
    from ase import Atoms
    from pyscf import gto

RESULTS = (
    "shielding_ppm",
    "shielding_tensor_ppm",
    "efg_tensor_au",
    "energy_Ha",
    "scf_cycles",
    "scf_recipe",
    "cphf_residual",
    "n_basis",
)


RECIPES = ("plain", "damped", "newton")
"""Ways to the same SCF solution, each stronger and more expensive than the one before: DIIS; DIIS
with damping and a level shift; second order. Each goes on from where the one before ended."""
WORKING_BYTES = 2.6e9
"""Memory of integrals and of basis functions on the grid; no result depends on it."""
SMALLEST_GRID_BYTES = 3e8
DAMPING = 0.3
LEVEL_SHIFT_HA = 0.3


def next_recipe(failed_record: Mapping[str, Any] | None) -> str:
    """The SCF recipe to begin with after a failure (None: no failure yet)."""
    if failed_record is None or failed_record["status"] != "unconverged":
        return RECIPES[0]
    tried = RECIPES.index(failed_record.get("scf_recipe") or RECIPES[0])
    return RECIPES[min(tried + 1, len(RECIPES) - 1)]


def compute(
    atoms: Atoms,
    charge: int,
    protocol: Protocol,
    centre: int = 0,
    nuclei: Sequence[int] | None = None,
    first_recipe: str = RECIPES[0],
    on_gpu: bool = False,
) -> dict[str, Any]:
    """Shielding and EFG of nucleus `centre` of a closed-shell cluster.

    atoms: `ase.Atoms` (positions in A, whole molecules, no periodicity used);
    charge: total charge in e; protocol: the label protocol of the configuration;
    nuclei: further nuclei, whose shielding tensors go to the record's `nuclei`;
    first_recipe: the SCF recipe of `RECIPES` to begin with; the stronger ones follow by
    themselves where the SCF does not converge;
    on_gpu: the SCF starts from a density converged on the GPU (see `gpu`).

    Returns a dict: status ('ok', 'unconverged' or 'failed'), reason, shielding_ppm,
    shielding_tensor_ppm (rows: field, columns: nuclear moment), efg_tensor_au, energy_Ha,
    scf_cycles, scf_recipe (the last one used), cphf_residual, n_basis, wall_s, cpu_s,
    max_rss_MB (of the process so far) and nuclei. What was not obtained is None. A cluster that
    cannot be computed never raises.
    """
    record = _empty_record()
    wanted = [centre, *(nuclei or [])]
    with outcome_in(record):
        basis.check_cluster(atoms, charge, wanted)
        mol = basis.build_molecule(atoms, charge, protocol, centre)
        record["n_basis"] = int(mol.nao)
        _run(mol, protocol, centre, wanted, record, first_recipe, on_gpu)
    return record


@contextmanager
def outcome_in(record: dict[str, Any]) -> Iterator[None]:
    """Note in `record` how the computation in the block ends and what it costs.

    status is 'ok', 'unconverged' or 'failed', the last two with a reason; wall_s, cpu_s and
    max_rss_MB (of the process so far) are the cost. Faults of the code pass through.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield
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


def _empty_record():
    """A record with nothing obtained yet."""
    return {"status": "failed", "reason": "", **dict.fromkeys(RESULTS), "nuclei": {}}


def _run(mol, protocol, centre, wanted, record, first_recipe, on_gpu):
    """SCF, response and properties; fills `record` as results come."""
    mf, electrons = ground_state(mol, protocol, record, first_recipe, on_gpu)
    response = giao.magnetic_response(mf, electrons, protocol.cphf_tol)
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


def ground_state(
    mol: gto.Mole,
    protocol: Protocol,
    record: dict[str, Any],
    first_recipe: str = RECIPES[0],
    on_gpu: bool = False,
) -> tuple[Any, TwoElectron]:
    """The protocol's converged SCF and its `TwoElectron`; energy and recipe go to `record`.

    Raises `Unconverged` or `basis.UnusableCluster`.
    """
    exchange = exchange_of(protocol.functional)
    fitting = auxiliary_basis(protocol, exchange)
    start = gpu.density(mol, protocol, fitting) if on_gpu else None
    electrons = TwoElectron(mol, fitting, exchange)
    return converge_scf(mol, protocol, electrons, record, first_recipe, start), electrons


def exchange_of(functional: str) -> Exchange:
    """Exact exchange in a functional as an `Exchange`; all of it for HF.

    Refuses functionals whose magnetic response this engine does not have.
    """
    if functional.lower() == "hf":
        return Exchange(1.0, 1.0, 0.0)
    integrator = dft.numint.NumInt()
    try:
        kind = integrator._xc_type(functional)
        omega, long_range, short_range = integrator.rsh_and_hybrid_coeff(functional)
        nonlocal_part = integrator.libxc.is_nlc(functional)
    except (KeyError, ValueError) as error:
        raise basis.UnusableCluster(f"functional {functional!r} is not known: {error}") from None
    if kind not in ("LDA", "GGA", "HF"):
        raise basis.UnusableCluster(f"functional {functional!r} is a {kind}: not implemented")
    if nonlocal_part:
        raise basis.UnusableCluster(
            f"functional {functional!r} has non-local correlation: not implemented"
        )
    if abs(omega) < 1e-10:
        long_range = short_range
    return Exchange(float(short_range), float(long_range), abs(float(omega)))


def auxiliary_basis(protocol: Protocol, exchange: Exchange) -> str:
    """The protocol's fitting basis, or the universal one for the functional's kind."""
    if protocol.auxbasis:
        return protocol.auxbasis
    return basis.FITTING_BASIS_HYBRID if exchange else basis.FITTING_BASIS_PURE


def converge_scf(
    mol: gto.Mole,
    protocol: Protocol,
    electrons: TwoElectron,
    record: dict[str, Any],
    first_recipe: str = RECIPES[0],
    start: NDArray[np.float64] | None = None,
) -> Any:
    """A converged closed-shell SCF with the fitted integrals; raises `Unconverged`.

    The recipes are tried in their order from `first_recipe` on. `start` is the density matrix
    (nao, nao) to begin with; None takes a superposition of atoms.
    """
    mf = _mean_field(mol, protocol, electrons)
    if start is not None:
        mf.get_init_guess = lambda *_, **__: start
    for recipe in RECIPES[RECIPES.index(first_recipe) :]:
        record["scf_recipe"] = recipe
        mf = _follow(mf, recipe)
        record["scf_cycles"] = int(mf.cycles)
        record["energy_Ha"] = float(mf.e_tot)
        if mf.converged:
            return mf
    raise Unconverged(
        f"SCF not converged in {protocol.max_scf_cycles} cycles (recipes up to '{recipe}')"
    )


def _mean_field(mol, protocol, electrons):
    """The SCF object, not run yet."""
    if protocol.functional.lower() == "hf":
        mf = scf.RHF(mol)
    else:
        mf = dft.RKS(mol, xc=protocol.functional)
        mf._numint = CachedNumInt(
            budget_bytes=max(SMALLEST_GRID_BYTES, WORKING_BYTES - electrons.n_bytes),
            exchange_share=None if electrons.exchange.is_global else electrons.share,
        )
        mf.grids.level = protocol.grid_level
    if protocol.solvent_epsilon is not None:
        mf = solvent.surround(mf, protocol.solvent_model, protocol.solvent_epsilon)
    _use_fitted_integrals(mf, electrons)
    mf.conv_tol = protocol.scf_conv_tol
    mf.max_cycle = protocol.max_scf_cycles
    mf.init_guess = "minao"
    mf.chkfile = None
    return mf


def _follow(mf, recipe):
    """Run one recipe; returns the mean field with its result."""
    if recipe == "damped":
        mf.damp, mf.level_shift = DAMPING, LEVEL_SHIFT_HA
    if recipe != "newton":
        mf.kernel()
        return mf
    start = mf.make_rdm1() if mf.mo_coeff is not None else mf.get_init_guess()
    mf.damp, mf.level_shift = 0, 0
    second_order = mf.newton()
    macro_cycles = set()
    second_order.callback = lambda variables: macro_cycles.add(variables["imacro"])
    second_order.kernel(dm0=start)
    for name in ("converged", "e_tot", "mo_coeff", "mo_occ", "mo_energy"):
        setattr(mf, name, getattr(second_order, name))
    mf.cycles = len(macro_cycles)
    return mf


def _use_fitted_integrals(mf, electrons):
    """Let PySCF's SCF take Coulomb and exchange matrices from the fitted kernels."""
    mf.direct_scf = False
    mf.get_j = lambda mol=None, dm=None, hermi=1, omega=None: electrons.coulomb(dm)
    mf.get_jk = lambda mol=None, dm=None, hermi=1, **_: electrons.coulomb_and_exchange(dm)
