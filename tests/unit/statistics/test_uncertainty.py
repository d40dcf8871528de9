"""Sampling errors against synthetic runs whose true error is known."""

import numpy as np
import pandas as pd
import pytest

from ionshift.statistics.uncertainty import (
    Samples,
    drawn_counts,
    larger,
    ratio_error,
    resampling_error,
)

N_TRIALS = 150


def autoregressive(shape, correlation, rng):
    """Noise of unit variance along the first axis, its memory falling by `correlation` a step."""
    values = np.empty(shape)
    values[0] = rng.normal(size=shape[1:])
    for step in range(1, shape[0]):
        fresh = rng.normal(size=shape[1:])
        values[step] = correlation * values[step - 1] + np.sqrt(1 - correlation**2) * fresh
    return values


def table_of(values):
    """Environments of one replica from values (n_frames, n_nuclei)."""
    n_frames, n_nuclei = values.shape
    return pd.DataFrame(
        {
            "replica": 0,
            "time_ps": np.repeat(np.arange(n_frames, dtype=float), n_nuclei),
            "nucleus": np.tile(np.arange(n_nuclei), n_frames),
            "value": values.ravel(),
        }
    )


def trials(make, inside=lambda table: None, n_blocks=8):
    """True scatter of the mean over independent runs, and what three errors say of it."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(N_TRIALS):
        table = table_of(make(rng))
        samples = Samples.of(table, n_blocks)
        mean, error = samples.mean(table["value"], inside(table))
        naive = table["value"].std() / np.sqrt(len(table))
        found.append((mean, error, samples.block_error(table["value"]), naive))
    mean, *errors = np.array(found).T
    return mean.std(ddof=1), *(np.sqrt(np.mean(error**2)) for error in errors)


def test_what_all_nuclei_share_is_seen_by_the_blocks():
    def make(rng):
        return autoregressive((400, 1), 0.9, rng) + rng.normal(size=(400, 10))

    true, error, blocks, naive = trials(make)
    assert error == pytest.approx(true, rel=0.2)
    assert blocks == pytest.approx(true, rel=0.2)
    assert naive < true / 4


def test_what_outlives_the_run_is_seen_by_the_paths():
    def make(rng):
        return rng.normal(size=12) + 0.5 * rng.normal(size=(100, 12))

    true, error, blocks, _ = trials(make)
    assert true == pytest.approx(1 / np.sqrt(12), rel=0.15)
    assert error == pytest.approx(true, rel=0.15)
    assert blocks < true / 10


def test_a_share_of_nuclei_that_seldom_change_class():
    """Two states a nucleus, left with 1 % a frame: about one change a run of 100 frames.

    The autocorrelation of the state is 0.98 a frame; the variance of the mean of n such numbers
    is p (1 - p) / n^2 times the sum of the autocorrelation over all pairs of frames.
    """
    n_frames, n_nuclei, leave = 100, 20, 0.01

    def make(rng):
        state = np.empty((n_frames, n_nuclei), bool)
        state[0] = rng.random(n_nuclei) < 0.5
        for frame in range(1, n_frames):
            state[frame] = state[frame - 1] ^ (rng.random(n_nuclei) < leave)
        return state.astype(float)

    lags = np.subtract.outer(np.arange(n_frames), np.arange(n_frames))
    exact = np.sqrt(0.25 * np.mean((1 - 2 * leave) ** np.abs(lags)) / n_nuclei)
    true, error, blocks, _ = trials(make)
    assert true == pytest.approx(exact, rel=0.15)
    assert error == pytest.approx(exact, rel=0.15)
    assert blocks < 0.8 * exact


def test_the_mean_within_a_class_whose_size_differs_between_nuclei():
    """Nuclei with offsets; the first four are in the class in every frame, others seldom."""

    def make(rng):
        return rng.normal(size=12) + 0.2 * rng.normal(size=(100, 12))

    def inside(table):
        return (table["nucleus"] < 4) | (table["time_ps"] % 10 == table["nucleus"])

    weights = np.array([100] * 4 + [10] * 6 + [0] * 2)
    exact = np.sqrt(np.sum(weights**2) / np.sum(weights) ** 2)
    true, error, _, _ = trials(make, inside)
    assert true == pytest.approx(exact, rel=0.15)
    assert error == pytest.approx(exact, rel=0.2)


def test_equal_samples_give_the_textbook_error():
    values = np.random.default_rng(1).normal(size=(50, 6))
    table = table_of(values)
    samples = Samples.of(table, 5)
    expected = values.mean(axis=0).std(ddof=1) / np.sqrt(6)
    assert samples.path_error(table["value"]) == pytest.approx(expected)
    blocks = values.reshape(5, 60).mean(axis=1)
    assert samples.block_error(table["value"]) == pytest.approx(blocks.std(ddof=1) / np.sqrt(5))


def test_the_order_of_rows_does_not_matter():
    table = table_of(np.random.default_rng(2).normal(size=(40, 3)))
    shuffled = table.sample(frac=1, random_state=1)
    expected = Samples.of(table, 4).mean(table["value"])
    assert Samples.of(shuffled, 4).mean(shuffled["value"]) == pytest.approx(expected)


def test_errors_that_cannot_be_known_are_unknown():
    single = table_of(np.random.default_rng(3).normal(size=(1, 5)))
    samples = Samples.of(single, 5)
    mean, error = samples.mean(single["value"])
    assert mean == pytest.approx(single["value"].mean())
    assert np.isnan([error, samples.block_error(single["value"])]).all()
    assert samples.kinds() == []
    steady = table_of(np.ones((40, 5)))
    samples = Samples.of(steady, 4)
    assert samples.mean(steady["value"])[0] == 1
    assert np.isnan(samples.mean(steady["value"])[1])
    assert np.isnan(samples.mean(steady["value"], np.zeros(200, bool))).all()


def test_one_nucleus_has_the_error_of_its_blocks():
    table = table_of(np.random.default_rng(4).normal(size=(100, 1)))
    samples = Samples.of(table, 5)
    assert samples.mean(table["value"])[1] == samples.block_error(table["value"])
    assert len(samples.kinds()) == 1


def test_replicas_are_not_joined():
    table = table_of(np.random.default_rng(6).normal(size=(40, 2)))
    both = pd.concat([table, table.assign(replica=1)], ignore_index=True)
    samples = Samples.of(both, 4)
    assert samples.block.max() == 7
    assert samples.path.max() == 3


def boxes(n_replicas, rng):
    """Replicas of ten nuclei, each replica with a value of its own that never decays."""
    own = rng.normal(size=n_replicas)
    return pd.concat(
        [
            table_of(own[replica] + 0.5 * rng.normal(size=(60, 10))).assign(replica=replica)
            for replica in range(n_replicas)
        ],
        ignore_index=True,
    )


def test_what_all_nuclei_of_a_box_share_is_seen_by_the_replicas():
    rng = np.random.default_rng(8)
    found = []
    for _ in range(N_TRIALS):
        table = boxes(4, rng)
        samples = Samples.of(table, 1)
        mean, error = samples.mean(table["value"])
        found.append((mean, error, samples.path_error(table["value"])))
        assert len(samples.kinds()) == 3
    mean, error, paths = np.array(found).T
    true = mean.std(ddof=1)
    assert np.sqrt(np.mean(error**2)) == pytest.approx(true, rel=0.2)
    assert np.sqrt(np.mean(paths**2)) < true / 2


def test_two_replicas_give_no_error_of_their_own():
    samples = Samples.of(boxes(2, np.random.default_rng(9)), 3)
    assert samples.replica is None
    assert len(samples.kinds()) == 2


def test_resampling_a_mean_gives_the_error_of_the_mean():
    table = table_of(np.random.default_rng(7).normal(size=(203, 8)))
    block = Samples.of(table, 5).block
    sums, counts = np.bincount(block, table["value"]), np.bincount(block)
    drawn = drawn_counts(5, 20000, np.random.default_rng(0))
    error = resampling_error((drawn @ sums) / (drawn @ counts), 5)
    assert error == pytest.approx(ratio_error(table["value"], block), rel=0.03)


def test_the_larger_error_is_taken_element_by_element():
    found = larger([[1.0, np.nan, np.nan], [0.5, 2.0, np.nan]])
    assert found[:2].tolist() == [1.0, 2.0]
    assert np.isnan(found[2])
