import numpy as np
import pytest
from MDAnalysis.lib import correlations

from ionshift.config.shell import Shell
from ionshift.solvation import residence
from ionshift.solvation.shells import ShellFinder
from ionshift.trajectories.trajectory import Trajectory
from molecules import place
from processes import two_states

N_NUCLEI = 20


def curves_of(present, n_lags, max_gap=0):
    _, start, stop = residence.stays(present, max_gap)
    n_frames = present.shape[1]
    survived, origins = residence.continuous_sums(start, stop, n_frames, n_lags)
    back, origins_back = residence.intermittent_sums(present, n_lags)
    return survived / origins, back / origins_back


def test_stays_of_a_known_pattern():
    present = np.array([[1, 1, 0, 1, 0, 0, 1], [0, 0, 0, 1, 1, 1, 0]], bool)
    contact, start, stop = residence.stays(present)
    assert contact.tolist() == [0, 0, 0, 1]
    assert start.tolist() == [0, 3, 6, 3]
    assert stop.tolist() == [2, 4, 7, 6]
    _, start, stop = residence.stays(present, max_gap=1)
    assert (start.tolist(), stop.tolist()) == ([0, 6, 3], [4, 7, 6])
    _, start, stop = residence.stays(present, max_gap=2)
    assert (start.tolist(), stop.tolist()) == ([0, 3], [7, 6])


def test_sums_are_those_of_the_double_loop():
    present = two_states(50, 0.1, 0.05, 30, np.random.default_rng(0))
    continuous, intermittent = curves_of(present, 25)
    for lag in range(25):
        windows = np.array([present[:, t : t + lag + 1] for t in range(50 - lag)])
        began = windows[:, :, 0]
        assert continuous[lag] == pytest.approx(windows.all(axis=2).sum() / began.sum())
        assert intermittent[lag] == pytest.approx((began & windows[:, :, -1]).sum() / began.sum())


def test_tolerated_excursions_are_those_of_mdanalysis():
    present = two_states(60, 0.2, 0.3, 8, np.random.default_rng(1))
    present[0] = True
    sets = [set(np.flatnonzero(frame)) for frame in present.T]
    filled = correlations.correct_intermittency([set(one) for one in sets], 2)
    ours = np.zeros_like(present)
    for contact, start, stop in zip(*residence.stays(present, 2), strict=True):
        ours[contact, start:stop] = True
    assert [set(np.flatnonzero(frame)) for frame in ours.T] == filled


def test_two_states_decay_as_they_should():
    leave, enter = 0.02, 0.03
    present = two_states(1500, leave, enter, 400, np.random.default_rng(2))
    lags = np.arange(200)
    continuous, intermittent = curves_of(present, 200)
    share = enter / (enter + leave)
    assert np.allclose(continuous, (1 - leave) ** lags, atol=0.02)
    expected = share + (1 - share) * (1 - leave - enter) ** lags
    assert np.allclose(intermittent, expected, atol=0.02)
    tau, _ = residence.decay_time(lags * 0.5, continuous)
    assert tau == pytest.approx(-0.5 / np.log(1 - leave), rel=0.05)
    tau, _ = residence.decay_time(lags * 0.5, intermittent, floor=share)
    assert tau == pytest.approx(-0.5 / np.log(1 - leave - enter), rel=0.1)


def count_of(present, n_lags, max_gap=0):
    nucleus = np.arange(len(present)) % N_NUCLEI
    return residence.count(present, nucleus, N_NUCLEI, n_lags, max_gap)


def test_counts_add_up_over_nuclei():
    present = two_states(80, 0.05, 0.05, 60, np.random.default_rng(3))
    counts = count_of(present, 40)
    survived, origins = counts.total().continuous
    assert np.allclose(survived / origins, curves_of(present, 40)[0])
    assert counts.total().stays[2] == present.sum()
    assert counts.total().stays[0] == np.sum(present[:, :-1] & ~present[:, 1:])
    assert len(counts.leave_one_out()) == N_NUCLEI


def test_lifetime_from_runs_much_shorter_than_it():
    """20 frames of stays that last 100: most are cut by the end, the estimate must not care."""
    present = two_states(20, 0.01, 0.003, 20000, np.random.default_rng(4))
    exits, survived, _, _ = count_of(present, 10).total().stays
    found = residence.lifetime(exits, survived, 0.5)
    assert found == pytest.approx(-0.5 / np.log(0.99), rel=0.1)


