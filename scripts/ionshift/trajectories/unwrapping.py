"""Paths through periodic images: successive frames joined by the shortest images."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionshift.core.errors import InputError
from ionshift.trajectories.cell import ambiguity, minimum_image, reach_A

MAX_JUMP = 0.4


def unwrapped_A(
    positions_A: NDArray[np.float64], cell_A: ArrayLike, where: str, remedy: str
) -> NDArray[np.float64]:
    """Positions (n_frames, n, 3) in A without jumps through the sides of the cell.

    Parameters
    ----------
    cell_A : (3, 3) mean cell
    where, remedy : beginning and end of the message

    Raises
    ------
    InputError
        if one moves by more than `MAX_JUMP` of the period of the cell between two frames.
    """
    steps_A = minimum_image(np.diff(positions_A, axis=0), cell_A)
    if steps_A.size and ambiguity(steps_A, cell_A) > MAX_JUMP:
        raise InputError(
            f"{where} moves by {np.abs(steps_A).max():.1f} A between two frames, too near half the "
            f"box ({reach_A(cell_A):.1f} A) to follow it; {remedy}"
        )
    return np.concatenate([positions_A[:1], positions_A[0] + np.cumsum(steps_A, axis=0)])
