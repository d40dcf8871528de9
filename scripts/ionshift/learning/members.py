"""Mean shifts of the committee's members, by solvation class: what the model's error is made of.

The classes follow from the geometry alone, so members differ in shifts, never in shares.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ionshift.solvation.classes import CLASSES

COLUMNS = ["member", "solvation_class", "n_environments", "shift_ppm"]


def member_table(counts: NDArray[np.float64], sums_ppm: NDArray[np.float64]) -> pd.DataFrame:
    """Tidy table of the members' means, a row a member and a class that occurs.

    Parameters
    ----------
    counts : (n_classes,) environments of every class
    sums_ppm : (n_members, n_classes) sums of their shifts

    Returns
    -------
    DataFrame with `COLUMNS`
    """
    rows = [
        (member, name, int(count), total / count)
        for member, totals in enumerate(sums_ppm)
        for name, count, total in zip(CLASSES, counts, totals, strict=True)
        if count > 0
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def class_sums(members: pd.DataFrame) -> NDArray[np.float64]:
    """Sums of shifts (n_members, n_classes) of a member table, zero where a class is absent."""
    sums = (members["shift_ppm"] * members["n_environments"]).groupby(
        [members["member"], members["solvation_class"]]
    )
    return sums.sum().unstack(fill_value=0.0).reindex(columns=CLASSES, fill_value=0.0).to_numpy()


def class_means(members: pd.DataFrame) -> NDArray[np.float64]:
    """Mean shifts (n_members, n_classes) of a member table, NaN where a class is absent."""
    wide = members.pivot(index="member", columns="solvation_class", values="shift_ppm")
    return wide.reindex(columns=CLASSES).to_numpy(float)


def means(members: pd.DataFrame) -> NDArray[np.float64]:
    """Mean shifts (n_members,) over all environments."""
    counts = members.groupby("member")["n_environments"].sum()
    return class_sums(members).sum(axis=1) / counts.to_numpy()


def spread(values: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation over members (n_members, ...); NaN with fewer than two."""
    values = np.asarray(values, float)
    if len(values) < 2:
        return np.full(values.shape[1:], np.nan)
    return values.std(axis=0, ddof=1)
