"""The local structure index against the shift: ranges, correlations, cut-offs."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from ionshift.config.shell import Shell
from ionshift.config.structure import Structure
from ionshift.core.errors import InputError
from ionshift.solvation import lsi
from ionshift.solvation.shells import ShellFinder, local_structure_index
from ionshift.trajectories.cell import minimum_image
from ionshift.trajectories.trajectory import Trajectory

EDGES_A2 = Structure().lsi_edges_A2


def predictions(index, shift, n_nuclei=1, replica=0):
    frame = np.arange(len(index)) // n_nuclei
    return pd.DataFrame(
        {
            "replica": replica,
            "frame": frame,
            "time_ps": frame.astype(float),
            "nucleus": np.arange(len(index)) % n_nuclei,
            "lsi_A2": np.asarray(index, float),
            "shift_ppm": np.asarray(shift, float),
            "n_anion": 1,
            "solvation_class": "CIP",
        }
    )


def drawn(n, slope, seed=0):
    rng = np.random.default_rng(seed)
    index = rng.uniform(0, 0.8, n)
    return predictions(index, slope * index + rng.normal(0, 0.2, n))


def test_ranges_hold_their_lower_edge_and_leave_out_the_rest():
    table = predictions([0.0, 0.05, 0.1, 0.5, 0.8, 0.9, np.nan], [1, 3, 5, 7, 9, 9, 9])
    ranges = lsi.range_table({"1M": table}, {"1M": 1.0}, EDGES_A2, n_blocks=5)
    assert ranges["n_environments"].tolist() == [2, 1, 1]
    assert ranges["share"].to_numpy() == pytest.approx([2 / 7, 1 / 7, 1 / 7])
    assert ranges["mean_shift_ppm"].tolist() == [2.0, 5.0, 7.0]
    assert ranges["mean_shift_err_ppm"].isna().all()
    overall = lsi.correlation_table({"1M": table}, {"1M": 1.0}, EDGES_A2, 5, 10, {"1M": 1})
    assert overall["outside_share"].iloc[0] == pytest.approx(3 / 7)


def test_an_empty_range_has_no_mean_and_no_member():
    table = predictions(np.full(40, 0.5), np.linspace(0, 1, 40))
    first = lsi.range_table({"1M": table}, {"1M": 1.0}, EDGES_A2, n_blocks=5).iloc[0]
    assert (first["share"], first["n_environments"]) == (0.0, 0)
    assert np.isnan([first["mean_shift_ppm"], first["mean_shift_err_ppm"]]).all()
    assert np.isnan(first["share_err"])


def test_the_area_of_a_histogram_is_the_share():
    data = {"1M": drawn(500, 1.0), "2M": drawn(300, -1.0, seed=1)}
    histograms = lsi.histogram_table(data, EDGES_A2, n_bins=20)
    ranges = lsi.range_table(data, {"1M": 1.0, "2M": 2.0}, EDGES_A2, n_blocks=5)
    width = np.diff(np.unique(histograms["shift_ppm"])).mean()
    area = histograms.groupby(["system", "lsi_low_A2"])["environments_per_ppm"].sum() * width
    assert np.allclose(area.to_numpy(), ranges["share"])


def test_a_sample_is_the_same_for_the_same_seed():
    data = {"1M": drawn(500, 1.0), "2M": drawn(20, 1.0)}
    data["1M"].loc[::2, "lsi_A2"] = np.nan
    first, again, other = (
        lsi.sample_table(data, 100, {"1M": seed, "2M": seed}) for seed in (1, 1, 2)
    )
    assert first.equals(again)
    assert not first.equals(other)
    assert first["system"].value_counts().to_dict() == {"1M": 100, "2M": 20}
    assert first["lsi_A2"].notna().all()


def test_correlations_are_those_of_scipy():
    table = drawn(200, 0.5).round(1)
    table.loc[3, "lsi_A2"] = np.nan
    found = lsi.correlation(table, n_blocks=5, n_bootstrap=10, seed=1)
    x, y = table.dropna()["lsi_A2"], table.dropna()["shift_ppm"]
    assert found["pearson"] == pytest.approx(scipy.stats.pearsonr(x, y).statistic)
    assert found["spearman"] == pytest.approx(scipy.stats.spearmanr(x, y).statistic)


def test_the_bootstrap_error_is_the_scatter_between_independent_runs():
    runs = [drawn(400, 0.5, seed) for seed in range(60)]
    found = [lsi.correlation(run, n_blocks=20, n_bootstrap=100, seed=1) for run in runs]
    for name in ("pearson", "spearman"):
        scatter = np.std([one[name] for one in found], ddof=1)
        assert np.mean([one[f"{name}_err"] for one in found]) == pytest.approx(scatter, rel=0.3)


def test_correlated_frames_widen_the_error():
    """Each block repeats one value: 10 independent points, not 400."""
    rng = np.random.default_rng(3)
    index, noise = rng.uniform(0, 1, 10), rng.normal(0, 0.3, 10)
    slow = predictions(np.repeat(index, 40), np.repeat(index + noise, 40))
    fast = slow.sample(frac=1, random_state=1).assign(time_ps=np.arange(400.0))
    errors = [lsi.correlation(t, 10, 200, 1)["pearson_err"] for t in (slow, fast)]
    assert errors[0] > 3 * errors[1]


def test_correlation_of_one_frame_has_no_error_and_of_nothing_no_value():
    one = predictions([0.1, 0.2, 0.4], [0, 1, 2], n_nuclei=3)
    found = lsi.correlation(one, n_blocks=5, n_bootstrap=10, seed=1)
    assert found["pearson"] > 0.9
    assert np.isnan([found["pearson_err"], found["spearman_err"]]).all()
    none = lsi.correlation(one.assign(lsi_A2=np.nan), 5, 10, 1)
    assert np.isnan(list(none.values())).all()
    constant = lsi.correlation(one.assign(lsi_A2=0.3), 5, 10, 1)
    assert np.isnan(constant["pearson"])


def test_blocks_of_two_replicas_are_drawn_together():
    data = pd.concat([drawn(100, 0.5), drawn(100, 0.5, 1).assign(replica=1)])
    assert lsi.correlation(data, 5, 50, 1)["pearson_err"] > 0
    short = pd.concat([drawn(100, 0.5), drawn(3, 0.5, 1).assign(replica=1)])
    assert np.isnan(lsi.correlation(short, 5, 50, 1)["pearson_err"])


@pytest.fixture
def finder(write_box, electrolyte):
    """One Li among 25 DME at random: enough distances for the index."""
    rng = np.random.default_rng(5)
    molecules = [("LI", None), *[("DME", None)] * 25]
    frames = [rng.uniform(0, 20, (401, 3)) for _ in range(4)]
    trajectory = Trajectory(*write_box(molecules, frames))
    return ShellFinder(trajectory, electrolyte, Shell(), cutoff_A=3.0)


def test_a_scan_repeats_the_index_at_every_cutoff(finder, electrolyte):
    scan = lsi.scan_cutoffs([finder], [6.0, 8.0], stride=2)
    assert scan["frame"].tolist() == [0, 0, 2, 2]
    frame = finder.trajectory.frame(2)
    separations = frame.positions_A[finder.ligands] - frame.positions_A[finder.centres[0]]
    distances = np.linalg.norm(minimum_image(separations, frame.cell_A), axis=1)
    expected = [local_structure_index(distances, cutoff) for cutoff in (6.0, 8.0)]
    assert scan["lsi_A2"].tolist()[2:] == pytest.approx(expected)
    own = ShellFinder(finder.trajectory, electrolyte, Shell(lsi_cutoff_A=8.0), 3.0)
    assert own.shells(frame)[0].lsi_A2 == pytest.approx(expected[1])


def test_a_scan_beyond_half_the_box_is_refused(finder):
    with pytest.raises(InputError, match=r"structure\.lsi_cutoff_offsets_A = 10\.5 is beyond"):
        lsi.scan_cutoffs([finder], [6.0, 10.5], stride=1)


def test_cutoff_table_with_an_unknown_index():
    frames = np.arange(40)
    scan = pd.DataFrame(
        {
            "replica": 0,
            "frame": np.repeat(frames, 2),
            "time_ps": np.repeat(frames, 2).astype(float),
            "nucleus": 0,
            "cutoff_A": np.tile([3.0, 4.0], 40),
            "lsi_A2": np.tile([np.nan, 1.0], 40) * np.repeat(frames, 2),
            "shift_ppm": np.repeat(frames, 2) * 0.1,
        }
    )
    table = lsi.cutoff_table({"1M": scan}, {"1M": 1.0}, 5, 20, {"1M": 1}).set_index("cutoff_A")
    assert np.isnan(
        table.loc[3.0, ["mean_lsi_A2", "mean_lsi_err_A2", "pearson"]].astype(float)
    ).all()
    assert table.loc[4.0, "mean_lsi_A2"] == pytest.approx(19.5)
    assert table.loc[4.0, "pearson"] == pytest.approx(1.0)
    assert table["n_environments"].tolist() == [0, 40]
