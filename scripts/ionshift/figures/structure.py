"""Structure behind the shifts: pair distributions, local structure index, ion networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from ase.data import atomic_numbers, covalent_radii
from ase.data.colors import jmol_colors
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from ionshift.config.figures import Figures
from ionshift.figures.style import SHIFT_LABEL, in_order, make_axes, system_colours

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

RANGE_COLOURS = "cividis"
ANION_COLOURS = "plasma"
LINK_COLOURS = {"covalent": "#555555", "link": "#0072B2", "image": "#D55E00"}
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def pairs(table: pd.DataFrame, style: Figures) -> Figure:
    """g(r) (lines) and running coordination number (dashed, right axis), a panel a pair."""
    systems, names = in_order(table), list(dict.fromkeys(table["pair"]))
    colours = system_colours(systems, style)
    n_rows = -(-len(names) // 2)
    figure, axes = make_axes(style, 0.42 * n_rows + 0.1, n_rows, 2, sharex=True, squeeze=False)
    for axis, name in zip(axes.flat, names, strict=False):
        part = table[table["pair"] == name]
        _pair_panel(axis, part, colours)
        axis.set_title(name, loc="left", pad=2, fontsize=style.font_size_pt)
    for axis in list(axes.flat)[len(names) :]:
        axis.set_axis_off()
    for axis in axes[-1]:
        axis.set_xlabel("r / Å")
    axes[0, 0].set_xlim(1, table["r_A"].max())
    figure.supylabel("g(r)", fontsize=style.font_size_pt)
    handles = [Line2D([], [], color=colours[system], label=system) for system in systems]
    handles += [Line2D([], [], color="black", ls="--", lw=0.7, label="n(r), right axis")]
    figure.legend(handles=handles, loc="outside upper center", ncols=5, columnspacing=1.0)
    return figure


def _pair_panel(axis, part, colours):
    numbers = axis.twinx()
    for system, own in part.groupby("system", sort=False):
        axis.plot(own["r_A"], own["g"], color=colours[system])
        numbers.plot(own["r_A"], own["n"], color=colours[system], ls="--", lw=0.7)
    near = part["r_A"] <= 0.75 * part["r_A"].max()
    numbers.set_ylim(0, max(part.loc[near, "n"].max(), 1e-9))
    axis.set_ylim(0, None)
    axis.axvline(part["cutoff_A"].iloc[0], color="black", ls=":", lw=0.6)


def lsi_scatter(sample: pd.DataFrame, correlation: pd.DataFrame, style: Figures) -> Figure:
    """Shift against local structure index, coloured by the number of anions, a panel a system."""
    systems = in_order(correlation)
    figure, axes = _grid(style, systems)
    highest = int(sample["n_anion"].max())
    colours = matplotlib.colormaps[ANION_COLOURS](np.linspace(0.0, 0.9, highest + 1))
    rows = correlation.set_index("system")
    for axis, system in zip(axes.flat, systems, strict=False):
        part = sample[sample["system"] == system]
        axis.scatter(
            part["lsi_A2"], part["shift_ppm"], s=4, lw=0, c=colours[part["n_anion"]], alpha=0.8
        )
        text = f"r = {_with_error(rows.loc[system, 'pearson'], rows.loc[system, 'pearson_err'])}"
        axis.set_title(f"{system}: {text}", loc="left", pad=2, fontsize=style.font_size_pt * 0.9)
        axis.set_xlim(0, None)
    figure.supxlabel("local structure index / Å$^2$", fontsize=style.font_size_pt)
    figure.supylabel(SHIFT_LABEL, fontsize=style.font_size_pt)
    handles = [
        Line2D([], [], ls="", marker="o", color=colours[n], label=n) for n in range(highest + 1)
    ]
    figure.legend(
        handles=handles,
        title="anions in the shell",
        loc="outside upper center",
        ncols=highest + 1,
        handletextpad=0.0,
        columnspacing=0.8,
    )
    return figure


def _with_error(value, error):
    if np.isnan(value):
        return "unknown"
    return f"{value:.2f}" if np.isnan(error) else f"{value:.2f} ± {error:.2f}"


def _grid(style, systems):
    """Panels for the systems, two a row; those beyond the last system are switched off."""
    n_columns = min(len(systems), 2)
    n_rows = -(-len(systems) // n_columns)
    figure, axes = make_axes(
        style, 0.42 * n_rows + 0.25, n_rows, n_columns, sharex=True, sharey=True, squeeze=False
    )
    for axis in list(axes.flat)[len(systems) :]:
        axis.set_axis_off()
    return figure, axes


def lsi_ranges(histograms: pd.DataFrame, ranges: pd.DataFrame, style: Figures) -> Figure:
    """Distribution of shifts in each range of the index with the mean, a panel a system."""
    systems = in_order(ranges)
    figure, axes = make_axes(
        style, 0.32 * len(systems) + 0.25, len(systems), sharex=True, squeeze=False
    )
    limits = list(dict.fromkeys(zip(ranges["lsi_low_A2"], ranges["lsi_high_A2"], strict=True)))
    samples = matplotlib.colormaps[RANGE_COLOURS](np.linspace(0.0, 0.85, len(limits)))
    colours = dict(zip(limits, samples, strict=True))
    for axis, system in zip(axes[:, 0], systems, strict=True):
        for (low, high), colour in colours.items():
            _range_steps(axis, _in_range(histograms, system, low, high), colour)
            _range_mean(axis, _in_range(ranges, system, low, high).iloc[0], colour)
        axis.set_title(system, loc="left", pad=2, fontsize=style.font_size_pt)
        axis.set_yticks([])
        axis.set_ylim(0, axis.get_ylim()[1] * 1.1)
    handles = [
        Line2D([], [], color=colour, label=f"{low:g}–{high:g} Å$^2$")
        for (low, high), colour in colours.items()
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(limits))
    occupied = histograms.loc[histograms["environments_per_ppm"] > 0, "shift_ppm"]
    if len(occupied) > 0:
        margin = 0.05 * max(np.ptp(occupied), 0.1)
        axes[0, 0].set_xlim(occupied.max() + margin, occupied.min() - margin)
    axes[-1, 0].set_xlabel(SHIFT_LABEL)
    figure.supylabel("environments / ppm$^{-1}$", fontsize=style.font_size_pt)
    return figure


def _in_range(table, system, low, high):
    return table[
        (table["system"] == system) & (table["lsi_low_A2"] == low) & (table["lsi_high_A2"] == high)
    ]


def _range_steps(axis, part, colour):
    axis.fill_between(
        part["shift_ppm"], part["environments_per_ppm"], step="mid", color=colour, alpha=0.25, lw=0
    )
    axis.step(part["shift_ppm"], part["environments_per_ppm"], where="mid", color=colour, lw=0.8)


def _range_mean(axis, row, colour):
    axis.axvline(row["mean_shift_ppm"], color=colour, ls="--", lw=1.0)
    error = row["mean_shift_err_ppm"]
    if error > 0:
        ends = row["mean_shift_ppm"] - error, row["mean_shift_ppm"] + error
        axis.axvspan(*ends, color=colour, alpha=0.25, lw=0)


def lsi_cutoffs(table: pd.DataFrame, style: Figures) -> Figure:
    """Mean index and its correlation with the shift against the index's cut-off."""
    systems = in_order(table)
    colours = system_colours(systems, style)
    figure, axes = make_axes(style, 1.1, 2, sharex=True)
    for axis, value, error in (
        (axes[0], "mean_lsi_A2", "mean_lsi_err_A2"),
        (axes[1], "pearson", "pearson_err"),
    ):
        for system, marker in zip(systems, MARKERS * len(systems), strict=False):
            part = table[table["system"] == system]
            axis.errorbar(
                part["cutoff_A"],
                part[value],
                yerr=part[error],
                fmt=f"{marker}-",
                color=colours[system],
                label=system,
            )
    axes[0].set_ylim(0, None)
    axes[0].set_ylabel("mean index / Å$^2$")
    axes[0].legend(ncols=2)
    axes[1].axhline(0, color="black", lw=0.5)
    axes[1].set_ylabel("correlation with the shift")
    axes[1].set_xlabel("cut-off of the index / Å")
    return figure


