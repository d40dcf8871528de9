"""Hops of ions: between known sites (crystals), or by displacement (glasses).

Both ways have a hysteresis, so that rattling at a border is no hop. Own code: `gemdat` 1.8 brings
pymatgen, kinisi, scipp and scikit-image for the first way and does not know the second.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionshift.core.errors import InputError
from ionshift.trajectories.cell import minimum_image

Array = NDArray[np.float64]
Integers = NDArray[np.int_]

NOWHERE = -1
# Radius of the core of a site over half the shortest distance between two sites.
CORE_SHARE = 0.6
MAX_NUMBERS = 3_000_000


@dataclass(frozen=True)
class Hops:
    """Hops of one run, by nucleus and then by time; each array (n_hops,).

    Attributes
    ----------
    frame : frame (by displacement: window) at which the ion was first found to have moved
    nucleus : number of the ion
    origin, target : numbers of the sites; NOWHERE if hops are counted by displacement
    n_nuclei : ions that were followed
    watched_ps : sum over the ions of the time that each was followed
    """

    frame: Integers
    nucleus: Integers
    origin: Integers
    target: Integers
    n_nuclei: int
    watched_ps: float

    def counts(self) -> Integers:
        """Hops of each ion (n_nuclei,)."""
        return np.bincount(self.nucleus, minlength=self.n_nuclei)

    def n_returns(self) -> int:
        """Hops that lead an ion back to the site that it left by its hop before."""
        same = self.nucleus[1:] == self.nucleus[:-1]
        back = (self.target[1:] == self.origin[:-1]) & (self.target[1:] != NOWHERE)
        return int(np.sum(same & back))


def default_core_A(sites_A: ArrayLike, cell_A: ArrayLike) -> float:
    """Radius of the cores: `CORE_SHARE` of half the shortest distance between two sites."""
    return CORE_SHARE * _shortest_A(np.asarray(sites_A, float), cell_A) / 2


def _shortest_A(sites_A: Array, cell_A: ArrayLike) -> float:
    if len(sites_A) < 2:
        raise InputError("hops between sites need two sites at least; give the file of all sites")
    between = minimum_image(sites_A[:, None] - sites_A, cell_A)
    distance_A = np.linalg.norm(between, axis=-1)
    return float(distance_A[np.triu_indices(len(sites_A), 1)].min())


def occupied_sites(
    positions_A: Array, sites_A: ArrayLike, cell_A: ArrayLike, core_A: float | None = None
) -> tuple[Integers, float]:
    """The site of every ion in every frame: the last one whose core it has entered.

    Parameters
    ----------
    positions_A : (n_frames, n_nuclei, 3), wrapped or not
    sites_A : (n_sites, 3)
    cell_A : (3, 3)
    core_A : radius of the cores; `default_core_A` if None

    Returns
    -------
    (site (n_frames, n_nuclei), NOWHERE until the first core; share of positions within a core)

    Raises
    ------
    InputError
        if cores overlap, or no ion ever enters one.
    """
    sites_A = np.asarray(sites_A, float)
    shortest_A = _shortest_A(sites_A, cell_A)
    core_A = CORE_SHARE * shortest_A / 2 if core_A is None else core_A
    if not 0 < core_A < shortest_A / 2:
        raise InputError(
            f"core of a site = {core_A:g} A: must be above 0 and below {shortest_A / 2:.3g} A, "
            "half the shortest distance between two sites, where cores touch"
        )
    inside = _cores(positions_A, sites_A, cell_A, core_A)
    share = float(np.mean(inside != NOWHERE))
    if share == 0:
        raise InputError(
            f"no ion is ever within {core_A:g} A of a site: the sites are not those of this run; "
            "check their cell and origin"
        )
    return _carried_on(inside), share


def _cores(positions_A: Array, sites_A: Array, cell_A: ArrayLike, core_A: float) -> Integers:
    """Site in whose core each ion is (n_frames, n_nuclei), or NOWHERE."""
    flat_A = positions_A.reshape(-1, 3)
    found = np.full(len(flat_A), NOWHERE)
    n_parts = -(-len(flat_A) * len(sites_A) * 3 // MAX_NUMBERS)
    for part in np.array_split(np.arange(len(flat_A)), n_parts):
        between = minimum_image(flat_A[part, None] - sites_A, cell_A)
        squares = np.sum(between**2, axis=-1)
        nearest = squares.argmin(axis=1)
        found[part] = np.where(squares.min(axis=1) < core_A**2, nearest, NOWHERE)
    return found.reshape(positions_A.shape[:2])


def _carried_on(inside: Integers) -> Integers:
    """Each NOWHERE replaced by the last site before it."""
    frames = np.arange(len(inside))[:, None]
    last = np.maximum.accumulate(np.where(inside != NOWHERE, frames, 0), axis=0)
    return np.take_along_axis(inside, last, axis=0)


def between_sites(site: Integers, step_ps: float) -> Hops:
    """Hops of ions whose sites (n_frames, n_nuclei) are known; the time before the first is not."""
    site = np.asarray(site)
    moved = (site[1:] != site[:-1]) & (site[:-1] != NOWHERE)
    nucleus, frame = np.nonzero(moved.T)
    known = np.sum(site != NOWHERE, axis=0)
    return Hops(
        frame=frame + 1,
        nucleus=nucleus,
        origin=site[frame, nucleus],
        target=site[frame + 1, nucleus],
        n_nuclei=site.shape[1],
        watched_ps=float(np.maximum(known - 1, 0).sum() * step_ps),
    )


def by_displacement(
    paths_A: Array, step_ps: float, distance_A: float, window_ps: float = 0.0
) -> Hops:
    """Hops of ions that move by more than a distance and stay away.

    Positions are averaged over windows. An ion has hopped if two windows in a row are farther than
    `distance_A` from where it was; the second is where it is from then on. A hop and its return
    within two windows are not seen.

    Parameters
    ----------
    paths_A : (n_frames, n_nuclei, 3), unwrapped, without drift
    window_ps : 0 takes the frames as they are

    Raises
    ------
    InputError
        if the run has fewer than three windows, or the distance is not positive.
    """
    if not distance_A > 0:
        raise InputError(f"hop distance = {distance_A:g} A: must be above 0")
    n_steps = max(1, round(window_ps / step_ps))
    n_windows = len(paths_A) // n_steps
    if n_windows < 3:
        raise InputError(
            f"{len(paths_A)} frames are {n_windows} windows of {n_steps * step_ps:g} ps: hops by "
            "displacement need 3; take a shorter window"
        )
    whole = paths_A[: n_windows * n_steps]
    means_A = whole.reshape(n_windows, n_steps, *whole.shape[1:]).mean(axis=1)
    window, nucleus = _moves(means_A, distance_A)
    order = np.lexsort((window, nucleus))
    nowhere = np.full(len(order), NOWHERE)
    n_nuclei = paths_A.shape[1]
    return Hops(
        frame=window[order] * n_steps,
        nucleus=nucleus[order],
        origin=nowhere,
        target=nowhere,
        n_nuclei=n_nuclei,
        watched_ps=float(n_nuclei * (n_windows - 1) * n_steps * step_ps),
    )


def _moves(means_A: Array, distance_A: float) -> tuple[Integers, Integers]:
    """(window, nucleus) of each hop."""
    home_A = means_A[0].copy()
    windows, nuclei = [], []
    for window in range(1, len(means_A) - 1):
        pair_A = means_A[window : window + 2]
        away = np.all(np.linalg.norm(pair_A - home_A, axis=-1) > distance_A, axis=0)
        home_A[away] = pair_A[1][away]
        nuclei.append(np.flatnonzero(away))
        windows.append(np.full(len(nuclei[-1]), window))
    return np.concatenate(windows), np.concatenate(nuclei)
