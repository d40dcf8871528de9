"""Small helpers for tidy tables."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from ionshift.core.errors import InputError
from ionshift.core.files import read_table

ClassName = Literal["SSIP", "CIP", "AGG", "AGG+"]
CLASSES: tuple[ClassName, ...] = ("SSIP", "CIP", "AGG", "AGG+")
"""Solvation classes, by rising number of anions in the shell."""
TOTAL = "all"
"""In place of a class: the row that joins them."""
POOLED = "all systems"
"""In place of a system: the row that joins them."""
ENVIRONMENT = ["replica", "frame", "nucleus"]
EARLIER_NAMES = {"li": "nucleus", "class": "solvation_class"}
"""Columns of files written before version 0.2 to their present names."""
"""The key of an environment within its system."""
SCORES = ["pc1", "pc2", "pc3"]
"""The principal components that every environment is projected on."""


def thermo_over_stages(thermo: pd.DataFrame) -> pd.DataFrame:
    """Add elapsed_ps, the time over all stages, to a thermo table with stage and time_ps."""
    parts, start = [], 0.0
    for _, stage in thermo.groupby("stage", sort=False):
        parts.append(stage.assign(elapsed_ps=start + stage["time_ps"]))
        start += stage["time_ps"].max()
    return pd.concat(parts, ignore_index=True)


def thin(table: pd.DataFrame, max_rows: int) -> pd.DataFrame:
    """At most `max_rows` equally spaced rows, the first and the last included."""
    if len(table) <= max_rows:
        return table
    return table.iloc[np.unique(np.linspace(0, len(table) - 1, max_rows).astype(int))]


def read_by_system(systems: Iterable[str], paths: Iterable[str | Path]) -> dict[str, pd.DataFrame]:
    """Parquet tables as a dict by system, in order."""
    return {system: read_table(path) for system, path in zip(systems, paths, strict=True)}


def join_environments(
    table: pd.DataFrame, other: pd.DataFrame, columns: Sequence[str]
) -> pd.DataFrame:
    """Add columns of another table: those of the same replica, frame and nucleus.

    Raises
    ------
    InputError
        if an environment is not in the other table.
    """
    joined = table.merge(
        other[[*ENVIRONMENT, *columns]],
        on=ENVIRONMENT,
        how="left",
        validate="many_to_one",
        indicator=True,
    )
    lost = joined.pop("_merge") != "both"
    if lost.any():
        place = ", ".join(f"{key} {joined.loc[lost, key].iloc[0]}" for key in ENVIRONMENT)
        raise InputError(
            f"{lost.sum()} of {len(table)} environments have no {', '.join(columns)} (the first: "
            f"{place}); the tables are not of the same trajectory, delete both and run again"
        )
    return joined


def mean_molarity_M(md: pd.DataFrame) -> dict[str, float]:
    """Molarity that every system reached, the mean over its replicas, as a dict."""
    return md.groupby("system")["molarity_M"].mean().to_dict()


def with_present_names(table: pd.DataFrame) -> pd.DataFrame:
    """The table, read from a file, with columns of earlier versions renamed."""
    return table.rename(columns=EARLIER_NAMES)
