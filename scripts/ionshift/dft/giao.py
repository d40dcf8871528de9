"""NMR shielding tensors with gauge-including (London) orbitals and density fitting.

Closed-shell HF, LDA, GGA, global and range-separated hybrids, in a continuum or not. Theory:
Ditchfield, Mol. Phys. 27, 789 (1974); Wolinski, Hinton and Pulay, J. Am. Chem. Soc. 112, 8251
(1990). With orbitals chi_m^B = exp(-i/2 (B x R_m) . r) chi_m, all first-order matrices are
imaginary and antisymmetric; here they are kept as real antisymmetric matrices, one per component
of B.
Conventions (signs, tensor rows = field, columns = nuclear moment) follow pyscf.prop.nmr.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pyscf.data import nist

from ionshift.dft import solvent

if TYPE_CHECKING:
    from pyscf import gto

    from ionshift.dft.fitting import TwoElectron

MAX_CPHF_CYCLES = 30
PPM = nist.ALPHA**2 * 1e6


@dataclass
class MagneticResponse:
    """First-order density in a magnetic field and how well its equations are solved."""

    density: np.ndarray  # (3, nao, nao), real antisymmetric part kept as C_v x C_o^T + ...
    residual: float  # |A x - b| / |b| of the CPHF equations, recomputed from x; 0 if uncoupled
    cycles: int


def half_cross_with_centres(mol: gto.Mole, matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """1/2 (R_m - R_n) x M_mn for three matrices M: what London phases do to an operator."""
    centre_of = np.empty(mol.nao, dtype=int)
    for atom, (_, _, first, last) in enumerate(mol.aoslice_by_atom()):
        centre_of[first:last] = atom
    centres = mol.atom_coords()[centre_of].T
    d = centres[:, :, None] - centres[:, None, :]
    m = matrices
    return 0.5 * np.stack(
        [
            d[1] * m[2] - d[2] * m[1],
            d[2] * m[0] - d[0] * m[2],
            d[0] * m[1] - d[1] * m[0],
        ]
    )


def core_derivative(mol: gto.Mole) -> NDArray[np.float64]:
    """d(kinetic + nuclear attraction)/dB in London orbitals, (3, nao, nao)."""
    return (
        -0.5 * mol.intor("int1e_giao_irjxp", 3)
        - mol.intor_asymmetric("int1e_ignuc", 3)
        - mol.intor("int1e_igkin", 3)
    )


def xc_derivative(mf: Any, dm: NDArray[np.float64]) -> NDArray[np.float64]:
    """dV_xc/dB in London orbitals at fixed density, (3, nao, nao).

    The phases multiply <m|v_xc|n> by i/2 (R_m - R_n) x r . B, so three XC matrices of the
    potential times x, y, z are enough (an imaginary perturbation changes no density).
    """
    weighted = mf._numint.position_weighted(mf.mol, mf.grids, mf.xc, dm)
    return half_cross_with_centres(mf.mol, weighted)


def solve_cphf(
    apply: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    b: NDArray[np.float64],
    tolerance: float,
) -> tuple[NDArray[np.float64], float, int]:
    """Solve (1 + apply) x = b, three right-hand sides in one subspace.

    Returns (x, relative residual recomputed from x, cycles). A residual-minimising subspace
    method (GMRES without restarts); vectors are orthonormal, so nothing is lost silently.
    """
    size = np.linalg.norm(b)
    if size == 0:
        return b, 0.0, 0
    basis: list[NDArray[np.float64]] = []
    images: list[NDArray[np.float64]] = []
    x, residual, cycles = np.zeros_like(b), b, 0
    while cycles < MAX_CPHF_CYCLES and np.linalg.norm(residual) > tolerance * size:
        cycles += 1
        new = _orthonormal_rows(residual, basis)
        if not len(new):
            break
        basis += list(new)
        images += list(new + _apply_rows(apply, new))
        span, image = np.array(basis), np.array(images)
        gram = image @ image.T
        weights = np.linalg.lstsq(gram, image @ b.T, rcond=1e-14)[0]
        x = weights.T @ span
        residual = b - weights.T @ image
    true_residual = np.linalg.norm(b - x - _apply_rows(apply, x)) / size
    return x, float(true_residual), cycles


def _apply_rows(apply, rows):
    """Apply the operator to any number of rows, three at a time (short batches are padded)."""
    padded = np.vstack([rows, np.zeros((-len(rows) % 3, rows.shape[1]))])
    return np.vstack([apply(padded[i : i + 3]) for i in range(0, len(padded), 3)])[: len(rows)]


def _orthonormal_rows(candidates, basis):
    """What the candidates add to an orthonormal basis, orthonormalised; linear repeats dropped."""
    found = []
    for candidate in candidates:
        length = np.linalg.norm(candidate)
        if length == 0:
            continue
        vector = candidate / length
        for _ in range(2):
            for other in [*basis, *found]:
                vector = vector - (other @ vector) * other
        if np.linalg.norm(vector) > 1e-8:
            found.append(vector / np.linalg.norm(vector))
    return np.array(found)


def magnetic_response(mf: Any, electrons: TwoElectron, cphf_tol: float) -> MagneticResponse:
    """First-order density of a converged closed-shell `mf` in a magnetic field.

    `electrons` is the `TwoElectron` of the SCF. Without exact exchange no iteration is needed:
    the field's density change is zero, so Coulomb, XC and solvent terms do not couple.
    """
    mol, dm = mf.mol, mf.make_rdm1()
    occupied = mf.mo_coeff[:, mf.mo_occ > 0]
    virtual = mf.mo_coeff[:, mf.mo_occ == 0]
    e_occ, e_vir = mf.mo_energy[mf.mo_occ > 0], mf.mo_energy[mf.mo_occ == 0]
    h1 = core_derivative(mol)
    if hasattr(mf, "xc"):
        h1 += xc_derivative(mf, dm)
        mf._numint.forget()
    if getattr(mf, "with_solvent", None) is not None:
        h1 += solvent.derivative(mf, dm)
    coulomb, exchange = electrons.giao_terms(dm, occupied, virtual)
    h1 = _to_virtual_occupied(h1 - coulomb, virtual, occupied) + exchange
    overlap = -mol.intor_asymmetric("int1e_igovlp", 3)
    s_vo = _to_virtual_occupied(overlap, virtual, occupied)
    x_oo = -0.5 * _to_virtual_occupied(overlap, occupied, occupied)
    right = h1 - s_vo * e_occ
    gaps = e_vir[:, None] - e_occ
    if electrons.exchange:
        response = electrons.response(occupied, virtual)
        x_vo, residual, cycles = _coupled(response, right, x_oo, gaps, cphf_tol)
    else:
        x_vo, residual, cycles = -right / gaps, 0.0, 0
    change = np.matmul(virtual, x_vo) + np.matmul(occupied, x_oo)
    return MagneticResponse(2 * np.matmul(change, occupied.T), residual, cycles)


def _coupled(response, right, x_oo, gaps, cphf_tol):
    """Solve the coupled equations; see `solve_cphf` for what is returned."""
    right = right + response.of_occupied(x_oo)

    def apply(rows):
        changed = response.of_virtual(rows.reshape(3, *gaps.shape))
        return (changed / gaps).reshape(3, -1)

    x, residual, cycles = solve_cphf(apply, (-right / gaps).reshape(3, -1), cphf_tol)
    return x.reshape(3, *gaps.shape), residual, cycles


def _to_virtual_occupied(matrices, left, right):
    """left^T M right for three matrices."""
    return np.matmul(left.T, np.matmul(matrices, right))


def shielding_tensor(
    mol: gto.Mole, dm: NDArray[np.float64], response: MagneticResponse, nucleus: int
) -> NDArray[np.float64]:
    """Shielding tensor of one nucleus in ppm, (3, 3): diamagnetic plus paramagnetic part."""
    return (diamagnetic(mol, dm, nucleus) + paramagnetic(mol, response.density, nucleus)) * PPM


def diamagnetic(mol: gto.Mole, dm: NDArray[np.float64], nucleus: int) -> NDArray[np.float64]:
    """Expectation value of d2h/dB dm in London orbitals, (3, 3), units of alpha^2."""
    with mol.with_rinv_origin(mol.atom_coord(nucleus)):
        operator = mol.intor("int1e_giao_a11part", comp=9)
        phases = mol.intor("int1e_a01gp", comp=9)
    tensor = np.einsum("xmn,mn->x", operator, dm).reshape(3, 3)
    tensor -= np.eye(3) * tensor.trace()
    return tensor + np.einsum("xmn,mn->x", phases, dm).reshape(3, 3)


def paramagnetic(mol: gto.Mole, density: NDArray[np.float64], nucleus: int) -> NDArray[np.float64]:
    """First-order density times the nucleus-electron orbital term, (3, 3), units of alpha^2."""
    with mol.with_rinv_origin(mol.atom_coord(nucleus)):
        operator = mol.intor_asymmetric("int1e_prinvxp", 3)
    return 2 * np.einsum("xnm,ymn->xy", density, operator)
