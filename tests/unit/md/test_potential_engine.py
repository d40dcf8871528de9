"""Runs with a potential: energy, temperature, volume, restarts after SIGKILL, what stops them."""

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
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.calculator import Calculator
from ase.io import read
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution, Stationary
from ase.md.verlet import VelocityVerlet
from MDAnalysis.lib.formats.libmdaxdr import XTCFile
from openmm import app

from ionshift.config.electrolyte import System
from ionshift.config.md import MD, PotentialMD
from ionshift.config.potential import Potential
from ionshift.core.errors import InputError
from ionshift.md import barostat, driver, segments, stages, watch
from ionshift.md import driver as dynamics_driver
from ionshift.md import stages as dynamics_stages
from ionshift.md.engines import potential as potential_engine
from ionshift.md.engines.potential import PotentialEngine
from ionshift.systems import electrolyte as boxes
from ionshift.systems import packing

HERE = Path(__file__).parents[1]
SPRINGS = f"{HERE / 'springs.py'}:make"
FORCE_FIELD = f"{HERE / 'force_field_calculator.py'}:ForceField"
SMALL = System(counts={"LI": 1, "FSI": 1, "DME": 2}, density_g_cm3=0.8)
SHORT = MD(
    engine="potential",
    cutoff_A=4.0,
    npt_ps=0.2,
    anneal_ps=0.0,
    density_ps=0.2,
    nvt_ps=0.1,
    production_ps=0.2,
    frame_interval_ps=0.01,
    checkpoint_interval_ps=0.02,
)
OWN = PotentialMD(relax_steps=5, settle_ps=0.01, npt_ps=0.02, nvt_ps=0.01)


def springs(**options):
    return Potential(kind="python", model=SPRINGS, options=options)


def force_field(**options):
    return Potential(kind="python", model=FORCE_FIELD, options=options)


def quiet(line):
    pass


# ---------------------------------------------------------------- a crystal, stage by stage


def crystal_topology(atoms):
    """Every atom is a molecule of its own."""
    topology = app.Topology()
    chain = topology.addChain()
    for symbol in atoms.get_chemical_symbols():
        element = app.Element.getBySymbol(symbol)
        topology.addAtom(symbol, element, topology.addResidue(symbol.upper(), chain))
    return topology


def crystal_engine(potential, atoms, seed=3, **own):
    job = driver.Job(
        el=None,
        sy=None,
        md=SHORT,
        seed=seed,
        threads=1,
        topology=crystal_topology(atoms),
        system=None,
        potential=potential,
        potential_md=PotentialMD(**own),
    )
    return PotentialEngine(job)


def crystal_stage(ensemble, n_steps, timestep_fs=2.0, temperature_K=300.0, **more):
    return stages.Stage(
        name="test",
        ensemble=ensemble,
        temperature_K=temperature_K,
        end_temperature_K=temperature_K,
        timestep_fs=timestep_fs,
        n_steps=n_steps,
        thermo_steps=more.pop("thermo_steps", 1),
        with_potential=True,
        **more,
    )


def at_temperature(atoms, temperature_K, seed=1):
    MaxwellBoltzmannDistribution(
        atoms, temperature_K=temperature_K, rng=np.random.default_rng(seed)
    )
    Stationary(atoms)
    return potential_engine.state_of(atoms)


def advance(engine, stage, start, folder):
    folder.mkdir(exist_ok=True)
    progress = stages.Progress(quiet, total_ps=stage.duration_ps)
    rows, _ = engine.advance(stage, start, folder, progress)
    return pd.DataFrame(rows, columns=["time_ps", "temperature_K", "potential_kJ_mol", "V_A3"])


@pytest.fixture
def copper():
    return bulk("Cu", cubic=True) * (2, 2, 2)


def total_kJ_mol(table, n_atoms):
    gas_constant = units.kB * units.mol / units.kJ
    return table.potential_kJ_mol + 0.5 * (3 * n_atoms - 3) * gas_constant * table.temperature_K


