import numpy as np
import pandas as pd
import pytest

from ionshift.nmr.decomposition import COLUMNS, TOTAL, decomposition_table, terms
from ionshift.solvation.classes import CLASSES
from ionshift.statistics.uncertainty import Samples


def predictions(n_frames, shares, means, seed, noise=0.2, n_nuclei=8):
    """Nuclei of drawn classes; the shift is the class's mean plus noise."""
    rng = np.random.default_rng(seed)
    classes = rng.choice(list(shares), size=n_frames * n_nuclei, p=list(shares.values()))
    shift = pd.Series(classes).map(means) + noise * rng.normal(size=len(classes))
    return pd.DataFrame(
        {
            "solvation_class": classes,
            "shift_ppm": shift,
            "replica": 0,
            "nucleus": np.tile(np.arange(n_nuclei), n_frames),
            "time_ps": np.repeat(np.arange(n_frames, dtype=float), n_nuclei),
        }
    )


def members_of(table, offsets):
    """Members whose shifts are those of the table plus an offset, a dict by class each."""
    parts = [
        table.assign(member=i, extra=table["solvation_class"].map(o)) for i, o in enumerate(offsets)
    ]
    table = pd.concat(parts).eval("shift_ppm = shift_ppm + extra")
    groups = table.groupby(["member", "solvation_class"])["shift_ppm"]
    return groups.agg(shift_ppm="mean", n_environments="size").reset_index()


def table_of(systems, n_blocks=5, n_resamples=200, offsets=()):
    offsets = offsets or [dict.fromkeys(CLASSES, value) for value in (-0.1, 0.1)]
    members = {name: members_of(part, offsets) for name, part in systems.items()}
    return decomposition_table(systems, members, n_blocks, n_resamples, seed=1)


def three_systems(n_frames=60):
    return {
        "1M": predictions(n_frames, {"SSIP": 0.6, "CIP": 0.4}, {"SSIP": 0.4, "CIP": 0.1}, 1),
        "2M": predictions(n_frames, {"SSIP": 0.2, "CIP": 0.8}, {"SSIP": 0.3, "CIP": 0.1}, 2),
        "3M": predictions(n_frames, {"CIP": 0.5, "AGG+": 0.5}, {"CIP": 0.0, "AGG+": -0.9}, 3),
    }


def test_terms_of_a_hand_worked_example():
    """Shares 3/4, 1/4 -> 1/4, 3/4 with means 0, -1 -> -0.2, -0.8: from -0.25 to -0.65.

    Middle of the means -0.45; share terms -1/2 (-0.1 + 0.45) and 1/2 (-0.9 + 0.45); within
    terms 1/2 (-0.2) and 1/2 (0.2). Sum -0.4.
    """
    share, within = terms(
        np.array([3, 1]), np.array([0.0, -1.0]), np.array([1, 3]), np.array([-0.2, -2.4])
    )
    assert share == pytest.approx([-0.175, -0.225])
    assert within == pytest.approx([-0.1, 0.1])
    assert share.sum() + within.sum() == pytest.approx(-0.4)


def test_an_absent_class_changes_shares_alone():
    """CIP at -1 appears with share 1/2 beside SSIP at 0: all of the change is in shares."""
    share, within = terms(
        np.array([2, 0, 0]), np.zeros(3), np.array([1, 1, 0]), np.array([0.0, -1.0, 0.0])
    )
    assert within.tolist() == [0, 0, 0]
    assert share == pytest.approx([-0.125, -0.375, 0.0])


def test_terms_add_up_to_the_change_exactly():
    systems = three_systems()
    table = table_of(systems)
    classes, total = (
        table[table["solvation_class"] != TOTAL],
        table[table["solvation_class"] == TOTAL],
    )
    pairs = ["against", "from_system", "to_system"]
    sums = classes.groupby(pairs)[["share_term_ppm", "within_term_ppm"]].sum().sum(axis=1)
    for pair, change in total.set_index(pairs)["change_ppm"].items():
        mean = {system: part["shift_ppm"].mean() for system, part in systems.items()}
        assert change == pytest.approx(mean[pair[2]] - mean[pair[1]], abs=1e-12)
        assert sums[pair] == pytest.approx(change, abs=1e-12)
    assert [tuple(pair) for pair in total[pairs].to_numpy()] == [
        ("first", "1M", "2M"),
        ("first", "1M", "3M"),
        ("previous", "1M", "2M"),
        ("previous", "2M", "3M"),
    ]