def network_sizes(table: pd.DataFrame, style: Figures) -> Figure:
    """Share of nuclei by the size and by the diameter of their aggregate, a row a system."""
    systems = in_order(table)
    colours = system_colours(systems, style)
    figure, axes = make_axes(
        style, 0.27 * len(systems) + 0.2, len(systems), 2, sharex="col", squeeze=False
    )
    for row, system in zip(axes, systems, strict=True):
        for axis, quantity in zip(row, ("n_ions", "diameter"), strict=True):
            part = table[(table["system"] == system) & (table["quantity"] == quantity)]
            axis.bar(
                part["value"],
                100 * part["li_share"],
                yerr=100 * part["li_share_err"],
                width=0.9,
                color=colours[system],
                error_kw={"lw": 0.6, "capsize": 1.0},
            )
            axis.set_ylim(0, None)
        row[0].set_title(system, loc="left", pad=2, fontsize=style.font_size_pt)
    axes[-1, 0].set_xlabel("ions in the aggregate")
    axes[-1, 1].set_xlabel("diameter / links")
    figure.supylabel("share of nuclei / %", fontsize=style.font_size_pt)
    return figure


def network_shifts(table: pd.DataFrame, style: Figures) -> Figure:
    """Mean shift of the nuclei against the ions in their aggregate; areas follow the share."""
    systems = in_order(table)
    colours = system_colours(systems, style)
    figure, axis = make_axes(style)
    for system, marker in zip(systems, MARKERS * len(systems), strict=False):
        part = table[(table["system"] == system) & (table["quantity"] == "n_ions")]
        axis.errorbar(
            part["value"],
            part["mean_shift_ppm"],
            yerr=part["mean_shift_err_ppm"],
            fmt="none",
            color=colours[system],
            lw=0.6,
        )
        axis.scatter(
            part["value"],
            part["mean_shift_ppm"],
            s=6 + 60 * part["li_share"],
            marker=marker,
            color=colours[system],
            lw=0,
            alpha=0.85,
            label=system,
        )
    axis.set_xlabel("ions in the aggregate")
    axis.set_ylabel(f"mean {SHIFT_LABEL}")
    legend = axis.legend()
    for handle in legend.legend_handles:
        handle.set_sizes([14])
    return figure