def test_energy_is_conserved(copper, tmp_path):
    start = at_temperature(copper, 600.0)
    engine = crystal_engine(Potential(kind="emt"), copper)
    spreads = []
    for step_fs in (4.0, 2.0):
        stage = crystal_stage("NVE", round(800 / step_fs), step_fs, 600.0)
        table = advance(engine, stage, start, tmp_path / f"{step_fs}")
        total = total_kJ_mol(table, len(copper))
        spreads.append(total.std() / len(copper))
        drift = np.polyfit(table.time_ps, total, 1)[0] / len(copper)
        assert abs(drift) < 0.02, "kJ/mol an atom and ps"
        assert table.temperature_K.std() > 10.0
    assert spreads[1] < 0.01
    # Velocity Verlet: the error goes with the square of the step.
    assert 2.5 < spreads[0] / spreads[1] < 6.0


@pytest.mark.parametrize("frame_steps", [0, 50], ids=["langevin", "bussi"])
def test_temperature_and_energy_of_oscillators(frame_steps, tmp_path, monkeypatch):
    """Equipartition: kT/2 for each freedom, in motion and in stretch, by either thermostat."""
    monkeypatch.setattr(potential_engine, "FRICTION_PER_PS", 10.0)
    monkeypatch.setattr(potential_engine, "TAU_T_PS", 0.05)
    atoms = bulk("Ar", "fcc", 5.0, cubic=True) * 3
    engine = crystal_engine(Potential(kind="python", model="harmonic:Einstein"), atoms)
    start = at_temperature(atoms, 600.0)
    stage = crystal_stage("NVT", 2000, 5.0, frame_steps=frame_steps)
    table = advance(engine, stage, start, tmp_path / "run")
    settled = table[table.time_ps > 1.0]
    n_freedom = 3 * len(atoms) - 3
    expected = 0.5 * n_freedom * units.kB * 300.0 * units.mol / units.kJ
    assert settled.temperature_K.mean() == pytest.approx(300.0, rel=0.03)
    assert settled.potential_kJ_mol.mean() == pytest.approx(expected, rel=0.04)
    # Canonical: the variance of the kinetic energy of n freedoms is 2/n of its square's mean.
    assert settled.temperature_K.std() / 300.0 == pytest.approx(np.sqrt(2 / n_freedom), rel=0.25)


class IdealGas(Calculator):
    implemented_properties = ("energy",)

    def calculate(self, atoms=None, properties=("energy",), system_changes=()):
        self.results = {"energy": 0.0}


def test_volume_of_an_ideal_gas():
    """Volumes of n molecules without forces have a gamma distribution: mean (n + 1) kT / P."""
    atoms = Atoms("Ar5", positions=np.eye(5, 3) * 3.0, cell=[12.0] * 3, pbc=True)
    atoms.calc = IdealGas()
    pressure_bar = 100.0
    rng = np.random.default_rng(5)
    mover = barostat.MonteCarloBarostat(crystal_topology(atoms), 300.0, pressure_bar, rng)
    mover.size_A3 = 900.0
    volumes_A3 = []
    for _ in range(8000):
        mover.attempt(atoms)
        volumes_A3.append(atoms.get_volume())
    natural_A3 = units.kB * 300.0 / (pressure_bar * barostat.BAR)
    assert np.mean(volumes_A3) == pytest.approx(6 * natural_A3, rel=0.08)
    assert np.std(volumes_A3) == pytest.approx(np.sqrt(6) * natural_A3, rel=0.15)


