"""Means over a sample of clusters that takes the solvation classes evenly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def spread_within_classes(clusters: pd.DataFrame, quantity: str) -> float:
    """Standard deviation around the means of every class of every system, pooled.

    `clusters` has system, class and the column `quantity`; NaN without two clusters in any class.
    """
    groups = clusters.groupby(["system", "solvation_class"])[quantity]
    free = len(clusters) - groups.ngroups
    if free < 1:
        return np.nan
    return np.sqrt(((clusters[quantity] - groups.transform("mean")) ** 2).sum() / free)


def ensemble_mean(by_class: Any, share: pd.Series, spread: float) -> dict[str, float]:
    """The mean of a system, its class means weighted by the classes' shares in the MD.

    Parameters
    ----------
    by_class : values of one system, grouped by class
    share : Series of the shares by class
    spread : see `spread_within_classes`; the error of the shares is left out

    Returns
    -------
    dict of ensemble_mean, ensemble_err and sampled_share, the share of the ensemble whose classes
    were sampled, to which the weights are scaled
    """
    means, numbers = by_class.mean(), by_class.count()
    weights = share.reindex(means.index).fillna(0.0)
    sampled = weights.sum()
    if not sampled:
        return {"ensemble_mean": np.nan, "ensemble_err": np.nan, "sampled_share": 0.0}
    weights = weights / sampled
    return {
        "ensemble_mean": (weights * means).sum(),
        "ensemble_err": spread * np.sqrt((weights**2 / numbers).sum()),
        "sampled_share": sampled,
    }
