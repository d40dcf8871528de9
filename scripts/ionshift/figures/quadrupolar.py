"""Quadrupolar dynamics: decays of the autocorrelation and of the spin-alignment echo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from ionshift.config.figures import Figures
from ionshift.figures.style import bar_length, make_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FIT_COLOUR, DATA_COLOUR = "#D55E00", "#0072B2"


def autocorrelation(table: pd.DataFrame, decay: pd.DataFrame, style: Figures) -> Figure:
    """Autocorrelation of nu_Q with its errors and the fitted stretched exponential.

    `table` is autocorrelation.csv and `decay` decay.csv of `ionshift analyse quadrupolar`.
    """
    row, later = decay.iloc[0], table[table["time_ps"] > 0]
    figure, axis = make_axes(style)
    axis.errorbar(
        later["time_ps"],
        later["autocorrelation"],
        yerr=bar_length(later["autocorrelation_err"]),
        fmt="o",
        ms=2,
        color=DATA_COLOUR,
        elinewidth=0.6,
        capsize=0,
        label=f"{row['nuclide']}, {row['n_paths']} paths",
    )
    if later["fit"].notna().any():
        axis.plot(later["time_ps"], later["fit"], color=FIT_COLOUR, label=_fit_text(row))
        axis.axhline(row["offset"], color=FIT_COLOUR, ls=":", lw=0.8)
    else:
        bound = f"mean correlation time > {row['mean_time_lower_ps']:.3g} ps"
        axis.plot([], [], " ", label=bound if np.isfinite(row["mean_time_lower_ps"]) else "no fit")
    axis.axhline(0, color="black", lw=0.5)
    axis.set_xscale("log")
    axis.set_ylim(None, 1.05)
    axis.set_xlabel("time / ps")
    axis.set_ylabel(r"$\langle\nu_Q(0)\,\nu_Q(t)\rangle\,/\,\langle\nu_Q^2\rangle$")
    axis.legend()
    return figure


def _fit_text(row):
    mean, error = row["mean_time_ps"], row["mean_time_err_ps"]
    known = rf" $\pm$ {error:.2g}" if np.isfinite(error) else ""
    return rf"$\beta$ = {row['beta']:.2f}, mean time {mean:.3g}{known} ps"


def alignment_echo(table: pd.DataFrame, style: Figures) -> Figure:
    """Decay of the spin-alignment echo with the mixing time, a colour an evolution time.

    `table` is echo.csv of `ionshift analyse quadrupolar`.
    """
    times_us = list(dict.fromkeys(table["evolution_us"]))
    colours = matplotlib.colormaps[style.system_colormap](np.linspace(0, 0.85, len(times_us)))
    figure, axis = make_axes(style)
    for time_us, colour in zip(times_us, colours, strict=True):
        part = table[(table["evolution_us"] == time_us) & (table["mixing_ps"] > 0)]
        error = bar_length(part["echo_err"])
        axis.plot(part["mixing_ps"], part["echo"], color=colour, label=rf"{time_us:g} $\mu$s")
        axis.fill_between(
            part["mixing_ps"],
            part["echo"] - error,
            part["echo"] + error,
            color=colour,
            alpha=0.25,
            lw=0,
        )
        axis.plot(part["mixing_ps"], part["fit"], color=colour, ls="--", lw=0.8)
    axis.axhline(0, color="black", lw=0.5)
    axis.set_xscale("log")
    axis.set_xlabel("mixing time / ps")
    axis.set_ylabel(r"$S_2(t_p, t_m)\,/\,S_2(t_p, 0)$")
    axis.legend(title="evolution time", ncols=2)
    return figure
