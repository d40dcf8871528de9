import ase.units
import numpy as np
import pytest

from ionshift.config.dynamics import Dynamics
from ionshift.core.errors import InputError
from ionshift.trajectories.trajectory import Trajectory
from ionshift.transport import diffusion
from molecules import place, template

D_A2_PS = 0.05


def walk(n_frames, n_walkers, rng, d_A2_ps=D_A2_PS):
    """Random walkers (n_frames, n_walkers, 3) with <r^2> = 6 D t, a step a ps."""
    steps = rng.normal(scale=np.sqrt(2 * d_A2_ps), size=(n_frames, n_walkers, 3))
    return np.cumsum(steps, axis=0)


def test_displacements_are_those_of_the_double_loop():
    paths = walk(40, 5, np.random.default_rng(0)) + 1000.0
    found = diffusion.mean_square_displacement([paths], 20)
    direct = [np.mean(np.sum((paths[k:] - paths[: 40 - k]) ** 2, axis=2)) for k in range(20)]
    assert np.allclose(found, direct)


def test_random_walk_gives_its_diffusion_coefficient():
    paths = walk(400, 400, np.random.default_rng(1))
    msd = diffusion.mean_square_displacement([paths], 200)
    d, slope = diffusion.fit(np.arange(200.0), msd, (40, 120))
    assert d == pytest.approx(D_A2_PS * 1e-8, rel=0.05)
    assert slope == pytest.approx(1.0, abs=0.05)


def test_replicas_of_unequal_lengths_are_pooled_by_origins():
    rng = np.random.default_rng(2)
    long, short = walk(60, 4, rng), walk(30, 4, rng)
    squares = [np.sum((one[5:] - one[:-5]) ** 2, axis=2).ravel() for one in (long, short)]
    found = diffusion.mean_square_displacement([long, short], 10)[5]
    assert found == pytest.approx(np.concatenate(squares).mean())


def test_error_over_blocks_is_that_of_repeated_walks():
    """The scatter of D over independent walks must be what blocks of one walk predict."""
    rng, time = np.random.default_rng(3), np.arange(60.0)
    found, errors = [], []
    for _ in range(40):
        paths = walk(300, 10, rng)
        found.append(diffusion.fit(time, diffusion.mean_square_displacement([paths], 60), (10, 50)))
        blocks = diffusion.block_displacements([paths], 60, 4)
        fits = [diffusion.fit(time, block, (10, 50))[0] for block in blocks]
        errors.append(np.std(fits, ddof=1) / 2)
    scatter = np.std([d for d, _ in found], ddof=1)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(scatter, rel=0.35)


def test_yeh_hummer_is_xi_times_stokes_einstein_of_radius_l():
    thermal_J, eta_Pa_s, edge_m = ase.units._k * 300.0, 0.5e-3, 20e-10
    stokes = thermal_J / (6 * np.pi * eta_Pa_s * edge_m)
    found = diffusion.finite_size_correction(300.0, 0.5, 20.0)
    assert found == pytest.approx(2.837297 * stokes)
    assert 5e-10 < found < 1e-9
    assert np.isnan(diffusion.finite_size_correction(300.0, np.nan, 20.0))


@pytest.fixture
def wandering(write_box):
    """A Li, an FSI and a DME on known walks, their atoms wrapped one by one, and a drift."""

    def make(walks_A, name="walk"):
        parts = [("LI", 0), ("FSI", 0), ("DME", 0)]
        start = [place(residue, atom, [2.0 + 8 * i] * 3) for i, (residue, atom) in enumerate(parts)]
        frames = [
            np.concatenate([one.positions + move for one, move in zip(start, moves, strict=True)])
            % 20.0
            for moves in walks_A
        ]
        molecules = [(residue, None) for residue, _ in parts]
        return Trajectory(*write_box(molecules, frames, name=name))

    return make


