import numpy as np
import pandas as pd
import pytest
from test_descriptor import CLUSTERS, random_cluster

from ionshift.config.descriptor import Descriptor
from ionshift.config.figures import Figures
from ionshift.config.model import Model
from ionshift.config.registries.properties import Property
from ionshift.figures import benchmark
from ionshift.figures.style import save
from ionshift.learning import active
from ionshift.learning import committee as model
from ionshift.learning.benchmarks import (
    choice_summary,
    compare_choices,
    compare_recipes,
    kernel_against_dscribe,
    labelled,
    learning_curves,
    learning_summary,
    md_weights,
    summary,
)
from on_axes import empty_panels

SMALL = Descriptor(n_grid=20)


def test_kernel_table_reports_the_difference():
    table = kernel_against_dscribe(CLUSTERS, {"small": SMALL}, repeats=1)
    row = table.iloc[0]
    assert 0 <= row["largest_difference"] < 1e-6
    assert row["ratio"] == pytest.approx(row["dscribe_cpu_ms"] / row["kernel_cpu_ms"])


def test_recipes_are_compared_on_the_same_splits():
    clusters = [random_cluster(seed, 1, 1) for seed in range(24)]
    y = np.arange(24) % 5 / 10 + 92.0
    groups = [f"1M/s-r0/b{i // 2}" for i in range(24)]
    config = Model(recipe="krr", committee_size=2)
    candidates = [("first", config, SMALL, 2), ("second", config, SMALL, 2)]
    table = compare_recipes(clusters, y, groups, candidates, log=lambda text: None)
    first, second = (table[table["recipe"] == name] for name in ("first", "second"))
    for column in ("split", "n_train", "rmse_ppm", "baseline_rmse_ppm"):
        assert first[column].tolist() == second[column].tolist()
    short = summary(table).set_index("recipe")
    assert short.loc["first", "rmse_ppm"] == pytest.approx(first["rmse_ppm"].mean())
    assert short.loc["first", "rmse_ppm_sd"] == pytest.approx(first["rmse_ppm"].std(ddof=1))


def test_sets_are_grouped_by_blocks_of_time_or_by_replicas(root):
    sources = [
        root / f"resources/labels/{name}.extxyz" for name in ("lifsi_dme_fast", "lifsi_dme_fast_2")
    ]
    clusters, blocks = labelled(sources)
    assert len(clusters) == len(blocks) == 320
    _, replicas = labelled(sources, "replicas")
    # Four systems, two replicas of the first run and three of the second.
    assert replicas["group"].nunique() == 4 * (2 + 3) < blocks["group"].nunique()
    together = pd.DataFrame({"block": blocks["group"], "replica": replicas["group"]})
    assert (together.groupby("block")["replica"].nunique() == 1).all()


def test_learning_curves_are_averaged_over_splits():
    X, y = curved(120, 3)
    groups = np.array([f"1M/s-r0/b{i // 2}" for i in range(120)])
    config = Model(recipe="krr", committee_size=2)
    table = learning_curves(X, y, groups, config, (1, 2, 3), log=lambda text: None)
    assert table["seed"].unique().tolist() == [1, 2, 3]
    largest = table[table["point"] == table["point"].max()]
    assert (largest["n_train"] + largest["n_test"] == 120).all()
    curve = learning_summary(table, target_rmse=0.01)
    assert curve["n_train"].is_monotonic_increasing
    assert curve["rmse_ppm"].iloc[-1] == pytest.approx(largest["rmse_ppm"].mean())
    assert curve["rmse_err_ppm"].iloc[-1] == pytest.approx(largest["rmse_ppm"].sem())
    assert curve["rmse_ppm"].iloc[-1] < curve["rmse_ppm"].iloc[0]
    assert curve["power_b"].iloc[-1] > 0


def test_benchmarks_speak_in_the_unit_of_what_is_learned():
    X, y = curved(60, 3)
    groups = np.array([f"1M/s-r0/b{i // 2}" for i in range(60)])
    config, hopping = Model(recipe="krr", committee_size=2), Property("barrier", "meV")
    curve = learning_summary(
        learning_curves(X, y, groups, config, (1, 2), quiet, hopping), 0.01, hopping
    )
    assert {"rmse_meV", "rmse_sd_meV", "rmse_err_meV", "target_rmse_meV"} <= set(curve)
    choices = compare_choices(X, y, groups, config, 12, 20, (1,), log=quiet, quantity=hopping)
    short = choice_summary(choices, "weighted_rmse", hopping)
    assert {"rmse_meV", "against_random_meV", "against_random_err_meV"} <= set(short)
    assert not [name for name in [*curve, *choices, *short] if "ppm" in name]


