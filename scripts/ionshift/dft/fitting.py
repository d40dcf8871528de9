"""Density fitting with the factors of one kernel in memory, for SCF, GIAO terms and CPHF.

Notation: (mn|P) is a three-centre integral, V the Coulomb matrix of the fitting functions,
M V M^T = 1 (M the inverse Cholesky factor), B = M (P|mn) the factors with (mn|kl) ~ B B.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from pyscf import df, gto, lib
from pyscf.gto import moleintor

from ionshift.dft.basis import BASIS_ERRORS, UnusableCluster
from ionshift.dft.memory import return_freed_memory

BLOCK_BYTES = 8e7
DOUBLE_BYTES = 2e9  # integrals of the Coulomb part that take more are kept in single precision
PHASE_BYTES = 3e8  # the same for the occupied pairs' London phases
OVERLAP_CUTOFF = 1e-6  # a label of 44 atoms moves by 9e-6 ppm against 1e-8
LONGEST_GAP = 2  # shells
LONGEST_RUN = 40  # shells
EIGENVALUE_CUTOFF = 1e-10
DENSITY_CUTOFF = 1e-12
ANTISYMMETRIC = 2


@dataclass(frozen=True)
class Exchange:
    """Exact exchange of a functional: shares at short and at long range, divided by omega.

    The exchange operator is short_range / r + (long_range - short_range) erf(omega r) / r
    (Leininger, Stoll, Werner and Savin, Chem. Phys. Lett. 275, 151 (1997)), omega in 1/bohr.
    """

    short_range: float
    long_range: float
    omega: float

    def __bool__(self):
        return bool(self.short_range or self.long_range)

    @property
    def is_global(self) -> bool:
        """True where the share is the same at all distances."""
        return self.short_range == self.long_range

    @property
    def terms(self) -> tuple[tuple[float, float], ...]:
        """The operator as a sum of (coefficient, omega), omega = 0 for 1 / r."""
        both = (self.short_range, 0.0), (self.long_range - self.short_range, self.omega)
        return tuple(term for term in both if term[0])


class TwoElectron:
    """Coulomb and exchange of one molecule and functional, by density fitting.

    A global hybrid takes both from one kernel. A range-separated one fits its exchange
    operator, short and long range together, as one kernel of its own.
    """

    def __init__(self, mol, auxiliary_basis, exchange):
        self.exchange = exchange
        if exchange.is_global:
            self.share = exchange.short_range
            self._coulomb = FittedKernel(mol, auxiliary_basis, with_exchange=bool(exchange))
            self._exchange = self._coulomb
        else:
            self.share = 1.0
            self._coulomb = FittedKernel(mol, auxiliary_basis, with_exchange=False)
            self._exchange = FittedKernel(mol, auxiliary_basis, True, exchange.terms)

    @property
    def n_bytes(self) -> int:
        """Memory of the factors kept."""
        kernels = {id(kernel): kernel for kernel in (self._coulomb, self._exchange)}
        return sum(kernel.factors.nbytes for kernel in kernels.values())

    def coulomb(self, dm: NDArray[np.float64]) -> NDArray[np.float64]:
        """The Coulomb matrix of a symmetric dm."""
        return self._coulomb.coulomb(dm)

    def coulomb_and_exchange(
        self, dm: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coulomb and exchange (times `share`: the functional's) matrices of a symmetric dm."""
        if self._exchange is self._coulomb:
            return self._exchange.coulomb_and_exchange(dm)
        return self._coulomb.coulomb(dm), self._exchange.coulomb_and_exchange(dm)[1]

    def giao_terms(
        self, dm: NDArray[np.float64], occupied: NDArray[np.float64], virtual: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | float]:
        """(J1, share x K1) of `FittedKernel`; K1 is 0 without exact exchange."""
        coulomb = self._coulomb.coulomb_derivative(dm)
        return_freed_memory()
        if not self.exchange:
            return coulomb, 0.0
        exchange = self.share * self._exchange.exchange_derivative(occupied, virtual)
        return_freed_memory()
        return coulomb, exchange

    def response(
        self, occupied: NDArray[np.float64], virtual: NDArray[np.float64]
    ) -> ExchangeResponse:
        """The `ExchangeResponse` of the coupled equations."""
        return ExchangeResponse(self._exchange, self.share, occupied, virtual)


