"""OpenMM as an engine. Minimisation, which both engines share, is here too.

A stage runs in segments of `md.checkpoint_interval_ps`. After each one its frames and thermo
rows are appended to files of the stage, and a checkpoint with the lengths of these files is
moved into place. A restart cuts the files to these lengths and goes on: no frame is there
twice, none is missing. Each segment has its own random seed, so the segments after a restart
draw the random numbers that they would have drawn without it.
"""

import copy
import os
from dataclasses import dataclass

import numpy as np
import openmm
from MDAnalysis.lib.formats.libmdaxdr import XTCFile
from openmm import unit

from ionshift.dynamics.stages import XTC_PRECISION_PER_NM, State, blown_up, derived_seed, guard
from ionshift.errors import InputError
from ionshift.files import atomic_path

FORCE_TOLERANCE_KJ_MOL_NM = 50.0
MINIMISER_STEPS = 2000
FRICTION_PER_PS = 1.0
BAROSTAT_INTERVAL_STEPS = 25
WATCH_INTERVAL_STEPS = 50


def minimise(job, start):
    """Relax a packed box and draw velocities at the wanted temperature; returns a State."""
    integrator = openmm.VerletIntegrator(0.001)
    context = make_context(job.system, integrator, job.md.platform, job.threads)
    context.setPeriodicBoxVectors(*np.diag(start.edges_nm))
    context.setPositions(start.positions_nm)
    try:
        openmm.LocalEnergyMinimizer.minimize(context, FORCE_TOLERANCE_KJ_MOL_NM, MINIMISER_STEPS)
    except openmm.OpenMMException as error:
        raise blown_up("minimise", str(error)) from error
    seed = derived_seed(job.seed, "velocities")
    context.setVelocitiesToTemperature(job.md.temperature_K * unit.kelvin, seed)
    return read_state(context)


def make_context(system, integrator, platform_name, threads):
    """Context on the wanted platform; `auto` takes the fastest one that works."""
    if platform_name == "auto":
        return openmm.Context(system, integrator)
    try:
        platform = openmm.Platform.getPlatformByName(platform_name)
    except openmm.OpenMMException:
        known = [
            openmm.Platform.getPlatform(i).getName()
            for i in range(openmm.Platform.getNumPlatforms())
        ]
        raise InputError(
            f"md.platform: {platform_name} is not in this OpenMM, only {', '.join(known)}; take "
            "one of these or auto"
        ) from None
    properties = {"Threads": str(threads)} if platform_name == "CPU" else {}
    return openmm.Context(system, integrator, platform, properties)


def read_state(context):
    """State of a context; positions are not wrapped."""
    state = context.getState(positions=True, velocities=True)
    box = state.getPeriodicBoxVectors(asNumpy=True).value_in_unit(unit.nanometer)
    return State(
        state.getPositions(asNumpy=True).value_in_unit(unit.nanometer),
        state.getVelocities(asNumpy=True).value_in_unit(unit.nanometer / unit.picosecond),
        np.diag(box).copy(),
    )


@dataclass
class Checkpoint:
    """Where a stage stands: finished steps, lengths of its files in bytes, its state."""

    steps: int
    frame_bytes: int
    thermo_bytes: int
    state: State

    def save(self, path):
        numbers = np.array([self.steps, self.frame_bytes, self.thermo_bytes])
        state = self.state
        with atomic_path(path) as temporary, open(temporary, "wb") as file:
            np.savez(
                file,
                numbers=numbers,
                positions_nm=state.positions_nm,
                velocities_nm_ps=state.velocities_nm_ps,
                edges_nm=state.edges_nm,
            )

    @classmethod
    def load(cls, path):
        with np.load(path) as data:
            state = State(data["positions_nm"], data["velocities_nm_ps"], data["edges_nm"])
            return cls(*(int(n) for n in data["numbers"]), state)


