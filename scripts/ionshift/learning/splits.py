"""Grouped splits: environments of one block of time and replica never stand on both sides.

A group is named system/replica/block; the part before the first slash is its stratum.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ionshift.core.errors import InputError


def grouped_split(
    groups: Sequence[str] | NDArray[np.str_], test_share: float, seed: int
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Split rows into training and test, whole groups at a time, in every stratum.

    Parameters
    ----------
    groups : (n,) names
    test_share : share of each stratum's rows to hold out, as nearly as groups allow

    Returns
    -------
    (training indices, test indices)

    Raises
    ------
    InputError
        if there are fewer than two groups.
    """
    groups = np.asarray(groups)
    names = np.unique(groups)
    if len(names) < 2:
        raise InputError(
            f"only {len(names)} group of labels: nothing can be held out; label more frames or "
            "lower model.group_ps"
        )
    rng = np.random.default_rng(seed)
    held_out = set()
    for stratum in _strata(names):
        order = rng.permutation(stratum)
        sizes = np.array([np.sum(groups == name) for name in order])
        wanted = test_share * sizes.sum()
        reached = np.cumsum(sizes)
        n_groups = int(np.argmin(np.abs(np.concatenate([[0], reached]) - wanted)))
        held_out |= set(order[: min(n_groups, len(order) - 1)])
    if not held_out:
        held_out = {rng.choice(names)}
    test = np.isin(groups, list(held_out))
    return np.flatnonzero(~test), np.flatnonzero(test)


def folds(groups: Sequence[str] | NDArray[np.str_], n_folds: int, seed: int) -> NDArray[np.integer]:
    """Fold number (n,) of every row; groups stay whole and folds nearly equal in size.

    Raises
    ------
    InputError
        if there are fewer groups than folds.
    """
    groups = np.asarray(groups)
    names = np.unique(groups)
    if len(names) < n_folds:
        raise InputError(
            f"model.committee_size = {n_folds} needs as many groups of labels, there are "
            f"{len(names)}; lower it, label more frames or lower model.group_ps"
        )
    rng = np.random.default_rng(seed)
    sizes = np.zeros(n_folds, int)
    fold_of = {}
    order = rng.permutation(names)
    for name in sorted(order, key=lambda name: -np.sum(groups == name)):
        smallest = int(np.argmin(sizes))
        fold_of[name] = smallest
        sizes[smallest] += np.sum(groups == name)
    return np.array([fold_of[name] for name in groups])


def _strata(names):
    by_stratum = {}
    for name in names:
        by_stratum.setdefault(str(name).split("/")[0], []).append(name)
    return by_stratum.values()
