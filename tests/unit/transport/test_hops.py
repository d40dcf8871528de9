"""Hops of known processes are counted, rattling is not; cells of any shape."""

import numpy as np
import pytest

from ionshift.core.errors import InputError
from ionshift.transport import hops
from ionshift.transport.hop_rates import NONE_SEEN, rate_row
from jump_process import jumps

CELL_A = np.array([[8.0, 0, 0], [3.0, 7.0, 0], [1.0, -2.0, 6.0]])
SITES_A = np.array([[0.1, 0.1, 0.1], [0.6, 0.1, 0.1], [0.1, 0.6, 0.6]]) @ CELL_A


def rattling(site, rng, amplitude_A=0.25):
    """Positions of ions at their sites, in random images of the cell."""
    images = rng.integers(-2, 3, size=(*site.shape, 3)) @ CELL_A
    return SITES_A[site] + rng.normal(scale=amplitude_A, size=(*site.shape, 3)) + images


def test_known_jumps_are_found_at_their_frames():
    rng = np.random.default_rng(0)
    site = jumps(3, 0.02, 1.0, 300, 10, rng)
    positions_A = rattling(site, rng, 0.1)
    found, share = hops.occupied_sites(positions_A, SITES_A, CELL_A)
    assert share > 0.99 and np.array_equal(found, site)
    moves = hops.between_sites(found, 1.0)
    changed = np.argwhere(site.T[:, 1:] != site.T[:, :-1])
    assert np.array_equal(moves.nucleus, changed[:, 0])
    assert np.array_equal(moves.frame, changed[:, 1] + 1)
    assert np.array_equal(moves.target, site[moves.frame, moves.nucleus])
    assert moves.watched_ps == 10 * 299


def test_rate_of_a_jump_process():
    """Three sites, RATE to each other one: an ion leaves with twice of it."""
    rng, rate_ps = np.random.default_rng(1), 0.002
    found = []
    for _ in range(2):
        site = jumps(3, rate_ps, 1.0, 1201, 20, rng)
        seen, _ = hops.occupied_sites(rattling(site, rng), SITES_A, CELL_A)
        found.append(hops.between_sites(seen, 1.0))
    row = rate_row(found)
    assert row["rate_err_per_ns"] == max(row["poisson_err_per_ns"], row["nucleus_err_per_ns"])
    assert row["poisson_err_per_ns"] == pytest.approx(row["rate_per_ns"] / np.sqrt(row["n_hops"]))
    assert row["nucleus_err_per_ns"] == pytest.approx(row["poisson_err_per_ns"], rel=0.4)
    assert abs(row["rate_per_ns"] - 4.0) < 3 * row["rate_err_per_ns"]
    assert row["residence_ps"] == pytest.approx(1e3 / row["rate_per_ns"])
    assert row["return_share"] == pytest.approx(0.5, abs=0.15)
    assert row["watched_ns"] == pytest.approx(2 * 20 * 1.2)


def test_rattling_at_the_border_of_two_sites_is_no_hop():
    """In the middle of the way, to and fro, without ever reaching the other core."""
    way = np.array([0.0, 0.45, 0.55, 0.48, 0.58, 0.52, 0.4, 0.1, 0.55, 1.0, 0.6, 0.45, 0.9])
    positions_A = (SITES_A[0] + way[:, None] * (SITES_A[1] - SITES_A[0]))[:, None]
    site, _ = hops.occupied_sites(positions_A, SITES_A, CELL_A, 1.0)
    moves = hops.between_sites(site, 1.0)
    assert moves.frame.tolist() == [9]
    assert (moves.origin.tolist(), moves.target.tolist()) == ([0], [1])


def test_time_before_the_first_core_is_not_watched():
    site = np.array([[-1], [-1], [0], [0], [1]])
    moves = hops.between_sites(site, 2.0)
    assert moves.frame.tolist() == [4] and moves.watched_ps == 4.0


