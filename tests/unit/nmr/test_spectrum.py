import numpy as np
import pandas as pd
import pytest

from ionshift.config.spectrum import Spectrum
from ionshift.nmr import spectrum
from ionshift.solvation.classes import CLASSES


def predictions(shifts, replica=0, classes="CIP"):
    shifts = np.asarray(shifts, float)
    return pd.DataFrame(
        {
            "shift_ppm": shifts,
            "replica": replica,
            "nucleus": 0,
            "time_ps": np.arange(len(shifts), dtype=float),
            "solvation_class": classes,
            "extrapolation": 0.0,
            "n_anion": 1,
            "n_solvent": 2,
            "coordination": 5,
        }
    )


def member_means(shifts_ppm, name="CIP"):
    """Members that have seen one class."""
    return pd.DataFrame(
        {
            "member": range(len(shifts_ppm)),
            "solvation_class": name,
            "n_environments": 100,
            "shift_ppm": shifts_ppm,
        }
    )


def test_shift_is_reference_minus_shielding():
    assert spectrum.shift_ppm([92.0, 93.0], 92.5).tolist() == [0.5, -0.5]


def test_shift_table_keeps_errors_apart():
    rng = np.random.default_rng(0)
    tables = {"1M": predictions(rng.normal(0.0, 1, 500)), "2M": predictions(rng.normal(-2, 1, 500))}
    members = {"1M": member_means([0.1, -0.1, 0.0]), "2M": member_means([-1.9, -2.1, -2.0])}
    table = spectrum.shift_table(tables, members, {"1M": 1.0, "2M": 2.1}, n_blocks=5)
    assert table["system"].tolist() == ["1M", "2M"]
    assert table["change_ppm"].iloc[0] == 0
    assert table["change_ppm"].iloc[1] == pytest.approx(-2.0, abs=0.2)
    assert table["sampling_err_ppm"].between(0.01, 0.1).all()
    assert np.allclose(table["model_err_ppm"], 0.1)
    assert table["change_model_err_ppm"].iloc[1] == pytest.approx(0.0, abs=1e-12)


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
    members = {"1M": member_means([0.1, 0.3])}
    shares = spectrum.speciation_table({"1M": table}, members, {"1M": 1.0}, n_blocks=5)
    assert shares["share"].sum() == pytest.approx(1.0)
    shares = shares.set_index("solvation_class")
    assert shares.loc["CIP", "share"] == pytest.approx(2 / 3)
    assert shares.loc["CIP", "mean_shift_model_err_ppm"] == pytest.approx(0.2 / np.sqrt(2))
    assert shares.loc["AGG+", "share"] == 0
    assert shares.loc["AGG+"].filter(like="mean_shift").isna().all()
    assert np.isnan(shares.loc["AGG+", "share_err"])


def test_what_the_predictions_do_not_tell_is_unknown():
    tables = {"1M": predictions(np.linspace(0, 1, 50)), "2M": predictions(np.linspace(1, 2, 50))}
    nobody = dict.fromkeys(tables, member_means([]))
    table = spectrum.shift_table(tables, nobody, {"1M": 1.0, "2M": 2.0}, n_blocks=5)
    assert table[["model_err_ppm", "change_model_err_ppm"]].isna().all(axis=None)
    assert (table["extrapolated_share"] == 0).all()
    unknown = {name: one.assign(extrapolation=np.nan) for name, one in tables.items()}
    table = spectrum.shift_table(unknown, nobody, {"1M": 1.0, "2M": 2.0}, n_blocks=5)
    assert table["extrapolated_share"].isna().all()
    assert table["change_ppm"].iloc[1] == pytest.approx(1.0)