def test_terms_do_not_depend_on_the_reference():
    systems = three_systems()
    moved = {
        name: part.assign(shift_ppm=part["shift_ppm"] + 92.0) for name, part in systems.items()
    }
    columns = ["share_term_ppm", "within_term_ppm", "change_sampling_err_ppm"]
    pair = table_of(systems)[columns], table_of(moved)[columns]
    assert np.allclose(*pair, atol=1e-10, equal_nan=True)


def test_errors_are_unknown_where_a_term_is_zero_by_definition():
    table = table_of(three_systems()).set_index(["against", "to_system", "solvation_class"])
    new = table.loc[("previous", "3M", "AGG+")]
    assert new["within_term_ppm"] == 0
    assert np.isnan(new["within_term_sampling_err_ppm"])
    assert new["share_term_sampling_err_ppm"] > 0
    nowhere = table.loc[("first", "3M", "AGG")]
    assert nowhere["change_ppm"] == 0
    assert np.isnan(nowhere["change_sampling_err_ppm"])


def test_error_of_the_whole_change_is_that_of_the_blocked_means():
    systems = three_systems(400)
    table = table_of(systems, n_blocks=10, n_resamples=2000)
    row = table[(table["solvation_class"] == TOTAL) & (table["to_system"] == "2M")].iloc[0]
    errors = [
        Samples.of(part, 10).mean(part["shift_ppm"])[1] for part in (systems["1M"], systems["2M"])
    ]
    assert row["change_sampling_err_ppm"] == pytest.approx(np.hypot(*errors), rel=0.1)


def test_a_single_frame_has_unknown_errors():
    table = table_of({name: part.head(8) for name, part in three_systems().items()})
    assert table.filter(like="_sampling_err_ppm").isna().all(axis=None)
    assert table["change_ppm"].notna().all()


def test_one_system_has_nothing_to_decompose():
    table = table_of({"1M": three_systems()["1M"]})
    assert table.empty
    assert tuple(table.columns) == COLUMNS


def test_model_errors_are_the_scatter_of_the_members_decompositions():
    """A common offset of a member changes nothing; one of CIP alone moves the terms by hand.

    CIP goes from 0.4 to 0.8 of the nuclei. An offset d of its shift changes the share terms of
    SSIP and CIP together by d (0.8 - 0.4) and the terms within by nothing.
    """
    systems = {name: part for name, part in three_systems().items() if name != "3M"}
    common = table_of(systems).filter(like="_model_err_ppm")
    assert np.allclose(common.fillna(0.0), 0.0, atol=1e-12)
    table = table_of(systems, offsets=[{"SSIP": 0.0, "CIP": 0.0}, {"SSIP": 0.0, "CIP": 0.3}])
    row = table[(table["solvation_class"] == TOTAL) & (table["against"] == "first")].iloc[0]
    share = {name: (part["solvation_class"] == "CIP").mean() for name, part in systems.items()}
    expected = 0.3 * (share["2M"] - share["1M"]) / np.sqrt(2)
    assert row["share_term_model_err_ppm"] == pytest.approx(expected)
    assert row["within_term_model_err_ppm"] == pytest.approx(0.0, abs=1e-12)
    assert row["change_model_err_ppm"] == pytest.approx(expected)


def test_without_members_the_model_error_is_unknown():
    systems = three_systems()
    nobody = members_of(systems["1M"], [{}]).head(0)
    table = decomposition_table(systems, dict.fromkeys(systems, nobody), 5, 100, seed=1)
    assert table.filter(like="_model_err_ppm").isna().all(axis=None)
    assert table["change_ppm"].notna().all()


def test_nuclei_that_keep_their_class_count_as_few_samples():
    """Eight nuclei that never change class: the blocks see no change of shares at all."""
    systems = {}
    for name, n_cip in (("1M", 2), ("2M", 4)):
        table = predictions(60, {"SSIP": 1.0}, {"SSIP": 0.0}, seed=n_cip, noise=0.01)
        table.loc[table["nucleus"] < n_cip, "solvation_class"] = "CIP"
        table.loc[table["nucleus"] < n_cip, "shift_ppm"] -= 1.0
        systems[name] = table
    row = table_of(systems, n_resamples=2000).set_index("solvation_class").loc[TOTAL].iloc[0]
    of_a_share = [np.sqrt(p * (1 - p) / 7) for p in (2 / 8, 4 / 8)]
    assert row["share_term_sampling_err_ppm"] == pytest.approx(np.hypot(*of_a_share), rel=0.15)
