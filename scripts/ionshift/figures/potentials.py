"""How good a trained potential is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ionshift.config.figures import Figures
from ionshift.core.tables import CLASSES
from ionshift.figures.style import (
    bar_length,
    corner_note,
    make_axes,
    plain_log_ticks,
    system_colours,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

TEST, TRAIN, WRONG = "#0072B2", "#CCCCCC", "#D55E00"
LINES = {"classical": "--", "potential": "-"}
"""Style of a line by the source of a liquid."""
SOURCE_LABELS = {"classical": "force field", "potential": "potential"}
ROLES = {"solvent": "#0072B2", "anion": "#D55E00"}
UNITS = {"energy": "meV an atom", "force": "meV A$^{-1}$"}


def parity(table: pd.DataFrame, metrics: pd.DataFrame, style: Figures) -> Figure:
    """Predicted against reference energies and force components."""
    figure, axes = make_axes(style, aspect=0.6, n_columns=2)
    for axis, quantity in zip(axes, ("energy", "force"), strict=True):
        values = table[table["quantity"] == quantity]
        for part, colour in (("train", TRAIN), ("test", TEST)):
            chosen = values[values["part"] == part]
            axis.plot(chosen["reference"], chosen["predicted"], ".", ms=2, color=colour, label=part)
        ends = [values["reference"].min(), values["reference"].max()]
        axis.plot(ends, ends, color="black", lw=0.6)
        corner_note(axis, f"RMSE {_rmse(metrics, quantity):.3g}")
        axis.set(xlabel=f"reference / {UNITS[quantity]}", ylabel=f"predicted / {UNITS[quantity]}")
        axis.set_title(quantity, loc="left", pad=2, fontsize=style.font_size_pt)
        axis.xaxis.set_major_locator(MaxNLocator(3))
        axis.yaxis.set_major_locator(MaxNLocator(4))
    axes[0].legend(loc="upper left", handletextpad=0.2)
    return figure


def _rmse(metrics, quantity):
    row = metrics[
        (metrics["part"] == "test")
        & (metrics["model"] == "committee")
        & (metrics["quantity"] == quantity)
        & (metrics["element"] == "all")
    ]
    return row["rmse"].iloc[0]


def errors(
    metrics: pd.DataFrame, curve: pd.DataFrame, epochs: pd.DataFrame, style: Figures
) -> Figure:
    """Force error by element; validation error by epoch; test error by number of frames."""
    figure, axes = make_axes(style, aspect=0.95, n_rows=2, n_columns=2)
    grid = axes[0, 0].get_gridspec()
    for axis in axes[0]:
        axis.remove()
    upper, (left, right) = figure.add_subplot(grid[0, :]), axes[1]
    force = metrics[(metrics["quantity"] == "force") & (metrics["model"] == "committee")]
    elements = [name for name in force["element"].unique() if name != "all"]
    place = np.arange(len(elements))
    for shift, part, colour in ((-0.2, "train", TRAIN), (0.2, "test", TEST)):
        chosen = force[force["part"] == part].set_index("element").reindex(elements)
        upper.bar(place + shift, chosen["rmse"], width=0.4, color=colour, label=part)
    upper.set_xticks(place, elements)
    upper.set(ylabel="force RMSE / meV A$^{-1}$")
    upper.legend(loc="upper left")
    for _, part in epochs.groupby("model"):
        left.plot(part["epoch"], part["force_rmse_meV_A"], lw=0.8, color=TEST)
    left.set(xlabel="epoch", ylabel="validation RMSE", yscale="log")
    plain_log_ticks(left.yaxis)
    right.plot(curve["n_train"], curve["force_rmse_meV_A"], "o", color=TEST)
    right.set(xlabel="training frames", ylabel="test RMSE", xscale="log", yscale="log")
    for axis in (right.xaxis, right.yaxis):
        plain_log_ticks(axis)
    return figure


def validation(
    checks: pd.DataFrame, nve: pd.DataFrame, scan: pd.DataFrame, style: Figures
) -> Figure:
    """Total energy of the NVE run, and energies of all pairs of elements coming together."""
    figure, (left, right) = make_axes(style, aspect=0.6, n_columns=2)
    left.plot(nve["time_ps"], nve["total_meV_atom"], color=TEST)
    left.axhline(0, color="black", lw=0.5)
    left.set(xlabel="time / ps", ylabel="energy / meV an atom")
    limit_eV = checks.set_index("check").loc["short_range_repulsion", "limit"]
    for pair, part in scan.groupby("pair"):
        falls = not part["hole_eV"].iloc[0] <= limit_eV
        right.plot(
            part["distance_A"],
            part["energy_eV"],
            lw=0.8,
            color=WRONG if falls else TEST,
            label=pair if falls else None,
        )
    right.set(xlabel="distance / A", ylabel="energy / eV", yscale="symlog")
    if right.get_legend_handles_labels()[0]:
        right.legend(loc="upper right")
    failed = checks.loc[~checks["passed"].astype(bool), "check"]
    title = f"failed: {', '.join(failed)}" if len(failed) else "all checks passed"
    figure.suptitle(title, fontsize=style.font_size_pt)
    return figure


def rounds(
    errors: pd.DataFrame, met: pd.DataFrame, low_eV_A: float, high_eV_A: float, style: Figures
) -> Figure:
    """Test error of every round's committee; deviation of its forces along the MD of the next.

    Frames between the limits of the deviation, `low_eV_A` and `high_eV_A`, are labelled.
    """
    figure, (left, right) = make_axes(style, aspect=0.7, n_columns=2)
    numbers = sorted(set(errors["test_round"]) | set(met["round"]))
    colours = system_colours(numbers, style)
    for number, part in errors.groupby("test_round"):
        left.plot(part["model_round"], part["force_rmse_meV_A"], "o-", color=colours[number])
    left.set_xticks(sorted(set(errors["model_round"])))
    left.set(xlabel="round of the potential", ylabel="force RMSE / meV A$^{-1}$", ylim=(0, None))
    handles = [
        Line2D([], [], color=colours[number], label=f"round {number}" if number else "classical MD")
        for number in numbers
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
    for (number, _), part in met.groupby(["round", "box"]):
        right.plot(part["time_ps"], part["deviation_eV_A"], lw=0.8, color=colours[number])
    for limit in (low_eV_A, high_eV_A):
        right.axhline(limit, color="black", lw=0.6, ls="--")
    right.set(xlabel="time / ps", ylabel="force deviation / eV A$^{-1}$", yscale="log")
    plain_log_ticks(right.yaxis)
    return figure


def liquids(
    table: pd.DataFrame,
    rdf: pd.DataFrame,
    shieldings: pd.DataFrame,
    ligand_elements: Sequence[str],
    style: Figures,
) -> Figure:
    """g(r) with solvents and anions, shares of the classes and shieldings of both liquids.

    Four panels per system. `rdf` and `shieldings` (see `comparison.shielding_histograms`) have a
    column source: classical or potential.
    """
    systems = list(dict.fromkeys(table["system"]))
    figure, axes = make_axes(style, 0.85 * len(systems) + 0.1, 2 * len(systems), 2, squeeze=False)
    for number, system in enumerate(systems):
        upper, lower = axes[2 * number], axes[2 * number + 1]
        for axis, role in zip(upper, ROLES, strict=True):
            _liquid_rdf(axis, rdf, system, ligand_elements, role)
        _class_shares(lower[0], table[table["system"] == system], style)
        _shieldings(lower[1], shieldings[shieldings["system"] == system])
        upper[0].set_title(system, loc="left", pad=2, fontsize=style.font_size_pt)
    handles = [
        Line2D([], [], color="black", ls=LINES[name], label=SOURCE_LABELS[name]) for name in LINES
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return figure


def _liquid_rdf(axis, rdf, system, ligand_elements, role):
    for name in LINES:
        own = rdf[(rdf["source"] == name) & (rdf["system"] == system)]
        for element in ligand_elements:
            part = own[own["pair"].str.endswith(f"-{element} ({role})")]
            axis.plot(part["r_A"], part["g"], color=ROLES[role], ls=LINES[name])
    ligands = ", ".join(ligand_elements)
    axis.set(xlabel="r / A", ylabel=f"g(r), {ligands} of {role}s", xlim=(1.5, None), ylim=(0, None))


def _class_shares(axis, table, style):
    rows = table.set_index("quantity").loc[[f"share of {name}" for name in CLASSES]]
    place = np.arange(len(CLASSES))
    colours = [style.class_colours[name] for name in CLASSES]
    for shift, name, fill in ((-0.2, "classical", "white"), (0.2, "potential", colours)):
        axis.bar(
            place + shift,
            rows[name],
            width=0.38,
            yerr=bar_length(rows[f"{name}_err"]),
            color=fill,
            edgecolor=colours,
            error_kw={"lw": 0.6},
        )
    axis.set_xticks(place, CLASSES, rotation=45)
    axis.set(ylabel="share", ylim=(0, None))


def _shieldings(axis, histograms):
    for name, part in histograms.groupby("source"):
        edges_ppm = [*part["low_ppm"], part["high_ppm"].iloc[-1]]
        axis.stairs(part["density_per_ppm"], edges_ppm, color="black", ls=LINES[name])
        axis.axvline(part["mean_ppm"].iloc[0], color="black", lw=0.6, ls=LINES[name])
    axis.set(xlabel="shielding / ppm", ylabel="density / ppm$^{-1}$")
