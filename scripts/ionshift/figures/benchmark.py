"""What a label costs against how wrong it is; which labels to compute next."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from ionshift.config.figures import Figures
from ionshift.figures.style import make_axes, plain_log_ticks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

METHOD_STYLES = {
    "random": ("#000000", "o"),
    "disagreement": ("#D55E00", "s"),
    "distance": ("#009E73", "^"),
    "combined": ("#0072B2", "D"),
}
MARKERS = {"pbe": "o", "pbe0": "s"}


def cost_against_error(table: pd.DataFrame, style: Figures) -> Figure:
    """Scatter of relative shieldings (open) and held-out error of the line (filled) by cost."""
    figure, axis = make_axes(style, aspect=0.95)
    colours = itertools.cycle(style.class_colours.values())
    others = table[table["protocol"] != "reference"]
    families = others["protocol"].str.split().str[:2].str.join(" ")
    for colour, (family, part) in zip(colours, others.groupby(families, sort=False), strict=False):
        marker = MARKERS.get(family.split()[0], "o")
        axis.plot(part["cpu_s"], part["scatter_ppm"], marker, mfc="none", color=colour)
        axis.plot(part["cpu_s"], part["corrected_ppm"], marker, color=colour, label=family)
    axis.plot([], [], "o", mfc="none", color="grey", label="as computed")
    axis.plot([], [], "o", color="grey", label="straight line, held out")
    axis.set_xscale("log")
    plain_log_ticks(axis.xaxis)
    if np.nanmax(others[["scatter_ppm", "corrected_ppm"]].to_numpy(), initial=0) > 0:
        axis.set_yscale("log")
        plain_log_ticks(axis.yaxis)
    axis.set_xlabel("CPU time of a label / s")
    axis.set_ylabel("error of relative shieldings / ppm")
    figure.legend(loc="outside upper center", ncols=2, handletextpad=0.2)
    return figure


def choices(summary: pd.DataFrame, style: Figures) -> Figure:
    """Test error against labels by method (above), and its difference to random choice (below)."""
    figure, (errors, differences) = make_axes(style, aspect=1.25, n_rows=2, sharex=True)
    sizes = summary.dropna(subset="n_train")
    for number, (method, part) in enumerate(sizes.groupby("method", sort=False)):
        colour, marker = METHOD_STYLES[method]
        errors.plot(part["n_train"], part["rmse_ppm"], color=colour, marker=marker, label=method)
        differences.errorbar(
            part["n_train"] + 0.5 * number,
            part["against_random_ppm"],
            yerr=part["against_random_err_ppm"],
            color=colour,
            marker=marker,
        )
    errors.set(ylabel="test RMSE / ppm", ylim=(0, None))
    errors.legend(ncols=2)
    differences.set(xlabel="training labels", ylabel="RMSE minus random / ppm")
    return figure
