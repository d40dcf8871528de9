"""The map of environments on principal components: what is drawn, and what the axes mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.core.errors import InputError
from ionshift.core.provenance import derive_seed
from ionshift.core.tables import ENVIRONMENT, POOLED, SCORES
from ionshift.statistics import uncertainty
from ionshift.statistics.uncertainty import Samples

if TYPE_CHECKING:
    from ase import Atoms

    from ionshift.learning.pca import Axes
    from ionshift.solvation.shells import ShellFinder

QUANTITIES = (
    "shift_ppm",
    "n_anion",
    "coordination",
    "lsi_A2",
    "asymmetry",
    "tetrahedrality",
)


def variance_table(axes: Axes) -> pd.DataFrame:
    """Variance along each axis, as share of the total and summed up."""
    share = axes.explained_share
    return pd.DataFrame(
        {
            "component": [f"pc{number}" for number in range(1, len(share) + 1)],
            "variance": axes.variance,
            "explained_share": share,
            "cumulative_share": np.cumsum(share),
        }
    )


def sample(table: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    """At most `n` rows of a table, drawn without repetition, in their order."""
    chosen = np.random.default_rng(seed).choice(len(table), min(n, len(table)), replace=False)
    return table.iloc[np.sort(chosen)]


def map_table(predictions: Mapping[str, pd.DataFrame], n_points: int, seed: int) -> pd.DataFrame:
    """A sample of at most `n_points` environments a system with place, shift and shell.

    Parameters
    ----------
    predictions : dict of DataFrame by system

    Raises
    ------
    InputError
        if the predictions lack a component.
    """
    columns = [*ENVIRONMENT, *SCORES, "shift_ppm", "solvation_class", "n_anion", "lsi_A2"]
    parts = []
    for system, table in predictions.items():
        missing = [name for name in columns if name not in table]
        if missing:
            raise InputError(
                f"the predictions of {system} lack {', '.join(missing)}; predict again"
            )
        part = sample(table[columns], n_points, derive_seed(seed, "map", system))
        parts.append(part.assign(system=system))
    return pd.concat(parts, ignore_index=True)[["system", *columns]]


def cut_sample(
    finders: Sequence[ShellFinder], table: pd.DataFrame, n: int, seed: int
) -> list[Atoms]:
    """Clusters of at most `n` predicted environments with their predictions in `info`.

    Parameters
    ----------
    finders : list of ShellFinder, one a replica
    table : DataFrame of predictions of the same system
    """
    clusters = []
    for (replica, index), rows in sample(table, n, seed).groupby(["replica", "frame"]):
        finder = finders[replica]
        frame = finder.trajectory.frame(index)
        shells = finder.shells(frame)
        for row in rows.to_dict("records"):
            atoms = finder.cluster(frame, shells[row["nucleus"]])
            atoms.info |= row
            clusters.append(atoms)
    return clusters


def meaning_table(
    environments: Mapping[str, pd.DataFrame], n_blocks: int, n_resamples: int, seed: int
) -> pd.DataFrame:
    """Spearman correlation of each component with each quantity, a system and pooled.

    The quantities are those of `QUANTITIES` that all systems have.
    Rows with a NaN are left out; a quantity that is constant or unknown throughout has NaN. The
    error is that of `n_resamples` draws of whole samples within each system (`uncertainty`);
    NaN with fewer than two frames a block.

    Parameters
    ----------
    environments : dict of DataFrame by system, with the components, quantities, replica, nucleus,
        time_ps

    Returns
    -------
    DataFrame with system, component, quantity, spearman, spearman_err, n_environments
    """
    groups: dict[str, Mapping[str, pd.DataFrame]]
    groups = {system: {system: table} for system, table in environments.items()}
    if len(environments) > 1:
        groups[POOLED] = environments
    rows = []
    known = [one for one in QUANTITIES if all(one in table for table in environments.values())]
    for name, tables in groups.items():
        rows += _correlations(name, tables, known, n_blocks, n_resamples, derive_seed(seed, name))
    return pd.DataFrame(rows)


def _correlations(name, tables, quantities, n_blocks, n_resamples, seed):
    values = pd.concat([table[[*SCORES, *quantities]] for table in tables.values()])
    values = values.to_numpy(float)
    known = np.isfinite(values).any(axis=0)
    complete = np.isfinite(values[:, known]).all(axis=1)
    positions = np.column_stack(
        [np.unique(column, return_inverse=True)[1] for column in values[complete][:, known].T]
    )
    spearman = weighted_correlations(positions, np.ones(len(positions)), known)
    errors = [np.full_like(spearman, np.nan)]
    kinds = [Samples.of(table, n_blocks).kinds() for table in tables.values()]
    for samples in zip(*kinds, strict=False):
        weights = _weights(samples, n_resamples, seed)
        drawn = [weighted_correlations(positions, weight[complete], known) for weight in weights]
        n_drawn = min(sample.max() + 1 for sample in samples)
        errors.append(uncertainty.resampling_error(drawn, n_drawn))
    error = uncertainty.larger(errors)
    return [
        {
            "system": name,
            "component": component,
            "quantity": quantity,
            "spearman": spearman[i, j],
            "spearman_err": error[i, j],
            "n_environments": int(complete.sum()),
        }
        for i, component in enumerate(SCORES)
        for j, quantity in enumerate(quantities)
    ]


def _weights(samples, n_resamples, seed):
    """How often each environment is drawn, resample by resample; samples: (n,), one a system."""
    rng = np.random.default_rng(seed)
    drawn = [uncertainty.drawn_counts(one.max() + 1, n_resamples, rng) for one in samples]
    for counts in zip(*drawn, strict=True):
        yield np.concatenate([count[one] for count, one in zip(counts, samples, strict=True)])


def weighted_correlations(
    positions: NDArray[np.int_], weight: NDArray[np.float64], known: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Spearman correlation of components with quantities; NaN where one of them is constant."""
    ranks = np.column_stack([_ranks(column, weight) for column in positions.T])
    centred = ranks - np.average(ranks, axis=0, weights=weight)
    covariance = (centred * weight[:, None]).T @ centred
    spread = np.sqrt(covariance.diagonal())
    whole = np.full((len(known), len(known)), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole[np.ix_(known, known)] = covariance / np.outer(spread, spread)
    n_components = len(SCORES)
    return whole[:n_components, n_components:]


def _ranks(position, weight):
    """Mean ranks of values that occur `weight` times each, given their place among the unique."""
    total = np.bincount(position, weight)
    return (np.cumsum(total) - total / 2)[position]
