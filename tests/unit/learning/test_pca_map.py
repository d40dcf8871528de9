import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from ionshift.core.errors import InputError
from ionshift.core.tables import SCORES
from ionshift.learning.pca_map import (
    POOLED,
    QUANTITIES,
    map_table,
    meaning_table,
    weighted_correlations,
)
from ionshift.statistics import uncertainty


def environments(n_frames, seed, n_replicas=2, n_nuclei=4):
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product(
        [range(n_replicas), range(n_frames), range(n_nuclei)], names=["replica", "frame", "nucleus"]
    )
    table = index.to_frame(index=False)
    table["time_ps"] = 0.5 * table["frame"]
    table[SCORES] = rng.normal(size=(len(table), 3))
    table["shift_ppm"] = table["pc1"] ** 3 + 0.1 * rng.normal(size=len(table))
    table["n_anion"] = np.round(np.abs(table["pc2"])).astype(int)
    table["coordination"] = 5
    table["solvation_class"] = np.where(table["n_anion"] > 0, "CIP", "SSIP")
    for name in ("lsi_A2", "asymmetry", "tetrahedrality"):
        table[name] = rng.normal(size=len(table))
    return table


def meaning_of(tables, n_blocks=5, n_resamples=100):
    table = meaning_table(tables, n_blocks, n_resamples, seed=1)
    return table.set_index(["system", "component", "quantity"])


def test_correlations_are_scipys():
    tables = {"1M": environments(30, 1), "2M": environments(40, 2)}
    table = meaning_of(tables)
    groups = tables | {POOLED: pd.concat(tables.values())}
    for system, data in groups.items():
        for component in SCORES:
            for quantity in set(QUANTITIES) - {"coordination"}:
                expected = spearmanr(data[component], data[quantity]).statistic
                row = table.loc[(system, component, quantity)]
                assert row["spearman"] == pytest.approx(expected, abs=1e-12)
                assert 0 < row["spearman_err"] < 0.3
                assert row["n_environments"] == len(data)


def test_a_drawn_block_counts_as_often_as_it_is_drawn():
    """The weighted correlation of one draw is scipy's over the blocks written out."""
    data = environments(20, 3, n_replicas=1)
    values = data[[*SCORES, *QUANTITIES]].to_numpy(float)
    block = uncertainty.block_of(data["replica"], data["time_ps"], 4)
    times = np.array([2, 0, 1, 1])
    positions = np.column_stack([np.unique(c, return_inverse=True)[1] for c in values.T])
    found = weighted_correlations(positions, times[block], np.ones(9, bool))
    drawn = np.repeat(values, times[block], axis=0)
    assert found[0, 0] == pytest.approx(spearmanr(drawn[:, 0], drawn[:, 3]).statistic)
    assert found[1, 1] == pytest.approx(spearmanr(drawn[:, 1], drawn[:, 4]).statistic)


def test_a_constant_quantity_has_no_correlation():
    row = meaning_of({"1M": environments(30, 1)}).loc[("1M", "pc1", "coordination")]
    assert np.isnan(row["spearman"])
    assert np.isnan(row["spearman_err"])


def test_one_system_is_not_pooled_with_itself():
    assert set(meaning_of({"1M": environments(30, 1)}).reset_index()["system"]) == {"1M"}


def test_rows_and_components_that_are_unknown_are_left_out():
    data = environments(30, 1)
    data["pc3"] = np.nan
    data.loc[:6, "lsi_A2"] = np.nan
    table = meaning_of({"1M": data})
    assert np.isnan(table.loc[("1M", "pc3", "shift_ppm"), "spearman"])
    row = table.loc[("1M", "pc1", "shift_ppm")]
    assert row["n_environments"] == len(data) - 7
    expected = spearmanr(data["pc1"][7:], data["shift_ppm"][7:]).statistic
    assert row["spearman"] == pytest.approx(expected)


def test_a_single_frame_has_unknown_errors():
    table = meaning_of({"1M": environments(1, 1, n_nuclei=20)})
    assert table["spearman_err"].isna().all()
    assert np.isfinite(table.loc[("1M", "pc1", "shift_ppm"), "spearman"])


def test_the_map_is_a_reproducible_sample():
    tables = {"1M": environments(30, 1), "2M": environments(5, 2)}
    table = map_table(tables, 100, seed=1)
    assert table.groupby("system").size().to_dict() == {"1M": 100, "2M": 40}
    assert not table.duplicated(["system", "replica", "frame", "nucleus"]).any()
    assert table.equals(map_table(tables, 100, seed=1))
    assert not table.equals(map_table(tables, 100, seed=2))


def test_predictions_without_components_are_refused():
    table = environments(5, 1).drop(columns=["pc2"])
    with pytest.raises(InputError, match="predictions of 1M lack pc2"):
        map_table({"1M": table}, 10, seed=1)
