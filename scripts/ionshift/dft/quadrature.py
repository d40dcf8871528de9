"""Exchange-correlation quadrature with basis functions kept in memory.

PySCF evaluates the basis functions on the grid again in each SCF cycle. Here they are
evaluated once, cut into compact blocks of points that keep only the functions that reach
them, and used for all cycles and for the magnetic derivative of the XC matrix.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pyscf.dft import numint

from ionshift.dft.memory import return_freed_memory

if TYPE_CHECKING:
    from pyscf import gto

POINTS_PER_BLOCK = 448
POINTS_PER_EVALUATION = 16 * POINTS_PER_BLOCK
FUNCTION_CUTOFF = 1e-5
POINT_CUTOFF = 1e-7


@dataclass
class Block:
    """Grid points close together and the basis functions that reach them."""

    functions: np.ndarray  # indices of the basis functions, (n,)
    values: np.ndarray  # (1 or 4, n, points): value, d/dx, d/dy, d/dz
    weights: np.ndarray  # (points,)
    coords: np.ndarray  # (points, 3), bohr


def build_blocks(
    mol: gto.Mole,
    coords: NDArray[np.float64],
    weights: NDArray[np.float64],
    with_gradient: bool,
    dtype: type[np.floating] = np.float64,
    cutoff: float = FUNCTION_CUTOFF,
) -> list[Block]:
    """Evaluate the basis functions of `mol` on the grid and keep what is above `cutoff`."""
    name = "GTOval_sph_deriv1" if with_gradient else "GTOval_sph"
    if mol.cart:
        name = name.replace("sph", "cart")
    blocks = []
    for start in range(0, len(weights), POINTS_PER_EVALUATION):
        part = slice(start, start + POINTS_PER_EVALUATION)
        n_points = len(weights[part])
        values = mol.eval_gto(name, coords[part]).reshape(-1, n_points, mol.nao)
        values = values.transpose(0, 2, 1)  # as PySCF has them in memory
        matters = np.abs(weights[part]) * (values[0] ** 2).sum(axis=0) > POINT_CUTOFF
        points = np.flatnonzero(matters)
        for first in range(0, len(points), POINTS_PER_BLOCK):
            chosen = points[first : first + POINTS_PER_BLOCK]
            functions, kept = _compact(values, chosen, cutoff)
            kept = np.ascontiguousarray(kept, dtype=dtype)
            blocks.append(Block(functions, kept, weights[part][chosen], coords[part][chosen]))
    return blocks


def _compact(values, points, cutoff):
    """The functions that reach the stretch of the ascending `points`, their values at these."""
    stretch = values[:, :, points[0] : points[-1] + 1]
    functions = np.flatnonzero(np.abs(stretch).max(axis=(0, 2)) > cutoff)
    return functions, stretch[:, functions].take(points - points[0], axis=2)


class CachedNumInt(numint.NumInt):
    """PySCF's quadrature with the basis functions of one molecule and one grid kept.

    Closed shells; LDA and GGA parts only. What goes beyond `budget_bytes` is evaluated again
    each time. `exchange_share` replaces the functional's exact exchange for PySCF's SCF, whose
    exchange matrix is then the functional's own operator. `forget()` frees the memory.
    """

    def __init__(self, dtype=np.float64, budget_bytes=np.inf, exchange_share=None):
        super().__init__()
        self.dtype = dtype
        self.budget_bytes = budget_bytes
        self.exchange_share = exchange_share
        self.forget()

    def forget(self) -> None:
        """Drop the basis functions kept."""
        self._grid = None
        self._kept: list[Block] = []
        self._n_kept, self._bytes_kept = 0, 0
        return_freed_memory()

    def rsh_and_hybrid_coeff(self, xc_code: str, spin: int = 0) -> tuple[float, float, float]:
        """(omega, long-range share, share) of exact exchange."""
        if self.exchange_share is None:
            return super().rsh_and_hybrid_coeff(xc_code, spin)
        return 0.0, self.exchange_share, self.exchange_share

    def blocks(self, mol: gto.Mole, grids: Any, xctype: str) -> Iterator[Block]:
        """The blocks of this grid, one after another."""
        if self._grid is not grids.coords:
            self.forget()
            self._grid = grids.coords
        yield from list(self._kept)
        for start in range(self._n_kept, len(grids.weights), POINTS_PER_EVALUATION):
            part = slice(start, start + POINTS_PER_EVALUATION)
            found = build_blocks(
                mol, grids.coords[part], grids.weights[part], xctype == "GGA", self.dtype
            )
            if self._n_kept == start and self._bytes_kept < self.budget_bytes:
                self._kept += found
                self._n_kept = part.stop
                self._bytes_kept += sum(block.values.nbytes for block in found)
            yield from found

    def potential_on_block(
        self, xc: str, xctype: str, block: Block, dm: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """(weighted XC potential (1 or 4, points), energy density, density) on one block."""
        dm_block = dm[np.ix_(block.functions, block.functions)].astype(self.dtype)
        contracted = dm_block @ block.values[0]
        rho = np.einsum("xig,ig->xg", block.values, contracted).astype(np.float64)
        rho[1:] *= 2
        energy, potential = self.eval_xc_eff(
            xc, rho[0] if xctype == "LDA" else rho, deriv=1, xctype=xctype
        )[:2]
        return potential * block.weights, energy, rho[0]

    def nr_rks(
        self,
        mol: gto.Mole,
        grids: Any,
        xc_code: str,
        dms: NDArray[np.float64],
        relativity: int = 0,
        hermi: int = 1,
        max_memory: float = 2000,
        verbose: int | None = None,
    ) -> tuple[float, float, NDArray[np.float64]]:
        """Electron count, XC energy and XC matrix, as `pyscf.dft.numint.nr_rks` gives them."""
        xctype = self._xc_type(xc_code)
        dm = np.asarray(dms)
        matrix = np.zeros((mol.nao, mol.nao))
        n_electrons = energy = 0.0
        if xctype == "HF":
            return n_electrons, energy, matrix
        for block in self.blocks(mol, grids, xctype):
            potential, density_energy, rho = self.potential_on_block(xc_code, xctype, block, dm)
            n_electrons += rho @ block.weights
            energy += (rho * block.weights) @ density_energy
            potential[0] *= 0.5
            part = block.values[0] @ _weighted(block.values, potential).T
            matrix[np.ix_(block.functions, block.functions)] += part
        return n_electrons, energy, matrix + matrix.T

    def position_weighted(
        self, mol: gto.Mole, grids: Any, xc_code: str, dm: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Three XC matrices with the potential times x, y, z (bohr); see `giao.xc_derivative`."""
        xctype = self._xc_type(xc_code)
        matrices = np.zeros((3, mol.nao, mol.nao))
        if xctype == "HF":
            return matrices
        for block in self.blocks(mol, grids, xctype):
            potential, _, _ = self.potential_on_block(xc_code, xctype, block, dm)
            square = np.ix_(block.functions, block.functions)
            for axis in range(3):
                weighted = potential * block.coords[:, axis]
                if xctype == "GGA":
                    weighted[0] += potential[1 + axis]
                weighted[0] *= 0.5
                part = block.values[0] @ _weighted(block.values, weighted).T
                matrices[axis][square] += part
        return matrices + matrices.transpose(0, 2, 1)


def _weighted(values, potential):
    """sum_x values[x] * potential[x] over value and gradient components, (n, points)."""
    return np.einsum("xig,xg->ig", values, potential.astype(values.dtype))
