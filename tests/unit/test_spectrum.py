import numpy as np
import pandas as pd
import pytest

from ionshift import spectrum
from ionshift.config import Spectrum
from ionshift.speciation import CLASSES


def correlated_series(n, correlation, rng):
    """AR(1) noise of unit variance; its mean over n steps has variance near (1+c)/(1-c)/n."""
    values = np.empty(n)
    values[0] = rng.normal()
    for step in range(1, n):
        values[step] = correlation * values[step - 1] + rng.normal() * np.sqrt(1 - correlation**2)
    return values


def predictions(shifts, replica=0, classes="CIP"):
    shifts = np.asarray(shifts, float)
    return pd.DataFrame(
        {
            "shift_ppm": shifts,
            "replica": replica,
            "li": 0,
            "time_ps": np.arange(len(shifts), dtype=float),
            "class": classes,
            "extrapolation": 0.0,
            "n_anion": 1,
            "n_solvent": 2,
            "coordination": 5,
        }
    )


def test_block_error_covers_correlated_noise():
    """The blocked error must match the true scatter of the mean; the naive one must not."""
    rng = np.random.default_rng(3)
    n, correlation = 2000, 0.95
    means, errors, naive = [], [], []
    for _ in range(60):
        series = correlated_series(n, correlation, rng)
        mean, error = spectrum.mean_with_error(series, np.zeros(n), np.arange(n), n_blocks=10)
        means.append(mean)
        errors.append(error)
        naive.append(series.std() / np.sqrt(n))
    true = np.sqrt((1 + correlation) / (1 - correlation) / n)
    assert np.std(means) == pytest.approx(true, rel=0.3)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(true, rel=0.25)
    assert np.mean(naive) < true / 4


def test_single_frame_has_unknown_error():
    mean, error = spectrum.mean_with_error([1.0, 3.0], [0, 0], [0.0, 0.0], n_blocks=5)
    assert mean == 2.0
    assert np.isnan(error)


def test_shift_is_reference_minus_shielding():
    assert spectrum.shift_ppm([92.0, 93.0], 92.5).tolist() == [0.5, -0.5]


def test_shift_table_keeps_errors_apart():
    rng = np.random.default_rng(0)
    tables = {"1M": predictions(rng.normal(0.0, 1, 500)), "2M": predictions(rng.normal(-2, 1, 500))}
    members = {"1M": np.array([0.1, -0.1, 0.0]), "2M": np.array([-1.9, -2.1, -2.0])}
    table = spectrum.shift_table(tables, members, {"1M": 1.0, "2M": 2.1}, n_blocks=5)
    assert table["system"].tolist() == ["1M", "2M"]
    assert table["change_ppm"].iloc[0] == 0
    assert table["change_ppm"].iloc[1] == pytest.approx(-2.0, abs=0.2)
    assert table["sampling_err_ppm"].between(0.01, 0.1).all()
    assert np.allclose(table["model_err_ppm"], 0.1)
    assert table["change_model_err_ppm"].iloc[1] == pytest.approx(0.0, abs=1e-12)


def test_nuclei_that_never_mix_count_as_few_samples():
    """Four nuclei with their own shifts: blocks see nothing, the nuclei's means do."""
    own = np.array([-1.0, 0.0, 0.5, 1.5])
    times, nuclei = np.meshgrid(np.arange(50.0), np.arange(4), indexing="ij")
    table = pd.DataFrame({"time_ps": times.ravel(), "li": nuclei.ravel(), "replica": 0})
    noise = np.random.default_rng(0).normal(0, 0.01, len(table))
    table["shift_ppm"] = own[table["li"]] + noise
    blocks = spectrum.mean_with_error(table["shift_ppm"], 0, table["time_ps"], n_blocks=5)[1]
    mean, error = spectrum.sampling_error(table, n_blocks=5)
    assert blocks < 0.005
    assert mean == pytest.approx(own.mean(), abs=0.01)
    assert error == pytest.approx(own.std(ddof=1) / 2, rel=0.02)


def test_one_nucleus_has_the_error_of_its_blocks():
    table = predictions(np.random.default_rng(2).normal(size=100))
    blocks = spectrum.mean_with_error(table["shift_ppm"], 0, table["time_ps"], n_blocks=5)[1]
    assert spectrum.sampling_error(table, n_blocks=5)[1] == pytest.approx(blocks)


def test_distribution_has_unit_area_and_the_right_mean():
    grid = np.linspace(-5, 5, 1001)
    values = np.random.default_rng(1).normal(0.7, 0.5, 4000)
    density = spectrum.distribution(values, grid, 0.05)
    step = grid[1] - grid[0]
    assert density.sum() * step == pytest.approx(1.0, abs=1e-3)
    assert (grid * density).sum() * step == pytest.approx(values.mean(), abs=1e-2)


def test_line_width_is_one_over_pi_t2():
    t2_s, larmor_MHz = 0.05, 155.5
    width_ppm = 1 / (np.pi * t2_s) / larmor_MHz
    at_top, at_half = spectrum.lorentzian(
        np.array([1.0, 1.0 + width_ppm / 2]), 1.0, t2_s, larmor_MHz
    )
    assert at_half == pytest.approx(at_top / 2)


def test_spectra_of_classes_add_up_and_absent_ones_are_empty():
    table = predictions(np.linspace(-1, 1, 400), classes=["SSIP", "CIP"] * 200)
    shifts = pd.DataFrame({"system": ["1M"], "shift_ppm": [0.0]})
    spectra = spectrum.spectra_table({"1M": table}, shifts, Spectrum())
    parts = spectra[[f"{name}_per_ppm" for name in CLASSES]]
    assert np.allclose(parts.sum(axis=1), spectra["total_per_ppm"])
    assert (spectra["AGG+_per_ppm"] == 0).all()
    step = spectra["shift_ppm"].diff().iloc[1]
    assert spectra["total_per_ppm"].sum() * step == pytest.approx(1.0, abs=0.01)


def test_speciation_shares_sum_to_one():
    table = predictions(np.zeros(300), classes=["SSIP", "CIP", "CIP"] * 100)
    shares = spectrum.speciation_table({"1M": table}, {"1M": 1.0}, n_blocks=5)
    assert shares["share"].sum() == pytest.approx(1.0)
    assert shares.set_index("class").loc["CIP", "share"] == pytest.approx(2 / 3)
    assert np.isnan(shares.set_index("class").loc["AGG+", "mean_shift_ppm"])


def test_coordination_halves_show_drift():
    table = predictions(np.zeros(100))
    table["n_anion"] = np.repeat([0, 2], 50)
    row = spectrum.coordination_table({"1M": table}, {"1M": 1.0}, n_blocks=5).iloc[0]
    assert (row["n_anion_first_half"], row["n_anion_second_half"]) == (0, 2)
    assert row["n_anion"] == 1
