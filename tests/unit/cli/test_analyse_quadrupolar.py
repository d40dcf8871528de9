"""`ionshift analyse quadrupolar`: from files of a user to tables, sentences and figures."""

import ase
import ase.io
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from ionshift.cli import main
from ionshift.config.figures import Figures
from ionshift.core.errors import InputError
from ionshift.figures import quadrupolar as figures
from jump_process import axial, jumps
from on_axes import empty_panels

RATE = 0.05
CELL_A = np.diag([12.0, 10.0, 9.0])
SITES = np.array([[0.2, 0.2, 0.2], [0.5, 0.2, 0.2]])


def call(*arguments):
    return CliRunner().invoke(main.app, ["analyse", *map(str, arguments)], catch_exceptions=False)


def write_run(path, seed, n_frames=600, rate=RATE):
    rng = np.random.default_rng(seed)
    site = jumps(2, rate, 1.0, n_frames, 12, rng)
    np.savez(
        path,
        efg_au=np.array([axial(0), axial(2)])[site],
        time_ps=np.arange(float(n_frames)),
        positions_A=(SITES @ CELL_A)[site] + rng.normal(scale=0.2, size=(*site.shape, 3)),
        cell_A=CELL_A,
    )
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quadrupolar")
    files = [write_run(folder / f"{seed}.npz", seed) for seed in (0, 1)]
    sites = ase.Atoms("Li2", cell=CELL_A, pbc=True, scaled_positions=SITES)
    ase.io.write(folder / "sites.extxyz", sites)
    options = ["--evolution-us", "20", "--sites", folder / "sites.extxyz", "--temperature-K", "600"]
    options += ["--hop-distance-A", "2", "--out", folder / "out"]
    return call("quadrupolar", *files, *options), folder


def table(folder, name):
    return pd.read_csv(folder / "out" / f"{name}.csv")


def test_the_rate_comes_back_in_every_way(done):
    """Two sites: the decay is twice as fast as the hops."""
    result, folder = done
    assert result.exit_code == 0
    for name in ("decay", "echo_decays"):
        row = table(folder, name).iloc[0]
        assert row["status"] == "known" and row["temperature_K"] == 600
        assert abs(row["mean_time_ps"] - 1 / (2 * RATE)) < 3 * row["mean_time_err_ps"]
    row = table(folder, "site_hop_rate").iloc[0]
    # Hops to and fro within a step of 1 ps are missed: exactly, (1 - exp(-2 k dt)) / 2 a step.
    expected = 1e3 * (1 - np.exp(-2 * RATE)) / 2
    assert abs(row["rate_per_ns"] - expected) < 3 * row["rate_err_per_ns"]
    assert row["core_share"] > 0.9 and row["return_share"] == pytest.approx(1.0, abs=0.05)
    moved = table(folder, "displacement_hop_rate").iloc[0]
    assert 0.8 * expected < moved["rate_per_ns"] < expected


def test_what_is_printed_has_errors_and_the_folder(done):
    result, folder = done
    decay = table(folder, "decay").iloc[0]
    assert f"mean correlation time {decay['mean_time_ps']:.3g} +- " in result.output
    assert "echo, evolution time 20 us: mean correlation time" in result.output
    assert "hops by site: " in result.output and "per ion and ns" in result.output
    assert "7Li: mean |C_Q| 94.2 kHz, 24 paths" in result.output


def test_tables_are_tidy_and_whole(done):
    _, folder = done
    couplings = table(folder, "couplings")
    assert len(couplings) == 24 and couplings["abs_coupling_kHz"].round(1).eq(94.2).all()
    curve = table(folder, "autocorrelation")
    assert curve["autocorrelation"].iloc[0] == 1 and curve["time_ps"].max() == 299
    assert curve["fit"].notna().sum() == len(curve) - 1
    assert table(folder, "windows")["window_ps"].tolist() == [0.0]
    hops = table(folder, "site_hops")
    assert set(hops["from_site"]) == {0, 1} and (hops["from_site"] != hops["to_site"]).all()


