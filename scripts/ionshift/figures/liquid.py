"""The liquid itself: speciation, radial distributions, thermodynamics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ionshift.config.figures import Figures
from ionshift.core.tables import CLASSES
from ionshift.figures.style import bar_length, corner_note, in_order, make_axes, system_colours

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MARKERS = "os^Dv<>p*h"
LEGEND_COLUMNS = 4


def speciation(table: pd.DataFrame, style: Figures) -> Figure:
    """Share of every solvation class against concentration."""
    figure, axis = make_axes(style)
    for name in CLASSES:
        part = table[table["solvation_class"] == name]
        axis.errorbar(
            part["molarity_M"],
            100 * part["share"],
            yerr=100 * bar_length(part["share_err"]),
            fmt="o-",
            color=style.class_colours[name],
            label=name,
        )
    axis.set_ylim(0, None)
    axis.set_xlabel("concentration / M")
    axis.set_ylabel("share of environments / %")
    figure.legend(loc="outside upper center", ncols=len(CLASSES), handlelength=1.5)
    return figure


def settling(table: pd.DataFrame, style: Figures) -> Figure:
    """Anions in the shell over the production run in blocks of time, a line a replica."""
    systems = in_order(table)
    colours = system_colours(systems, style)
    figure, axis = make_axes(style)
    for (system, replica), part in table.groupby(["system", "replica"], sort=False):
        axis.errorbar(
            (part["start_ps"] + part["end_ps"]) / 2,
            part["n_anion"],
            yerr=bar_length(part["n_anion_err"]),
            fmt=MARKERS[int(replica) % len(MARKERS)] + "-",
            color=colours[system],
            elinewidth=0.4,
            capsize=1,
            label=system,
        )
    if len(table):
        figure.legend(
            *_once(axis), loc="outside upper center", ncols=LEGEND_COLUMNS, handlelength=1.5
        )
    else:
        corner_note(axis, "fewer than two frames a block")
    axis.set_ylim(0, None)
    axis.set_xlabel("time of the production run / ps")
    axis.set_ylabel("anions in the shell")
    return figure


def _once(axis):
    """Handles and names of a legend that names every system once."""
    handles, names = axis.get_legend_handles_labels()
    unique = dict(zip(names, handles, strict=True))
    return unique.values(), unique.keys()


def radial_distribution(table: pd.DataFrame, style: Figures) -> Figure:
    """Nucleus-ligand g(r) and running coordination number, with the cut-off."""
    systems = in_order(table)
    colours = system_colours(systems, style)
    cutoff_A = table["cutoff_A"].iloc[0]
    figure, axes = make_axes(style, 1.1, 2, sharex=True)
    for system in systems:
        part = table[table["system"] == system]
        axes[0].plot(part["r_A"], part["g"], color=colours[system], label=system)
        axes[1].plot(part["r_A"], part["n"], color=colours[system])
    for axis in axes:
        axis.axvline(cutoff_A, color="black", ls=":", lw=0.8)
    axes[0].set_ylabel("g(r)")
    axes[0].legend(title=f"cut-off {cutoff_A:.2f} Å")
    axes[1].set_ylabel("ligand atoms within r")
    axes[1].set_ylim(0, 12)
    axes[1].set_xlabel("r / Å")
    axes[1].set_xlim(1, table["r_A"].max())
    return figure


def thermodynamics(table: pd.DataFrame, style: Figures) -> Figure:
    """Density over the MD stages, a line a replica."""
    systems = in_order(table)
    colours = system_colours(systems, style)
    figure, axis = make_axes(style)
    for (system, _), part in table.groupby(["system", "replica"], sort=False):
        axis.plot(part["elapsed_ps"], part["density_g_cm3"], color=colours[system], label=system)
    axis.legend(*_once(axis), ncols=2)
    axis.set_xlabel("time over all stages / ps")
    axis.set_ylabel("density / g cm$^{-3}$")
    return figure
