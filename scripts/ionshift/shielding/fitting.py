"""Density fitting with the factors of one kernel in memory, for SCF, GIAO terms and CPHF.

Notation: (mn|P) is a three-centre integral, V the Coulomb matrix of the fitting functions,
M V M^T = 1 (M the inverse Cholesky factor), B = M (P|mn) the factors with (mn|kl) ~ B B.
"""

import numpy as np
import scipy.linalg
from pyscf import df, lib
from pyscf.gto import moleintor

from ionshift.shielding.basis import BASIS_ERRORS, UnusableCluster

BLOCK_BYTES = 2.5e8
OVERLAP_CUTOFF = 1e-8
LONGEST_GAP = 2  # shells
LONGEST_RUN = 40  # shells
EIGENVALUE_CUTOFF = 1e-10
ANTISYMMETRIC = 2


class FittedKernel:
    """Three-centre integrals of the Coulomb kernel, or of erf(omega r)/r for omega > 0.

    `with_exchange` keeps B of all pairs, which exchange needs; without it `factors` are the
    plain (P|mn) of the pairs that overlap: cheaper, smaller, and enough for the Coulomb part.
    """

    def __init__(self, mol, auxiliary_basis, with_exchange, omega=0.0):
        self.mol = mol
        self.omega = omega
        self.with_exchange = with_exchange
        self.auxmol = _auxiliary_molecule(mol, auxiliary_basis)
        self._joined = mol + self.auxmol
        self._metric_factor = self._factor_metric()
        self._runs = overlapping_runs(mol)
        self._pairs, self._columns = self._place_pairs()
        self.factors = self._integrals()
        if with_exchange:
            self.factors = self._whiten_in_place(self.factors)

    @property
    def n_auxiliary(self):
        """Number of fitting functions."""
        return self.auxmol.nao

    def _factor_metric(self):
        """Lower Cholesky factor of V, or the matrix M itself where V is near singular."""
        with self.auxmol.with_range_coulomb(self.omega):
            metric = self.auxmol.intor("int2c2e", hermi=1)
        if not self.omega:
            try:
                return "cholesky", scipy.linalg.cholesky(metric, lower=True)
            except scipy.linalg.LinAlgError:
                pass
        values, vectors = scipy.linalg.eigh(metric)
        kept = values > EIGENVALUE_CUTOFF * values[-1]
        return "inverse", (vectors[:, kept] / np.sqrt(values[kept])).T

    def whiten(self, vectors):
        """M @ vectors, vectors (auxiliary, anything)."""
        kind, factor = self._metric_factor
        if kind == "inverse":
            return factor @ vectors
        return scipy.linalg.solve_triangular(factor, vectors, lower=True, check_finite=False)

    def unwhiten(self, vectors):
        """M^T @ vectors: with `whiten` before it, V^-1."""
        kind, factor = self._metric_factor
        if kind == "inverse":
            return factor.T @ vectors
        return scipy.linalg.solve_triangular(
            factor, vectors, lower=True, trans="T", check_finite=False
        )

    def _auxiliary_blocks(self, bytes_per_function):
        """(first shell, last shell, first function, last function) of blocks that fit."""
        offsets = self.auxmol.ao_loc_nr()
        largest = max(24, int(BLOCK_BYTES / bytes_per_function))
        first = 0
        for shell in range(1, self.auxmol.nbas + 1):
            full = shell == self.auxmol.nbas or offsets[shell + 1] - offsets[first] > largest
            if full:
                yield first, shell, offsets[first], offsets[shell]
                first = shell

    def _phase_integrals(self, first, last):
        """(mn^B|P) of shells first..last of P: (3, auxiliary block, nao (nao + 1) / 2)."""
        n_bas = self.mol.nbas
        shells = (0, n_bas, 0, n_bas, n_bas + first, n_bas + last)
        with self._joined.with_range_coulomb(self.omega):
            integrals = self._joined.intor("int3c2e_ig1", comp=3, aosym="s2ij", shls_slice=shells)
        return integrals.transpose(0, 2, 1)

    def _place_pairs(self):
        """Packed lower-triangle indices of the pairs kept, and the column of each of all pairs."""
        n_pairs = self.mol.nao * (self.mol.nao + 1) // 2
        if self.with_exchange:
            return np.arange(n_pairs), np.arange(n_pairs)
        offsets = self.mol.ao_loc_nr()
        kept = np.zeros(n_pairs, dtype=bool)
        for i, j0, j1 in self._runs:
            for m in range(offsets[i], offsets[i + 1]):
                row = m * (m + 1) // 2
                kept[row + offsets[j0] : row + min(offsets[j1], m + 1)] = True
        return np.flatnonzero(kept), np.cumsum(kept) - 1

    def _run_integrals(self, name, components):
        """Integrals of each run of overlapping shells with all fitting functions.

        Yields (first row, last row, first column, integrals (components, P, columns, rows)).
        """
        offsets = self.mol.ao_loc_nr()
        n_bas, joined = self.mol.nbas, self._joined
        name = joined._add_suffix(name)
        with joined.with_range_coulomb(self.omega):
            environment = joined._atm, joined._bas, joined._env
            optimizer = moleintor.make_cintopt(*environment, name)
            all_offsets = moleintor.make_loc(joined._bas, name)
            for i, j0, j1 in self._runs:
                integrals = moleintor.getints3c(
                    name,
                    *environment,
                    shls_slice=(i, i + 1, j0, j1, n_bas, joined.nbas),
                    comp=components,
                    ao_loc=all_offsets,
                    cintopt=optimizer,
                )
                integrals = integrals.reshape(components, *integrals.shape[-3:])
                yield offsets[i], offsets[i + 1], offsets[j0], integrals.transpose(0, 3, 2, 1)

    def _integrals(self):
        """(P|mn) of the pairs kept, (auxiliary, columns); zero for pairs that do not overlap."""
        factors = np.zeros((self.n_auxiliary, len(self._pairs)))
        for row, last_row, column, integrals in self._run_integrals("int3c2e", 1):
            for m in range(row, last_row):
                width = min(integrals.shape[2], m + 1 - column)
                start = self._columns[m * (m + 1) // 2 + column]
                factors[:, start : start + width] = integrals[0, :, :width, m - row]
        return factors

    def _coulomb_derivative(self, coefficients):
        """sum_P (mn^B|P) c_P, the London phases of J, (3, nao, nao)."""
        lower = np.zeros((3, self.mol.nao, self.mol.nao))
        for row, last_row, column, integrals in self._run_integrals("int3c2e_ig1", 3):
            width = integrals.shape[2]
            block = coefficients @ integrals.reshape(3, len(coefficients), -1)
            block = block.reshape(3, width, last_row - row).transpose(0, 2, 1)
            lower[:, row:last_row, column : column + width] = block
        lower = np.tril(lower, -1)
        return lower - lower.transpose(0, 2, 1)

    def _whiten_in_place(self, factors):
        """B from (P|mn), written over it, some pairs at a time."""
        n_pairs = factors.shape[1]
        step = max(64, int(BLOCK_BYTES / (8 * self.n_auxiliary)))
        n_kept = self.n_auxiliary
        for start in range(0, n_pairs, step):
            part = slice(start, start + step)
            whitened = self.whiten(factors[:, part])
            n_kept = len(whitened)
            factors[:n_kept, part] = whitened
        return factors[:n_kept]

    def fit_density(self, dm):
        """Coefficients c_P = V^-1 (P|mn) D_mn of the fitted density of a symmetric dm."""
        projected = self.factors @ _packed_for_trace(dm)[self._pairs]
        return self.unwhiten(projected if self.with_exchange else self.whiten(projected))

    def coulomb(self, dm):
        """The Coulomb matrix of a symmetric dm."""
        if self.with_exchange:
            weights = self.factors @ _packed_for_trace(dm)
        else:
            weights = self.fit_density(dm)
        packed = np.zeros(len(dm) * (len(dm) + 1) // 2)
        packed[self._pairs] = weights @ self.factors
        return lib.unpack_tril(packed)

    def coulomb_and_exchange(self, dm):
        """Coulomb and exchange matrices of a symmetric dm, best one tagged with its orbitals."""
        fitting = df.DF(self.mol)
        fitting.auxmol, fitting._cderi = self.auxmol, self.factors
        return fitting.get_jk(dm, hermi=1)

    def giao_terms(self, dm, occupied, virtual, with_exchange):
        """Magnetic derivative of J and K by the London phases, per component of B.

        Returns (J1 (3, nao, nao), K1 (3, nvir, nocc) or None): J1_mn = sum_P (mn^B|P) c_P
        and K1 = K - K^T with K_mn = sum_Po (mo^B|P) V^-1 (P|on), occupied `o` once.
        The fitting functions carry no phase, hence only mn is differentiated.
        """
        coulomb = self._coulomb_derivative(self.fit_density(dm))
        return coulomb, self._exchange_derivative(occupied, virtual) if with_exchange else None

    def _exchange_derivative(self, occupied, virtual):
        """K - K^T of `giao_terms`, virtual-occupied block (3, nvir, nocc)."""
        nao, n_occ = occupied.shape
        half, occ_occ = self._occupied_factors(occupied)
        fitted = self.unwhiten(occ_occ.reshape(len(occ_occ), -1)).reshape(-1, n_occ, n_occ)
        exchange = np.zeros((3, nao, n_occ))
        derivative_oo = np.empty((3, self.n_auxiliary, n_occ, n_occ))
        for first, last, p0, p1 in self._auxiliary_blocks(8 * 5 * nao**2):
            integrals = self._phase_integrals(first, last)
            for axis in range(3):
                packed = np.ascontiguousarray(integrals[axis])
                square = lib.unpack_tril(packed, filltriu=ANTISYMMETRIC)
                moved = (square.reshape(-1, nao) @ occupied).reshape(p1 - p0, nao, n_occ)
                derivative_oo[axis, p0:p1] = np.matmul(occupied.T, moved)
                exchange[axis] += np.tensordot(moved, fitted[p0:p1], ([0, 2], [0, 1]))
        result = np.einsum("ma,xmi->xai", virtual, exchange)
        for axis in range(3):
            white = self.whiten(derivative_oo[axis].reshape(self.n_auxiliary, -1))
            white = white.reshape(-1, n_occ, n_occ)
            result[axis] -= virtual.T @ np.tensordot(half, white, ([0, 1], [0, 2]))
        return result

    def _occupied_factors(self, occupied):
        """B_om (auxiliary, nocc, nao) and B_oo (auxiliary, nocc, nocc)."""
        n_kept, nao, n_occ = len(self.factors), self.mol.nao, occupied.shape[1]
        half = np.empty((n_kept, n_occ, nao))
        step = max(8, int(BLOCK_BYTES / (16 * nao**2)))
        for start in range(0, n_kept, step):
            square = lib.unpack_tril(self.factors[start : start + step])
            moved = square.reshape(-1, nao) @ occupied
            half[start : start + step] = moved.reshape(-1, nao, n_occ).transpose(0, 2, 1)
        return half, half @ occupied

    def response_factors(self, occupied, virtual, dtype=np.float32):
        """Molecular-orbital factors for `ExchangeResponse`; overwrites the stored factors.

        The virtual-virtual block is written over the atomic-orbital factors (row by row: nao
        (nao + 1) / 2 doubles hold at least nvir^2 singles), so that no second large array exists.
        """
        n_kept, n_occ, n_vir = len(self.factors), occupied.shape[1], virtual.shape[1]
        b_oo = np.empty((n_kept, n_occ, n_occ), dtype)
        b_vo = np.empty((n_kept, n_vir, n_occ), dtype)
        rows = self.factors.view(dtype)
        for p in range(n_kept):
            square = lib.unpack_tril(self.factors[p])
            half = square @ occupied
            b_oo[p] = occupied.T @ half
            b_vo[p] = virtual.T @ half
            rows[p, : n_vir**2] = (virtual.T @ square @ virtual).ravel()
        self.factors = None
        return b_oo, b_vo, rows


def overlapping_runs(mol, cutoff=OVERLAP_CUTOFF):
    """Shells i with runs j0..j1 (j <= i) of shells that overlap them: (i, j0, j1) each.

    The estimated overlap must reach `cutoff`; short gaps are filled, long runs are split.
    """
    overlaps = mol.get_overlap_cond() < -np.log(cutoff)
    runs = []
    for i in range(mol.nbas):
        start = end = None
        for j in np.flatnonzero(overlaps[i, : i + 1]):
            if start is not None and (j - end > LONGEST_GAP or end - start >= LONGEST_RUN):
                runs.append((i, start, end))
                start = None
            start, end = (j if start is None else start), j + 1
        if start is not None:
            runs.append((i, start, end))
    return runs


def _auxiliary_molecule(mol, auxiliary_basis):
    """The fitting functions as a molecule; `UnusableCluster` where the set lacks an element."""
    try:
        return df.addons.make_auxmol(mol, auxiliary_basis)
    except BASIS_ERRORS:
        raise UnusableCluster(
            f"fitting basis {auxiliary_basis!r} is not known for all elements"
        ) from None


def _packed_for_trace(dm):
    """Lower triangle of a symmetric dm with off-diagonals doubled: trace(A D) = packed A . this."""
    packed = lib.pack_tril(dm + dm.T)
    packed[np.cumsum(np.arange(1, len(dm) + 1)) - 1] *= 0.5
    return packed


class ExchangeResponse:
    """The exchange part of the coupled-perturbed equations for imaginary perturbations.

    For a first-order change of the occupied orbitals X (virtual, occupied):
    R_ai = sum_jb [(ab|ji) - (aj|bi)] X_bj, by the fitted integrals; times -(exchange share).
    """

    def __init__(self, kernel, share, occupied, virtual):
        self.share = share
        self.b_oo, self.b_vo, self.b_vv = kernel.response_factors(occupied, virtual)

    def of_virtual(self, x):
        """Contribution of X = (3, nvir, nocc) to the virtual-occupied block."""
        n_vir, n_occ = x.shape[1:]
        single = x.astype(self.b_vo.dtype)
        result = np.zeros((n_vir, 3 * n_occ), single.dtype)
        for b_oo, b_vo, row in zip(self.b_oo, self.b_vo, self.b_vv, strict=True):
            b_vv = row[: n_vir**2].reshape(n_vir, n_vir)
            moved = single.reshape(-1, n_occ) @ b_oo
            result += b_vv @ moved.reshape(3, n_vir, n_occ).transpose(1, 0, 2).reshape(n_vir, -1)
            crossed = np.matmul(single.transpose(0, 2, 1), b_vo)  # (3, j, i)
            result -= b_vo @ crossed.transpose(1, 0, 2).reshape(n_occ, -1)
        return -self.share * result.reshape(n_vir, 3, n_occ).transpose(1, 0, 2).astype(float)

    def of_occupied(self, x):
        """Contribution of an occupied-occupied change (3, nocc, nocc), antisymmetric part too."""
        n_occ = x.shape[1]
        single = x.astype(self.b_vo.dtype)
        n_vir = self.b_vo.shape[1]
        result = np.zeros((n_vir, 3 * n_occ), single.dtype)
        for b_oo, b_vo in zip(self.b_oo, self.b_vo, strict=True):
            moved = np.matmul(single, b_oo)  # X_kj B_ji
            crossed = np.matmul(single.transpose(0, 2, 1), b_oo)  # X_kj B_ki
            result += b_vo @ (moved - crossed).transpose(1, 0, 2).reshape(n_occ, -1)
        return -self.share * result.reshape(n_vir, 3, n_occ).transpose(1, 0, 2).astype(float)
