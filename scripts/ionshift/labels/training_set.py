"""The ok labels that a model is trained on, in groups that stay together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from ionshift.core.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms


def training_set(
    clusters: Sequence[Atoms], cutoff_A: float, group_ps: float
) -> tuple[list[Atoms], pd.DataFrame]:
    """Ok labels with their groups: blocks of `group_ps` of one replica stay together.

    Returns
    -------
    (list of Atoms, DataFrame with cluster_id, system, solvation_class, shielding_ppm, group)

    Raises
    ------
    InputError
        if there is no ok label, or a cluster was cut with another cut-off.
    """
    chosen = [atoms for atoms in clusters if atoms.info["status"] == "ok"]
    if not chosen:
        raise InputError("there is no ok label to train on; see the reasons in labels.parquet")
    for atoms in chosen:
        if abs(float(atoms.info["cutoff_A"]) - cutoff_A) > 1e-6:
            raise InputError(
                f"label {atoms.info['cluster_id']} was cut at {atoms.info['cutoff_A']:g} A, this "
                f"study cuts at {cutoff_A:g} A; set shell.cutoff_A to the labels' value or drop "
                "the set from labelling.shipped"
            )
    rows = [
        {
            "cluster_id": atoms.info["cluster_id"],
            "system": atoms.info["system"],
            "solvation_class": atoms.info["solvation_class"],
            "shielding_ppm": float(atoms.info["shielding_ppm"]),
            "group": "{system}/{source}-r{replica}/b{block}".format(
                block=int(float(atoms.info["time_ps"]) // group_ps), **atoms.info
            ),
        }
        for atoms in chosen
    ]
    return chosen, pd.DataFrame(rows)
