"""Principal components from streamed moments against numpy on all rows at once."""

import numpy as np
import pytest

from ionshift.core.tables import SCORES
from ionshift.learning.pca import Axes, Moments
from ionshift.learning.pca_map import variance_table


def descriptors(n, seed=0, d=12):
    """Correlated rows, far from zero, with two features that are never filled."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 100
    rows[:, [3, 7]] = 0.0
    return rows


def moments_of(*parts):
    moments = Moments.empty(parts[0].shape[1])
    for part in parts:
        moments.add(part)
    return moments


def test_chunks_of_any_size_give_numpys_covariance():
    rows = descriptors(203)
    moments = moments_of(*np.split(rows, [1, 2, 50, 50, 51, 120]))
    assert moments.n == 203
    assert np.allclose(moments.mean, rows.mean(axis=0), rtol=1e-13)
    assert np.allclose(moments.comoment / 202, np.cov(rows.T), rtol=1e-10, atol=1e-9)


def test_a_feature_first_filled_late_counts_its_zeros():
    early, late = descriptors(40), descriptors(25, seed=1)
    late[:, 3] = np.linspace(1, 2, 25)
    rows = np.vstack([early, late])
    for moments in (moments_of(early, late), moments_of(late, early)):
        assert np.allclose(moments.comoment, np.cov(rows.T) * 64, rtol=1e-10, atol=1e-9)


def test_systems_are_joined_as_if_streamed_together(tmp_path):
    parts = [descriptors(n, seed) + 3 * seed for seed, n in enumerate((30, 1, 77))]
    whole = Moments.empty(12)
    for number, part in enumerate(parts):
        moments_of(part).save(tmp_path / f"{number}.npz", ["H", "Li"])
        moments, species = Moments.load(tmp_path / f"{number}.npz")
        assert species == ["H", "Li"]
        whole.join(moments)
    whole.join(Moments.empty(12))
    rows = np.vstack(parts)
    assert whole.n == 108
    assert np.allclose(whole.mean, rows.mean(axis=0))
    assert np.allclose(whole.comoment, np.cov(rows.T) * 107, rtol=1e-10, atol=1e-8)


def test_axes_and_scores_are_those_of_a_singular_value_decomposition(tmp_path):
    rows = descriptors(150)
    Axes.of(moments_of(rows), ["H"], 4).save(tmp_path / "axes.npz")
    axes = Axes.load(tmp_path / "axes.npz")
    _, singular, vectors = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    assert np.allclose(axes.variance, singular[:4] ** 2 / 149)
    assert axes.explained_share.sum() == pytest.approx(
        (singular[:4] ** 2).sum() / (singular**2).sum()
    )
    assert np.allclose(np.abs(np.sum(axes.axes * vectors[:4], axis=1)), 1.0)
    scores = axes.scores(rows)
    assert np.allclose(scores.var(axis=0, ddof=1), axes.variance[: len(SCORES)])
    assert (axes.axes[np.arange(4), np.abs(axes.axes).argmax(axis=1)] > 0).all()


def test_fewer_environments_than_components_leave_scores_unknown():
    rows = descriptors(3)
    axes = Axes.of(moments_of(rows), ["H"], 10)
    assert len(axes.variance) == 2
    assert axes.explained_share.sum() == pytest.approx(1.0)
    scores = axes.scores(rows)
    assert np.isfinite(scores[:, :2]).all()
    assert np.isnan(scores[:, 2]).all()


@pytest.mark.parametrize("n", [1, 5])
def test_equal_environments_have_no_axis(n):
    rows = np.repeat(descriptors(1), n, axis=0)
    axes = Axes.of(moments_of(rows), ["H"], 10)
    assert len(axes.variance) == 0
    assert np.isnan(axes.scores(rows)).all()
    assert variance_table(axes).empty
