"""What all figures share: size, fonts, colours, saving."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from numpy.typing import ArrayLike, NDArray

from ionshift.config.figures import Figures

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullFormatter

from ionshift.core.files import atomic_path

MM_PER_INCH = 25.4
NARROW = 4
SHIFT_LABEL = "chemical shift / ppm"


def save(figure: Figure, paths: Iterable[str | Path], dpi: int) -> None:
    """Write a figure to every path (PDF, PNG) and close it."""
    for target in paths:
        with atomic_path(target) as path:
            figure.savefig(path, dpi=dpi)
    plt.close(figure)


def make_axes(
    style: Figures, aspect: float = 0.75, n_rows: int = 1, n_columns: int = 1, **keywords: Any
) -> tuple[Figure, Any]:
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


def system_colours(systems: Sequence[str], style: Figures) -> dict[str, Any]:
    positions = np.linspace(0.0, 0.85, max(len(systems), 2))[: len(systems)]
    colours = matplotlib.colormaps[style.system_colormap](positions)
    return dict(zip(systems, colours, strict=True))


def in_order(table: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(table["system"]))


def plain_log_ticks(axis: Axis) -> None:
    """Ticks as plain numbers for one axis of few decades: at 1, 2 and 5 of every decade.

    What does not reach over two of these has a few ticks at equal distances; so call it when all
    is drawn.
    """
    low, high = axis.get_view_interval()
    few = high < NARROW * low
    axis.set_major_locator(MaxNLocator(3) if few else LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_formatter(NullFormatter())


def as_written(text: object) -> str:
    """A user's text for matplotlib, no dollar of which begins a formula."""
    return str(text).replace("$", r"\$")


def bar_length(values: ArrayLike) -> NDArray[np.float64]:
    """Error bars for drawing: an unknown error (NaN) is drawn as none."""
    return np.nan_to_num(np.asarray(values, float), nan=0.0)


def corner_note(axis: Axes, text: str) -> None:
    """Text in the lower right corner of the axes."""
    axis.text(0.97, 0.03, text, transform=axis.transAxes, ha="right", va="bottom")
