"""What geometry optimization does to distances and mean shieldings, and its labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ionshift.core.errors import InputError
from ionshift.solvation.class_means import ensemble_mean, spread_within_classes
from ionshift.solvation.classes import CLASSES

if TYPE_CHECKING:
    from ase import Atoms

EVERY = "all"
MEANS = ("solvent_distance", "anion_distance")


def is_kept(table: pd.DataFrame) -> pd.Series:
    """Clusters that were optimized and kept the molecules of their shell, as a boolean Series.

    `table` has the columns `geometry_optimization.TABLE_COLUMNS`.
    """
    same = (table["n_anion"] == table["n_anion_after"]) & (
        table["n_solvent"] == table["n_solvent_after"]
    )
    return same & (table["status"] != "failed")


def cluster_table(
    optimized: pd.DataFrame,
    sampled_labels: pd.DataFrame | None = None,
    optimized_labels: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row a cluster: its shells and shieldings before and after.

    Parameters
    ----------
    optimized : DataFrame with the columns `geometry_optimization.TABLE_COLUMNS`
    sampled_labels, optimized_labels : label tables of both geometries (cluster_id, status,
        shielding_ppm), or None

    Returns
    -------
    DataFrame: `optimized` without its keys, with kept (see `is_kept`), shielding_ppm,
    shielding_after_ppm and shielding_change_ppm; NaN where a label is not ok, the change as well
    where the cluster was not kept
    """
    table = optimized.drop(columns="key").assign(kept=is_kept(optimized))
    table["shielding_ppm"] = _shieldings(table["cluster_id"], sampled_labels)
    table["shielding_after_ppm"] = _shieldings(table["cluster_id"], optimized_labels)
    change_ppm = table["shielding_after_ppm"] - table["shielding_ppm"]
    table["shielding_change_ppm"] = change_ppm.where(table["kept"])
    return table


def _shieldings(cluster_ids, table):
    if table is None:
        return np.full(len(cluster_ids), np.nan)
    ok = table[table["status"] == "ok"].drop_duplicates("cluster_id").set_index("cluster_id")
    return ok["shielding_ppm"].reindex(cluster_ids).to_numpy(float)


def group_table(clusters: pd.DataFrame, speciation: pd.DataFrame) -> pd.DataFrame:
    """Means of every system and class.

    `class` or `system` is 'all' where a row joins them. Distances, coordination and the change of
    the shielding (optimized less sampled, paired, with the standard error over clusters) are means
    over the clusters kept. `ensemble_change_ppm` of a system weighs the classes by their shares in
    the MD (see `class_means.ensemble_mean`).

    Parameters
    ----------
    clusters : see `cluster_table`
    speciation : DataFrame with system, class, share

    Returns
    -------
    DataFrame with system, class, n, n_unconverged, n_failed, n_left (a molecule left the shell),
    solvent_distance_A, solvent_distance_after_A, anion_distance_A, anion_distance_after_A,
    coordination, coordination_after, n_labelled, shielding_change_ppm, shielding_change_err_ppm,
    ensemble_change_ppm, ensemble_change_err_ppm, sampled_share
    """
    labelled = clusters.dropna(subset=["shielding_change_ppm"])
    spread = spread_within_classes(labelled, "shielding_change_ppm")
    rows = []
    for system in [*dict.fromkeys(clusters["system"]), EVERY]:
        part = clusters if system == EVERY else clusters[clusters["system"] == system]
        for name in [EVERY, *CLASSES]:
            group = part if name == EVERY else part[part["solvation_class"] == name]
            if group.empty:
                continue
            row = {"system": system, "solvation_class": name, **_means(group)}
            if name == EVERY and system != EVERY and row["n_labelled"]:
                share = speciation[speciation["system"] == system].set_index("solvation_class")[
                    "share"
                ]
                known = part.dropna(subset=["shielding_change_ppm"]).groupby("solvation_class")
                found = ensemble_mean(known["shielding_change_ppm"], share, spread)
                row |= {
                    "ensemble_change_ppm": found["ensemble_mean"],
                    "ensemble_change_err_ppm": found["ensemble_err"],
                    "sampled_share": found["sampled_share"],
                }
            rows.append(row)
    table = pd.DataFrame(rows)
    ensemble = ["ensemble_change_ppm", "ensemble_change_err_ppm", "sampled_share"]
    return table.reindex(columns=list(dict.fromkeys([*table.columns, *ensemble])))


def _means(group):
    kept = group[group["kept"]]
    change_ppm = kept["shielding_change_ppm"].dropna()
    row = {
        "n": len(group),
        "n_unconverged": int((group["status"] == "unconverged").sum()),
        "n_failed": int((group["status"] == "failed").sum()),
        "n_left": int(((group["status"] != "failed") & ~group["kept"]).sum()),
    }
    for name in MEANS:
        both = kept[[f"{name}_A", f"{name}_after_A"]].dropna()
        row |= both.mean().to_dict()
    row |= kept[["coordination", "coordination_after"]].mean().to_dict()
    return row | {
        "n_labelled": len(change_ppm),
        "shielding_change_ppm": change_ppm.mean(),
        "shielding_change_err_ppm": change_ppm.std(ddof=1) / np.sqrt(max(len(change_ppm), 1)),
    }


def training_pairs(
    clusters: Sequence[Atoms], optimized: pd.DataFrame, labels: pd.DataFrame
) -> tuple[list[Atoms], pd.DataFrame]:
    """Clusters as the MD has them with the labels of their optimized geometries.

    Parameters
    ----------
    clusters : list of Atoms as sampled
    optimized : DataFrame with the columns `geometry_optimization.TABLE_COLUMNS`
    labels : label table of the optimized clusters

    Returns
    -------
    (list of Atoms, DataFrame) : the clusters that were kept, and their rows of `labels`

    Raises
    ------
    InputError
        if no cluster was kept.
    """
    by_id = {atoms.info["cluster_id"]: atoms for atoms in clusters}
    kept = set(optimized.loc[is_kept(optimized), "cluster_id"])
    table = labels[labels["cluster_id"].isin(kept)].reset_index(drop=True)
    if table.empty:
        raise InputError(
            "no cluster kept its shell when it was optimized; see "
            "tables/geometry_optimization_clusters.csv, lower "
            "geometry_optimization.radius_A or take geometry_optimization.shieldings: compare"
        )
    return [by_id[name] for name in table["cluster_id"]], table
