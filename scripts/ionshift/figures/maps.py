"""The map of environments, what its axes mean, and why the mean shift changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ionshift.config.figures import Figures
from ionshift.core.tables import CLASSES, POOLED, TOTAL
from ionshift.figures.style import SHIFT_LABEL, bar_length, in_order, make_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SHIFT_COLORMAP = "coolwarm"
CORRELATION_COLORMAP = "PuOr_r"
UNKNOWN_COLOUR = "#dddddd"
CENTRAL_PERCENT = (2, 98)
QUANTITY_LABELS = {
    "shift_ppm": "shift",
    "n_anion": "anions",
    "coordination": "coordination",
    "lsi_A2": "LSI",
    "asymmetry": "asymmetry",
    "tetrahedrality": "tetrahedrality",
}


def pca_map(table: pd.DataFrame, variance: pd.DataFrame | None, style: Figures) -> Figure:
    """Sampled environments on the first two components, coloured by shift and by class.

    Points are drawn in a random order, so that none hides another by its system or class.
    `variance` (component, explained_share) may be None: unknown.
    """
    figure, axes = make_axes(style, 1.5, 2, sharex=True)
    table = table.sample(frac=1, random_state=0)
    marks = {"s": _point_area(len(table)), "lw": 0, "alpha": 0.7, "rasterized": True}
    low, high = np.nanpercentile(table["shift_ppm"], CENTRAL_PERCENT)
    points = axes[0].scatter(
        table["pc1"], table["pc2"], c=table["shift_ppm"], vmin=low, vmax=high,
        cmap=SHIFT_COLORMAP, **marks,
    )  # fmt: skip
    figure.colorbar(points, ax=axes[0], label=SHIFT_LABEL, extend="both")
    colours = table["solvation_class"].map(style.class_colours)
    axes[1].scatter(table["pc1"], table["pc2"], c=colours, **marks)
    axes[1].legend(
        handles=_class_handles(table, style), handletextpad=0.2, ncols=4, columnspacing=1.0,
        loc="lower center", bbox_to_anchor=(0.5, 0.98),
    )  # fmt: skip
    for axis in axes:
        axis.set_ylabel(_component_label("pc2", variance))
    axes[1].set_xlabel(_component_label("pc1", variance))
    return figure


def _point_area(n):
    return float(np.clip(6000 / max(n, 1), 1.0, 12.0))


def _class_handles(table, style):
    present = [name for name in CLASSES if (table["solvation_class"] == name).any()]
    return [
        Line2D([], [], ls="", marker="o", color=style.class_colours[name], label=name)
        for name in present
    ]


def _component_label(component, variance):
    name, share = component.upper(), None
    if variance is not None:
        share = variance.set_index("component")["explained_share"].get(component)
    return name if share is None else f"{name} ({100 * share:.0f} % of variance)"


def pca_meaning(table: pd.DataFrame, style: Figures) -> Figure:
    """Rank correlation of each component with shift and shell: a heat map a component."""
    systems, quantities = in_order(table), list(dict.fromkeys(table["quantity"]))
    components = list(dict.fromkeys(table["component"]))
    colormap = matplotlib.colormaps[CORRELATION_COLORMAP].with_extremes(bad=UNKNOWN_COLOUR)
    figure, axes = make_axes(
        style, 0.3 + 0.06 * len(components) * (len(quantities) + 1), len(components), sharex=True,
        squeeze=False,
    )  # fmt: skip
    for axis, component in zip(axes[:, 0], components, strict=True):
        part = table[table["component"] == component]
        values, errors = (
            part.pivot(index="quantity", columns="system", values=name).loc[quantities, systems]
            for name in ("spearman", "spearman_err")
        )
        image = axis.imshow(values, cmap=colormap, vmin=-1, vmax=1, aspect="auto")
        for (row, column), value in np.ndenumerate(values.to_numpy(float)):
            text = with_error(value, errors.iat[row, column])
            colour = "white" if abs(value) > 0.7 else "black"
            axis.text(
                column, row, text, ha="center", va="center", color=colour,
                fontsize=style.font_size_pt * 0.75,
            )  # fmt: skip
        axis.set_yticks(range(len(quantities)), [QUANTITY_LABELS[name] for name in quantities])
        axis.set_title(component.upper(), loc="left", pad=2, fontsize=style.font_size_pt)
        axis.tick_params(length=0)
    names = ["all" if system == POOLED else system for system in systems]
    axes[-1, 0].set_xticks(range(len(systems)), names)
    figure.colorbar(
        image, ax=axes[:, 0], label="Spearman correlation", location="bottom", aspect=40
    )  # fmt: skip
    return figure


def with_error(value: float, error: float) -> str:
    """.62(3): the error in units of the last digit; an unknown error is left out."""
    if not np.isfinite(value):
        return ""
    text = f"{value:.2f}".replace("-", "−").replace("0.", ".")
    return text if not np.isfinite(error) else f"{text}({max(round(100 * error), 1)})"


def decomposition(table: pd.DataFrame, style: Figures) -> Figure:
    """Change of the mean shift by class shares (plain) and within classes (hatched)."""
    figure, axes = make_axes(style, 1.3, 2)
    panels = (("first", "{to}−{first}"), ("previous", "{to}−{first}"))
    for axis, (against, label) in zip(axes, panels, strict=True):
        part = table[table["against"] == against]
        pairs = list(dict.fromkeys(zip(part["from_system"], part["to_system"], strict=True)))
        for place, (first, second) in enumerate(pairs):
            rows = part[(part["from_system"] == first) & (part["to_system"] == second)]
            _bars(axis, place, rows.set_index("solvation_class"), style)
        axis.set_xticks(
            range(len(pairs)), [label.format(first=first, to=second) for first, second in pairs]
        )
        axis.axhline(0, color="black", lw=0.5)
        axis.set_ylabel("change of shift / ppm")
        axis.set_title(f"against the {against} system", loc="left", fontsize=style.font_size_pt)
    figure.legend(
        handles=_bar_handles(table, style), loc="outside lower center", ncols=3, handlelength=1.2
    )
    return figure


def _bars(axis, place, rows, style):
    """Stacks of the share and the within terms beside each other, their sums, the total."""
    for offset, term, hatch in ((-0.22, "share_term", None), (0.04, "within_term", "/////")):
        ends = {True: 0.0, False: 0.0}
        for name in CLASSES:
            value = rows.loc[name, f"{term}_ppm"]
            axis.bar(
                place + offset, value, 0.24, bottom=ends[value > 0], hatch=hatch,
                color=style.class_colours[name], edgecolor="white", lw=0.3,
            )  # fmt: skip
            ends[value > 0] += value
        _mark(axis, place + offset, rows.loc[TOTAL], term, "_")
    _mark(axis, place + 0.28, rows.loc[TOTAL], "change", "D")


def _mark(axis, place, row, term, marker):
    """The value of a term with both errors together."""
    error = np.hypot(*bar_length([row[f"{term}_sampling_err_ppm"], row[f"{term}_model_err_ppm"]]))
    axis.errorbar(place, row[f"{term}_ppm"], yerr=error, fmt=marker, color="black", ms=3.5)


def _bar_handles(table, style):
    moved = table[(table["share_term_ppm"] != 0) | (table["within_term_ppm"] != 0)]
    present = [name for name in CLASSES if name in set(moved["solvation_class"])]
    return [
        *(Patch(color=style.class_colours[name], label=name) for name in present),
        Patch(facecolor="#999999", label="other shares"),
        Patch(facecolor="#999999", edgecolor="white", hatch="/////", label="within classes"),
        Line2D([], [], ls="", marker="D", color="black", ms=3.5, label="whole change"),
    ]
