"""What `md.deterministic` costs: time of a step with and without it, in turns, in one box.

The box of the first system of CONFIG is packed and relaxed in a temporary folder. Both ways go on
from it in blocks of STEPS steps, one after the other, ROUNDS times, so that a machine that slows
down slows both. Leaves md_deterministic.csv in results/benchmarks.
"""

import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openmm
import pandas as pd

from ionshift.core.files import atomic_path
from ionshift.md.engines.openmm import FRICTION_PER_PS, make_context, minimise
from ionshift.md.stages import State
from ionshift.studies import registry
from ionshift.systems import electrolyte, packing
from ionshift.systems.forcefield import build_system

TABLE = Path("results/benchmarks/md_deterministic.csv")
WARM_UP_STEPS = 500


def main(config: Path, steps: int, rounds: int) -> None:
    """Measure, print ms a step (medians over rounds) and their ratio."""
    study = registry.load(config)
    name = next(iter(study.systems))
    print(f"{name}: packing and relaxing the box", flush=True)
    system, start = _relaxed_box(study, study.systems[name])
    contexts = {
        exact: _context(system, start, _with(study.md, exact), study.md.threads)
        for exact in (False, True)
    }
    for context in contexts.values():
        context.getIntegrator().step(WARM_UP_STEPS)
    table = measure(contexts, steps, rounds)
    with atomic_path(TABLE) as path:
        table.to_csv(path, index=False)
    median_ms = table.groupby("deterministic")["ms_per_step"].median()
    print(f"{system.getNumParticles()} atoms, {study.md.platform}, {study.md.threads} thread(s)")
    print(f"md.deterministic: false  {median_ms[False]:.3f} ms a step")
    print(f"md.deterministic: true   {median_ms[True]:.3f} ms a step")
    print(f"ratio                    {median_ms[True] / median_ms[False]:.3f}\n{TABLE}")


def measure(contexts: dict[bool, Any], steps: int, rounds: int) -> pd.DataFrame:
    """A row a round and way: round, deterministic, ms_per_step; the order turns every round."""
    rows = []
    for number in range(rounds):
        for exact in sorted(contexts, reverse=bool(number % 2)):
            start = time.perf_counter()
            contexts[exact].getIntegrator().step(steps)
            contexts[exact].getState(energy=True)
            wall_ms = 1000 * (time.perf_counter() - start)
            rows.append({"round": number, "deterministic": exact, "ms_per_step": wall_ms / steps})
    return pd.DataFrame(rows)


def _with(md: Any, exact: bool) -> Any:
    return md.model_copy(update={"deterministic": exact})


def _relaxed_box(study: Any, system: Any) -> tuple[openmm.System, State]:
    el, md = study.electrolyte, study.md
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "packed.pdb"
        packing.pack_box(el, system, seed=study.seed, out_pdb=packed)
        positions_nm = electrolyte.read_pdb_positions(packed) / 10
        edges_nm = electrolyte.read_pdb_box(packed) / 10
    topology = electrolyte.build_topology(el, system.counts)
    topology.setPeriodicBoxVectors(np.diag(edges_nm))
    forces = build_system(topology, el, md)
    job: Any = SimpleNamespace(system=forces, md=md, threads=md.threads, seed=study.seed)
    return forces, minimise(job, State(positions_nm, np.zeros_like(positions_nm), edges_nm))


def _context(system: openmm.System, start: State, md: Any, threads: int) -> openmm.Context:
    integrator = openmm.LangevinMiddleIntegrator(
        md.temperature_K, FRICTION_PER_PS, md.timestep_fs / 1000
    )
    integrator.setRandomNumberSeed(1)
    context = make_context(system, integrator, md, threads)
    context.setPeriodicBoxVectors(*np.diag(start.edges_nm))
    context.setPositions(start.positions_nm)
    context.setVelocities(start.velocities_nm_ps)
    return context
