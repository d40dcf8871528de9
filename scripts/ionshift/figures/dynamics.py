"""Dynamics: shift autocorrelation, exchange narrowing, displacements, residence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from ionshift.config.figures import Figures
from ionshift.figures.style import SHIFT_LABEL, bar_length, in_order, make_axes, system_colours

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

D_UNIT_M2_S = 1e-10
MARKERS = "osD^v<>"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def _band(axis, x, y, error, **keywords):
    error = bar_length(error)
    axis.fill_between(x, y - error, y + error, alpha=0.25, lw=0, **keywords)


def _log_time(axis, table):
    time = table.loc[table["time_ps"] > 0, "time_ps"]
    if time.nunique() > 1:
        axis.set_xlim(time.min(), time.max())
        axis.set_xscale("log")


def shift_autocorrelation(table: pd.DataFrame, exchange: pd.DataFrame, style: Figures) -> Figure:
    """Shift autocorrelation of every system; dotted: the share that lasts over the run."""
    systems = in_order(table)
    colours = system_colours(systems, style)
    static = exchange.set_index("system")["static_share"]
    figure, axis = make_axes(style)
    for system in systems:
        part = table[(table["system"] == system) & (table["time_ps"] > 0)]
        time, value = part["time_ps"], part["autocorrelation"]
        axis.plot(time, value, color=colours[system], label=system)
        _band(axis, time, value, part["autocorrelation_err"], color=colours[system])
        axis.axhline(static[system], color=colours[system], ls=":", lw=0.8)
    axis.axhline(0, color="black", lw=0.5)
    _log_time(axis, table)
    axis.set_ylim(None, 1.05)
    axis.set_xlabel("time / ps")
    axis.set_ylabel("shift autocorrelation")
    axis.legend(ncols=2)
    return figure


def exchange(table: pd.DataFrame, regimes: pd.DataFrame, style: Figures) -> Figure:
    """Static distribution, Kubo's line and the line at the crossover, a panel a system."""
    systems = in_order(table)
    rows = regimes.set_index("system")
    figure, axes = make_axes(
        style, 0.3 * len(systems) + 0.2, len(systems), sharex=True, squeeze=False
    )
    for axis, system in zip(axes[:, 0], systems, strict=True):
        part = table[table["system"] == system]
        shift = part["shift_ppm"]
        axis.fill_between(
            shift, _scaled(part["static_per_ppm"]), color="#BBBBBB", lw=0, label="frozen"
        )
        axis.plot(
            shift,
            _scaled(part["crossover_per_ppm"]),
            color="#D55E00",
            ls="--",
            label=r"$\Delta\tau$ = 1",
        )
        axis.plot(shift, _scaled(part["line_per_ppm"]), color="#0072B2", label="with exchange")
        axis.set_title(
            f"{system}: {_time_text(rows.loc[system])}",
            loc="left",
            pad=2,
            fontsize=style.font_size_pt * 0.85,
        )
        axis.set_yticks([])
        axis.set_ylim(0, 1.1)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), ncols=3, loc="outside upper center")
    axes[-1, 0].set_xlabel(SHIFT_LABEL)
    axes[-1, 0].invert_xaxis()
    figure.supylabel("intensity / arb. units", fontsize=style.font_size_pt)
    return figure


def _scaled(values):
    return np.asarray(values) / np.max(np.asarray(values))


def _time_text(row):
    if np.isnan(row["crossover_s"]):
        return "no spread"
    limit = rf"$1/\Delta$ = {1e3 * row['crossover_s']:.2g} ms"
    if np.isnan(row["correlation_time_lower_ps"]):
        return rf"$\tau$ unknown, {limit}"
    if np.isnan(row["correlation_time_ps"]):
        return rf"$\tau$ > {row['correlation_time_lower_ps']:.2g} ps, {limit}"
    return rf"$\tau$ = {row['correlation_time_ps']:.3g} ps, {limit}"


def displacements(table: pd.DataFrame, diffusion: pd.DataFrame, style: Figures) -> Figure:
    """Mean-square displacement of every species, with the window of the fit."""
    systems, species = in_order(table), list(dict.fromkeys(table["species"]))
    colours = system_colours(systems, style)
    figure, axes = make_axes(
        style, 0.45 * len(species) + 0.15, len(species), sharex=True, squeeze=False
    )
    for axis, name in zip(axes[:, 0], species, strict=True):
        for system in systems:
            part = table[
                (table["system"] == system) & (table["species"] == name) & (table["msd_A2"] > 0)
            ]
            axis.plot(part["time_ps"], part["msd_A2"], color=colours[system], label=system)
            _band(axis, part["time_ps"], part["msd_A2"], part["msd_err_A2"], color=colours[system])
        axis.axvspan(
            diffusion["fit_from_ps"].min(), diffusion["fit_to_ps"].max(), color="#EEEEEE", zorder=0
        )
        _log_time(axis, table)
        if (table["msd_A2"] > 0).any():
            axis.set_yscale("log")
            axis.yaxis.set_minor_formatter(NullFormatter())
        axis.set_title(name, loc="left", pad=2, fontsize=style.font_size_pt)
        _slope_guide(axis, table[table["species"] == name])
    axes[0, 0].legend(ncols=2)
    axes[-1, 0].set_xlabel("time / ps")
    figure.supylabel("mean-square displacement / Å$^2$", fontsize=style.font_size_pt)
    return figure


