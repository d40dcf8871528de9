"""Every figure draws from tables with gaps: unknown errors, an absent class, one system."""

import numpy as np
import pandas as pd
import pytest

from ionshift.config.figures import Figures
from ionshift.config.spectrum import Spectrum
from ionshift.figures import liquid, shifts, training
from ionshift.figures.style import save
from ionshift.learning.members import member_table
from ionshift.nmr import spectrum
from ionshift.solvation.classes import CLASSES
from on_axes import empty_panels

STYLE = Figures()


def predictions(n, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "shift_ppm": rng.normal(0, 0.3, n),
            "replica": 0,
            "nucleus": np.arange(n) % 4,
            "time_ps": np.arange(n, dtype=float),
            "solvation_class": rng.choice(["SSIP", "CIP"], n),
            "extrapolation": 0.0,
        }
    )


@pytest.fixture(params=[["1M"], ["1M", "2M", "3M", "4M"]], ids=["one system", "four systems"])
def tables(request):
    data = {system: predictions(100, seed) for seed, system in enumerate(request.param)}
    members = dict.fromkeys(data, member_table([50, 50, 0, 0], [[0, 5, 0, 0], [1, 0, 0, 0]]))
    molarity_M = {system: i + 1.0 for i, system in enumerate(data)}
    shifts = spectrum.shift_table(data, members, molarity_M, n_blocks=80)
    assert shifts["sampling_err_ppm"].isna().all()
    return {
        "shifts": shifts,
        "spectra": spectrum.spectra_table(data, shifts, Spectrum()),
        "speciation": spectrum.speciation_table(data, members, molarity_M, n_blocks=80),
    }


def parity_tables():
    parity = pd.DataFrame(
        {
            "part": ["train", "test", "test"],
            "label_ppm": [92.0, 92.5, 93.0],
            "predicted_ppm": [92.1, 92.4, 92.9],
            "predicted_sd_ppm": 0.1,
            "solvation_class": ["SSIP", "CIP", "CIP"],
        }
    )
    scores = {"part": "test", "rmse_ppm": 0.1, "mae_ppm": 0.1, "r2": np.nan}
    return parity, pd.DataFrame([scores | {"baseline_rmse_ppm": 0.4}])


def test_figures_of_shifts(tables, tmp_path):
    figures = [
        shifts.spectra(tables["spectra"], tables["shifts"], STYLE),
        shifts.lines(tables["spectra"], tables["shifts"], STYLE),
        shifts.shift_against_concentration(tables["shifts"], None, STYLE),
        liquid.speciation(tables["speciation"], STYLE),
    ]
    for number, figure in enumerate(figures):
        paths = [tmp_path / f"{number}.{suffix}" for suffix in ("pdf", "png")]
        save(figure, paths, dpi=60)
        assert all(path.is_file() for path in paths) and empty_panels(figure) == []
    mean = figures[2].axes[0].lines
    known = tables["shifts"]["change_ppm"].to_numpy()
    assert any(
        np.allclose(line.get_ydata(), known) for line in mean if len(line.get_ydata()) == len(known)
    )


def test_parity_with_an_absent_class(tmp_path):
    figure = training.parity(*parity_tables(), STYLE)
    save(figure, [tmp_path / "parity.png"], 60)
    assert empty_panels(figure) == []
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["training", *(f"test {name}" for name in CLASSES)]


def curve_that_needs(needed):
    return pd.DataFrame(
        {
            "n_train": [10, 20],
            "rmse_ppm": [0.3, 0.2],
            "rmse_sd_ppm": [0.05, np.nan],
            "baseline_rmse_ppm": 0.5,
            "power_a_ppm": 1.0,
            "power_b": np.nan if np.isnan(needed) else 0.5,
            "power_b_err": 0.1,
            "target_rmse_ppm": 0.13,
            "n_for_target": needed,
            "n_for_target_low": 100.0,
            "n_for_target_high": np.inf,
        }
    )


@pytest.mark.parametrize("needed", [500.0, np.inf, np.nan])
def test_learning_curve_with_unknown_scatter(needed, tmp_path):
    figure = training.learning_curve(curve_that_needs(needed), STYLE)
    save(figure, [tmp_path / "curve.png"], 60)
    drawn = [line.get_ydata() for line in figure.axes[0].lines]
    assert any(np.array_equal(values, [0.3, 0.2]) for values in drawn)


@pytest.mark.parametrize(("needed", "drawn"), [(15.0, True), (500.0, True), (0.5, False)])
def test_labels_for_the_target_are_drawn_from_the_first_point_on(needed, drawn):
    lines = training.learning_curve(curve_that_needs(needed), STYLE).axes[0].lines
    assert (needed in [line.get_xdata()[0] for line in lines]) == drawn


def test_every_class_has_its_own_colour():
    assert set(STYLE.class_colours) == set(CLASSES)
    assert len(set(STYLE.class_colours.values())) == len(CLASSES)