def curved(n, seed):
    """Points of a plane, most of them in a corner, and a smooth function of them."""
    points = np.random.default_rng(seed).beta(1, 6, size=(n, 2))
    return points, np.sin(4 * points[:, 0]) + points[:, 1] ** 2


def test_choices_are_compared_from_the_same_start(tmp_path):
    X, y = curved(120, 0)
    groups = [f"1M/s-r0/b{i // 3}" for i in range(120)]
    config = Model(recipe="krr", committee_size=3)
    table = compare_choices(X, y, groups, config, 12, 20, (1, 2), log=lambda text: None)
    start = table[table["n_train"] == 12]
    assert start.groupby("seed")["rmse_ppm"].nunique().tolist() == [1, 1]
    assert table.groupby(["method", "seed"])["n_train"].apply(list).map(tuple).nunique() == 1
    short = choice_summary(table)
    over_sizes = short[short["n_train"].isna()].set_index("method")
    assert list(over_sizes.index) == list(active.METHODS)
    means = table[table["n_train"] > 12].groupby("method")["rmse_ppm"].mean()
    for method in active.METHODS:
        expected = means[method] - means["random"]
        assert over_sizes.loc[method, "against_random_ppm"] == pytest.approx(expected)
    figure = benchmark.choices(short, Figures())
    save(figure, [tmp_path / "active.png"], 50)
    assert empty_panels(figure) == []


def test_weights_are_those_of_the_md():
    table = pd.DataFrame(
        {
            "system": ["1M"] * 4 + ["4M"] * 2,
            "solvation_class": ["SSIP", "SSIP", "SSIP", "CIP", "CIP", "AGG"],
        }
    )
    weights = md_weights(table, {"1M": {"SSIP": 0.9, "CIP": 0.1}, "4M": {"SSIP": 0.6, "CIP": 0.4}})
    assert weights == pytest.approx([1.2, 1.2, 1.2, 0.4, 0.8, 0.0])


def test_choices_from_a_pool_like_the_md():
    """Of the rare half a tenth is in the pool; it counts a tenth in the weighted error."""
    X, y = curved(120, 0)
    groups = np.array([f"1M/s-r0/b{i // 3}" for i in range(120)])
    weights = np.where(np.arange(120) % 2, 1.0, 0.1)
    config = Model(recipe="krr", committee_size=3)
    table = compare_choices(X, y, groups, config, 8, 10, (1, 2, 3), weights, quiet)
    n_training = 120 - table["n_test"]
    assert (table["n_pool"] < 0.75 * n_training).all()
    assert (table["n_pool"] > 0.4 * n_training).all()
    assert (table["weighted_rmse_ppm"] != table["rmse_ppm"]).all()
    even = compare_choices(X, y, groups, config, 8, 10, (1,), log=quiet)
    assert even["weighted_rmse_ppm"].tolist() == pytest.approx(even["rmse_ppm"].tolist())
    short = choice_summary(table, "weighted_rmse")
    in_all = table.groupby("n_train")["seed"].nunique() == 3
    assert set(short["n_train"].dropna()) == set(in_all.index[in_all])
    assert short["n_seeds"].eq(3).all()


def test_distance_beats_random_where_data_are_crowded():
    """Most points lie in a corner that is known at once; the error is measured all over."""
    config = Model(recipe="krr", committee_size=3)
    X, y = curved(400, 1)
    everywhere = np.random.default_rng(2).uniform(size=(200, 2))
    truth = np.sin(4 * everywhere[:, 0]) + everywhere[:, 1] ** 2
    errors = {}
    for method in ("random", "distance", "combined"):
        chosen = np.arange(10)
        for _ in range(3):
            left = np.setdiff1d(np.arange(400), chosen)
            committee = model.train(X[chosen], y[chosen], NAMES[chosen], config, quiet)
            spread = committee.predict_members(X[left]).std(axis=0, ddof=1)
            batch = active.choose(method, 10, spread, X[left], X[chosen])
            chosen = np.concatenate([chosen, left[batch]])
        committee = model.train(X[chosen], y[chosen], NAMES[chosen], config, quiet)
        errors[method] = np.abs(committee.predict(everywhere)[0] - truth).mean()
    assert errors["distance"] < 0.5 * errors["random"]
    assert errors["combined"] < 0.5 * errors["random"]


NAMES = np.array([f"1M/s-r0/b{i}" for i in range(400)])


def quiet(text):
    pass