class OpenMMEngine:
    """Runs stages in this process: Langevin dynamics, Monte Carlo barostat."""

    name = "openmm"

    def __init__(self, job):
        self.job = job
        system = job.system
        self.masses = np.array(
            [system.getParticleMass(i)._value for i in range(system.getNumParticles())]
        )
        self.n_freedom = 3 * system.getNumParticles() - system.getNumConstraints() - 3

    def versions(self):
        return {}

    def advance(self, stage, start, folder, progress):
        """Run or go on with a stage and leave `state.npz`; returns thermo rows and ns/day."""
        point = self._resume(start, folder)
        progress.begin(stage, point.steps * stage.timestep_ps)
        segment_steps = self._segment_steps(stage)
        while point.steps < stage.n_steps:
            last = min(point.steps + segment_steps, stage.n_steps)
            point = self._segment(stage, point, last, folder, progress)
        point.state.save(folder / "state.npz")
        rows = np.loadtxt(folder / "segments.csv", delimiter=",", ndmin=2)
        return [tuple(row) for row in rows], 86.4 * progress.ps_per_s(stage.duration_ps) or None

    def frame_files(self, folder):
        """Trajectory files of a finished stage, in order of time."""
        return [folder / "frames.xtc"]

    def _resume(self, start, folder):
        """The last checkpoint, or a fresh one; the files are cut to what it knows of."""
        path = folder / "checkpoint.npz"
        point = Checkpoint.load(path) if path.is_file() else Checkpoint(0, 0, 0, start)
        for name, length in (
            ("frames.xtc", point.frame_bytes),
            ("segments.csv", point.thermo_bytes),
        ):
            (folder / name).touch()
            os.truncate(folder / name, length)
        return point

    def _segment_steps(self, stage):
        unit_steps = stage.frame_steps or stage.thermo_steps
        wanted = self.job.md.checkpoint_interval_ps / (unit_steps * stage.timestep_ps)
        return unit_steps * max(1, round(wanted))

    def _segment(self, stage, point, last, folder, progress):
        """Steps up to `last`; returns the new checkpoint, which is on disk by then."""
        context = self._context(stage, point)
        frames, rows = [], []
        step = point.steps
        try:
            while step < last:
                following = _next_event(step, last, stage)
                self._set_temperature(context, stage, step)
                self._step_watched(context, stage, step - point.steps, following - step)
                step = following
                if step % stage.thermo_steps == 0:
                    rows.append(self._thermo_row(context, stage, step))
                if stage.frame_steps and step % stage.frame_steps == 0:
                    state = read_state(context)
                    frames.append((step, state.positions_nm, np.diag(state.edges_nm)))
                progress.update(step * stage.timestep_ps)
        except openmm.OpenMMException as error:
            raise blown_up(stage.name, f"{error} after {step * stage.timestep_ps} ps") from error
        frame_bytes = _append(folder / "frames.xtc", _xtc_bytes(frames, stage, folder))
        text = "".join(",".join(f"{value:.10g}" for value in row) + "\n" for row in rows)
        thermo_bytes = _append(folder / "segments.csv", text.encode())
        point = Checkpoint(step, frame_bytes, thermo_bytes, read_state(context))
        point.save(folder / "checkpoint.npz")
        return point

    def _context(self, stage, point):
        job = self.job
        system = copy.deepcopy(job.system)
        if stage.ensemble == "NPT":
            barostat = openmm.MonteCarloBarostat(
                job.md.pressure_bar * unit.bar,
                stage.temperature_K * unit.kelvin,
                BAROSTAT_INTERVAL_STEPS,
            )
            barostat.setRandomNumberSeed(derived_seed(job.seed, stage.name, "box", point.steps))
            system.addForce(barostat)
        integrator = openmm.LangevinMiddleIntegrator(
            stage.temperature_K, FRICTION_PER_PS, stage.timestep_ps
        )
        integrator.setRandomNumberSeed(derived_seed(job.seed, stage.name, point.steps))
        context = make_context(system, integrator, job.md.platform, job.threads)
        context.setPeriodicBoxVectors(*np.diag(point.state.edges_nm))
        context.setPositions(point.state.positions_nm)
        context.setVelocities(point.state.velocities_nm_ps)
        return context

    def _step_watched(self, context, stage, begun, n_steps):
        """Take steps, looking at the velocities often at first and then now and then.

        OpenMM's CPU platform may crash on coordinates that have run away, so a blow-up must be
        seen before it gets that far. `begun` counts the steps of this segment so far.
        """
        end = begun + n_steps
        while begun < end:
            piece = min(max(1, begun), WATCH_INTERVAL_STEPS, end - begun)
            context.getIntegrator().step(piece)
            begun += piece
            velocities = context.getState(velocities=True).getVelocities(asNumpy=True)
            temperature_K = self._temperature_K(0.5 * self.masses @ np.sum(velocities._value**2, 1))
            hottest_K = max(stage.temperature_K, stage.end_temperature_K)
            guard(stage.name, f"step {begun} of a segment", hottest_K, temperature_K)

    def _temperature_K(self, kinetic_kJ_mol):
        gas_constant = unit.MOLAR_GAS_CONSTANT_R.value_in_unit(
            unit.kilojoule_per_mole / unit.kelvin
        )
        return 2.0 * kinetic_kJ_mol / (self.n_freedom * gas_constant)

    def _set_temperature(self, context, stage, step):
        if stage.end_temperature_K != stage.temperature_K:
            share = step / stage.n_steps
            change_K = stage.end_temperature_K - stage.temperature_K
            context.getIntegrator().setTemperature(stage.temperature_K + share * change_K)

    def _thermo_row(self, context, stage, step):
        """Time in ps, temperature in K, potential energy in kJ/mol, volume in A3."""
        state = context.getState(energy=True)
        kinetic = state.getKineticEnergy().value_in_unit(unit.kilojoule_per_mole)
        potential = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
        temperature_K = self._temperature_K(kinetic)
        time_ps = step * stage.timestep_ps
        hottest_K = max(stage.temperature_K, stage.end_temperature_K)
        per_atom = potential / len(self.masses)
        guard(stage.name, f"{time_ps:.3f} ps", hottest_K, temperature_K, per_atom)
        volume_A3 = state.getPeriodicBoxVolume().value_in_unit(unit.angstrom**3)
        return time_ps, temperature_K, potential, volume_A3


def _next_event(step, last, stage):
    """The next step at which something is written."""
    events = [last, (step // stage.thermo_steps + 1) * stage.thermo_steps]
    if stage.frame_steps:
        events.append((step // stage.frame_steps + 1) * stage.frame_steps)
    return min(events)


def _xtc_bytes(frames, stage, folder):
    """The frames (step, positions_nm, box_nm) in XTC format."""
    if not frames:
        return b""
    path = folder / "segment.xtc"
    with XTCFile(str(path), "w") as file:
        for step, positions_nm, box_nm in frames:
            time_ps = step * stage.timestep_ps
            file.write(positions_nm, box_nm, step, time_ps, XTC_PRECISION_PER_NM)
    content = path.read_bytes()
    path.unlink()
    return content


def _append(path, content):
    """Append bytes, make sure that they are on disk, return the new length of the file."""
    with open(path, "ab") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()