def test_paths_are_unwrapped_and_freed_of_drift(wandering):
    walks = walk(60, 3, np.random.default_rng(4), 0.5) + 0.3 * np.arange(60)[:, None, None]
    walks -= walks[0]
    assert np.abs(walks).max() > 15
    time_ps, centres_A, cell_A = diffusion.centre_paths(wandering(walks))
    masses = np.array([template(name).get_masses().sum() for name in ("LI", "FSI", "DME")])
    drift = np.average(walks, axis=1, weights=masses)
    assert np.allclose(centres_A - centres_A[0], walks - drift[:, None], atol=0.05)
    assert time_ps.tolist() == list(range(60))
    assert np.allclose(cell_A, np.diag([20.0, 20.0, 20.0]))


def test_centres_are_centres_of_mass_across_the_boundary(wandering):
    _, centres_A, _ = diffusion.centre_paths(wandering(np.zeros((1, 3, 3))))
    expected = place("DME", 0, [18.0] * 3).get_center_of_mass()
    offset = centres_A[0, 2] - expected
    assert np.allclose(offset - 20 * np.round(offset / 20), 0, atol=0.02)


def test_a_jump_of_nearly_half_a_box_is_refused(wandering):
    walks = np.zeros((3, 3, 3))
    walks[2, 0, 0] = 9.0
    with pytest.raises(InputError, match=r"moves by 9\.0 A between two frames.*frame_stride"):
        diffusion.centre_paths(wandering(walks))


@pytest.fixture
def walkers(write_box):
    """Return a function that writes a box of 60 lithium walkers."""

    def make(paths_A, name):
        molecules = [("LI", None)] * paths_A.shape[1]
        return Trajectory(*write_box(molecules, [one % 20.0 for one in paths_A], name=name))

    return make


def test_a_system_of_walkers_from_files(walkers, electrolyte):
    rng = np.random.default_rng(5)
    replicas = [walkers(walk(n, 60, rng, 0.1), f"r{n}") for n in (200, 150)]
    msd, table = diffusion.measure(replicas, electrolyte, Dynamics(), 300.0, viscosity_mPa_s=0.5)
    row = table.iloc[0]
    assert table["species"].tolist() == ["LI"]
    assert set(msd["species"]) == {"LI"}
    assert row["diffusive"]
    assert row["d_m2_s"] == pytest.approx(0.1e-8 * 59 / 60, abs=3 * row["d_err_m2_s"])
    assert row["d_err_m2_s"] < 0.2e-8
    assert row["corrected_d_m2_s"] - row["d_m2_s"] == pytest.approx(row["correction_m2_s"])
    assert row["fit_to_ps"] == pytest.approx(0.3 * 149)
    assert msd["time_ps"].max() == 74


def test_rattling_is_not_called_diffusion(walkers, electrolyte):
    rng = np.random.default_rng(6)
    paths = 10 + rng.normal(scale=0.3, size=(100, 20, 3))
    row = diffusion.measure([walkers(paths, "rattle")], electrolyte, Dynamics(), 300.0)[1].iloc[0]
    assert not row["diffusive"]
    assert abs(row["slope"]) < 0.1
    assert np.isnan(row["d_m2_s"])
    assert np.isfinite(row["apparent_d_m2_s"])


def test_without_a_viscosity_nothing_is_corrected(walkers, electrolyte):
    paths = walk(100, 40, np.random.default_rng(7), 0.1)
    row = diffusion.measure([walkers(paths, "plain")], electrolyte, Dynamics(), 300.0)[1].iloc[0]
    missing = ["viscosity_mPa_s", "correction_m2_s", "corrected_d_m2_s"]
    assert row[missing].isna().all()


def test_single_frame_gives_no_coefficient(walkers, electrolyte):
    one = walkers(walk(1, 5, np.random.default_rng(8)), "single")
    msd, table = diffusion.measure([one], electrolyte, Dynamics(), 300.0)
    assert len(msd) == 1
    assert table[["apparent_d_m2_s", "d_m2_s", "d_err_m2_s"]].isna().all(axis=None)
    assert not table["diffusive"].any()
