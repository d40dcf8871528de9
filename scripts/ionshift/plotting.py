"""Figures from tidy tables: one style, one function a figure.

Every function takes tables and the style and returns a matplotlib Figure.
"""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from ionshift.files import atomic_path
from ionshift.speciation import CLASSES

MM_PER_INCH = 25.4
SHIFT_LABEL = "chemical shift / ppm"


def save(figure, paths, dpi):
    """Write a figure to every path (PDF, PNG) and close it."""
    for target in paths:
        with atomic_path(target) as path:
            figure.savefig(path, dpi=dpi)
    plt.close(figure)


def _axes(style, aspect=0.75, n_rows=1, n_columns=1, **keywords):
    plt.rcParams.update(
        {
            "font.size": style.font_size_pt,
            "axes.linewidth": 0.6,
            "lines.linewidth": 1.0,
            "lines.markersize": 3.5,
            "legend.frameon": False,
            "legend.fontsize": style.font_size_pt * 0.85,
            "errorbar.capsize": 2.0,
            "pdf.fonttype": 42,
        }
    )
    width = style.width_mm / MM_PER_INCH
    return plt.subplots(
        n_rows,
        n_columns,
        figsize=(width, width * aspect),
        constrained_layout=True,
        **keywords,
    )


def _system_colours(systems, style):
    positions = np.linspace(0.0, 0.85, max(len(systems), 2))[: len(systems)]
    colours = matplotlib.colormaps[style.system_colormap](positions)
    return dict(zip(systems, colours, strict=True))


def _in_order(table):
    return list(dict.fromkeys(table["system"]))


def _error(values):
    """Error bars for drawing: an unknown error (NaN) is drawn as none."""
    return np.nan_to_num(np.asarray(values, float), nan=0.0)


def spectra(table, shifts, style):
    """Distribution of shifts by class and the exchange-averaged position, a panel a system."""
    systems = _in_order(table)
    figure, axes = _axes(
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


def lines(table, shifts, style):
    """Exchange-averaged lines of all systems, with the error of their position as a bar."""
    systems = _in_order(table)
    colours = _system_colours(systems, style)
    figure, axis = _axes(style)
    rows = shifts.set_index("system")
    span = rows["shift_ppm"].max() - rows["shift_ppm"].min()
    margin = max(0.25 * span, 4 * _error(_total_error(rows)).max(), 0.05)
    for level, system in enumerate(systems):
        part = table[table["system"] == system]
        height = part["line_per_ppm"] / part["line_per_ppm"].max()
        axis.plot(part["shift_ppm"], height + level, color=colours[system])
        error = _error([_total_error(rows.loc[system])])
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


def shift_against_concentration(shifts, style):
    """Change of the mean shift against the first system, both errors drawn."""
    figure, axis = _axes(style)
    molarity, change = shifts["molarity_M"], shifts["change_ppm"]
    sampling = _error(shifts["change_sampling_err_ppm"])
    total = np.hypot(sampling, _error(shifts["change_model_err_ppm"]))
    axis.errorbar(
        molarity, change, yerr=total, fmt="none", color="#999999", label="sampling + model"
    )
    axis.errorbar(
        molarity, change, yerr=sampling, fmt="o-", color="#0072B2", label="sampling alone"
    )
    axis.axhline(0, color="black", lw=0.5)
    axis.set_xlabel("concentration / M")
    axis.set_ylabel(f"shift against {shifts['system'].iloc[0]} / ppm")
    axis.legend()
    return figure


def parity(table, metrics, style):
    """Predicted against computed shielding of the held-out labels, with spread bars."""
    figure, axis = _axes(style, aspect=0.95)
    test = table[table["part"] == "test"]
    train = table[table["part"] == "train"]
    axis.plot(train["label_ppm"], train["predicted_ppm"], ".", color="#CCCCCC", label="training")
    for name in CLASSES:
        part = test[test["class"] == name]
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
    axis.text(
        0.97,
        0.03,
        f"RMSE {row['rmse_ppm']:.2f} ppm\nMAE {row['mae_ppm']:.2f} ppm\nR$^2$ {row['r2']:.2f}\n"
        f"mean as guess {row['baseline_rmse_ppm']:.2f} ppm",
        transform=axis.transAxes,
        ha="right",
        va="bottom",
    )
    axis.set_xlabel("DFT shielding / ppm")
    axis.set_ylabel("predicted shielding / ppm")
    axis.legend(loc="upper left", handletextpad=0.2)
    return figure


def learning_curve(table, style):
    """Test error against the number of training labels."""
    figure, axis = _axes(style)
    axis.errorbar(
        table["n_train"],
        table["rmse_ppm"],
        yerr=_error(table["rmse_sd_ppm"]),
        fmt="o-",
        color="#0072B2",
        label="committee",
    )
    axis.axhline(
        table["baseline_rmse_ppm"].iloc[-1], color="#D55E00", ls="--", label="mean as guess"
    )
    axis.set_ylim(0, None)
    axis.set_xlabel("training labels")
    axis.set_ylabel("test RMSE / ppm")
    axis.legend()
    return figure


def speciation(table, style):
    """Share of every solvation class against concentration."""
    figure, axis = _axes(style)
    for name in CLASSES:
        part = table[table["class"] == name]
        axis.errorbar(
            part["molarity_M"],
            100 * part["share"],
            yerr=100 * _error(part["share_err"]),
            fmt="o-",
            color=style.class_colours[name],
            label=name,
        )
    axis.set_ylim(0, None)
    axis.set_xlabel("concentration / M")
    axis.set_ylabel("share of environments / %")
    axis.legend()
    return figure


def radial_distribution(table, style):
    """Nucleus-ligand g(r) and running coordination number, with the cut-off."""
    systems = _in_order(table)
    colours = _system_colours(systems, style)
    cutoff_A = table["cutoff_A"].iloc[0]
    figure, axes = _axes(style, 1.1, 2, sharex=True)
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


def thermodynamics(table, style):
    """Density over the MD stages, a line a replica."""
    systems = _in_order(table)
    colours = _system_colours(systems, style)
    figure, axis = _axes(style)
    for (system, _), part in table.groupby(["system", "replica"], sort=False):
        axis.plot(part["elapsed_ps"], part["density_g_cm3"], color=colours[system], label=system)
    handles, names = axis.get_legend_handles_labels()
    unique = dict(zip(names, handles, strict=True))
    axis.legend(unique.values(), unique.keys(), ncols=2)
    axis.set_xlabel("time over all stages / ps")
    axis.set_ylabel("density / g cm$^{-3}$")
    return figure
