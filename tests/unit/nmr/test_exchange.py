import numpy as np
import pandas as pd
import pytest

from ionshift.config.spectrum import Spectrum
from ionshift.core.errors import InputError
from ionshift.nmr import exchange
from ionshift.statistics.uncertainty import block_of, ratio_error
from processes import error_of_the_mean, ornstein_uhlenbeck

SPECTRUM = Spectrum(n_points=101)


def predictions(*replicas, step_ps=0.5):
    """A table from arrays (n_frames, n_nuclei), one a replica."""
    parts = []
    for number, shifts in enumerate(replicas):
        frame, nucleus = np.indices(shifts.shape)
        parts.append(
            pd.DataFrame(
                {
                    "replica": number,
                    "time_ps": step_ps * (frame.ravel() + 1),
                    "nucleus": nucleus.ravel(),
                    "shift_ppm": shifts.ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def analyse(table, max_lag_share=0.5):
    paths = exchange.read_paths(table)
    found = exchange.shift_autocorrelation(paths, max_lag_share)
    regimes = exchange.exchange_table({"1M": paths}, {"1M": found}, 155.5, 0.05)
    return paths, found, regimes.iloc[0]


def test_known_process_gives_its_time_amplitude_and_width():
    rng = np.random.default_rng(0)
    table = predictions(*(0.3 * ornstein_uhlenbeck(2000, 8.0, 20, rng) for _ in range(3)))
    _, found, row = analyse(table)
    assert row["correlation_time_ps"] == pytest.approx(4.0, rel=0.1)
    assert 0.01 < row["correlation_time_err_ps"] < 1
    assert row["shift_sd_ppm"] == pytest.approx(0.3, rel=0.03)
    assert row["amplitude_rad_s"] == pytest.approx(2 * np.pi * 155.5 * 0.3, rel=0.03)
    assert row["regime"] == "fast"
    assert row["exchange_width_Hz"] == pytest.approx(
        (2 * np.pi * 155.5 * 0.3) ** 2 * 4e-12 / np.pi, rel=0.15
    )
    expected = np.exp(-found.lags_ps / 4.0)
    assert np.mean(np.abs(found.value - expected)[1:200] < 2 * found.error[1:200]) > 0.8


def test_static_share_of_a_known_process():
    """The time average of exp(-t/tau) noise keeps a known part of the variance."""
    n_frames, tau = 200, 40.0
    table = predictions(ornstein_uhlenbeck(n_frames, tau, 800, np.random.default_rng(1)))
    _, found, _ = analyse(table)
    assert found.static_share == pytest.approx(error_of_the_mean(n_frames, tau) ** 2, rel=0.1)


def test_frozen_part_is_reported_and_leaves_the_time_unknown():
    rng = np.random.default_rng(2)
    frozen = rng.normal(size=40)
    _, found, row = analyse(predictions(frozen + ornstein_uhlenbeck(1000, 4.0, 40, rng)))
    share = frozen.var() / (frozen.var() + 1)
    assert found.value[200:].mean() == pytest.approx(share, abs=0.05)
    assert row["static_share"] == pytest.approx(share, abs=0.05)
    assert np.isnan(row["correlation_time_ps"])
    assert row["correlation_time_lower_ps"] > 50
    assert row["regime"] == "unresolved"


def test_constant_shift_has_no_exchange():
    paths, found, row = analyse(predictions(np.full((50, 3), 0.7)))
    assert np.isnan(found.value).all()
    assert row["regime"] == "none"
    assert row["amplitude_rad_s"] == 0
    assert np.isnan(row["static_share"])
    lines = exchange.line_table({"1M": paths}, pd.DataFrame([row]), SPECTRUM)
    assert lines["shift_ppm"][lines["line_per_ppm"].idxmax()] == pytest.approx(0.7)
    errors = exchange.mean_error_table({"1M": predictions(np.full((50, 3), 0.7))}, {"1M": paths}, 5)
    assert np.isnan(errors["autocorrelation_err_ppm"].iloc[0])


def test_single_frame_and_single_nucleus_are_unknown():
    _, found, row = analyse(predictions(np.array([[0.1, 0.4]])))
    assert len(found.value) == 1
    assert np.isnan([row["correlation_time_ps"], row["static_share"]]).all()
    series = ornstein_uhlenbeck(400, 5.0, 1, np.random.default_rng(3))
    _, found, row = analyse(predictions(series))
    assert np.isnan(found.error).all()
    assert np.isnan([row["static_share"], row["correlation_time_err_ps"]]).all()
    assert row["correlation_time_ps"] > 0


def test_replicas_of_unequal_lengths_are_pooled_by_their_origins():
    rng = np.random.default_rng(4)
    long, short = ornstein_uhlenbeck(900, 5.0, 10, rng), ornstein_uhlenbeck(300, 5.0, 10, rng)
    paths, found, _ = analyse(predictions(long, short))
    assert len(found.value) == 150
    mean = np.concatenate([long.ravel(), short.ravel()]).mean()
    products = [((one - mean)[:-7] * (one - mean)[7:]).ravel() for one in (long, short)]
    variance = np.concatenate([long.ravel(), short.ravel()]).var()
    assert found.value[7] == pytest.approx(np.concatenate(products).mean() / variance)
    table = exchange.mean_error_table({"1M": predictions(long, short)}, {"1M": paths}, 5)
    assert table["n_paths"].iloc[0] == 20


def test_a_missing_frame_of_a_nucleus_is_refused():
    table = predictions(np.zeros((10, 2))).drop(index=3)
    with pytest.raises(InputError, match=r"replica 0.*lacks a frame"):
        exchange.read_paths(table)


def test_lines_stand_at_the_mean_and_narrow():
    rng = np.random.default_rng(5)
    table = predictions(1.0 + 0.3 * ornstein_uhlenbeck(2000, 8.0, 20, rng))
    paths, _, row = analyse(table)
    spectrum = Spectrum(n_points=1001)
    lines = exchange.line_table({"1M": paths}, pd.DataFrame([row]), spectrum)
    step = lines["shift_ppm"].diff().iloc[1]
    for name in ("static_per_ppm", "line_per_ppm", "crossover_per_ppm"):
        assert lines[name].sum() * step == pytest.approx(1.0, abs=0.05), name
    top = lines["shift_ppm"][lines["line_per_ppm"].idxmax()]
    assert top == pytest.approx(paths.mean_ppm, abs=step)
    width_ppm = step * (lines["line_per_ppm"] > lines["line_per_ppm"].max() / 2).sum()
    assert width_ppm == pytest.approx(1 / (np.pi * 0.05) / 155.5, abs=3 * step)
    assert lines["crossover_per_ppm"].max() < lines["line_per_ppm"].max() / 3


def test_errors_of_the_mean_agree_for_a_liquid_that_forgets():
    rng = np.random.default_rng(6)
    replicas = [ornstein_uhlenbeck(3000, 10.0, 12, rng) for _ in range(3)]
    table = predictions(*replicas)
    row = exchange.mean_error_table({"1M": table}, {"1M": exchange.read_paths(table)}, 10).iloc[0]
    true = error_of_the_mean(3000, 10.0) / np.sqrt(36)
    for name in ("block_err_ppm", "autocorrelation_err_ppm", "path_err_ppm"):
        assert row[name] == pytest.approx(true, rel=0.4), name
    g = 3000 * error_of_the_mean(3000, 10.0) ** 2
    assert row["statistical_inefficiency"] == pytest.approx(g, rel=0.4)
    assert row["block_ps"] == 150


def test_blocks_miss_what_outlives_the_run_and_paths_do_not():
    rng = np.random.default_rng(7)
    table = predictions(rng.normal(size=25) + 0.1 * ornstein_uhlenbeck(500, 3.0, 25, rng))
    row = exchange.mean_error_table({"1M": table}, {"1M": exchange.read_paths(table)}, 5).iloc[0]
    assert row["path_err_ppm"] == pytest.approx(1 / 5, rel=0.4)
    assert row["block_err_ppm"] < row["path_err_ppm"] / 10


def coverage(tau, n_blocks, n_trials=250, n_frames=600, n_replicas=2):
    """Share of trials whose interval of one standard error holds the true mean, 0."""
    rng = np.random.default_rng(8)
    replica = np.repeat(np.arange(n_replicas), n_frames)
    time_ps = np.tile(np.arange(n_frames), n_replicas)
    inside = 0
    for _ in range(n_trials):
        values = ornstein_uhlenbeck(n_frames, tau, n_replicas, rng).T.ravel()
        error = ratio_error(values, block_of(replica, time_ps, n_blocks))
        inside += abs(values.mean()) < error
    return inside / n_trials


def test_block_error_covers_the_truth_with_long_blocks():
    """68 % is wanted; 250 trials have a standard error of 3 %."""
    assert coverage(tau=2.0, n_blocks=10) == pytest.approx(0.68, abs=0.08)


def test_block_error_is_too_small_with_blocks_shorter_than_the_correlation():
    assert coverage(tau=20.0, n_blocks=150) < 0.35
