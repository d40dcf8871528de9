"""A whole run: minimise, equilibrate, produce; whatever is finished is never computed again."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
import time
import xml.etree.ElementTree as ElementTree  # nosec B405 # of files that forcefield_file has read
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import MDAnalysis
import numpy as np
import openmm
import pandas as pd
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

from ionshift.config.electrolyte import Electrolyte, System
from ionshift.config.md import MD, PotentialMD
from ionshift.config.potential import Potential
from ionshift.config.registries.engines import ENGINES
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path, write_table
from ionshift.md import stages
from ionshift.md.engines.openmm import minimise
from ionshift.md.molecules import edges_of, make_whole, scale_box
from ionshift.md.stages import Progress, SimulationError, Stage, State
from ionshift.systems import electrolyte, forcefield_checks
from ionshift.systems.forcefield import build_system
from ionshift.systems.forcefield_file import read_text

if TYPE_CHECKING:
    from openmm import app

    from ionshift.md.engine import Engine

# Raise this when the protocol changes in a way that makes old intermediate results wrong.
PROTOCOL_VERSION = 1
PRODUCTS = ("trajectory.xtc", "topology.pdb", "thermo.csv", "md_summary.json")


@dataclass
class Job:
    """All that an engine needs to know."""

    el: Electrolyte
    sy: System
    md: MD
    seed: int
    threads: int
    topology: app.Topology
    system: openmm.System
    potential: Potential | None = None
    potential_md: PotentialMD | None = None


def run(
    engine: str,
    el: Electrolyte,
    sy: System,
    md: MD,
    packed_pdb: str | Path,
    out_dir: str | Path,
    seed: int,
    threads: int = 1,
    log: Callable[[str], None] = print,
    potential: Potential | None = None,
    potential_md: PotentialMD | None = None,
) -> dict[str, Any]:
    """Simulate a packed box and leave trajectory, topology, thermo table and summary.

    Parameters
    ----------
    engine : name of an engine, see config.registries.engines
    el, sy, md : blocks of the configuration (electrolyte, system, md)
    packed_pdb : box written by `packing.pack_box`
    out_dir : folder of the results; unfinished work lies in its folder `work`
    seed : int, seed of velocities and thermostats
    threads : threads of the engine
    log : called with one line of text at a time
    potential, potential_md : blocks of the configuration, for an engine that uses a potential

    Returns
    -------
    dict, the content of md_summary.json. Calling again after an interruption goes on from the
    last finished stage, or from the last checkpoint within a stage. Stages whose settings have
    changed, and those after them, start afresh.

    Raises
    ------
    InputError for wrong input or a missing engine, SimulationError for a blow-up.
    """
    spec = ENGINES.get(engine)
    electrolyte.check(el, sy, md)
    out_dir = Path(out_dir)
    if not spec.uses_potential:
        potential = potential_md = None
    plan = stages.plan(md, potential_md)
    keys = stage_keys(engine, el, sy, md, plan, packed_pdb, seed, potential, potential_md)
    finished = _finished_summary(out_dir, keys[-1])
    if finished is not None:
        log(f"{out_dir}: finished before, nothing to do")
        return finished
    work = out_dir / "work"
    work.mkdir(parents=True, exist_ok=True)
    with only_one(work):
        job = _prepare_job(el, sy, md, packed_pdb, seed, threads)
        job.potential, job.potential_md = potential, potential_md
        for notice in forcefield_checks.torsions_without_line(el, {"system": sy.counts}):
            log(f"note: {notice}")
        runner: Engine = spec.load()(job)
        folders = _run_stages(job, runner, plan, keys, work, packed_pdb, log)
        return _assemble(job, runner, plan, keys, folders, out_dir, log)


def stage_keys(
    engine: str,
    el: Electrolyte,
    sy: System,
    md: MD,
    plan: Sequence[Stage],
    packed_pdb: str | Path,
    seed: int,
    potential: Potential | None = None,
    potential_md: PotentialMD | None = None,
) -> list[str]:
    """One hash a stage (minimisation first) over everything that its result depends on.

    Stages of the force field do not depend on the potential that follows them.
    """
    base = {
        "protocol": PROTOCOL_VERSION,
        "engine": ENGINES.get(engine).force_field_engine,
        "seed": seed,
        "counts": dict(sy.counts),
        "packed_pdb": _file_hash(packed_pdb, "the packed box"),
        "forcefield": _hash(ElementTree.canonicalize(read_text(el.forcefield), strip_text=True)),
        "templates": {name: _file_hash(s.template, name) for name, s in el.species.items()},
        "roles": {name: str(s.role) for name, s in el.species.items()},
        "mixing": str(el.mixing),
        "ion_charge_scale": el.ion_charge_scale,
        "cutoff_A": md.cutoff_A,
        "hydrogen_mass_amu": md.hydrogen_mass_amu,
        "pressure_bar": md.pressure_bar,
        "temperature_K": md.temperature_K,
        # Runs of earlier versions, without this key, stand for those of the default.
        **({} if md.deterministic else {"deterministic": False}),
    }
    keys = [_hash(base)]
    for stage in plan:
        facts = [keys[-1], stage_facts(stage)]
        if stage.with_potential:
            facts.append(_potential_facts(potential, potential_md))
        keys.append(_hash(facts))
    return keys


def stage_facts(stage: Stage) -> dict[str, Any]:
    """The fields of a stage; those of potentials only where they are set."""
    later = ("with_potential", "hand_over")
    return {key: value for key, value in asdict(stage).items() if value or key not in later}


def _potential_facts(potential, potential_md):
    return {
        **potential.model_dump(mode="json", exclude={"device"}),
        "files": [_file_hash(path, "potential.model") for path in potential.files()],
        "hydrogen_mass_amu": potential_md.hydrogen_mass_amu,
        "relax_steps": potential_md.relax_steps,
    }


def _hash(data):
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _file_hash(path, what):
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except FileNotFoundError:
        raise InputError(f"{what}: no file {path}") from None


def _finished_summary(out_dir, key):
    if not all((out_dir / name).is_file() for name in PRODUCTS):
        return None
    summary = json.loads((out_dir / "md_summary.json").read_text())
    return summary if summary.get("key") == key else None


@contextlib.contextmanager
def only_one(work: Path) -> Iterator[None]:
    """Hold a lock on the work folder, so that two runs cannot write into each other."""
    with open(work / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{work} is in use by another run; wait for it or end it first"
            ) from None
        yield


def _prepare_job(el, sy, md, packed_pdb, seed, threads):
    topology = electrolyte.build_topology(el, sy.counts)
    positions_A = electrolyte.read_pdb_positions(packed_pdb)
    if len(positions_A) != topology.getNumAtoms():
        raise InputError(
            f"{packed_pdb} has {len(positions_A)} atoms, the composition {dict(sy.counts)} has "
            f"{topology.getNumAtoms()}; pack the box again"
        )
    edges_nm = electrolyte.read_pdb_box(packed_pdb) / 10.0
    topology.setPeriodicBoxVectors(np.diag(edges_nm))
    system = build_system(topology, el, md)
    return Job(el, sy, md, seed, threads, topology, system)


def _run_stages(job, runner, plan, keys, work, packed_pdb, log):
    """Run what is not finished; returns the folder of each stage, minimisation first."""
    progress = Progress(log, total_ps=sum(stage.duration_ps for stage in plan))
    folders = [work / "0_minimise"]
    folders += [work / f"{n}_{stage.name}" for n, stage in enumerate(plan, start=1)]
    if not _is_done(folders[0], keys[0], log):
        log("minimising")
        start = State(
            electrolyte.read_pdb_positions(packed_pdb) / 10.0,
            None,
            electrolyte.read_pdb_box(packed_pdb) / 10.0,
        )
        minimise(job, start).save(folders[0] / "state.npz")
        _mark_done(folders[0], keys[0], {})
    for n, stage in enumerate(plan, start=1):
        if _is_done(folders[n], keys[n], log):
            log(f"{stage.name}: finished before")
            progress.stage = stage
        else:
            start = _start_state(job, plan[n - 2] if n > 1 else None, folders[n - 1])
            _run_stage(runner, stage, start, folders[n], keys[n], progress)
        progress.end()
    return folders


def _is_done(folder, key, log):
    """Whether a stage is finished; leaves an empty folder if its settings have changed."""
    key_file = folder / "key"
    if key_file.is_file() and key_file.read_text() == key:
        return (folder / "done.json").is_file()
    if folder.exists():
        log(f"{folder.name}: the settings have changed, starting this stage afresh")
        shutil.rmtree(folder)
    folder.mkdir()
    with atomic_path(key_file) as temporary:
        temporary.write_text(key)
    return False


def _mark_done(folder, key, facts):
    with atomic_path(folder / "done.json") as temporary:
        temporary.write_text(json.dumps({"key": key, **facts}, indent=1))


def _start_state(job, previous, folder):
    """Last state of the stage before; after the density stage the box takes its mean volume."""
    state = State.load(folder / "state.npz")
    if previous is None or not previous.sets_density:
        return state
    thermo = pd.read_csv(folder / "thermo.csv")
    second_half = thermo[thermo.time_ps >= 0.5 * previous.duration_ps]
    factor = (second_half.volume_A3.mean() / state.volume_A3) ** (1 / 3)
    return scale_box(job.topology, state, factor)


def _run_stage(runner, stage, start, folder, key, progress):
    begun = time.monotonic()
    progress.begin(stage)
    rows, ns_per_day = runner.advance(stage, start, folder, progress)
    job = runner.job
    mass_g_A3_cm3 = electrolyte.density_g_cm3(job.el, job.sy.counts, 1.0)
    table = pd.DataFrame(
        [(stage.name, t, temp, pot, mass_g_A3_cm3 / vol, vol) for t, temp, pot, vol in rows],
        columns=stages.THERMO_COLUMNS,
    )
    with atomic_path(folder / "thermo.csv") as temporary:
        table.to_csv(temporary, index=False)
    _mark_done(folder, key, {"wall_s": time.monotonic() - begun, "ns_per_day": ns_per_day})


def _assemble(job, runner, plan, keys, folders, out_dir, log):
    """Write the four products; the summary comes last and says that the run is finished."""
    production = plan[-1]
    (out_dir / "md_summary.json").unlink(missing_ok=True)
    first_nm, edges_nm = _write_trajectory(job, runner, production, folders[-1], out_dir)
    electrolyte.write_pdb(job.topology, first_nm * 10, edges_nm * 10, out_dir / "topology.pdb")
    thermo = pd.concat([pd.read_csv(folder / "thermo.csv") for folder in folders[1:]])
    write_table(thermo, out_dir / "thermo.csv", "run_thermo", float_format="%.6f")
    summary = _summary(job, runner, plan, keys, folders, thermo, float(np.prod(edges_nm)) * 1000)
    with atomic_path(out_dir / "md_summary.json") as temporary:
        temporary.write_text(json.dumps(summary, indent=1) + "\n")
    speed = stages.short(summary["ns_per_day"] or float("nan"))
    log(
        f"finished: {summary['n_frames']} frames, {summary['density_g_cm3']:.4f} g/cm3, "
        f"{summary['molarity_M']:.3f} M, {speed} ns/day"
    )
    return summary


def _write_trajectory(job, runner, stage, folder, out_dir):
    """Copy frames after time zero with whole molecules; returns first positions and box."""
    wanted = stage.n_steps // stage.frame_steps
    interval_ps = stage.frame_steps * stage.timestep_ps
    written, first = 0, None
    with atomic_path(out_dir / "trajectory.xtc") as temporary:
        with XTCFile(str(temporary), "w") as output:
            for frame in _frames(runner.frame_files(folder)):
                if frame.time < 0.5 * interval_ps:
                    continue
                written += 1
                _check_time(frame.time, written * interval_ps, folder)
                edges_nm = edges_of(frame.box, folder)
                whole = make_whole(job.topology, frame.x.astype(float), edges_nm)
                time_ps = round(written * interval_ps, 6)
                step = written * stage.frame_steps
                output.write(whole, frame.box, step, time_ps, stages.XTC_PRECISION_PER_NM)
                if first is None:
                    first = (whole, edges_nm)
        if written != wanted:
            raise SimulationError(f"{folder} holds {written} frames instead of {wanted}")
    return first


def _frames(paths):
    for path in paths:
        with XTCFile(str(path)) as file:
            yield from file


def _check_time(found_ps, expected_ps, folder):
    # XTC stores the time in single precision.
    if abs(found_ps - expected_ps) > 1e-5 * expected_ps + 1e-4:
        raise SimulationError(
            f"{folder}: a frame at {found_ps} ps where {expected_ps} ps is due; "
            "delete the folder and run again"
        )


def _summary(job, runner, plan, keys, folders, thermo, volume_A3):
    facts = [json.loads((folder / "done.json").read_text()) for folder in folders]
    production = thermo[thermo.stage == "production"]
    return {
        "engine": runner.name,
        "versions": {
            **runner.versions(),
            "openmm": openmm.__version__,
            "MDAnalysis": MDAnalysis.__version__,
        },
        **({"potential": job.potential.model_dump(mode="json")} if job.potential else {}),
        "seed": job.seed,
        "counts": dict(job.sy.counts),
        "n_atoms": job.topology.getNumAtoms(),
        "n_frames": plan[-1].n_steps // plan[-1].frame_steps,
        "frame_interval_ps": plan[-1].frame_steps * plan[-1].timestep_ps,
        "density_g_cm3": electrolyte.density_g_cm3(job.el, job.sy.counts, volume_A3),
        "molarity_M": electrolyte.molarity_M(job.el, job.sy.counts, volume_A3),
        "box_edge_A": volume_A3 ** (1 / 3),
        "mean_temperature_K": float(production.temperature_K.mean()),
        "mean_potential_kJ_mol": float(production.potential_kJ_mol.mean()),
        "ns_per_day": facts[-1]["ns_per_day"],
        "wall_s": sum(fact.get("wall_s", 0.0) for fact in facts),
        "stages": [
            {**asdict(stage), "duration_ps": stage.duration_ps, "wall_s": fact["wall_s"]}
            for stage, fact in zip(plan, facts[1:], strict=True)
        ],
        "key": keys[-1],
    }
