"""OpenMM as an engine. Minimisation, which all engines share, is here too."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import openmm
from openmm import unit

from ionshift.core.errors import InputError
from ionshift.md.segments import SegmentedEngine, next_event
from ionshift.md.stages import State, blown_up, derived_seed, guard

if TYPE_CHECKING:
    from ionshift.config.md import MD
    from ionshift.md.driver import Job

FORCE_TOLERANCE_KJ_MOL_NM = 50.0
MINIMISER_STEPS = 2000
FRICTION_PER_PS = 1.0
BAROSTAT_INTERVAL_STEPS = 25
WATCH_INTERVAL_STEPS = 50
DETERMINISTIC = "DeterministicForces"


def minimise(job: Job, start: State) -> State:
    """Relax a packed box and draw velocities at the wanted temperature; returns a State."""
    integrator = openmm.VerletIntegrator(0.001)
    context = make_context(job.system, integrator, job.md, job.threads)
    context.setPeriodicBoxVectors(*np.diag(start.edges_nm))
    context.setPositions(start.positions_nm)
    try:
        openmm.LocalEnergyMinimizer.minimize(context, FORCE_TOLERANCE_KJ_MOL_NM, MINIMISER_STEPS)
    except openmm.OpenMMException as error:
        raise blown_up("minimise", str(error)) from error
    seed = derived_seed(job.seed, "velocities")
    context.setVelocitiesToTemperature(job.md.temperature_K * unit.kelvin, seed)
    return read_state(context)


def make_context(
    system: openmm.System, integrator: openmm.Integrator, md: MD, threads: int
) -> openmm.Context:
    """Context on the platform that `md` asks for; `auto` takes the fastest one that works."""
    platform = _fastest_platform() if md.platform == "auto" else _platform(md.platform)
    properties = {"Threads": str(threads)} if platform.getName() == "CPU" else {}
    if md.deterministic:
        properties |= _deterministic(platform)
    return openmm.Context(system, integrator, platform, properties)


def _platform(name):
    try:
        return openmm.Platform.getPlatformByName(name)
    except openmm.OpenMMException:
        known = [
            openmm.Platform.getPlatform(i).getName()
            for i in range(openmm.Platform.getNumPlatforms())
        ]
        raise InputError(
            f"md.platform: {name} is not in this OpenMM, only {', '.join(known)}; take "
            "one of these or auto"
        ) from None


def _fastest_platform():
    """The platform that OpenMM takes by itself: the fastest whose device is there."""
    system = openmm.System()
    system.addParticle(1.0)
    return openmm.Context(system, openmm.VerletIntegrator(0.001)).getPlatform()


def _deterministic(platform):
    """Properties with which equal inputs give equal forces, bit for bit."""
    if DETERMINISTIC in platform.getPropertyNames():
        return {DETERMINISTIC: "true"}
    if platform.getName() == "Reference":  # always so
        return {}
    raise InputError(
        f"md.deterministic: OpenMM's platform {platform.getName()} cannot sum forces in one order; "
        "take md.platform: CPU or CUDA, or md.deterministic: false"
    )


def read_state(context: openmm.Context) -> State:
    """State of a context; positions are not wrapped."""
    state = context.getState(positions=True, velocities=True)
    box = state.getPeriodicBoxVectors(asNumpy=True).value_in_unit(unit.nanometer)
    return State(
        state.getPositions(asNumpy=True).value_in_unit(unit.nanometer),
        state.getVelocities(asNumpy=True).value_in_unit(unit.nanometer / unit.picosecond),
        np.diag(box).copy(),
    )


class OpenMMEngine(SegmentedEngine):
    """Runs stages in this process: Langevin dynamics, Monte Carlo barostat."""

    name = "openmm"

    def __init__(self, job):
        self.job = job
        system = job.system
        self.masses = np.array(
            [system.getParticleMass(i)._value for i in range(system.getNumParticles())]
        )
        self.n_freedom = 3 * system.getNumParticles() - system.getNumConstraints() - 3

    def versions(self) -> dict[str, str]:
        return {}

    def _run(self, stage, point, last, record, progress):
        context = self._context(stage, point)
        step = point.steps
        try:
            while step < last:
                following = next_event(step, last, stage)
                self._set_temperature(context, stage, step)
                self._step_watched(context, stage, step - point.steps, following - step)
                step = following
                if step % stage.thermo_steps == 0:
                    record.rows.append(self._thermo_row(context, stage, step))
                if stage.frame_steps and step % stage.frame_steps == 0:
                    record.frames.append((step, read_state(context)))
                progress.update(step * stage.timestep_ps)
        except openmm.OpenMMException as error:
            raise blown_up(stage.name, f"{error} after {step * stage.timestep_ps} ps") from error
        return read_state(context)

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
        context = make_context(system, integrator, job.md, job.threads)
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
