"""Runs of a tiny box: products, restarts after SIGKILL, changed settings, blow-ups."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import MDAnalysis
import numpy as np
import openmm
import pandas as pd
import pytest

from ionshift.config.electrolyte import System
from ionshift.config.md import MD
from ionshift.core.errors import InputError
from ionshift.md import driver, molecules, segments, stages
from ionshift.md import driver as dynamics_driver
from ionshift.md import stages as dynamics_stages
from ionshift.md.engines import gromacs
from ionshift.md.engines import openmm as openmm_engine
from ionshift.systems import electrolyte as boxes
from ionshift.systems import packing

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
SMALL = System(counts={"LI": 1, "FSI": 1, "DME": 8}, density_g_cm3=0.9)
TINY = MD(
    cutoff_A=5.0,
    npt_ps=0.4,
    anneal_K=350.0,
    anneal_ps=0.4,
    density_ps=0.4,
    nvt_ps=0.2,
    production_ps=2.0,
    frame_interval_ps=0.1,
    checkpoint_interval_ps=0.2,
)
needs_gromacs = pytest.mark.skipif(shutil.which("gmx") is None, reason="GROMACS is not installed")
ENGINES = ["openmm", pytest.param("gromacs", marks=needs_gromacs)]

RUN_IN_A_PROCESS = """
import sys
from ionshift.config.electrolyte import Electrolyte, System
from ionshift.config.md import MD
from ionshift.md import driver
from ionshift.md.engines import gromacs

