"""Figures of the map draw from tables with gaps: unknown errors, absent classes, one system."""

import numpy as np
import pandas as pd
import pytest
from test_pca_map import environments

from ionshift.config.figures import Figures
from ionshift.figures import maps
from ionshift.figures.style import save
from ionshift.learning.members import member_table
from ionshift.learning.pca_map import map_table, meaning_table
from ionshift.nmr.decomposition import decomposition_table
from on_axes import empty_panels

STYLE = Figures()
MEMBERS = member_table([9, 9, 9, 9], [[1, 2, 3, 4], [4, 3, 2, 2]])
VARIANCE = pd.DataFrame({"component": ["pc1", "pc2"], "explained_share": [0.5, 0.2]})


def decompose(data):
    return decomposition_table(data, dict.fromkeys(data, MEMBERS), 5, 20, 1)


@pytest.mark.parametrize("names", [["1M"], ["1M", "2M", "3M"]])
@pytest.mark.parametrize("n_frames", [1, 20])
def test_figures_draw(names, n_frames, tmp_path):
    data = {name: environments(n_frames, seed) for seed, name in enumerate(names)}
    figures = [
        maps.pca_map(map_table(data, 50, 1), VARIANCE, STYLE),
        maps.pca_meaning(meaning_table(data, 5, 20, 1), STYLE),
    ]
    if len(names) > 1:
        figures.append(maps.decomposition(decompose(data), STYLE))
    for number, figure in enumerate(figures):
        save(figure, [tmp_path / f"{number}.png"], dpi=60)
        assert empty_panels(figure) == []


def test_axes_of_the_map_tell_the_explained_variance():
    figure = maps.pca_map(map_table({"1M": environments(5, 1)}, 50, 1), VARIANCE, STYLE)
    assert figure.axes[1].get_xlabel() == "PC1 (50 % of variance)"


def test_bars_of_the_decomposition_reach_the_sum():
    data = {name: environments(20, seed) for seed, name in enumerate(("1M", "2M"))}
    table = decompose(data)
    figure = maps.decomposition(table, STYLE)
    heights = sum(bar.get_height() for bar in figure.axes[0].patches)
    change = table.loc[table["solvation_class"] == "all", "change_ppm"].iloc[0]
    assert heights == pytest.approx(change)


def test_numbers_of_the_heat_map():
    assert maps.with_error(-0.626, 0.034) == "−.63(3)"
    assert maps.with_error(0.5, np.nan) == ".50"
    assert maps.with_error(np.nan, np.nan) == ""