def test_figures_are_drawn_from_the_tables_alone(done, tmp_path):
    _, folder = done
    assert (folder / "out" / "autocorrelation.pdf").is_file()
    for name in ("autocorrelation", "decay", "echo"):
        table(folder, name).to_csv(tmp_path / f"{name}.csv", index=False)
    assert call("quadrupolar-figures", tmp_path).exit_code == 0
    assert (tmp_path / "alignment_echo.png").is_file()
    curve, decay = table(folder, "autocorrelation"), table(folder, "decay")
    figure = figures.autocorrelation(curve, decay, Figures())
    assert empty_panels(figure) == []
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert any(f"mean time {decay['mean_time_ps'].iloc[0]:.3g}" in text for text in texts)
    assert empty_panels(figures.alignment_echo(table(folder, "echo"), Figures())) == []
    with pytest.raises(InputError, match="no tables of ionshift analyse quadrupolar"):
        call("quadrupolar-figures", tmp_path / "none")


def test_a_run_without_a_decay_says_so(tmp_path):
    tensors = np.broadcast_to(axial(2), (60, 3, 3, 3))
    np.savez(tmp_path / "a.npz", efg_V_A2=tensors)
    options = ["--dt-ps", 0.5, "--window-ps", 1, "--out", tmp_path / "out"]
    result = call("quadrupolar", tmp_path / "a.npz", *options)
    assert "lower bound, mean correlation time > 14 ps (no decay from 1 to 14 ps" in result.output
    assert np.isnan(table(tmp_path, "decay")["mean_time_ps"].iloc[0])
    assert table(tmp_path, "windows")["window_ps"].tolist() == [0.0, 1.0, 2.0]
    assert (tmp_path / "out" / "autocorrelation.png").is_file()


def test_wrong_input_is_a_sentence(tmp_path):
    np.savez(tmp_path / "a.npz", efg_au=np.broadcast_to(axial(2), (60, 3, 3, 3)))
    for options, words in (
        ([], "--dt-ps"),
        (["--dt-ps", 1, "--nuclide", "9Li"], "nuclide = '9Li'"),
        (["--dt-ps", 1, "--window-ps", 1.5], "whole number of steps"),
        (["--dt-ps", 1, "--hop-distance-A", 2], "hops need positions_A"),
        (["--dt-ps", 1, "--sites", tmp_path / "none.cif"], "none.cif cannot be read"),
    ):
        with pytest.raises(InputError, match=words):
            call("quadrupolar", tmp_path / "a.npz", *options, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_arrhenius_from_tables(tmp_path):
    rows = []
    for temperature_K in (500.0, 600.0, 800.0):
        time_ps = 0.5 * np.exp(0.3 / (8.617333e-5 * temperature_K))
        rows.append({"temperature_K": temperature_K, "mean_time_ps": time_ps})
    rows.append({"temperature_K": 400.0, "mean_time_ps": np.nan})
    paths = [tmp_path / f"{number}.csv" for number in range(4)]
    for path, row in zip(paths, rows, strict=True):
        error = {"mean_time_err_ps": 0.1 * row["mean_time_ps"]}
        pd.DataFrame([row | error]).to_csv(path, index=False)
    result = call("arrhenius", *paths, "--out", tmp_path / "arrhenius.csv")
    assert "1 of 4 tables have a bound alone: left out" in result.output
    found = pd.read_csv(tmp_path / "arrhenius.csv").iloc[0]
    assert found["activation_eV"] == pytest.approx(0.3, rel=1e-5)
    assert (found["n_points"], found["n_bounds"]) == (3, 1)
    assert found["activation_err_eV"] > 0


def test_arrhenius_names_what_a_table_lacks(tmp_path):
    pd.DataFrame({"temperature_K": [300.0], "x": [1.0]}).to_csv(tmp_path / "a.csv", index=False)
    pd.DataFrame({"mean_time_ps": [300.0]}).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(InputError, match="neither mean_time_ps nor rate_per_ns"):
        call("arrhenius", tmp_path / "a.csv")
    with pytest.raises(InputError, match="no column temperature_K; give --temperature-K"):
        call("arrhenius", tmp_path / "b.csv")
