"""How symmetric a first shell is, from the directions of its ligand atoms alone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.solvation.environments import origin
from ionshift.trajectories.cell import minimum_image

if TYPE_CHECKING:
    from ionshift.solvation.shells import ShellFinder


def asymmetry(directions: NDArray[np.float64]) -> float:
    """Length of the mean of unit vectors (n, 3) from the nucleus to the shell's ligand atoms.

    0 for a tetrahedron, an octahedron or any shell with a centre; 1 if all ligand atoms are on
    one side. It is the bond-orientational parameter of Steinhardt, Nelson and Ronchetti, Phys.
    Rev. B 28, 784 (1983), for l = 1. NaN for an empty shell.
    """
    if len(directions) == 0:
        return float("nan")
    return float(np.linalg.norm(np.mean(directions, axis=0)))


def tetrahedrality(directions: NDArray[np.float64]) -> float:
    """1 - 3/8 sum over pairs of (cos psi + 1/3)^2, psi the angle between two of four directions.

    Errington and Debenedetti, Nature 409, 318 (2001), who use the four nearest neighbours: 1 for
    a tetrahedron, 0 on average for four random directions. NaN unless `directions` is (4, 3).
    """
    if len(directions) != 4:
        return float("nan")
    cosines = np.array([a @ b for a, b in combinations(directions, 2)])
    return float(1 - 3 / 8 * np.sum((cosines + 1 / 3) ** 2))


def shell_symmetry(finders: Iterable[ShellFinder], stride: int) -> pd.DataFrame:
    """Symmetry of the shell of every nucleus in every `stride`-th frame.

    Returns
    -------
    DataFrame with replica, frame, time_ps, nucleus, asymmetry (ligand atoms within the cut-off) and
    tetrahedrality (the four nearest ligand atoms), in the order of the predictions
    """
    rows = []
    for replica, finder in enumerate(finders):
        for frame in finder.trajectory.frames(stride):
            for number, (nearest, inside) in enumerate(_directions(finder, frame)):
                values = {
                    "asymmetry": asymmetry(nearest[:inside]),
                    "tetrahedrality": tetrahedrality(nearest[:4]),
                }
                rows.append(origin(replica, frame, number) | values)
    return pd.DataFrame(rows)


def _directions(finder, frame):
    """Unit vectors to the ligand atoms by distance, and how many are in the shell."""
    for centre in finder.centres:
        vectors = minimum_image(
            frame.positions_A[finder.ligands] - frame.positions_A[centre], frame.cell_A
        )
        distances_A = np.linalg.norm(vectors, axis=1)
        order = np.argsort(distances_A, kind="stable")
        inside = int(np.sum(distances_A <= finder.cutoff_A))
        order = order[: max(inside, 4)]
        yield vectors[order] / distances_A[order, None], inside