def _slope_guide(axis, part):
    part = part[part["msd_A2"] > 0]
    if len(part) == 0:
        return
    ends = part["time_ps"].max() * np.array([0.25, 1.0])
    top = part.loc[part["time_ps"] == part["time_ps"].max(), "msd_A2"].max()
    axis.plot(ends, 1.6 * top * ends / ends[1], color="black", lw=0.7)
    axis.annotate(
        "slope 1",
        (ends[0], 1.6 * top / 4),
        xytext=(-2, 2),
        textcoords="offset points",
        ha="right",
    )


def diffusion(table: pd.DataFrame, style: Figures) -> Figure:
    """Diffusion coefficients; open marks: displacements that are not diffusive yet.

    Corrected for the finite size where a viscosity was given.
    """
    figure, axis = make_axes(style)
    value = table["corrected_d_m2_s"].fillna(table["apparent_d_m2_s"])
    table = table.assign(value=value / D_UNIT_M2_S, error=table["d_err_m2_s"] / D_UNIT_M2_S)
    _by_system(axis, table, table["diffusive"])
    handles, names = axis.get_legend_handles_labels()
    if not table["diffusive"].all():
        handles.append(Line2D([], [], marker="o", ls="", color="black", mfc="white"))
        names.append("not diffusive")
    axis.legend(handles, names, handletextpad=0.2)
    axis.set_ylim(0, None)
    axis.set_ylabel("D / 10$^{-10}$ m$^2$ s$^{-1}$")
    return figure


def _by_system(axis, table, filled):
    """Marks of `value` and `error` beside each other for the species of every system."""
    systems, species = in_order(table), list(dict.fromkeys(table["species"]))
    for number, name in enumerate(species):
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        offset = 0.15 * (number - (len(species) - 1) / 2)
        part = table[table["species"] == name]
        for index, row in part.iterrows():
            axis.errorbar(
                systems.index(row["system"]) + offset,
                row["value"],
                yerr=bar_length([row["error"]]),
                fmt=marker,
                color=colour,
                mfc=colour if filled[index] else "white",
            )
        axis.plot([], [], marker, color=colour, label=name)
    axis.set_xticks(range(len(systems)), systems)
    axis.set_xlim(-0.5, len(systems) - 0.5)


def residence(table: pd.DataFrame, times: pd.DataFrame, style: Figures) -> Figure:
    """Survival in the first shell, a panel a species (dashed: intermittent), and lifetimes."""
    systems, species = in_order(table), list(dict.fromkeys(table["species"]))
    colours = system_colours(systems, style)
    n_rows = len(species) + 1
    figure, axes = make_axes(style, 0.45 * n_rows + 0.15, n_rows, squeeze=False)
    for axis, name in zip(axes[:-1, 0], species, strict=True):
        for system in systems:
            part = table[(table["system"] == system) & (table["species"] == name)]
            time, value = part["time_ps"], part["continuous"]
            axis.plot(time, value, color=colours[system], label=system)
            _band(axis, time, value, part["continuous_err"], color=colours[system])
            axis.plot(time, part["intermittent"], color=colours[system], ls="--")
        axis.set_title(name, loc="left", pad=2, fontsize=style.font_size_pt)
        axis.set_xlabel("time / ps")
        axis.set_ylabel("share in shell")
    handles, names = axes[0, 0].get_legend_handles_labels()
    handles.append(Line2D([], [], color="black", ls="--", lw=1.0))
    axes[0, 0].legend(handles, [*names, "intermittent"], ncols=3, columnspacing=1.0)
    lifetimes = times.assign(value=times["lifetime_ps"], error=times["lifetime_err_ps"])
    _by_system(axes[-1, 0], lifetimes, lifetimes["lifetime_err_ps"].notna())
    axes[-1, 0].set_ylabel("lifetime / ps")
    axes[-1, 0].set_ylim(0, None)
    axes[-1, 0].legend(handletextpad=0.2)
    return figure
