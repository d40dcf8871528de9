"""EFG tensors of nuclei along a run, and their averages over windows of time."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionshift.core.errors import InputError

Array = NDArray[np.float64]

# Rounding of a window against whole steps.
STEP_TOLERANCE = 1e-3


@dataclass(frozen=True)
class EfgRun:
    """One replica, its frames stored at equal steps.

    Attributes
    ----------
    tensors_au : (n_frames, n_nuclei, 3, 3), traceless and symmetric
    step_ps : time between frames
    source : file that it was read from
    positions_A : (n_frames, n_nuclei, 3) of the nuclei, or None
    cell_A : (3, 3) mean cell, or None
    """

    tensors_au: Array
    step_ps: float
    source: str = ""
    positions_A: Array | None = None
    cell_A: Array | None = None

    @property
    def n_frames(self) -> int:
        return len(self.tensors_au)

    @property
    def n_nuclei(self) -> int:
        return self.tensors_au.shape[1]

    @property
    def length_ps(self) -> float:
        """Time from the first to the last frame."""
        return self.step_ps * (self.n_frames - 1)


def averaged(run: EfgRun, window_ps: float) -> EfgRun:
    """Tensors averaged over windows that follow one another; 0 leaves the run as it is.

    The step of the result is the window, so lag 0 compares a window with itself and every other
    lag compares windows that share no frame. A last window that is not full is left out, and the
    result has no positions.

    Raises
    ------
    InputError
        if the window is no whole number of steps, or longer than half the run.
    """
    n_steps = round(window_ps / run.step_ps)
    if window_ps < 0 or abs(n_steps - window_ps / run.step_ps) > STEP_TOLERANCE:
        raise InputError(
            f"window of {window_ps:g} ps: it must be a whole number of steps of {run.step_ps:g} ps"
        )
    if n_steps <= 1:
        return run
    n_windows = run.n_frames // n_steps
    if n_windows < 2:
        raise InputError(
            f"window of {window_ps:g} ps: the run ({run.source}) lasts {run.length_ps:g} ps, take "
            "half of it at most"
        )
    whole = run.tensors_au[: n_windows * n_steps]
    tensors_au = whole.reshape(n_windows, n_steps, *whole.shape[1:]).mean(axis=1)
    return replace(run, tensors_au=tensors_au, step_ps=n_steps * run.step_ps, positions_A=None)
