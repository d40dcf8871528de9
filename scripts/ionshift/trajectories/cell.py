"""Periodic cells of any shape: shortest images, volumes, and how far a cut-off may reach.

A cell holds its three vectors as rows, (3, 3) in A; the edges (3,) of a rectangular box serve as
well. `ase.geometry.find_mic` is not used: it takes the plain rounding of fractional coordinates
for safe below half the shortest *cell vector*, but in a strongly skewed cell the lattice has
shorter vectors than those of the cell. The reduction of the lattice is ASE's.
"""

from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionshift.core.errors import InputError

Array = NDArray[np.float64]

# Below this share of the product of its edges, the volume of a cell is that of rounded numbers.
FLAT = 1e-6
# A shorter image must be shorter by more than rounding.
ROUNDING = 1e-12


class Lattice(NamedTuple):
    """A cell by vectors as short as possible (Minkowski-reduced).

    Attributes
    ----------
    vectors_A, inverse : (3, 3)
    images_A : (26, 3) sums of -1, 0 or 1 of each vector; those that bound the region of the
        shortest images are among them
    reach_A : half the shortest vector of the lattice
    """

    vectors_A: Array
    inverse: Array
    images_A: Array
    reach_A: float


def right_handed(cell_A: ArrayLike, where: str) -> Array:
    """The cell (3, 3) in A, its vectors turned over if they are left-handed: one lattice.

    Raises
    ------
    InputError
        that begins with `where`, if the vectors are not finite or span no volume.
    """
    cell_A = np.array(cell_A, float)
    volume_A3 = np.linalg.det(cell_A)
    edges_A = np.linalg.norm(cell_A, axis=1)
    if not np.isfinite(volume_A3) or abs(volume_A3) <= FLAT * edges_A.prod():
        raise InputError(
            f"{where} has no periodic cell: the vectors {np.round(cell_A, 4).tolist()} A span no "
            "volume; write three independent cell vectors with every frame"
        )
    return cell_A if volume_A3 > 0 else -cell_A


def rectangular_edges_A(cell_A: ArrayLike) -> Array | None:
    """Edges (3,) of a cell whose vectors lie along x, y and z; None for any other cell."""
    cell_A = np.asarray(cell_A, float)
    if cell_A.ndim == 1:
        return cell_A
    edges_A = cell_A.diagonal()
    return edges_A if np.count_nonzero(cell_A) == np.count_nonzero(edges_A) else None


def lattice(cell_A: ArrayLike) -> Lattice:
    """The `Lattice` of a cell; cells seen before are looked up."""
    cell_A = np.asarray(cell_A, float)
    return _lattice((np.diag(cell_A) if cell_A.ndim == 1 else cell_A).tobytes())


@lru_cache(maxsize=64)
def _lattice(cell: bytes) -> Lattice:
    from ase.geometry import minkowski_reduce

    vectors_A = np.array(minkowski_reduce(np.frombuffer(cell).reshape(3, 3).copy())[0][:])
    steps = np.array([step for step in product((-1, 0, 1), repeat=3) if any(step)])
    images_A = steps @ vectors_A
    reach_A = float(np.linalg.norm(images_A, axis=1).min()) / 2
    return Lattice(vectors_A, np.linalg.inv(vectors_A), images_A, reach_A)


def minimum_image(vectors_A: Array, cell_A: ArrayLike) -> Array:
    """Vectors (..., 3) folded to their shortest periodic images, in a cell of any shape."""
    edges_A = rectangular_edges_A(cell_A)
    if edges_A is not None:
        return vectors_A - edges_A * np.round(vectors_A / edges_A)
    reduced = lattice(cell_A)
    folded_A = np.reshape(vectors_A, (-1, 3))
    folded_A = folded_A - np.round(folded_A @ reduced.inverse) @ reduced.vectors_A
    # What is no longer than half the shortest vector of the lattice has no shorter image.
    far = np.flatnonzero(np.sum(folded_A**2, axis=1) > reduced.reach_A**2)
    while len(far):
        nearest_A = _nearest(folded_A[far], reduced.images_A)
        moved = np.any(nearest_A != folded_A[far], axis=1)
        folded_A[far] = nearest_A
        far = far[moved]
    return folded_A.reshape(np.shape(vectors_A))


def _nearest(vectors_A: Array, images_A: Array) -> Array:
    """The shortest of every vector (n, 3) and its copies moved by one of the images."""
    nearest_A, shortest = vectors_A.copy(), np.sum(vectors_A**2, axis=1)
    for image_A in images_A:
        moved_A = vectors_A + image_A
        squares = np.sum(moved_A**2, axis=1)
        closer = squares < shortest * (1 - ROUNDING)
        nearest_A[closer], shortest[closer] = moved_A[closer], squares[closer]
    return nearest_A


def fractional(vectors_A: Array, cell_A: ArrayLike) -> Array:
    """Vectors (n, 3) in units of the cell vectors."""
    edges_A = rectangular_edges_A(cell_A)
    if edges_A is not None:
        return vectors_A / edges_A
    return np.asarray(vectors_A @ np.linalg.inv(np.asarray(cell_A, float)))


def reach_A(cell_A: ArrayLike) -> float:
    """Half the shortest vector of the lattice: within it no atom has two images.

    In a rectangular box this is half the shortest edge. It does not depend on which cell vectors
    describe the lattice, as half the smallest perpendicular width does.
    """
    edges_A = rectangular_edges_A(cell_A)
    return float(np.abs(edges_A).min()) / 2 if edges_A is not None else lattice(cell_A).reach_A


def volume_A3(cell_A: ArrayLike) -> float:
    """Volume of a cell."""
    edges_A = rectangular_edges_A(cell_A)
    return float(
        abs(np.linalg.det(np.asarray(cell_A, float)) if edges_A is None else np.prod(edges_A))
    )


def ambiguity(vectors_A: Array, cell_A: ArrayLike) -> float:
    """How near shortest images (..., 3) come to where another image is as short, which is 0.5.

    In a rectangular box this is the largest component as a share of its edge.
    """
    edges_A = rectangular_edges_A(cell_A)
    if edges_A is not None:
        return float(np.abs(vectors_A / edges_A).max())
    return max(float((vectors_A @ one).max() / (one @ one)) for one in lattice(cell_A).images_A)


def cubic_edge_A(cell_A: ArrayLike, tolerance: float) -> float:
    """Edge of a lattice that is cubic within a relative tolerance, else NaN."""
    edges_A = rectangular_edges_A(cell_A)
    if edges_A is None:
        vectors_A = lattice(cell_A).vectors_A
        edges_A = np.linalg.norm(vectors_A, axis=1)
        products = vectors_A @ vectors_A.T / np.outer(edges_A, edges_A)
        if np.abs(products - np.eye(3)).max() > tolerance:
            return float("nan")
    mean_A = float(edges_A.mean())
    return mean_A if np.ptp(edges_A) < tolerance * mean_A else float("nan")