def test_crystal_under_pressure_takes_the_volume_of_least_enthalpy(copper, tmp_path):
    copper.set_cell(copper.cell * 1.01, scale_atoms=True)
    start = at_temperature(copper, 50.0)
    engine = crystal_engine(Potential(kind="emt"), copper)
    table = advance(
        engine, crystal_stage("NPT", 1000, 4.0, 50.0, thermo_steps=10), start, tmp_path / "run"
    )
    edge_A = (table.V_A3[len(table) // 2 :].mean() / 8) ** (1 / 3)
    assert edge_A == pytest.approx(3.59, abs=0.02)  # of EMT at 0 K, measured with ASE


def test_refused_change_of_the_volume_leaves_the_path_alone(copper, tmp_path, monkeypatch):
    """Where no change can be accepted, the path is that of constant volume."""
    start = at_temperature(copper, 300.0)
    engine = crystal_engine(Potential(kind="emt"), copper)
    monkeypatch.setattr(
        engine,
        "integrator",
        lambda atoms, stage, rng: VelocityVerlet(atoms, stage.timestep_fs * units.fs),
    )
    # Squeezed and stretched by a third the crystal is tens of eV higher.
    monkeypatch.setattr(barostat, "FIRST_SHARE", 0.3)
    monkeypatch.setattr(barostat, "ATTEMPTS_TO_ADAPT", 0)
    tables = {}
    for ensemble in ("NVE", "NPT"):
        tables[ensemble] = advance(
            engine, crystal_stage(ensemble, 60, 2.0), start, tmp_path / ensemble
        )
    assert np.allclose(tables["NVE"], tables["NPT"], rtol=1e-9)


def test_a_restart_takes_the_same_path(copper, tmp_path):
    start = at_temperature(copper, 300.0)
    stage = crystal_stage("NPT", 60, 1.0, frame_steps=5)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    table = advance(crystal_engine(Potential(kind="emt"), copper), stage, start, whole)
    engine = crystal_engine(Potential(kind="emt"), copper)
    record = segments.Record.write

    def die(self):
        if len(self.frames) and self.frames[-1][0] > 20:
            raise KeyboardInterrupt
        return record(self)

    segments.Record.write = die
    try:
        with pytest.raises(KeyboardInterrupt):
            advance(engine, stage, start, broken)
    finally:
        segments.Record.write = record
    assert segments.Checkpoint.load(broken / "checkpoint.npz").steps == 20
    again = advance(crystal_engine(Potential(kind="emt"), copper), stage, start, broken)
    assert table.equals(again)
    for name in ("frames.xtc", "segments.csv"):
        assert (whole / name).read_bytes() == (broken / name).read_bytes()


# ---------------------------------------------------------------- what stops a run


def spoilt(failure, tmp_path, fail_at=30, **own):
    """Message and folder of a run of hydrogen molecules that goes wrong."""
    grid = np.stack(np.meshgrid(*[np.arange(3) * 4.0] * 3), -1).reshape(-1, 3)
    atoms = Atoms("H54", positions=np.repeat(grid, 2, axis=0), cell=[12.0] * 3, pbc=True)
    atoms.positions[1::2, 0] += 0.62
    topology, system = app.Topology(), openmm.System()
    chain, force = topology.addChain(), openmm.HarmonicBondForce()
    for _ in range(27):
        residue = topology.addResidue("HH", chain)
        pair = [topology.addAtom(f"H{k}", app.element.hydrogen, residue) for k in (1, 2)]
        topology.addBond(*pair)
        force.addBond(pair[0].index, pair[1].index, 0.062, 1e5)
    system.addForce(force)
    potential = springs(fail_at=fail_at, failure=failure)
    own = PotentialMD(**own)
    job = driver.Job(None, None, SHORT, 3, 1, topology, system, potential, own)
    stage = crystal_stage("NVT", 200, 0.5, frame_steps=5)
    with pytest.raises(dynamics_stages.SimulationError) as caught:
        advance(PotentialEngine(job), stage, at_temperature(atoms, 300.0), tmp_path / "run")
    return str(caught.value), tmp_path / "run"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("nan", r"at step 29 \(0\.0145 ps\) the force on atom 2 \(H1 of HH 2\) is \["),
        ("energy nan", r"at step 29 \(0\.0145 ps\) the potential energy is nan"),
        ("energy", r"at step 29 .* has changed by -1\d\d kJ/mol an atom .*energy_window"),
        ("error", r"at step 29 .* the potential failed \(RuntimeError: SCF not converged\)"),
        ("kick", r"at step (29|30) .*(moved by|temperature is)"),
    ],
)
def test_a_run_that_goes_wrong_is_stopped_at_its_step(failure, words, tmp_path):
    message, folder = spoilt(failure, tmp_path)
    assert pd.Series(message).str.contains(f"blew up in stage test: {words}").all(), message
    assert "Take a shorter potential_md.timestep_fs" in message
    assert f"The configuration before that step is in {folder / 'failed.extxyz'}" in message
    with XTCFile(str(folder / "frames.xtc")) as file:
        steps = [frame.step for frame in file]
    assert steps == [5, 10, 15, 20, 25]
    last = read(folder / "failed.extxyz")
    assert np.all(np.isfinite(last.positions)) and len(last) == 54