@pytest.mark.parametrize(("exits", "survived"), [(0, 100), (5, 0), (0, 0)])
def test_lifetime_without_evidence_is_unknown(exits, survived):
    assert np.isnan(residence.lifetime(exits, survived, 0.5))


def test_decay_beyond_the_run_is_a_bound():
    lags = np.arange(0, 50.0)
    tau, bound = residence.decay_time(lags, np.exp(-lags / 100))
    assert np.isnan(tau)
    assert bound == pytest.approx(100 * (1 - np.exp(-0.49)), rel=1e-3)
    tau, _ = residence.decay_time(lags, np.exp(-lags / 10))
    assert tau == pytest.approx(10.0)


@pytest.fixture
def finder(write_box, electrolyte):
    """A Li with a DME that stays and an FSI that is away in the frames named."""

    def make(n_frames, away, with_solvent=True, name="box"):
        lithium = np.array([10.0, 10.0, 10.0])
        frames = []
        for number in range(n_frames):
            shift = [0.0, -5.0 if number in away else -2.1, 0.0]
            parts = [("LI", place("LI", 0, lithium)), ("FSI", place("FSI", 2, lithium + shift))]
            if with_solvent:
                parts.append(("DME", place("DME", 1, lithium + [-2.0, 0.0, 0.0])))
            frames.append(np.concatenate([one.positions for _, one in parts]))
        trajectory = Trajectory(*write_box(parts, frames, name=name))
        return ShellFinder(trajectory, electrolyte, Shell(), cutoff_A=2.8)

    return make


def measure(finders, electrolyte, excursion_ps=0.0, max_lag_share=0.5):
    curves, times = residence.measure(finders, electrolyte, 1, max_lag_share, excursion_ps)
    return curves, times.set_index("species")


def test_contacts_from_frames(finder):
    _, present, nucleus = residence.contacts(finder(6, {2, 3}))
    assert present["FSI"].tolist() == [[True, True, False, False, True, True]]
    assert present["DME"].all()
    assert present["LI"].shape == (0, 6)
    assert nucleus["FSI"].tolist() == [0]


def test_excursions_count_only_beyond_the_tolerance(finder, electrolyte):
    box = finder(12, {4, 5})
    _, strict = measure([box], electrolyte)
    _, lenient = measure([box], electrolyte, excursion_ps=2.0)
    assert (strict.loc["FSI", "n_exits"], lenient.loc["FSI", "n_exits"]) == (1, 0)
    assert lenient.loc["FSI", "continuous_end"] == 1.0
    assert strict.loc["FSI", "mean_number"] == pytest.approx(10 / 12)
    assert strict.loc["FSI", "contact_ps"] == 10


def test_what_never_leaves_has_no_residence_time(finder, electrolyte):
    curves, times = measure([finder(11, set())], electrolyte)
    row = times.loc["DME"]
    assert row["n_exits"] == 0
    assert np.isnan([row["lifetime_ps"], row["continuous_time_ps"]]).all()
    assert row["continuous_time_lower_ps"] == pytest.approx(5.0)
    assert curves["continuous_err"].isna().all()


def test_replicas_of_unequal_lengths(finder, electrolyte):
    boxes = [finder(12, {4, 5}, name="a"), finder(6, {3, 4}, name="b")]
    curves, times = measure(boxes, electrolyte)
    assert curves["time_ps"].max() == 2
    assert times.loc["FSI", "n_exits"] == 2
    assert times.loc["FSI", "mean_number"] == pytest.approx(14 / 18)
    assert times.loc["FSI", "mean_number_err"] > 0


def test_no_solvent_and_no_contact(finder, electrolyte):
    curves, times = measure([finder(6, set(range(6)), with_solvent=False)], electrolyte)
    assert times.index.tolist() == ["FSI"]
    assert times.loc["FSI", "mean_number"] == 0
    assert curves["continuous"].isna().all()


def test_single_frame(finder, electrolyte):
    curves, times = measure([finder(1, set())], electrolyte)
    assert len(curves) == 2
    assert times[["lifetime_ps", "continuous_time_ps"]].isna().all(axis=None)
    assert times.loc["DME", "mean_number"] == 1