def largest_aggregate(atoms: pd.DataFrame, bonds: pd.DataFrame, style: Figures) -> Figure:
    """An aggregate, projected along the direction in which it is thinnest."""
    places = atoms[["x_A", "y_A", "z_A"]].to_numpy()
    axes_of_view = _principal_axes(places)
    flat = places @ axes_of_view.T
    order = np.argsort(flat[:, 2])
    span = np.ptp(flat[:, :2], axis=0) + 6.0
    figure, axis = make_axes(style, float(np.clip(span[1] / span[0], 0.3, 1.3)))
    ends = bonds[["x1_A", "y1_A", "z1_A", "x2_A", "y2_A", "z2_A"]].to_numpy().reshape(-1, 2, 3)
    segments = ends @ axes_of_view.T
    for kind, colour in LINK_COLOURS.items():
        own = segments[(bonds["kind"] == kind).to_numpy()]
        dashes = "-" if kind == "covalent" else (0, (2, 1))
        width = 1.4 if kind == "image" else 0.8
        axis.add_collection(
            LineCollection(own[:, :, :2], color=colour, lw=width, ls=dashes, zorder=1)
        )
    symbols = atoms["symbol"].to_numpy()[order]
    numbers = np.array([atomic_numbers[symbol] for symbol in symbols])
    axis.scatter(
        *flat[order, :2].T,
        s=18 * covalent_radii[numbers] ** 2,
        c=jmol_colors[numbers],
        edgecolors="black",
        linewidths=0.3,
        zorder=2,
    )
    axis.set_aspect("equal")
    axis.autoscale_view()
    axis.set_axis_off()
    _scale_bar(axis, flat)
    _drawing_legends(figure, symbols, bonds)
    return figure


def _principal_axes(places):
    """Rows: directions of the largest to the smallest extent."""
    return np.linalg.svd(places - places.mean(axis=0), full_matrices=True)[2]


def _scale_bar(axis, flat, length_A=5.0):
    left, bottom = flat[:, :2].min(axis=0) - [0.0, 2.0]
    axis.plot([left, left + length_A], [bottom, bottom], color="black", lw=1.5)
    axis.text(left + length_A / 2, bottom - 0.4, f"{length_A:g} Å", ha="center", va="top")


def _drawing_legends(figure, symbols, bonds):
    elements = [
        Line2D(
            [],
            [],
            ls="",
            marker="o",
            markeredgecolor="black",
            markeredgewidth=0.3,
            color=jmol_colors[atomic_numbers[symbol]],
            label=symbol,
        )
        for symbol in sorted(set(symbols))
    ]
    names = {"link": "within the cut-off", "image": "to its own image"}
    links = [
        Line2D([], [], color=LINK_COLOURS[kind], ls=(0, (2, 1)), label=name)
        for kind, name in names.items()
        if (bonds["kind"] == kind).any()
    ]
    spacing = {"handletextpad": 0.3, "columnspacing": 1.0}
    figure.legend(handles=elements, loc="outside upper center", ncols=len(elements), **spacing)
    if links:
        figure.legend(handles=links, loc="outside lower center", ncols=len(links), **spacing)