def test_motion_is_seen():
    atoms = bulk("Cu", cubic=True)
    job = driver.Job(None, None, SHORT, 1, 1, crystal_topology(atoms), None, None, PotentialMD())
    look = watch.Watch(job, crystal_stage("NVT", 10, 0.5))
    look.before(atoms.positions)
    look.motion(1, atoms.positions + 0.08)
    with pytest.raises(
        dynamics_stages.SimulationError, match=r"atom 2 \(Cu of CU 3\) moved by 0\.16 A"
    ):
        look.motion(5, atoms.positions + [[0.0], [0.0], [0.16 / 3**0.5], [0.0]])
    for wrong in (np.nan, np.inf):
        with pytest.raises(dynamics_stages.SimulationError, match=r"at step 5 .*atom 1 \(Cu"):
            look.motion(5, atoms.positions + [[0.0], [wrong], [9.0], [0.0]])


def test_a_bond_that_breaks_is_named(tmp_path):
    message, _ = spoilt("heat", tmp_path, fail_at=10)
    assert "the bond atom " in message and " A long, more than potential_md.largest_bo" in message
    assert "times its 0.62 A" in message
    assert "where reactions are wanted, set potential_md.largest_bond_factor: null" in message


def test_bonds_may_break_where_that_is_wanted(tmp_path):
    message, _ = spoilt("heat", tmp_path, fail_at=10, largest_bond_factor=None)
    assert "the bond" not in message


def test_a_run_goes_on_from_the_checkpoint_before_it_went_wrong(tmp_path):
    _, folder = spoilt("nan", tmp_path, fail_at=110)
    point = segments.Checkpoint.load(folder / "checkpoint.npz")
    assert point.steps == 80
    with XTCFile(str(folder / "frames.xtc")) as file:
        assert [frame.step for frame in file][-1] > 80


def test_heat_is_seen():
    stage = crystal_stage("NVT", 10)
    atoms = bulk("Cu", cubic=True)
    job = driver.Job(None, None, SHORT, 1, 1, crystal_topology(atoms), None, None, PotentialMD())
    look = watch.Watch(job, stage)
    look.temperature(1, 899.0)
    for wrong_K in (901.0, float("nan")):
        with pytest.raises(dynamics_stages.SimulationError, match=r"at step 7 .*temperature is"):
            look.temperature(7, wrong_K)


# ---------------------------------------------------------------- the liquid, all stages


