"""Decays of synthetic runs of known rates, through the autocorrelation, the echo and the fit."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ionshift.core.errors import InputError
from ionshift.nmr import alignment_echo, powder, quadrupolar
from ionshift.nmr import quadrupolar_correlation as correlation
from ionshift.nmr.efg_runs import EfgRun, averaged
from ionshift.nmr.nuclides import NUCLIDES, Nuclide
from ionshift.statistics.decay import decay
from jump_process import any_tensor, axial, jumps, rotational_diffusion

LI7 = NUCLIDES.get("7Li")
RATE = 0.05


def runs_of(tensors, n_frames=1500, n_nuclei=24, n_replicas=2, rate=RATE, seed=0):
    """Jumps between sites with these tensors, a step a ps."""
    rng = np.random.default_rng(seed)
    tensors = np.asarray(tensors)
    return [
        EfgRun(tensors[jumps(len(tensors), rate, 1.0, n_frames, n_nuclei, rng)], 1.0)
        for _ in range(n_replicas)
    ]


def near(value, error, expected, n_errors=3.0):
    assert 0 < error < 0.2 * abs(expected)
    return abs(value - expected) < n_errors * error


TWO, THREE = [axial(0), axial(2)], [axial(0), axial(1), axial(2)]


def test_the_fast_sum_is_the_double_loop():
    tensors = any_tensor(np.random.default_rng(0), (30, 3))
    found = correlation.autocorrelation([EfgRun(tensors, 0.5)], LI7, 0.5)
    for lag, time_ps, value in zip(range(15), found.lags_ps, found.mean(), strict=True):
        products = correlation.powder_mean_product_Hz2(
            tensors[: len(tensors) - lag], tensors[lag:], LI7
        )
        assert time_ps == 0.5 * lag
        assert value == pytest.approx(products.mean(), abs=1e-9 * found.mean()[0])


@pytest.mark.parametrize(
    ("tensors", "rate_ps", "offset"),
    [(TWO, 2 * RATE, 0.25), (THREE, 3 * RATE, 0.0)],
    ids=["two sites", "three sites of cubic symmetry"],
)
def test_a_jump_process_gives_back_its_rate(tensors, rate_ps, offset):
    """n sites with `RATE` to each other one decay with n RATE to the trace of the mean tensor."""
    found = decay(correlation.autocorrelation(runs_of(tensors), LI7, 0.3))
    assert found.status == "known"
    assert near(found.mean_time_ps, found.mean_time_err_ps, 1 / rate_ps)
    assert abs(found.offset - offset) < 3 * found.offset_err + 1e-3
    assert found.beta == pytest.approx(1.0, abs=0.12)


def test_the_error_is_that_of_repeated_runs():
    expected, deviations = 1 / (2 * RATE), []
    for seed in range(16):
        one = correlation.autocorrelation(runs_of(TWO, 600, 24, 1, seed=seed), LI7, 0.3)
        found = decay(one, n_resamples=40)
        if found.status == "known":
            deviations.append((found.mean_time_ps - expected) / found.mean_time_err_ps)
    assert len(deviations) >= 14
    assert 0.5 < np.std(deviations) < 1.8
    assert abs(np.mean(deviations)) < 0.8


def test_isotropic_diffusion_decays_with_six_d():
    d_ps = 0.01
    tensors = rotational_diffusion(d_ps, 1.0, 800, 40, axial(2, eta=0.4), np.random.default_rng(1))
    found = decay(correlation.autocorrelation([EfgRun(tensors, 1.0)], LI7, 0.25))
    assert near(found.mean_time_ps, found.mean_time_err_ps, 1 / (6 * d_ps))


def test_a_rigid_lattice_has_no_decay():
    tensors = np.broadcast_to(any_tensor(np.random.default_rng(2), (6,)), (100, 6, 3, 3))
    found = decay(correlation.autocorrelation([EfgRun(tensors, 1.0)], LI7))
    assert found.status == "lower bound" and found.reason.startswith("no decay from 1 to 49 ps")
    assert np.isnan([found.tau_ps, found.mean_time_ps, found.mean_time_err_ps]).all()
    assert found.lower_ps == 49.0


def test_a_rigid_lattice_that_vibrates_has_no_decay_either():
    rng = np.random.default_rng(3)
    tensors = any_tensor(rng, (10,)) + 0.5 * any_tensor(rng, (400, 10))
    found = decay(correlation.autocorrelation([EfgRun(tensors, 0.1)], LI7))
    assert found.status == "lower bound" and "its error is" in found.reason
    assert found.lower_ps == pytest.approx(19.9)


def test_a_run_shorter_than_its_decay_gives_a_bound_that_holds():
    """1 / (2 rate) = 100 ps, lags up to 50 ps."""
    for seed in range(3):
        runs = runs_of(TWO, 100, 60, 2, rate=0.005, seed=seed)
        found = decay(correlation.autocorrelation(runs, LI7, 0.5))
        assert found.status == "lower bound" and found.reason
        assert np.isnan(found.mean_time_ps)
        assert 0 < found.lower_ps < 100.0


def test_too_few_lags_are_named():
    found = decay(correlation.autocorrelation(runs_of(TWO, 12, 4, 1), LI7))
    assert found.status == "lower bound" and "5 lags" in found.reason and "needs 8" in found.reason


def test_windows_take_vibration_away():
    rng = np.random.default_rng(4)
    (run,) = runs_of(THREE, 2400, 16, 1, rate=0.01, seed=4)
    shaken = EfgRun(run.tensors_au + 0.4 * any_tensor(rng, run.tensors_au.shape[:2]), 1.0)
    table = correlation.window_table([shaken], LI7, [0.0, 4.0], max_lag_share=0.2)
    raw, mean = table.iloc[0], table.iloc[1]
    noise = np.mean(np.sum((shaken.tensors_au - run.tensors_au) ** 2, axis=(2, 3)))
    signal = np.mean(np.sum(run.tensors_au**2, axis=(2, 3)))
    assert raw["kept_share"] == 1.0
    # What is left of the noise is a quarter; jumps within a window take some of the signal.
    expected = (noise / 4 + signal) / (noise + signal)
    assert mean["kept_share"] == pytest.approx(expected, rel=0.06)
    assert mean["first_value"] > raw["first_value"] + 0.15
    assert mean["rms_frequency_Hz"] < raw["rms_frequency_Hz"]
    assert near(mean["mean_time_ps"], mean["mean_time_err_ps"], 1 / 0.03)


def test_windows_are_means_of_whole_steps():
    (run,) = runs_of(TWO, 11, 2, 1)
    means = averaged(run, 3.0)
    assert means.step_ps == 3.0 and means.n_frames == 3
    assert np.allclose(means.tensors_au[1], run.tensors_au[3:6].mean(axis=0))
    assert averaged(run, 0.0) is run
    with pytest.raises(InputError, match=r"window of 2.5 ps: .* whole number of steps of 1 ps"):
        averaged(run, 2.5)
    with pytest.raises(InputError, match="half of it at most"):
        averaged(run, 8.0)


def test_turning_the_sample_changes_nothing():
    turn = Rotation.random(random_state=5).as_matrix()
    runs = runs_of(TWO, 200, 4, 1)
    turned = [EfgRun(turn @ run.tensors_au @ turn.T, 1.0) for run in runs]
    for function in (
        lambda some: correlation.autocorrelation(some, LI7),
        lambda some: alignment_echo.echo(some, LI7, 20.0),
    ):
        first, second = function(runs).mean(), function(turned).mean()
        assert np.allclose(first, second, rtol=0, atol=1e-8 * first[0])


def test_echo_at_short_evolution_times_is_the_autocorrelation():
    runs = runs_of(TWO, 200, 4, 2)
    one = correlation.autocorrelation(runs, LI7)
    echo = alignment_echo.echo(runs, LI7, 1e-3)
    assert np.allclose(echo.mean() / (2 * np.pi * 1e-9) ** 2, one.mean(), rtol=1e-6)


def test_echo_is_the_average_over_directions():
    """Against sines summed by hand on a much finer grid."""
    tensors = any_tensor(np.random.default_rng(6), (20, 2))
    found = alignment_echo.echo([EfgRun(tensors, 1.0)], LI7, 10.0, 0.5)
    directions, weights = powder.grid(131)
    phases = 2 * np.pi * 10e-6 * quadrupolar.frequencies_Hz(tensors, directions, LI7)
    assert np.abs(phases).max() > 3.0
    sines = np.sin(phases)
    direct = [
        np.mean((sines[: 20 - lag] * sines[lag:]) @ weights) for lag in range(len(found.lags_ps))
    ]
    assert np.allclose(found.mean(), direct, atol=1e-7)


def test_echo_gives_back_the_rate_of_two_sites():
    runs = runs_of(TWO, 800, 16, 2)
    curves, fits = alignment_echo.tables(runs, LI7, [5.0, 20.0], max_lag_share=0.3)
    assert list(fits["evolution_us"]) == [5.0, 20.0]
    for row in fits.to_dict("records"):
        assert row["status"] == "known"
        assert near(row["mean_time_ps"], row["mean_time_err_ps"], 1 / (2 * RATE))
    assert (curves.loc[curves["mixing_ps"] == 0, "echo"] == 1.0).all()


def test_phases_that_no_grid_holds_are_refused_with_the_longest_time():
    runs = runs_of(TWO, 20, 2, 1)
    with pytest.raises(InputError, match="take at most") as found:
        alignment_echo.echo(runs, LI7, 1e4)
    longest_us = float(str(found.value).split("at most ")[1].split(" us")[0])
    assert (
        alignment_echo.degree_for(
            alignment_echo.largest_phase(runs, LI7, 0.95 * longest_us), longest_us
        )
        <= powder.FINEST
    )


def test_spins_with_more_satellites_have_no_echo_here():
    with pytest.raises(InputError, match=r"spins 1 and 3/2, not 2\.5"):
        alignment_echo.echo(runs_of(TWO, 20, 2, 1), Nuclide("27X", 2.5, 1e-29), 1.0)


def test_zero_tensors_are_refused():
    with pytest.raises(InputError, match="all EFG tensors are zero"):
        correlation.autocorrelation([EfgRun(np.zeros((9, 2, 3, 3)), 1.0)], LI7)
