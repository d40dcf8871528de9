"""What a study cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ionshift.config.figures import Figures
from ionshift.figures.style import make_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def time_and_memory(table: pd.DataFrame, style: Figures) -> Figure:
    """Core-hours and peak memory of every rule, the most expensive on top."""
    rows = table.iloc[::-1]
    names = [f"{rule} ({n})" for rule, n in zip(rows["rule"], rows["n_jobs"], strict=True)]
    aspect = 0.12 + 0.06 * max(len(rows), 3)
    figure, (time, memory) = make_axes(style, aspect, 1, 2, sharey=True)
    time.barh(names, rows["core_h"], color="#0072B2")
    time.set_xlabel("time / core h")
    if (rows["core_h"] > 0).any():
        time.set_xscale("log")
    memory.barh(names, rows["max_rss_MB"] / 1000, color="#E69F00")
    memory.set_xlabel("memory / GB")
    for axis in (time, memory):
        axis.tick_params(axis="y", length=0)
        axis.margins(y=0.02)
    return figure