def test_returns_are_counted_per_ion():
    site = np.array([[0, 1], [1, 1], [0, 0], [2, 1], [2, 2]])
    moves = hops.between_sites(site, 1.0)
    assert moves.counts().tolist() == [3, 3]
    assert moves.n_returns() == 2


def test_no_hop_gives_an_upper_bound_alone():
    row = rate_row([hops.between_sites(np.zeros((101, 5), int), 10.0)])
    assert row["n_hops"] == 0 and row["rate_per_ns"] == 0
    assert row["rate_upper_per_ns"] == pytest.approx(NONE_SEEN / 5.0)
    assert np.isnan([row["rate_err_per_ns"], row["residence_ps"], row["return_share"]]).all()


def test_ions_of_different_speed_widen_the_error():
    """Half of the ions never hop: the scatter of the ions exceeds Poisson's error."""
    site = np.zeros((401, 10), int)
    site[:, :5] = np.arange(401)[:, None] // 10 % 2
    row = rate_row([hops.between_sites(site, 1.0)])
    assert row["nucleus_err_per_ns"] > 2 * row["poisson_err_per_ns"]
    assert row["rate_err_per_ns"] == row["nucleus_err_per_ns"]


@pytest.mark.parametrize(
    ("core_A", "sites_A", "words"),
    [
        (3.0, SITES_A, "core of a site = 3 A: must be above 0 and below"),
        (0.0, SITES_A, "core of a site = 0 A"),
        (0.01, SITES_A + 0.9, "no ion is ever within 0.01 A of a site"),
        (None, SITES_A[:1], "two sites at least"),
    ],
)
def test_wrong_sites_are_refused(core_A, sites_A, words):
    positions_A = np.broadcast_to(SITES_A[:2], (5, 2, 3))
    with pytest.raises(InputError, match=words):
        hops.occupied_sites(positions_A, sites_A, CELL_A, core_A)


def test_displacement_finds_the_same_rate_on_a_lattice():
    """Jumps of 3 A with rattling of 0.3 A, windows of 5 ps."""
    rng, rate_ps, n_frames, n_nuclei = np.random.default_rng(2), 0.003, 4000, 30
    jumped = rng.random((n_frames, n_nuclei, 1)) < rate_ps
    axes = np.eye(3)[rng.integers(3, size=(n_frames, n_nuclei))]
    steps_A = 3.0 * jumped * axes * rng.choice([-1, 1], size=(n_frames, n_nuclei, 1))
    paths_A = np.cumsum(steps_A, axis=0) + rng.normal(scale=0.3, size=steps_A.shape)
    found = hops.by_displacement(paths_A, 1.0, 2.0, 5.0)
    row = rate_row([found])
    # What returns or hops again within two windows is missed: at most 10 ps x rate, 3 %.
    assert row["n_hops"] == pytest.approx(jumped.sum(), rel=0.04)
    assert abs(row["rate_per_ns"] - 3.0) < 3 * row["rate_err_per_ns"] + 0.1
    assert (found.origin == hops.NOWHERE).all() and found.n_returns() == 0


def test_large_vibrations_are_no_hops_by_displacement():
    rng = np.random.default_rng(3)
    paths_A = rng.normal(scale=0.8, size=(2000, 10, 3))
    assert len(hops.by_displacement(paths_A, 1.0, 2.0, 10.0).frame) == 0


def test_an_excursion_is_no_hop_by_displacement():
    paths_A = np.zeros((9, 1, 3))
    paths_A[4] = 5.0
    assert len(hops.by_displacement(paths_A, 1.0, 2.0).frame) == 0
    paths_A[5:] = 5.0
    assert hops.by_displacement(paths_A, 1.0, 2.0).frame.tolist() == [4]


def test_settings_of_hops_by_displacement_are_checked():
    with pytest.raises(InputError, match="hop distance = 0 A"):
        hops.by_displacement(np.zeros((9, 1, 3)), 1.0, 0.0)
    with pytest.raises(InputError, match="9 frames are 2 windows of 4 ps"):
        hops.by_displacement(np.zeros((9, 1, 3)), 1.0, 1.0, 4.0)
