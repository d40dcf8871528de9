"""How good the model is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ionshift.config.figures import Figures
from ionshift.core.tables import CLASSES
from ionshift.figures.style import bar_length, corner_note, make_axes, plain_log_ticks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LARGEST_SHOWN = 1e6
"""Numbers of labels beyond this are not drawn: an arrow stands for them."""


def parity(table: pd.DataFrame, metrics: pd.DataFrame, style: Figures) -> Figure:
    """Predicted against computed shielding of the held-out labels, with spread bars."""
    figure, axis = make_axes(style, aspect=0.95)
    test = table[table["part"] == "test"]
    train = table[table["part"] == "train"]
    axis.plot(train["label_ppm"], train["predicted_ppm"], ".", color="#CCCCCC", label="training")
    for name in CLASSES:
        part = test[test["solvation_class"] == name]
        axis.errorbar(
            part["label_ppm"],
            part["predicted_ppm"],
            yerr=part["predicted_sd_ppm"],
            fmt="o",
            ms=3,
            lw=0.6,
            color=style.class_colours[name],
            label=f"test {name}",
        )
    ends = [table["label_ppm"].min() - 0.1, table["label_ppm"].max() + 0.1]
    axis.plot(ends, ends, color="black", lw=0.6)
    row = metrics[metrics["part"] == "test"].iloc[0]
    corner_note(
        axis,
        f"RMSE {row['rmse_ppm']:.2f} ppm\nMAE {row['mae_ppm']:.2f} ppm\nR$^2$ {row['r2']:.2f}\n"
        f"mean baseline {row['baseline_rmse_ppm']:.2f} ppm",
    )
    axis.set_xlabel("DFT shielding / ppm")
    axis.set_ylabel("predicted shielding / ppm")
    axis.legend(loc="upper left", handletextpad=0.2)
    return figure


def learning_curve(table: pd.DataFrame, style: Figures) -> Figure:
    """Test error against the number of training labels, with its power law up to the target.

    Where the target is met with fewer labels than the curve begins with, no number is drawn for it.
    """
    figure, axis = make_axes(style)
    axis.errorbar(
        table["n_train"],
        table["rmse_ppm"],
        yerr=bar_length(table["rmse_sd_ppm"]),
        fmt="o",
        ms=4,
        color="#0072B2",
        label="committee",
    )
    axis.axhline(
        table["baseline_rmse_ppm"].iloc[-1], color="#D55E00", ls="--", label="mean baseline"
    )
    axis.set(xscale="log", xlabel="training labels", ylabel="test RMSE / ppm")
    fit = table.iloc[-1]
    if np.isfinite(fit["power_b"]):
        _draw_power_law(axis, fit, table["n_train"].min())
    plain_log_ticks(axis.xaxis)
    axis.set_ylim(0, 1.45 * max(table["baseline_rmse_ppm"].iloc[-1], table["rmse_ppm"].max()))
    axis.legend(loc="upper right", ncols=2, columnspacing=1.0)
    return figure


def _draw_power_law(axis, fit, n_min):
    target, needed = fit["target_rmse_ppm"], fit["n_for_target"]
    shown = n_min <= needed < LARGEST_SHOWN
    n_max = max(fit["n_train"], needed) if shown else fit["n_train"]
    n = np.geomspace(n_min, n_max, 50)
    axis.plot(
        n,
        fit["power_a_ppm"] * n ** -fit["power_b"],
        color="#0072B2",
        lw=0.8,
        ls=":",
        label=f"$n^{{-b}}$, b = {fit['power_b']:.2f} $\\pm$ {fit['power_b_err']:.2f}",
    )
    if not np.isfinite(target):
        return
    axis.axhline(target, color="#009E73", lw=0.8, label=f"wanted, {target:g} ppm")
    if shown:
        low, high = fit["n_for_target_low"], fit["n_for_target_high"]
        open_ended = not high < LARGEST_SHOWN
        end = 4 * needed if open_ended else high
        axis.plot([low, end], [target, target], color="#009E73", lw=2.5, solid_capstyle="butt")
        axis.plot(needed, target, "D", ms=4, color="#009E73")
        if open_ended:
            axis.plot(end, target, ">", ms=5, color="#009E73")


def label_correction(pairs: pd.DataFrame, summary: pd.DataFrame, style: Figures) -> Figure:
    """Shieldings of a higher-level protocol against the study's, with the line that corrects."""
    figure, axis = make_axes(style, aspect=0.95)
    for name in CLASSES:
        part = pairs[pairs["solvation_class"] == name]
        axis.plot(
            part["shielding_ppm"],
            part["reference_ppm"],
            "o",
            color=style.class_colours[name],
            label=name,
        )
    row = summary.iloc[0]
    ends = np.array([pairs["shielding_ppm"].min(), pairs["shielding_ppm"].max()])
    axis.plot(ends, row["intercept_ppm"] + row["slope"] * ends, color="black", lw=0.8)
    corner_note(
        axis,
        f"slope {row['slope']:.2f} $\\pm$ {row['slope_err']:.2f}\n"
        f"error {row['corrected_ppm']:.3f} ppm, held out\n"
        f"without the line {row['uncorrected_ppm']:.3f} ppm",
    )
    axis.set_xlabel("shielding, protocol of the study / ppm")
    axis.set_ylabel("shielding, higher-level protocol / ppm")
    axis.legend(loc="upper left", handletextpad=0.2)
    return figure
