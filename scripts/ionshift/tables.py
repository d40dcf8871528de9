"""Small helpers for tidy tables."""

import numpy as np
import pandas as pd

from ionshift.errors import InputError


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


def with_shifts(table, predictions):
    """Add shift_ppm of the prediction of the same replica, frame and nucleus (li).

    Raises
    ------
    InputError
        if an environment has no prediction.
    """
    keys = ["replica", "frame", "li"]
    joined = table.merge(
        predictions[[*keys, "shift_ppm"]], on=keys, how="left", validate="many_to_one"
    )
    missing = joined["shift_ppm"].isna()
    if missing.any():
        place = ", ".join(f"{key} {joined.loc[missing, key].iloc[0]}" for key in keys)
        raise InputError(
            f"{missing.sum()} environments have no prediction (the first: {place}); trajectory "
            "and predictions do not belong together, rerun the predictions"
        )
    return joined


def mean_molarity_M(md):
    """Molarity that every system reached, the mean over its replicas, as a dict."""
    return md.groupby("system")["molarity_M"].mean().to_dict()
