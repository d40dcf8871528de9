import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from ionshift.config.model import Model
from ionshift.core.errors import InputError
from ionshift.learning import committee as model_committee
from ionshift.learning import evaluation
from ionshift.learning.calibration import conformal_quantile
from ionshift.learning.committee import Committee
from ionshift.learning.recipes import krr
from ionshift.learning.reduction import Reduction

CONFIG = Model(committee_size=4, max_epochs=300, patience=40, n_components=10, hidden=[16])


def synthetic(n, noise=0.0, seed=0):
    """Descriptors in 30 dimensions whose first three carry a curved target."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 30)) * np.r_[3.0, 2.0, 2.0, np.full(27, 0.1)]
    y = 92 + 0.3 * X[:, 0] - 0.2 * X[:, 1] + 0.1 * np.sin(X[:, 2]) + noise * rng.normal(size=n)
    groups = [f"{1 + i % 2}M/s-r0/b{i // 8}" for i in range(n)]
    return X, y, groups


RECIPES = {
    "mlp": CONFIG,
    "krr": CONFIG.model_copy(update={"recipe": "krr"}),
    "published": CONFIG.model_copy(update={"recipe": "published", "max_epochs": 40}),
}


def quietly(X, y, groups, config):
    return model_committee.train(X, y, groups, config, log=lambda text: None)


@pytest.fixture(scope="module", params=RECIPES)
def trained(request):
    return quietly(*synthetic(160, noise=0.05), RECIPES[request.param])


def test_committee_learns_more_than_the_mean(trained):
    X, y, _ = synthetic(200, noise=0.05, seed=1)
    scores = evaluation.evaluate(trained, X, y, 92.0)
    assert scores["rmse_ppm"] < 0.25 * scores["baseline_rmse_ppm"]
    assert scores["r2"] > 0.9
    assert scores["rmse_ppm"] >= 0.04


def test_spread_covers_the_errors(trained):
    X, y, _ = synthetic(400, noise=0.05, seed=2)
    scores = evaluation.evaluate(trained, X, y, 92.0)
    assert 0.5 < scores["coverage_68"] < 0.85
    assert 0.75 < scores["coverage_90"] < 0.98
    assert scores["coverage_68"] < scores["coverage_90"]


def test_coverage_is_nominal_on_average():
    X_test, y_test, _ = synthetic(500, noise=0.05, seed=100)
    config = RECIPES["krr"].model_copy(update={"committee_size": 3})
    coverage = [
        [
            evaluation.evaluate(committee, X_test, y_test, 92.0)[name]
            for name in ("coverage_68", "coverage_90")
        ]
        for committee in (quietly(*synthetic(60, 0.05, seed), config) for seed in range(12))
    ]
    assert np.mean(coverage, axis=0) == pytest.approx([0.68, 0.90], abs=0.06)


def test_linear_target_is_learned_exactly_by_kernel_ridge():
    X, _, groups = synthetic(120)
    y = 92 + X[:, 0]
    committee = quietly(X[:100], y[:100], groups[:100], RECIPES["krr"])
    assert np.abs(committee.predict(X[100:])[0] - y[100:]).max() < 0.1 * y.std()


def errors_of_fits_to_the_others(X, y, fold, length, ridge):
    """Root-mean-square error over folds, each predicted by a fit to the others."""
    squares = 0.0
    for number in np.unique(fold):
        used, left = fold != number, fold == number
        kernel = np.exp(-cdist(X, X[used], "sqeuclidean") / (2 * length**2))
        inner = kernel[used] + ridge * np.eye(used.sum())
        fitted = kernel[left] @ np.linalg.solve(inner, y[used] - y[used].mean())
        squares += np.sum((y[used].mean() + fitted - y[left]) ** 2)
    return np.sqrt(squares / len(y))


def test_ridges_are_judged_by_the_errors_of_folds_left_out():
    X, y, _ = synthetic(90, noise=0.05)
    fold = np.arange(90) % 4
    length = 3.0
    kernel = np.exp(-cdist(X, X, "sqeuclidean") / (2 * length**2))
    found = krr.left_out_errors(kernel, y, fold)
    for ridge in (1e-6, 1e-3, 1.0):
        expected = errors_of_fits_to_the_others(X, y, fold, length, ridge)
        assert found[ridge] == pytest.approx(expected, rel=1e-6)


def test_settings_found_on_a_part_of_the_labels_serve_all(monkeypatch):
    X, y, groups = synthetic(600, noise=0.05)
    X_test, y_test, _ = synthetic(300, noise=0.0, seed=4)
    errors = []
    for most in (600, 300):
        monkeypatch.setattr(krr, "MOST_TUNED", most)
        values, _ = quietly(X, y, groups, RECIPES["krr"]).predict(X_test)
        errors.append(np.sqrt(np.mean((values - y_test) ** 2)))
    assert errors[1] < 1.2 * errors[0] < 0.3 * y_test.std()


def test_labels_beyond_the_exact_ones_are_learned_by_centres(monkeypatch):
    X, y, groups = synthetic(800, noise=0.05)
    X_test, y_test, _ = synthetic(300, noise=0.0, seed=4)
    exact = quietly(X, y, groups, RECIPES["krr"])
    monkeypatch.setattr(krr, "MOST_EXACT", 700)
    monkeypatch.setattr(krr, "CENTRES", 800)
    everywhere = quietly(X, y, groups, RECIPES["krr"])
    assert everywhere.members.points.shape[0] == 800
    both = exact.predict_members(X_test), everywhere.predict_members(X_test)
    assert np.abs(both[0] - both[1]).max() < 1e-4 * y.std()
    monkeypatch.setattr(krr, "CENTRES", 200)
    fewer = quietly(X, y, groups, RECIPES["krr"])
    assert fewer.members.points.shape[0] == 200
    errors = [
        np.sqrt(np.mean((model.predict(X_test)[0] - y_test) ** 2)) for model in (exact, fewer)
    ]
    assert errors[0] < errors[1] < 1.3 * errors[0]


def test_a_member_of_centres_has_not_seen_its_fold(monkeypatch):
    X, y, _ = synthetic(200)
    monkeypatch.setattr(krr, "MOST_EXACT", 100)
    monkeypatch.setattr(krr, "CENTRES", 50)
    monkeypatch.setattr(krr, "LENGTHS", (2.0,))
    monkeypatch.setattr(krr, "RIDGES", (1e-3,))
    fold = np.arange(200) % 4
    wrong = y.copy()
    wrong[fold == 0] += 100.0
    first, second = (
        krr.Krr.fit(X, values, fold, RECIPES["krr"], lambda text: None).predict(X)
        for values in (y, wrong)
    )
    np.testing.assert_allclose(first[0], second[0], rtol=1e-9)
    assert np.abs(first[1] - second[1]).max() > 10


def test_unknown_recipe_is_refused():
    X, y, groups = synthetic(40)
    with pytest.raises(InputError, match=r"model\.recipe = 'forest': unknown name"):
        quietly(X, y, groups, CONFIG.model_copy(update={"recipe": "forest"}))


def test_conformal_quantile_is_a_rank():
    scores = np.arange(1.0, 10.0)[::-1]
    assert conformal_quantile(scores, 0.68) == 7  # ceil(10 x 0.68)
    assert conformal_quantile(scores, 0.90) == 9
    assert np.isnan(conformal_quantile(scores[:8], 0.90))


def test_baseline_is_the_training_mean(trained):
    X, y, _ = synthetic(50, seed=3)
    scores = evaluation.evaluate(trained, X, y, y.mean())
    assert scores["baseline_rmse_ppm"] == pytest.approx(y.std())


@pytest.mark.parametrize("recipe", RECIPES)
def test_training_follows_its_seed(recipe):
    X, y, groups = synthetic(80)
    config = RECIPES[recipe].model_copy(update={"max_epochs": 10})
    first, second = (quietly(X, y, groups, config).predict(X)[0] for _ in range(2))
    assert np.array_equal(first, second)
    other = config.model_copy(update={"seed": 5})
    assert not np.array_equal(first, quietly(X, y, groups, other).predict(X)[0])


def test_far_environments_are_flagged(trained):
    X, _, _ = synthetic(100, seed=4)
    assert np.mean(trained.extrapolation(X) > 1) < 0.2
    assert (trained.extrapolation(X * 6) > 1).mean() > 0.8


def test_features_that_no_label_fills_are_flagged():
    X, y, groups = synthetic(80)
    X[:, 29] = 0.0
    committee = model_committee.train(X, y, groups, CONFIG, log=lambda text: None)
    foreign = X.copy()
    foreign[:, 29] = 0.01
    assert np.mean(committee.extrapolation(X) > 1) < 0.05
    assert (committee.extrapolation(foreign) > 1).all()


def test_principal_axes_are_those_of_the_decomposition():
    X = synthetic(40)[0]
    for rows in (X, X[:20]):  # more rows than features, and fewer
        axes = Reduction.fit(rows, 5).components
        exact = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)[2][:5]
        assert np.abs(axes @ exact.T) == pytest.approx(np.eye(5), abs=1e-8)


def test_saved_committee_predicts_the_same(trained, tmp_path):
    X, _, _ = synthetic(20, seed=5)
    trained.metadata["cutoff_A"] = 3.4
    trained.save(tmp_path / "committee.pt")
    loaded = Committee.load(tmp_path / "committee.pt")
    assert np.array_equal(loaded.predict(X), trained.predict(X))
    assert np.array_equal(loaded.extrapolation(X), trained.extrapolation(X))
    assert loaded.metadata == trained.metadata


def test_saved_file_of_an_unknown_recipe_is_refused(trained, tmp_path):
    path = tmp_path / "committee.pt"
    trained.save(path)
    state = torch.load(path, weights_only=True)
    torch.save(state | {"recipe": "forest"}, path)
    with pytest.raises(InputError, match=r"committee\.pt cannot be read .*rerun the training"):
        Committee.load(path)


def test_damaged_model_file_is_refused(trained, tmp_path):
    path = tmp_path / "committee.pt"
    trained.save(path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError, match=r"committee\.pt cannot be read .*rerun the training"):
        Committee.load(path)


def test_nan_in_labels_is_refused():
    X, y, groups = synthetic(80)
    y[3] = np.nan
    with pytest.raises(InputError, match="1 of 80 training labels are not numbers"):
        model_committee.train(X, y, groups, CONFIG)


def test_descriptor_that_is_not_finite_is_refused():
    X, y, groups = synthetic(80)
    X[7, 2] = np.inf
    with pytest.raises(InputError, match="descriptor of label 7 is not finite"):
        model_committee.train(X, y, groups, CONFIG)


def test_fewer_groups_than_members_is_refused():
    X, y, _ = synthetic(10)
    with pytest.raises(InputError, match=r"model\.committee_size = 4 .*there are 2"):
        model_committee.train(X, y, ["1M/s-r0/b0"] * 5 + ["1M/s-r0/b1"] * 5, CONFIG)


def test_study_leaves_systems_out_and_draws_a_curve():
    X, y, groups = synthetic(160, noise=0.05)
    lines = []
    result = evaluation.study(X, y, groups, RECIPES["krr"], log=lines.append)
    assert result.metrics["part"].tolist() == ["train", "test", "without 1M", "without 2M"]
    assert len(result.parity) == 160
    curve = result.learning_curve
    assert curve["n_train"].is_monotonic_increasing
    test = result.metrics.set_index("part").loc["test"]
    assert curve["rmse_ppm"].iloc[-1] == test["rmse_ppm"]
    assert sum(f": {curve['n_train'].iloc[-1]:.0f} labels" in line for line in lines) == 1
    assert curve["n_for_target"].gt(0).all()
    tested = {g for g, part in zip(groups, result.parity["part"], strict=True) if part == "test"}
    trained = {g for g, part in zip(groups, result.parity["part"], strict=True) if part == "train"}
    assert not tested & trained


def test_very_few_labels_still_train():
    X, y, _ = synthetic(4)
    config = CONFIG.model_copy(update={"committee_size": 2, "max_epochs": 5})
    committee = model_committee.train(
        X, y, ["1M/s-r0/b0", "1M/s-r0/b0", "1M/s-r0/b1", "1M/s-r0/b2"], config
    )
    assert np.isfinite(committee.predict(X)[0]).all()
    assert np.isfinite(committee.extrapolation(X)).all()
