"""Clusters before and after their geometry optimization."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ionshift.config.figures import Figures
from ionshift.core.tables import CLASSES
from ionshift.figures.style import bar_length, make_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MARKERS = {"solvent": "o", "anion": "^"}


def before_and_after(clusters: pd.DataFrame, groups: pd.DataFrame, style: Figures) -> Figure:
    """Mean ligand distances after against before; below, if there are any, changed shieldings.

    Parameters
    ----------
    clusters, groups : see `geometry_optimization_summary.cluster_table` and `group_table`
    """
    labelled = clusters["shielding_change_ppm"].notna().any()
    figure, axes = make_axes(style, 1.7 if labelled else 0.95, 1 + labelled, squeeze=False)
    _draw_distances(axes[0, 0], clusters[clusters["kept"]], style)
    if labelled:
        _draw_shieldings(axes[1, 0], clusters, groups, style)
    return figure


def _draw_distances(axis, kept, style):
    for name in CLASSES:
        part = kept[kept["solvation_class"] == name]
        for role, marker in MARKERS.items():
            columns = [f"{role}_distance_A", f"{role}_distance_after_A"]
            known = part[columns].dropna()
            if known.empty:
                continue
            axis.plot(
                known[columns[0]],
                known[columns[1]],
                marker,
                color=style.class_colours[name],
                mew=0,
                alpha=0.8,
                label=f"{name}, {role}",
            )
    columns = [f"{role}_distance{after}_A" for role in MARKERS for after in ("", "_after")]
    values = kept[columns].to_numpy(float)
    values = values[np.isfinite(values)]
    if len(values):
        ends = [values.min() - 0.02, values.max() + 0.02]
        axis.plot(ends, ends, color="black", lw=0.5)
    axis.set_xlabel("mean ligand distance in the MD / $\\mathrm{\\AA}$")
    axis.set_ylabel("optimized / $\\mathrm{\\AA}$")
    axis.legend(ncols=2, handlelength=1.0, columnspacing=0.8)


def _draw_shieldings(axis, clusters, groups, style):
    present = [name for name in CLASSES if (clusters["solvation_class"] == name).any()]
    means = groups[groups["system"] == "all"].set_index("solvation_class")
    for place, name in enumerate(present):
        change_ppm = clusters.loc[clusters["solvation_class"] == name, "shielding_change_ppm"]
        spread = np.linspace(-0.25, 0.25, len(change_ppm)) if len(change_ppm) > 1 else [0.0]
        axis.plot(
            place + np.asarray(spread), change_ppm, "o", color=style.class_colours[name], alpha=0.6
        )
        row = means.loc[name]
        axis.errorbar(
            place,
            row["shielding_change_ppm"],
            yerr=bar_length([row["shielding_change_err_ppm"]]),
            fmt="s",
            color="black",
        )
    axis.axhline(0, color="black", lw=0.5)
    axis.set_xticks(range(len(present)), present)
    axis.set_ylabel("shielding, optimized $-$ sampled / ppm")