class FittedKernel:
    """Three-centre integrals of an electron-electron operator, kept for one molecule.

    The operator is a sum of (coefficient, omega): 1 / r for omega = 0, else erf(omega r) / r.
    Only pairs that overlap are kept. `with_exchange` keeps B (single precision: half the memory;
    sums run in double), which exchange needs; without it `factors` are the plain (P|mn):
    cheaper, and enough for the Coulomb part. They are in double precision up to `DOUBLE_BYTES`.
    """

    def __init__(self, mol, auxiliary_basis, with_exchange, terms=((1.0, 0.0),)):
        self.mol = mol
        self.terms = terms
        self.with_exchange = with_exchange
        self.auxmol = _auxiliary_molecule(mol, auxiliary_basis)
        self._joined = mol + self.auxmol
        self._metric_factor = self._factor_metric()
        self._runs = overlapping_runs(mol)
        self._pairs, self._columns = self._place_pairs()
        self.factors = self._integrals()

    @property
    def n_auxiliary(self) -> int:
        """Number of fitting functions."""
        return self.auxmol.nao

    def _factor_metric(self):
        """Lower Cholesky factor of V, or the matrix M itself where V is near singular."""
        metric = 0.0
        for coefficient, omega in self.terms:
            with self.auxmol.with_range_coulomb(omega):
                metric = metric + coefficient * self.auxmol.intor("int2c2e", hermi=1)
        if any(omega == 0 for _, omega in self.terms):
            try:
                return "cholesky", scipy.linalg.cholesky(metric, lower=True)
            except scipy.linalg.LinAlgError:
                pass
        values, vectors = scipy.linalg.eigh(metric)
        kept = values > EIGENVALUE_CUTOFF * values[-1]
        return "inverse", (vectors[:, kept] / np.sqrt(values[kept])).T

    def whiten(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """M @ vectors, vectors (auxiliary, anything)."""
        kind, factor = self._metric_factor
        if kind == "inverse":
            return factor @ vectors
        return scipy.linalg.solve_triangular(factor, vectors, lower=True, check_finite=False)

    def unwhiten(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
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
        largest = BLOCK_BYTES / bytes_per_function
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
        total = None
        for coefficient, omega in self.terms:
            with self._joined.with_range_coulomb(omega):
                integrals = self._joined.intor(
                    "int3c2e_ig1", comp=3, aosym="s2ij", shls_slice=shells
                )
            if coefficient != 1:
                integrals *= coefficient
            total = integrals if total is None else np.add(total, integrals, out=total)
        return total.transpose(0, 2, 1)

    def _place_pairs(self):
        """Packed lower-triangle indices of the pairs kept, and the column of each of all pairs."""
        n_pairs = self.mol.nao * (self.mol.nao + 1) // 2
        offsets = self.mol.ao_loc_nr()
        kept = np.zeros(n_pairs, dtype=bool)
        for i, j0, j1 in self._runs:
            for m in range(offsets[i], offsets[i + 1]):
                row = m * (m + 1) // 2
                kept[row + offsets[j0] : row + min(offsets[j1], m + 1)] = True
        return np.flatnonzero(kept), np.cumsum(kept) - 1

    def _run_integrals(self, name, components, runs):
        """Integrals of runs of overlapping shells with all fitting functions.

        Yields (first row, last row, first column, integrals (components, P, columns, rows)).
        """
        offsets = self.mol.ao_loc_nr()
        n_bas, joined = self.mol.nbas, self._joined
        name = joined._add_suffix(name)
        all_offsets = moleintor.make_loc(joined._bas, name)
        operators = []
        for coefficient, omega in self.terms:
            numbers = joined._env.copy()
            numbers[gto.PTR_RANGE_OMEGA] = omega
            environment = joined._atm, joined._bas, numbers
            operators.append((coefficient, environment, moleintor.make_cintopt(*environment, name)))
        for i, j0, j1 in runs:
            total = None
            for coefficient, environment, optimizer in operators:
                integrals = moleintor.getints3c(
                    name,
                    *environment,
                    shls_slice=(i, i + 1, j0, j1, n_bas, joined.nbas),
                    comp=components,
                    ao_loc=all_offsets,
                    cintopt=optimizer,
                )
                if coefficient != 1:
                    integrals *= coefficient
                total = integrals if total is None else total + integrals
            total = total.reshape(components, *total.shape[-3:])
            yield offsets[i], offsets[i + 1], offsets[j0], total.transpose(0, 3, 2, 1)

    def _integrals(self):
        """(P|mn), or B, of the pairs kept, (auxiliary, columns)."""
        if not self.with_exchange:
            factors = _zeros((self.n_auxiliary, len(self._pairs)), DOUBLE_BYTES)
            self._fill(factors, self._runs, 0)
            return factors
        factors = np.empty((self._n_whitened, len(self._pairs)), np.float32)
        for runs, first, last in self._column_groups():
            block = np.zeros((self.n_auxiliary, last - first))
            self._fill(block, runs, first)
            factors[:, first:last] = self.whiten(block)
        return factors

    @property
    def _n_whitened(self):
        """Number of rows of B: fewer than fitting functions where V is near singular."""
        return len(self._metric_factor[1])

    def _column_groups(self):
        """Runs in groups whose integrals fit a block, with their first and last column."""
        offsets = self.mol.ao_loc_nr()
        largest = BLOCK_BYTES / (8 * self.n_auxiliary)
        ends = [
            np.searchsorted(self._pairs, offsets[i + 1] * (offsets[i + 1] + 1) // 2)
            for i in range(self.mol.nbas)
        ]
        group, first = [], 0
        for number, run in enumerate(self._runs):
            group.append(run)
            shell_ends = number + 1 == len(self._runs) or self._runs[number + 1][0] != run[0]
            complete = number + 1 == len(self._runs) or ends[run[0]] - first > largest
            if shell_ends and complete:
                yield group, first, ends[run[0]]
                group, first = [], ends[run[0]]

    def _fill(self, target, runs, first):
        """Write the integrals of `runs` to `target`, whose column 0 is column `first`."""
        for row, last_row, column, integrals in self._run_integrals("int3c2e", 1, runs):
            for m in range(row, last_row):
                width = min(integrals.shape[2], m + 1 - column)
                start = self._columns[m * (m + 1) // 2 + column] - first
                target[:, start : start + width] = integrals[0, :, :width, m - row]

    def coulomb_derivative(self, dm: NDArray[np.float64]) -> NDArray[np.float64]:
        """The London phases of J, sum_P (mn^B|P) c_P with c = V^-1 (P|mn) D_mn, (3, nao, nao).

        The fitting functions carry no phase, hence only mn is differentiated.
        """
        coefficients = self.fit_density(dm)
        lower = np.zeros((3, self.mol.nao, self.mol.nao))
        for row, last_row, column, integrals in self._run_integrals("int3c2e_ig1", 3, self._runs):
            width = integrals.shape[2]
            block = coefficients @ integrals.reshape(3, len(coefficients), -1)
            block = block.reshape(3, width, last_row - row).transpose(0, 2, 1)
            lower[:, row:last_row, column : column + width] = block
        lower = np.tril(lower, -1)
        return lower - lower.transpose(0, 2, 1)

    def _rows(self):
        """Blocks of the factors in double precision: (rows, factors (rows, columns))."""
        step = max(8, int(BLOCK_BYTES / (8 * len(self._pairs))))
        for start in range(0, len(self.factors), step):
            rows = slice(start, min(start + step, len(self.factors)))
            yield rows, np.asarray(self.factors[rows], float)

    def fit_density(self, dm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coefficients c_P = V^-1 (P|mn) D_mn of the fitted density of a symmetric dm."""
        traced = _packed_for_trace(dm)[self._pairs]
        fitted = np.concatenate([block @ traced for _, block in self._rows()])
        return self.unwhiten(fitted if self.with_exchange else self.whiten(fitted))

    def coulomb(self, dm: NDArray[np.float64]) -> NDArray[np.float64]:
        """The Coulomb matrix of a symmetric dm."""
        packed = np.zeros(len(dm) * (len(dm) + 1) // 2)
        if self.with_exchange:
            traced = _packed_for_trace(dm)[self._pairs]
            packed[self._pairs] = sum((block @ traced) @ block for _, block in self._rows())
        else:
            fitted = self.fit_density(dm)
            packed[self._pairs] = sum(fitted[rows] @ block for rows, block in self._rows())
        return lib.unpack_tril(packed)

    def coulomb_and_exchange(
        self, dm: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coulomb and exchange matrices of a symmetric dm, best one tagged with its orbitals."""
        nao = self.mol.nao
        orbitals, signs = _orbitals_of(dm)
        upper = np.zeros((nao, nao), order="F")
        for sign in np.unique(signs):
            for _, half in self._half_transformed(orbitals[:, signs == sign]):
                upper = scipy.linalg.blas.dsyrk(
                    sign, half.reshape(-1, nao).T, beta=1.0, c=upper, overwrite_c=1
                )
        return self.coulomb(dm), upper + np.triu(upper, 1).T

    def exchange_derivative(
        self, occupied: NDArray[np.float64], virtual: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The London phases of K, virtual-occupied block (3, nvir, nocc).

        K - K^T with K_mn = sum_Po (mo^B|P) V^-1 (P|on), every occupied orbital o once.
        """
        nao, n_occ = occupied.shape
        exchange = np.zeros((3, nao, n_occ))
        phases = _zeros((3, self.n_auxiliary, n_occ * (n_occ + 1) // 2), PHASE_BYTES)
        fitted = phases[0]  # its rows are read before the phases of the same functions come there
        self._occupied_pairs(occupied, fitted)
        _replace(fitted, self.unwhiten, self._n_whitened)
        for first, last, p0, p1 in self._auxiliary_blocks(8 * 5 * nao**2):
            integrals = self._phase_integrals(first, last)
            densities = lib.unpack_tril(np.asarray(fitted[p0:p1], float))
            for axis in range(3):
                packed = np.ascontiguousarray(integrals[axis])
                square = lib.unpack_tril(packed, filltriu=ANTISYMMETRIC)
                moved = (square.reshape(-1, nao) @ occupied).reshape(p1 - p0, nao, n_occ)
                phases[axis, p0:p1] = lib.pack_tril(np.matmul(occupied.T, moved))
                exchange[axis] += np.tensordot(moved, densities, ([0, 2], [0, 1]))
        for axis in range(3):
            _replace(phases[axis], self.whiten, self.n_auxiliary)
        for rows, half in self._half_transformed(occupied):
            for axis in range(3):
                packed = phases[axis, rows].astype(float)
                white = lib.unpack_tril(packed, filltriu=ANTISYMMETRIC)
                exchange[axis] -= np.tensordot(half, white, ([0, 1], [0, 2]))
        return np.matmul(virtual.T, exchange)

    def _occupied_pairs(self, occupied, pairs):
        """Write B_oo of the occupied pairs to `pairs` (auxiliary, lower triangles packed).

        The rows are those of B, what is left of `n_auxiliary` after them is not touched.
        """
        for rows, half in self._half_transformed(occupied):
            pairs[rows] = lib.pack_tril(np.matmul(half, occupied))

    def squares(self, dtype: type[np.floating] = np.float32) -> Iterator[NDArray[np.floating]]:
        """Every B_P as a full (nao, nao) matrix, one after another.

        All are written to one array: use each before the next.
        """
        nao = self.mol.nao
        columns = np.full(nao * (nao + 1) // 2, len(self._pairs))
        columns[self._pairs] = np.arange(len(self._pairs))
        places = np.empty((nao, nao), columns.dtype)
        lower = np.tril_indices(nao)
        places[lower] = places.T[lower] = columns
        with_zero = np.zeros(len(self._pairs) + 1, dtype)
        square = np.empty((nao, nao), dtype)
        for factors in self.factors:
            with_zero[:-1] = factors
            yield np.take(with_zero, places, out=square, mode="clip")

    def _half_transformed(self, orbitals):
        """Blocks of orbitals^T B_P: (rows of B, (rows, orbitals, nao)), in double precision.

        All are written to one array: use each before the next.
        """
        nao, n_orbitals = orbitals.shape
        step = max(8, int(BLOCK_BYTES / (8 * nao * n_orbitals)))
        block = np.empty((step, n_orbitals, nao))
        left = np.ascontiguousarray(orbitals.T)
        squares = self.squares(float)
        for start in range(0, len(self.factors), step):
            rows = slice(start, min(start + step, len(self.factors)))
            half = block[: rows.stop - start]
            for target in half:
                np.matmul(left, next(squares), out=target)
            yield rows, half


def _replace(vectors, transform, n_rows):
    """Put `transform` of the first `n_rows` rows in the place of vectors, a block at a time."""
    step = max(1, int(BLOCK_BYTES / (8 * len(vectors))))
    for start in range(0, vectors.shape[1], step):
        columns = slice(start, start + step)
        changed = transform(np.asarray(vectors[:n_rows, columns], float))
        vectors[: len(changed), columns] = changed


def _zeros(shape, double_bytes):
    """An array in double precision, or in single precision if that takes over `double_bytes`."""
    return np.zeros(shape, np.float32 if 8 * np.prod(shape) > double_bytes else float)


def overlapping_runs(mol: gto.Mole) -> list[tuple[int, int, int]]:
    """Shells i with runs j0..j1 (j <= i) of shells that overlap them: (i, j0, j1) each.

    The estimated overlap must reach `OVERLAP_CUTOFF`; short gaps are filled, long runs are split.
    """
    overlaps = mol.get_overlap_cond() < -np.log(OVERLAP_CUTOFF)
    runs: list[tuple[int, int, int]] = []
    for i in range(mol.nbas):
        start: int | None = None
        end = 0
        for j in np.flatnonzero(overlaps[i, : i + 1]).tolist():
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


def _orbitals_of(dm):
    """Vectors v and signs s with dm = sum_k s_k v_k v_k^T, few if dm has orbitals or low rank."""
    if getattr(dm, "mo_coeff", None) is not None:
        occupied = dm.mo_occ > 0
        vectors = dm.mo_coeff[:, occupied] * np.sqrt(dm.mo_occ[occupied])
        return vectors, np.ones(vectors.shape[1])
    values, vectors = scipy.linalg.eigh(dm)
    kept = np.abs(values) > DENSITY_CUTOFF * np.abs(values).max()
    return vectors[:, kept] * np.sqrt(np.abs(values[kept])), np.sign(values[kept])


class ExchangeResponse:
    """The exchange part of the coupled-perturbed equations for imaginary perturbations.

    For a first-order change of the occupied orbitals Y (function, occupied):
    R_ai = sum_mj [(am|ji) - (aj|mi)] Y_mj, by the fitted integrals; times -(exchange share).
    Works in single precision; the residual of the equations tells what that costs. No integrals
    of orbitals are kept: half transforming the factors again costs a quarter of an application.
    """

    def __init__(self, kernel, share, occupied, virtual):
        self.kernel = kernel
        self.share = share
        self.occupied = occupied.astype(np.float32)
        self.virtual = virtual.astype(np.float32)

    def of_virtual(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Contribution of X = (3, nvir, nocc) to the virtual-occupied block."""
        return self._of_change(np.matmul(self.virtual, x.astype(np.float32)))

    def of_occupied(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Contribution of an occupied-occupied change (3, nocc, nocc), antisymmetric part too."""
        return self._of_change(np.matmul(self.occupied, x.astype(np.float32)))

    def _of_change(self, change):
        """R of a change (3, nao, nocc) in double precision, (3, nvir, nocc)."""
        _, n_ao, n_occ = change.shape
        stacked = np.ascontiguousarray(change.transpose(1, 0, 2)).reshape(-1, n_occ)
        backwards = np.ascontiguousarray(change.transpose(0, 2, 1)).reshape(-1, n_ao)
        result = np.zeros((n_ao, 3 * n_occ), np.float32)
        for square in self.kernel.squares():
            half = square @ self.occupied
            b_oo = self.occupied.T @ half
            exchanged = (backwards @ half).reshape(3, n_occ, n_occ)
            result += square @ (stacked @ b_oo).reshape(n_ao, -1)
            result -= half @ exchanged.transpose(1, 0, 2).reshape(n_occ, -1)
        blocks = (self.virtual.T @ result).reshape(-1, 3, n_occ).transpose(1, 0, 2)
        return -self.share * blocks.astype(float)