@pytest.fixture(scope="module")
def packed(electrolyte, tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "packed.pdb"
    packing.pack_box(electrolyte, SMALL, seed=1, out_pdb=path)
    return path


def simulate(electrolyte, packed, out_dir, potential=None, md=SHORT, own=OWN, log=quiet, sy=SMALL):
    return dynamics_driver.run(
        "potential",
        electrolyte,
        sy,
        md,
        packed,
        out_dir,
        seed=7,
        log=log,
        potential=potential or force_field(),
        potential_md=own,
    )


@pytest.fixture(scope="module")
def finished(electrolyte, packed, tmp_path_factory):
    out_dir = tmp_path_factory.mktemp("finished")
    return out_dir, simulate(electrolyte, packed, out_dir)


STAGES = [
    "warmup", "density", "equilibrate",
    "settle", "potential_density", "potential_equilibrate", "production",
]  # fmt: skip


def test_products_are_those_of_the_other_engines(finished):
    out_dir, summary = finished
    universe = MDAnalysis.Universe(str(out_dir / "topology.pdb"), str(out_dir / "trajectory.xtc"))
    assert list(universe.residues.resnames) == ["LI", "FSI", "DME", "DME"]
    times_ps = [frame.time for frame in universe.trajectory]
    assert np.allclose(times_ps, 0.01 * np.arange(1, 21), atol=1e-4)
    bonds = universe.bonds.indices
    for frame in universe.trajectory:
        across_A = frame.positions[bonds[:, 0]] - frame.positions[bonds[:, 1]]
        assert np.linalg.norm(across_A, axis=1).max() < 2.6
    thermo = pd.read_csv(out_dir / "thermo.csv")
    assert tuple(thermo.columns) == stages.THERMO_COLUMNS
    assert list(thermo.stage.unique()) == STAGES
    assert thermo[thermo.stage == "production"].volume_A3.nunique() == 1
    assert thermo[thermo.stage == "potential_density"].volume_A3.nunique() > 1
    assert json.loads((out_dir / "md_summary.json").read_text()) == summary
    assert summary["engine"] == "potential"
    assert summary["potential"]["kind"] == "python"
    assert summary["versions"].keys() >= {"ase", "openmm"}


def test_density_of_the_potential_makes_the_box(finished):
    out_dir, summary = finished
    thermo = pd.read_csv(out_dir / "thermo.csv")
    half = thermo[(thermo.stage == "potential_density") & (thermo.time_ps >= 0.01)]
    assert summary["box_edge_A"] ** 3 == pytest.approx(half.volume_A3.mean(), rel=1e-4)


def test_hydrogen_moves_with_its_own_mass(finished, electrolyte):
    topology = boxes.build_topology(electrolyte, SMALL.counts)
    own = potential_engine.masses_amu(topology, None)
    heavy = potential_engine.masses_amu(topology, 2.0)
    is_hydrogen = np.array([atom.element.symbol == "H" for atom in topology.atoms()])
    assert np.allclose(own[is_hydrogen], 1.008, atol=1e-3)
    assert np.all(heavy[is_hydrogen] == 2.0)
    assert heavy.sum() == pytest.approx(own.sum())
    lithium = next(a.index for a in topology.atoms() if a.element.symbol == "Li")
    assert heavy[lithium] == own[lithium]


def test_velocities_at_the_hand_over_are_drawn_at_the_temperature(finished):
    first_K = pd.read_csv(finished[0] / "work/4_settle/thermo.csv").temperature_K[0]
    assert 150.0 < first_K < 450.0


@pytest.fixture
def copied(finished, tmp_path):
    return Path(shutil.copytree(finished[0], tmp_path / "copied"))


def test_another_model_keeps_what_the_force_field_has_done(copied, electrolyte, packed):
    lines = []
    simulate(electrolyte, packed, copied, force_field(scale=1.01), log=lines.append)
    assert [line.split(":")[0] for line in lines if "settings have changed" in line] == [
        "4_settle", "5_potential_density", "6_potential_equilibrate", "7_production",
    ]  # fmt: skip


def test_longer_production_keeps_the_equilibration(copied, electrolyte, packed):
    lines = []
    longer = SHORT.model_copy(update={"production_ps": 0.22})
    summary = simulate(electrolyte, packed, copied, md=longer, log=lines.append)
    assert summary["n_frames"] == 22
    assert [line.split(":")[0] for line in lines if "settings have" in line] == ["7_production"]


def keys(electrolyte, packed, potential, own=OWN, md=SHORT):
    plan = stages.plan(md, own)
    return driver.stage_keys("potential", electrolyte, SMALL, md, plan, packed, 7, potential, own)


def test_keys_follow_the_content_of_the_model(electrolyte, packed, tmp_path):
    model = tmp_path / "a.model"
    potential = Potential(kind="mace", model=str(model))
    model.write_bytes(b"first")
    first = keys(electrolyte, packed, potential)
    assert first == keys(electrolyte, packed, potential.model_copy(update={"device": "cpu"}))
    model.write_bytes(b"second")
    second = keys(electrolyte, packed, potential)
    assert second[:4] == first[:4]
    assert all(a != b for a, b in zip(first[4:], second[4:], strict=True))
    model.unlink()
    with pytest.raises(InputError, match=r"potential\.model: no file"):
        keys(electrolyte, packed, potential)


@pytest.mark.parametrize(
    "change", [{"dtype": "float32"}, {"model": "GFN2-xTB"}, {"options": {"accuracy": 0.1}}]
)
def test_keys_follow_the_entry(change, electrolyte, packed):
    changed = keys(electrolyte, packed, Potential(**change))
    before = keys(electrolyte, packed, Potential())
    assert changed[3] == before[3] and changed[4] != before[4]


def test_force_field_runs_keep_the_keys_that_they_had(electrolyte, packed):
    """Fields of stages that came with potentials do not make finished runs look changed."""
    fields = driver.stage_facts(stages.plan(MD())[0])
    assert "with_potential" not in fields and "hand_over" not in fields
    assert fields["sets_density"] is False


def test_no_density_stage_keeps_the_density_of_the_force_field():
    names = [stage.name for stage in stages.plan(SHORT, PotentialMD(npt_ps=0.0))]
    assert names == [name for name in STAGES if name != "potential_density"]


def test_frames_must_be_whole_steps_of_the_potential():
    with pytest.raises(InputError, match=r"md\.frame_interval_ps: 0\.01 ps.*potential_md\.times"):
        stages.plan(SHORT, PotentialMD(timestep_fs=0.7))


def test_units_are_checked_at_the_hand_over(copied, electrolyte, packed):
    with pytest.raises(InputError, match="not the slope of its energy"):
        simulate(electrolyte, packed, copied, force_field(scale_forces=0.5))


def test_mistakes_are_told_before_the_force_field_starts(tmp_path, electrolyte, packed):
    with pytest.raises(InputError, match="does not cover F, Li, S"):
        simulate(electrolyte, packed, tmp_path, Potential(kind="emt"))
    with pytest.raises(InputError, match="bear at most"):
        simulate(electrolyte, packed, tmp_path, own=PotentialMD(timestep_fs=2.0))
    assert not (tmp_path / "work/0_minimise").exists()


# ---------------------------------------------------------------- kill -9 and go on


IN_A_PROCESS = """
import sys
from ionshift.config.electrolyte import Electrolyte, System
from ionshift.config.md import MD, PotentialMD
from ionshift.config.potential import Potential
from ionshift.md import driver

el, sy, md, own, potential, packed, out = sys.argv[1:]
driver.run(
    "potential",
    Electrolyte.model_validate_json(el),
    System.model_validate_json(sy),
    MD.model_validate_json(md),
    packed,
    out,
    seed=7,
    potential=Potential.model_validate_json(potential),
    potential_md=PotentialMD.model_validate_json(own),
)
"""


def test_killed_run_goes_on_bit_by_bit(finished, electrolyte, packed, tmp_path):
    reference, killed = finished[0], tmp_path / "killed"
    shutil.copytree(reference, killed)
    production = killed / "work/7_production"
    shutil.rmtree(production)
    (killed / "md_summary.json").unlink()
    blocks = [b.model_dump_json() for b in (electrolyte, SMALL, SHORT, OWN, force_field())]
    path = os.pathsep.join([str(HERE.parents[1] / "scripts"), str(HERE)])
    process = subprocess.Popen(
        [sys.executable, "-c", IN_A_PROCESS, *blocks, str(packed), str(killed)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
    )
    begun = time.monotonic()
    while not (production / "checkpoint.npz").is_file():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() - begun < 120
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    steps = segments.Checkpoint.load(production / "checkpoint.npz").steps
    assert 0 < steps < 400, "killed too late to test anything"
    simulate(electrolyte, packed, killed)
    for name in ("work/7_production/frames.xtc", "trajectory.xtc", "thermo.csv"):
        assert (killed / name).read_bytes() == (reference / name).read_bytes()


# ---------------------------------------------------------------- real potentials


ELEMENTS = ["C", "F", "H", "Li", "N", "O", "S"]


@pytest.fixture(scope="module")
def mace_model(tmp_path_factory):
    mace_models = pytest.importorskip("mace_models", reason="mace-torch is not installed")
    path = tmp_path_factory.mktemp("model") / "untrained.model"
    mace_models.save_untrained(path, ELEMENTS, scale=20.0)
    return path


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_mace_conserves_energy(dtype, mace_model, packed, electrolyte, tmp_path):
    potential = Potential(kind="mace", model=str(mace_model), dtype=dtype, device="cpu")
    topology = boxes.build_topology(electrolyte, SMALL.counts)
    job = driver.Job(
        electrolyte, SMALL, SHORT, 3, 1, topology, None, potential, PotentialMD(
            largest_bond_factor=None, energy_window_kJ_mol_atom=1e3
        )
    )  # fmt: skip
    symbols = [atom.element.symbol for atom in topology.atoms()]
    atoms = Atoms(symbols, boxes.read_pdb_positions(packed), cell=boxes.read_pdb_box(packed))
    stage = crystal_stage("NVE", 30, 0.25, 600.0)
    table = advance(PotentialEngine(job), stage, at_temperature(atoms, 300.0), tmp_path / "run")
    total = total_kJ_mol(table, len(atoms)) / len(atoms)
    assert np.ptp(table.potential_kJ_mol) / len(atoms) > 0.5
    assert np.ptp(total) < 0.02


def test_mace_that_does_not_know_an_element(mace_model, packed, electrolyte, tmp_path):
    import mace_models

    path = tmp_path / "no_lithium.model"
    mace_models.save_untrained(path, [e for e in ELEMENTS if e != "Li"])
    with pytest.raises(InputError, match=r"does not cover Li; it knows C, F, H, N, O, S"):
        simulate(electrolyte, packed, tmp_path, Potential(kind="mace", model=str(path)))


def test_mace_without_training_is_stopped(mace_model, copied, electrolyte, packed):
    """At the check of the hand-over, or when the first molecule falls apart."""
    potential = Potential(kind="mace", model=str(mace_model), device="cpu")
    with pytest.raises(
        (InputError, dynamics_stages.SimulationError),
        match=r"know this liquid|blew up in .*: at step \d",
    ):
        simulate(electrolyte, packed, copied, potential)


@pytest.mark.slow
def test_gfn1_drives_the_liquid(electrolyte, tmp_path):
    """One pair and one ether, a femtosecond or two."""
    pytest.importorskip("tblite")
    sy = System(counts={"LI": 1, "FSI": 1, "DME": 1}, density_g_cm3=0.55)
    packed = tmp_path / "packed.pdb"
    packing.pack_box(electrolyte, sy, seed=1, out_pdb=packed)
    md = SHORT.model_copy(update={"production_ps": 0.003, "frame_interval_ps": 0.001})
    own = PotentialMD(relax_steps=6, settle_ps=0.001, npt_ps=0.0, nvt_ps=0.001)
    summary = simulate(electrolyte, packed, tmp_path / "run", Potential(), md, own, sy=sy)
    assert summary["n_frames"] == 3 and summary["versions"]["tblite"]
    thermo = pd.read_csv(tmp_path / "run/thermo.csv").query("stage == 'production'")
    assert thermo.temperature_K.between(100.0, 600.0).all()
    # The atomization of 26 atoms is some 2 MJ/mol on top of -85 Hartree of GFN1-xTB's atoms.
    assert thermo.potential_kJ_mol.between(-3e5, -1e5).all()