gromacs.CHECKPOINT_MINUTES = 0.01
engine, el, sy, md, packed, out = sys.argv[1:]
driver.run(
    engine,
    Electrolyte.model_validate_json(el),
    System.model_validate_json(sy),
    MD.model_validate_json(md),
    packed,
    out,
    seed=7,
)
"""


SYMBOLS = ["C", "F", "H", "Li", "N", "O", "S"]


@pytest.fixture(scope="module")
def packed(electrolyte, tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "packed.pdb"
    packing.pack_box(electrolyte, SMALL, seed=1, out_pdb=path)
    return path


def simulate(electrolyte, packed, out_dir, engine="openmm", md=TINY, seed=7, log=None):
    return dynamics_driver.run(
        engine, electrolyte, SMALL, md, packed, out_dir, seed, log=log or (lambda line: None)
    )


def frames_of(path):
    """Times in ps and positions in A, shape (frames, atoms, 3)."""
    with MDAnalysis.coordinates.XTC.XTCReader(str(path)) as reader:
        return zip(*[(ts.time, ts.positions.copy()) for ts in reader], strict=True)


# ---------------------------------------------------------------- a whole run


@pytest.fixture(scope="module", params=ENGINES)
def finished(request, electrolyte, packed, tmp_path_factory):
    """(engine, folder, summary, lines of the log) of a finished run."""
    out_dir = tmp_path_factory.mktemp(request.param)
    lines = []
    summary = simulate(electrolyte, packed, out_dir, request.param, log=lines.append)
    return request.param, out_dir, summary, lines


def test_frames_are_as_many_as_asked_and_equally_spaced(finished):
    times_ps, _ = frames_of(finished[1] / "trajectory.xtc")
    assert len(times_ps) == 20
    assert np.allclose(times_ps, 0.1 * np.arange(1, 21), atol=1e-4)


def test_topology_and_trajectory_fit(finished):
    universe = MDAnalysis.Universe(
        str(finished[1] / "topology.pdb"), str(finished[1] / "trajectory.xtc")
    )
    assert list(universe.residues.resnames) == ["LI", "FSI"] + ["DME"] * 8
    assert {e.capitalize() for e in universe.atoms.elements} == set(SYMBOLS)
    assert np.all(universe.dimensions[:3] > 10.0)
    assert np.allclose(universe.dimensions[:3], finished[2]["box_edge_A"], atol=1e-2)


def test_molecules_are_whole(finished):
    universe = MDAnalysis.Universe(
        str(finished[1] / "topology.pdb"), str(finished[1] / "trajectory.xtc")
    )
    bonds = universe.bonds.indices
    assert len(bonds) == 8 + 8 * 15
    for frame in universe.trajectory:
        lengths_A = np.linalg.norm(
            frame.positions[bonds[:, 0]] - frame.positions[bonds[:, 1]], axis=1
        )
        assert lengths_A.max() < 2.0 and lengths_A.min() > 0.9


def test_the_liquid_moves(finished):
    _, positions_A = frames_of(finished[1] / "trajectory.xtc")
    assert 0.05 < np.abs(positions_A[-1] - positions_A[0]).mean() < 5.0


def test_thermo_table(finished):
    thermo = pd.read_csv(finished[1] / "thermo.csv")
    assert tuple(thermo.columns) == stages.THERMO_COLUMNS
    wanted = ["warmup", "anneal", "cool", "density", "equilibrate", "production"]
    assert list(thermo.stage.unique()) == wanted
    production = thermo[thermo.stage == "production"]
    assert 200.0 < production.temperature_K.mean() < 400.0
    assert production.volume_A3.nunique() == 1
    assert thermo[thermo.stage == "density"].volume_A3.nunique() > 1


def test_box_has_the_mean_volume_of_the_second_half_of_the_density_stage(finished):
    _, out_dir, summary, _ = finished
    thermo = pd.read_csv(out_dir / "thermo.csv")
    density = thermo[(thermo.stage == "density") & (thermo.time_ps >= 0.2)]
    assert summary["box_edge_A"] ** 3 == pytest.approx(density.volume_A3.mean(), rel=1e-4)


def test_summary(finished, electrolyte):
    engine, out_dir, summary, _ = finished
    assert summary == json.loads((out_dir / "md_summary.json").read_text())
    assert summary["engine"] == engine and engine in summary["versions"]
    assert summary["n_frames"] == 20 and summary["seed"] == 7
    volume_A3 = summary["box_edge_A"] ** 3
    density = boxes.density_g_cm3(electrolyte, SMALL.counts, volume_A3)
    assert summary["density_g_cm3"] == pytest.approx(density)
    assert summary["molarity_M"] == pytest.approx(1660.539 / volume_A3, rel=1e-5)
    assert summary["ns_per_day"] > 0 and summary["wall_s"] > 0


def test_a_finished_run_is_left_alone(finished, electrolyte, packed):
    engine, out_dir, summary, _ = finished
    before = (out_dir / "trajectory.xtc").stat().st_mtime_ns
    lines = []
    again = simulate(electrolyte, packed, out_dir, engine, log=lines.append)
    assert again == summary
    assert (out_dir / "trajectory.xtc").stat().st_mtime_ns == before
    assert any("nothing to do" in line for line in lines)


def test_lost_products_are_put_together_again_without_computing(finished, electrolyte, packed):
    engine, out_dir, _, _ = finished
    trajectory = (out_dir / "trajectory.xtc").read_bytes()
    (out_dir / "trajectory.xtc").unlink()
    done = (out_dir / "work/6_production/done.json").stat().st_mtime_ns
    simulate(electrolyte, packed, out_dir, engine)
    assert (out_dir / "trajectory.xtc").read_bytes() == trajectory
    assert (out_dir / "work/6_production/done.json").stat().st_mtime_ns == done


# ---------------------------------------------------------------- kill -9 and go on


def start_process(engine, electrolyte, packed, out_dir, md):
    blocks = [block.model_dump_json() for block in (electrolyte, SMALL, md)]
    return subprocess.Popen(
        [sys.executable, "-c", RUN_IN_A_PROCESS, engine, *blocks, str(packed), str(out_dir)],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
    )


def wait_for(condition, process, limit_s=120):
    begun = time.monotonic()
    while not condition():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() - begun < limit_s
        time.sleep(0.01)


def children_of(pid):
    listing = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
    )
    return [int(word) for word in listing.stdout.split()]


def is_running(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def test_killed_openmm_run_goes_on(electrolyte, packed, tmp_path):
    production = tmp_path / "work/6_production"
    process = start_process("openmm", electrolyte, packed, tmp_path, TINY)

    def some_segments_are_done():
        path = production / "checkpoint.npz"
        return path.is_file() and segments.Checkpoint.load(path).steps >= 150

    wait_for(some_segments_are_done, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    point = segments.Checkpoint.load(production / "checkpoint.npz")
    assert 0 < point.steps < 500, "killed too late to test anything"
    kept = (production / "frames.xtc").read_bytes()[: point.frame_bytes]
    assert not (tmp_path / "trajectory.xtc").exists()
    # Frames that were written after the checkpoint must not survive the restart.
    with open(production / "frames.xtc", "ab") as file:
        file.write(kept[: len(kept) // 2])
    earlier = {
        path: path.stat().st_mtime_ns for path in (tmp_path / "work").glob("[0-5]_*/done.json")
    }
    lines = []
    simulate(electrolyte, packed, tmp_path, log=lines.append)
    times_ps, _ = frames_of(tmp_path / "trajectory.xtc")
    assert np.allclose(times_ps, 0.1 * np.arange(1, 21), atol=1e-4)
    assert (production / "frames.xtc").read_bytes()[: point.frame_bytes] == kept
    assert len(earlier) == 6
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in earlier.items())
    assert "warmup: finished before" in lines
    thermo = pd.read_csv(tmp_path / "thermo.csv")
    times_ps = thermo[thermo.stage == "production"].time_ps
    assert np.all(np.diff(times_ps) > 0)


def test_run_killed_in_equilibration_goes_on(electrolyte, packed, tmp_path):
    process = start_process("openmm", electrolyte, packed, tmp_path, TINY)
    wait_for((tmp_path / "work/1_warmup/checkpoint.npz").is_file, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    stamp = (tmp_path / "work/0_minimise/done.json").stat().st_mtime_ns
    assert simulate(electrolyte, packed, tmp_path)["n_frames"] == 20
    assert (tmp_path / "work/0_minimise/done.json").stat().st_mtime_ns == stamp


@needs_gromacs
def test_killed_gromacs_run_goes_on(electrolyte, packed, tmp_path):
    md = TINY.model_copy(update={"production_ps": 40.0})
    production = tmp_path / "work/6_production"
    process = start_process("gromacs", electrolyte, packed, tmp_path, md)
    wait_for((production / "md.cpt").is_file, process)
    children = children_of(process.pid)
    assert children
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.2)
    assert not any(is_running(pid) for pid in children), "mdrun outlived the run"
    assert not (production / "done.json").exists()
    size = (production / "md.xtc").stat().st_size
    simulate(electrolyte, packed, tmp_path, "gromacs", md)
    times_ps, _ = frames_of(tmp_path / "trajectory.xtc")
    assert np.allclose(times_ps, 0.1 * np.arange(1, 401), atol=1e-3)
    assert (production / "md.xtc").stat().st_size >= size
    log = (production / "md.log").read_text(errors="replace")
    assert "Restarting from checkpoint" in log


def test_two_runs_cannot_share_a_folder(electrolyte, packed, tmp_path):
    (tmp_path / "work").mkdir()
    with driver.only_one(tmp_path / "work"), pytest.raises(InputError, match="in use by another"):
        simulate(electrolyte, packed, tmp_path)


# ---------------------------------------------------------------- settings and seeds

SHORT = TINY.model_copy(update={"production_ps": 0.4, "anneal_ps": 0.0})


@pytest.fixture(scope="module")
def short_run(electrolyte, packed, tmp_path_factory):
    out_dir = tmp_path_factory.mktemp("short")
    simulate(electrolyte, packed, out_dir, md=SHORT)
    return out_dir


@pytest.fixture
def copied(short_run, tmp_path):
    return Path(shutil.copytree(short_run, tmp_path / "copied"))


def test_longer_production_keeps_the_equilibration(electrolyte, packed, copied):
    lines = []
    longer = SHORT.model_copy(update={"production_ps": 0.6})
    assert simulate(electrolyte, packed, copied, md=longer, log=lines.append)["n_frames"] == 6
    assert [line for line in lines if "settings have changed" in line] == [
        "4_production: the settings have changed, starting this stage afresh"
    ]


def test_another_temperature_starts_afresh(electrolyte, packed, copied):
    lines = []
    warmer = SHORT.model_copy(update={"temperature_K": 310.0})
    simulate(electrolyte, packed, copied, md=warmer, log=lines.append)
    assert sum("settings have changed" in line for line in lines) == 5


@pytest.mark.parametrize(
    "block, change",
    [
        ("el", {"ion_charge_scale": 0.7}),
        ("el", {"mixing": "lorentz-berthelot"}),
        ("md", {"hydrogen_mass_amu": None}),
        ("md", {"cutoff_A": 5.2}),
        ("md", {"pressure_bar": 2.0}),
        ("md", {"timestep_fs": 2.0}),
        ("md", {"deterministic": False}),
        ("seed", None),
        ("engine", None),
    ],
)
def test_keys_know_what_matters(block, change, electrolyte, packed):
    def keys(engine="openmm", el=electrolyte, md=SHORT, seed=7):
        return driver.stage_keys(engine, el, SMALL, md, stages.plan(md), packed, seed)

    changed = {
        "el": lambda: keys(el=electrolyte.model_copy(update=change)),
        "md": lambda: keys(md=SHORT.model_copy(update=change)),
        "seed": lambda: keys(seed=8),
        "engine": lambda: keys(engine="gromacs"),
    }[block]()
    assert keys() == keys()
    assert changed[-1] != keys()[-1]


def test_platform_and_checkpoints_do_not_matter(electrolyte, packed):
    def last_key(**changes):
        md = SHORT.model_copy(update=changes)
        return driver.stage_keys("openmm", electrolyte, SMALL, md, stages.plan(md), packed, 7)[-1]

    assert last_key() == last_key(platform="auto", checkpoint_interval_ps=0.4)


def test_a_comment_in_the_force_field_does_not_matter(electrolyte, packed, tmp_path):
    def last_key(text):
        path = tmp_path / "forcefield.xml"
        path.write_text(text)
        el = electrolyte.model_copy(update={"forcefield": str(path)})
        return driver.stage_keys("openmm", el, SMALL, SHORT, stages.plan(SHORT), packed, 7)[-1]

    text = Path(electrolyte.forcefield).read_text()
    assert last_key(text) == last_key(f"<!-- tested -->\n{text}")
    assert last_key(text) != last_key(text.replace('"0.2126"', '"0.2127"'))


def test_seed_decides_the_path(electrolyte, packed, short_run, tmp_path):
    """Sums over threads are not exact to the last bit, so equal seeds give similar paths."""
    simulate(electrolyte, packed, tmp_path / "same", md=SHORT)
    simulate(electrolyte, packed, tmp_path / "other", md=SHORT, seed=8)
    folders = (short_run, tmp_path / "same", tmp_path / "other")
    velocities = [
        stages.State.load(folder / "work/0_minimise/state.npz").velocities_nm_ps.ravel()
        for folder in folders
    ]
    assert np.corrcoef(velocities[0], velocities[1])[0, 1] > 0.95
    assert abs(np.corrcoef(velocities[0], velocities[2])[0, 1]) < 0.3
    first_K = [pd.read_csv(folder / "thermo.csv").temperature_K[0] for folder in folders]
    assert first_K[1] == pytest.approx(first_K[0], abs=10.0)


# ---------------------------------------------------------------- equal to the last bit
COMPARED = ("trajectory.xtc", "topology.pdb", "thermo.csv")


def contents(folder):
    return {name: (folder / name).read_bytes() for name in COMPARED}


@pytest.fixture(scope="module")
def exact(electrolyte, packed, tmp_path_factory):
    """Files of an unbroken deterministic run."""
    folder = tmp_path_factory.mktemp("exact")
    simulate(electrolyte, packed, folder, md=TINY)
    return contents(folder)


def test_deterministic_runs_in_two_folders_are_equal(electrolyte, packed, exact, tmp_path):
    simulate(electrolyte, packed, tmp_path, md=TINY)
    assert contents(tmp_path) == exact


def test_a_deterministic_run_killed_and_resumed_equals_an_unbroken_one(
    electrolyte, packed, exact, tmp_path
):
    for stage in ("1_warmup", "6_production"):
        process = start_process("openmm", electrolyte, packed, tmp_path, TINY)
        wait_for((tmp_path / f"work/{stage}/checkpoint.npz").is_file, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (tmp_path / "trajectory.xtc").exists(), "killed too late to test anything"
    simulate(electrolyte, packed, tmp_path, md=TINY)
    assert contents(tmp_path) == exact


@pytest.mark.parametrize("platform", ["CPU", "auto"])
@pytest.mark.parametrize("wanted", [True, False])
def test_forces_are_deterministic_where_that_is_asked_for(platform, wanted):
    system = openmm.System()
    system.addParticle(1.0)
    md = TINY.model_copy(update={"platform": platform, "deterministic": wanted})
    context = openmm_engine.make_context(system, openmm.VerletIntegrator(0.001), md, 1)
    found = context.getPlatform().getPropertyValue(context, "DeterministicForces")
    assert found == str(wanted).lower()


def test_a_platform_without_deterministic_forces_is_refused(monkeypatch):
    monkeypatch.setattr(openmm_engine, "DETERMINISTIC", "NoSuchProperty")
    md = TINY.model_copy(update={"deterministic": True})
    with pytest.raises(InputError, match=r"md.deterministic: .*CPU cannot sum forces in one order"):
        openmm_engine.make_context(openmm.System(), openmm.VerletIntegrator(0.001), md, 1)


@needs_gromacs
def test_deterministic_gromacs_runs_are_equal(electrolyte, packed, tmp_path):
    for name in ("one", "two"):
        simulate(electrolyte, packed, tmp_path / name, "gromacs", md=TINY)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_seeds_differ_by_stage():
    seeds = {stages.derived_seed(s, name) for s in (1, 2) for name in ("warmup", "production")}
    assert len(seeds) == 4
    assert all(0 < seed < 2**31 for seed in seeds)


# ---------------------------------------------------------------- boxes


def test_scaling_keeps_molecules_and_moves_centres(electrolyte, packed):
    topology = boxes.build_topology(electrolyte, SMALL.counts)
    edges_nm = boxes.read_pdb_box(packed) / 10
    state = stages.State(boxes.read_pdb_positions(packed) / 10, None, edges_nm)
    scaled = molecules.scale_box(topology, state, 1.1)
    assert np.allclose(scaled.edges_nm, 1.1 * edges_nm)
    whole = molecules.make_whole(topology, state.positions_nm, edges_nm)
    molecule = np.array([atom.residue.index for atom in topology.atoms()])
    for number in range(molecule.max() + 1):
        old, new = whole[molecule == number], scaled.positions_nm[molecule == number]
        assert np.allclose(new.mean(axis=0), 1.1 * old.mean(axis=0))
        assert np.allclose(new - new.mean(axis=0), old - old.mean(axis=0))


def test_make_whole_undoes_wrapping(electrolyte, packed):
    topology = boxes.build_topology(electrolyte, SMALL.counts)
    edges_nm = boxes.read_pdb_box(packed) / 10
    positions_nm = boxes.read_pdb_positions(packed) / 10
    whole = molecules.make_whole(topology, positions_nm, edges_nm)
    assert np.allclose(molecules.make_whole(topology, whole % edges_nm, edges_nm), whole)


def test_state_survives_the_disk(tmp_path):
    state = stages.State(np.random.rand(4, 3), np.random.rand(4, 3), np.ones(3))
    state.save(tmp_path / "state.npz")
    loaded = stages.State.load(tmp_path / "state.npz")
    assert np.array_equal(loaded.positions_nm, state.positions_nm)
    assert loaded.volume_A3 == 1000.0


# ---------------------------------------------------------------- mistakes and blow-ups


def test_blow_up_is_told(finished, electrolyte, packed, tmp_path):
    """The first Li is put onto an oxygen, where no step is short enough."""
    engine, out_dir, _, _ = finished
    shutil.copytree(out_dir / "work/0_minimise", tmp_path / "work/0_minimise")
    state = stages.State.load(tmp_path / "work/0_minimise/state.npz")
    state.positions_nm[0] = state.positions_nm[3] + 0.005
    state.save(tmp_path / "work/0_minimise/state.npz")
    with pytest.raises(
        dynamics_stages.SimulationError, match=r"blew up in stage warmup(?s:.*)timestep_fs"
    ):
        simulate(electrolyte, packed, tmp_path, engine)
    assert not (tmp_path / "md_summary.json").exists()


def test_too_long_a_step_is_told(electrolyte, packed, tmp_path):
    wild = SHORT.model_copy(update={"timestep_fs": 50.0, "npt_ps": 5.0})
    with pytest.raises(
        dynamics_stages.SimulationError, match=r"blew up in stage \w+(?s:.*)timestep_fs"
    ):
        simulate(electrolyte, packed, tmp_path, md=wild)


@pytest.mark.parametrize(
    "temperature_K, potential",
    [(float("nan"), 0.0), (2000.0, 0.0), (300.0, 1e9), (300.0, float("nan"))],
)
def test_guard(temperature_K, potential):
    with pytest.raises(dynamics_stages.SimulationError, match="blew up in stage density"):
        stages.guard("density", "1 ps", 300.0, temperature_K, potential)


def test_guard_lets_sane_numbers_pass():
    stages.guard("density", "1 ps", 300.0, 320.0, -3000.0)


def test_unknown_engine(electrolyte, packed, tmp_path):
    with pytest.raises(
        InputError,
        match=r"md\.engine = 'lammps': unknown name; known are openmm, gromacs, potential",
    ):
        simulate(electrolyte, packed, tmp_path, "lammps")


def test_missing_gromacs(electrolyte, packed, tmp_path, monkeypatch):
    monkeypatch.setattr(gromacs.shutil, "which", lambda name: None)
    with pytest.raises(InputError, match=r"gmx is not on the PATH; install GROMACS.*openmm"):
        simulate(electrolyte, packed, tmp_path, "gromacs")


def test_unknown_platform(electrolyte, packed, tmp_path):
    md = SHORT.model_copy(update={"platform": "Abacus"})
    with pytest.raises(InputError, match=r"md\.platform: Abacus is not in this OpenMM"):
        simulate(electrolyte, packed, tmp_path, md=md)


def test_missing_packed_box(electrolyte, tmp_path):
    with pytest.raises(InputError, match="the packed box: no file"):
        simulate(electrolyte, tmp_path / "nowhere.pdb", tmp_path)


def test_packed_box_of_another_composition(electrolyte, packed, tmp_path):
    other = System(counts={"LI": 1, "FSI": 1, "DME": 9}, density_g_cm3=0.9)
    with pytest.raises(InputError, match=r"has 138 atoms.*has 154; pack the box again"):
        dynamics_driver.run("openmm", electrolyte, other, TINY, packed, tmp_path, 7)


@pytest.mark.parametrize(
    "change, key",
    [
        ({"frame_interval_ps": 0.101}, r"md\.frame_interval_ps"),
        ({"production_ps": 0.45}, r"md\.production_ps"),
    ],
)
def test_times_that_are_no_whole_steps(change, key):
    with pytest.raises(InputError, match=key):
        stages.plan(SHORT.model_copy(update=change))


def test_progress_tells_share_speed_and_time_left(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(stages.time, "monotonic", lambda: now[0])
    lines = []
    production = stages.plan(TINY)[-1]
    progress = stages.Progress(lines.append, total_ps=4.0)
    progress.before_ps = 2.0
    progress.begin(production)
    now[0] += 5.0
    progress.update(0.5)
    assert lines == []
    now[0] += 5.0
    progress.update(1.0)
    assert lines == [" 75.0 %  production 1.0/2.0 ps, 8.6 ns/day, ETA 0:00:10"]
