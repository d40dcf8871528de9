"""Spectra, lines and mean shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ionshift.config.figures import Figures
from ionshift.core.tables import CLASSES
from ionshift.figures.style import (
    SHIFT_LABEL,
    as_written,
    bar_length,
    in_order,
    make_axes,
    system_colours,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def spectra(table: pd.DataFrame, shifts: pd.DataFrame, style: Figures) -> Figure:
    """Distribution of shifts by class and the exchange-averaged position, a panel a system."""
    systems = in_order(table)
    figure, axes = make_axes(
        style, 0.32 * len(systems) + 0.15, len(systems), sharex=True, squeeze=False
    )
    position = shifts.set_index("system")["shift_ppm"]
    for axis, system in zip(axes[:, 0], systems, strict=True):
        _spectrum_panel(axis, table[table["system"] == system], position[system], style)
        axis.set_title(system, loc="left", pad=2, fontsize=style.font_size_pt)
    axes[0, 0].legend(ncols=3, loc="upper right", handlelength=1.0, columnspacing=0.8)
    axes[0, 0].set_ylim(0, axes[0, 0].get_ylim()[1] * 1.45)
    axes[-1, 0].set_xlabel(SHIFT_LABEL)
    axes[-1, 0].set_xlim(*_occupied_range(table)[::-1])
    figure.supylabel("environments / ppm$^{-1}$", fontsize=style.font_size_pt)
    return figure


def _spectrum_panel(axis, part, position, style):
    shift = part["shift_ppm"]
    base = np.zeros(len(part))
    for name in CLASSES:
        top = base + part[f"{name}_per_ppm"].to_numpy()
        axis.fill_between(shift, base, top, color=style.class_colours[name], lw=0, label=name)
        base = top
    axis.plot(shift, part["total_per_ppm"], color="black", lw=0.7)
    axis.axvline(position, color="black", ls="--", lw=0.9, label="mean")
    axis.set_yticks([])
    axis.set_ylim(0, None)


def _occupied_range(table):
    occupied = table.loc[table["total_per_ppm"] > 0.005 * table["total_per_ppm"].max()]
    return occupied["shift_ppm"].min(), occupied["shift_ppm"].max()


def lines(table: pd.DataFrame, shifts: pd.DataFrame, style: Figures) -> Figure:
    """Exchange-averaged lines of all systems, with the error of their position as a bar."""
    systems = in_order(table)
    colours = system_colours(systems, style)
    figure, axis = make_axes(style)
    rows = shifts.set_index("system")
    span = rows["shift_ppm"].max() - rows["shift_ppm"].min()
    margin = max(0.25 * span, 4 * bar_length(_total_error(rows)).max(), 0.05)
    for level, system in enumerate(systems):
        part = table[table["system"] == system]
        height = part["line_per_ppm"] / part["line_per_ppm"].max()
        axis.plot(part["shift_ppm"], height + level, color=colours[system])
        error = bar_length([_total_error(rows.loc[system])])
        axis.errorbar(
            rows.loc[system, "shift_ppm"], level + 1.12, xerr=error, fmt="|", color=colours[system]
        )
        axis.text(0.02, (level + 0.3) / (len(systems) + 0.4), system, transform=axis.transAxes)
    axis.set_xlim(rows["shift_ppm"].max() + margin, rows["shift_ppm"].min() - margin)
    axis.set_ylim(0, len(systems) + 0.4)
    axis.set_yticks([])
    axis.set_xlabel(SHIFT_LABEL)
    axis.set_ylabel("intensity / arb. units")
    return figure


def _total_error(rows):
    return np.sqrt(
        np.nan_to_num(rows["sampling_err_ppm"]) ** 2 + np.nan_to_num(rows["model_err_ppm"]) ** 2
    )


def shift_against_concentration(
    shifts: pd.DataFrame, measured: pd.DataFrame | None, style: Figures
) -> Figure:
    """Change of the mean shift against the first system, both errors drawn.

    `measured` (see `experiment.read_series`) is drawn beside it; None: not at all.
    """
    figure, axis = make_axes(style)
    molarity, change = shifts["molarity_M"], shifts["change_ppm"]
    sampling = bar_length(shifts["change_sampling_err_ppm"])
    total = np.hypot(sampling, bar_length(shifts["change_model_err_ppm"]))
    axis.errorbar(
        molarity,
        change,
        yerr=total,
        fmt="none",
        elinewidth=4,
        capsize=0,
        color="#BBBBBB",
        label="sampling + model",
    )
    axis.errorbar(
        molarity, change, yerr=sampling, fmt="o-", color="#0072B2", label="sampling alone"
    )
    if measured is not None:
        axis.errorbar(
            measured["molarity_M"],
            measured["change_ppm"],
            yerr=bar_length(measured["change_err_ppm"]),
            fmt="s--",
            mfc="white",
            color="#D55E00",
            label=f"measured, against {measured['molarity_M'].iloc[0]:g} M",
        )
        axis.set_title(
            f"measured: {as_written(measured['source'].iloc[0])}",
            loc="left",
            fontsize=style.font_size_pt * 0.75,
            wrap=True,
        )
    axis.axhline(0, color="black", lw=0.5)
    axis.set_xlabel("concentration / M")
    axis.set_ylabel(f"shift against {shifts['system'].iloc[0]} / ppm")
    axis.legend()
    return figure
