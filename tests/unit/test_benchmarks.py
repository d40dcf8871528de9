import numpy as np
import pytest

from ionshift.benchmarks import compare_recipes, kernel_against_dscribe, summary
from ionshift.config import Descriptor, Model
from test_descriptor import CLUSTERS, random_cluster

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
