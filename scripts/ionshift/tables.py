"""Small helpers for tidy tables."""

import numpy as np
import pandas as pd


def thermo_over_stages(thermo):
    """Add elapsed_ps, the time over all stages, to a thermo table with stage and time_ps."""
    parts, start = [], 0.0
    for _, stage in thermo.groupby("stage", sort=False):
        parts.append(stage.assign(elapsed_ps=start + stage["time_ps"]))
        start += stage["time_ps"].max()
    return pd.concat(parts, ignore_index=True)


def thin(table, max_rows):
    """At most `max_rows` equally spaced rows, the first and the last included."""
    if len(table) <= max_rows:
        return table
    return table.iloc[np.unique(np.linspace(0, len(table) - 1, max_rows).astype(int))]
