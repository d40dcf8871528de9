"""Choosing environments to label: a pool drawn from the frames, then a sparse subset."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.config.registries.samplers import SAMPLERS
from ionshift.config.sampling import Sampling
from ionshift.core.errors import InputError
from ionshift.core.tables import with_present_names

CHOSEN_COLUMNS = ["system", "replica", "frame", "nucleus"]


@dataclass(frozen=True)
class Pool:
    """Members of a pool as `choose` takes them."""

    classes: Sequence
    nuclei: Sequence
    describe: Callable


def read_chosen(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Environments named in the files of `sampling.chosen`, with the columns `CHOSEN_COLUMNS`.

    Raises
    ------
    InputError
        if a file is damaged, lacks a column or has a number that is not whole or negative.
    """
    tables = [pd.DataFrame(columns=CHOSEN_COLUMNS), *(_read_chosen(path) for path in paths)]
    return pd.concat(tables, ignore_index=True)


def _read_chosen(path):
    try:
        table = with_present_names(pd.read_csv(path, comment="#", dtype={"system": str}))
        table = table[CHOSEN_COLUMNS]
        table = table.astype(dict.fromkeys(CHOSEN_COLUMNS[1:], "int64"))
        if (table[CHOSEN_COLUMNS[1:]] < 0).any(axis=None):
            raise ValueError("a negative number")
        return table
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            f"sampling.chosen: {path} is no table of environments ({error}); it needs the columns "
            f"{', '.join(CHOSEN_COLUMNS)}, as 'ionshift labels next' writes them"
        ) from None


def named_members(settings: Sampling, system: str) -> list[tuple[int, int, int]]:
    """Environments of a system named in `chosen`: list of (replica, frame, number)."""
    table = read_chosen(settings.chosen)
    mine = table.loc[table["system"] == system, CHOSEN_COLUMNS[1:]]
    return list(mine.itertuples(index=False, name=None))


def n_to_label(settings: Sampling, system: str) -> int:
    """Clusters of a system to label: `n_clusters` and those named in `chosen`."""
    return settings.n_clusters + len(named_members(settings, system))


def draw_pool(
    n_frames_by_replica: Sequence[int], n_centres: int, size: int, seed: int
) -> list[tuple[int, int, int]]:
    """Draw environments without repetition.

    Returns
    -------
    sorted list of (replica, frame, centre number), at most `size` long
    """
    total = sum(n_frames_by_replica) * n_centres
    chosen = np.random.default_rng(seed).choice(total, size=min(size, total), replace=False)
    starts = np.concatenate([[0], np.cumsum(n_frames_by_replica)])
    pool = []
    for flat in np.sort(chosen):
        snapshot, centre = divmod(int(flat), n_centres)
        replica = int(np.searchsorted(starts, snapshot, side="right") - 1)
        pool.append((replica, int(snapshot - starts[replica]), centre))
    return pool


def choose(
    method: str,
    n: int,
    classes: Sequence[str],
    nuclei: Sequence[Hashable],
    describe: Callable[[], NDArray[np.float64]],
    seed: int,
) -> list[int]:
    """Choose `n` of a pool.

    Parameters
    ----------
    method : name of a sampler, see config.registries.samplers
    classes : solvation class of each member
    nuclei : what tells each member's nucleus from others, replica and number
    describe : function without arguments that returns the descriptors (n_pool, d);
        called for farthest_point alone

    Returns
    -------
    list of indices into the pool, in the order of choice

    Raises
    ------
    InputError
        if the pool is smaller than `n`.
    """
    if n > len(classes):
        raise InputError(
            f"sampling.n_clusters = {n} is more than the {len(classes)} environments in the "
            "pool; raise sampling.pool_size or run a longer MD"
        )
    rng = np.random.default_rng(seed)
    return SAMPLERS.get(method).load()(n, Pool(classes, nuclei, describe), rng)
