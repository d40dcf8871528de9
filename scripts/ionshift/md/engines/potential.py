"""Any ASE calculator as an engine, after the force field has made the liquid.

The stages up to the equilibration are those of the force field in OpenMM: it takes a packed box
to a liquid, which a potential that has seen nothing but liquid cannot do safely. At the hand-over
bonds are flexible and hydrogen has its own mass again, so a few steps of relaxation take the
strain out of the bonds, and the velocities are drawn anew: those of constrained bonds have no
part along them.

Equilibration has Langevin dynamics, which cools every hot spot where it is. Production has the
stochastic velocity rescaling of G. Bussi et al., J. Chem. Phys. 126, 014101 (2007): one factor for
all atoms, which leaves diffusion and residence as they are without a thermostat. Both have no
state of their own, so a run goes on after a restart as it would have without.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import ase
import ase.io
import numpy as np
from ase import units
from ase.md.bussi import Bussi
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution, Stationary
from ase.md.verlet import VelocityVerlet
from ase.optimize import LBFGS
from numpy.typing import NDArray

from ionshift.core.errors import InputError
from ionshift.md.barostat import MonteCarloBarostat
from ionshift.md.engines.openmm import BAROSTAT_INTERVAL_STEPS, FRICTION_PER_PS, OpenMMEngine
from ionshift.md.segments import SegmentedEngine
from ionshift.md.stages import SimulationError, State, derived_seed
from ionshift.md.watch import EV_IN_KJ_MOL, Watch
from ionshift.potentials import calculators
from ionshift.potentials.timestep import check_timestep

if TYPE_CHECKING:
    from ase.md.md import MolecularDynamics
    from openmm import app

    from ionshift.md.stages import Progress, Stage

SETTLING_FRICTION_PER_PS = 10.0
TAU_T_PS = 0.2
RELAXED_FORCE_EV_A = 1.0
LONGEST_RELAXATION_A = 0.1
PS = 1000.0 * units.fs
NM_PS = 10.0 / PS


class PotentialEngine(SegmentedEngine):
    """Runs the stages with a potential in this process, those before them with OpenMM."""

    name = "potential"

    def __init__(self, job):
        self.job = job
        self.symbols = [atom.element.symbol for atom in job.topology.atoms()]
        check_timestep(job.potential_md, self.symbols)
        self.masses_amu = masses_amu(job.topology, job.potential_md.hydrogen_mass_amu)
        self.calculator = calculators.build(job.potential, sorted(set(self.symbols)))
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(job.threads)

    def versions(self) -> dict[str, str]:
        return {"ase": ase.__version__, **calculators.versions(self.job.potential)}

    def advance(
        self, stage: Stage, start: State, folder: Path, progress: Progress
    ) -> tuple[list[tuple[float, ...]], float | None]:
        """Run or go on with a stage and leave `state.npz`; returns thermo rows and ns/day."""
        if not stage.with_potential:
            return OpenMMEngine(self.job).advance(stage, start, folder, progress)
        return super().advance(stage, start, folder, progress)

    def _run(self, stage, point, last, record, progress):
        atoms = self._atoms(point.state)
        watch = Watch(self.job, stage)
        try:
            for step in self._steps(atoms, stage, point.steps, last, watch):
                if step % stage.thermo_steps == 0:
                    record.rows.append(thermo_row(atoms, step * stage.timestep_ps))
                if stage.frame_steps and step % stage.frame_steps == 0:
                    record.frames.append((step, state_of(atoms)))
                progress.update(step * stage.timestep_ps)
        except SimulationError as error:
            raise self._with_places(error, atoms.cell, watch.sane_A, record.folder) from error
        return state_of(atoms)

    def _steps(self, atoms, stage, first, last, watch):
        """Take the steps after `first` up to `last`; yields each once it is found sane."""
        rng = np.random.default_rng(derived_seed(self.job.seed, stage.name, first))
        barostat = None
        if stage.ensemble == "NPT":
            barostat = MonteCarloBarostat(
                self.job.topology, stage.temperature_K, self.job.md.pressure_bar, rng
            )
        step = first
        watch.before(atoms.positions)
        try:
            if stage.hand_over and first == 0:
                self._hand_over(atoms, stage, rng)
                watch.before(atoms.positions)
            forces = atoms.get_forces()
            watch.evaluation(step, atoms.get_potential_energy(), forces)
            mover = self.integrator(atoms, stage, rng)
            for step in range(first + 1, last + 1):
                watch.before(atoms.positions)
                forces = mover.step(forces)
                watch.motion(step, atoms.positions)
                watch.evaluation(step, atoms.get_potential_energy(), forces)
                watch.temperature(step, temperature_K(atoms))
                watch.bond_lengths(step, atoms)
                yield step
                if barostat and step % BAROSTAT_INTERVAL_STEPS == 0 and barostat.attempt(atoms):
                    forces = atoms.get_forces()
        except (SimulationError, InputError):
            raise
        except Exception as error:
            watch.failure(step, error)

    def integrator(
        self, atoms: ase.Atoms, stage: Stage, rng: np.random.Generator
    ) -> MolecularDynamics:
        """ASE's integrator of a stage: its ensemble, time step and thermostat."""
        timestep = stage.timestep_fs * units.fs
        if stage.ensemble == "NVE":
            return VelocityVerlet(atoms, timestep)
        if stage.frame_steps:
            return Bussi(atoms, timestep, stage.temperature_K, TAU_T_PS * PS, rng=rng)
        friction = SETTLING_FRICTION_PER_PS if stage.hand_over else FRICTION_PER_PS
        return Langevin(
            atoms, timestep, temperature_K=stage.temperature_K, friction=friction / PS, rng=rng
        )

    def _hand_over(self, atoms, stage, rng):
        """Check the potential on this liquid, relax strained bonds, draw velocities."""
        bonded = self.job.topology.getNumBonds() > 0
        calculators.check(self.calculator, self.job.potential, atoms, bonded)
        LBFGS(atoms, logfile=None, maxstep=LONGEST_RELAXATION_A).run(
            fmax=RELAXED_FORCE_EV_A, steps=self.job.potential_md.relax_steps
        )
        MaxwellBoltzmannDistribution(atoms, temperature_K=stage.temperature_K, rng=rng)
        Stationary(atoms, preserve_temperature=False)

    def _atoms(self, state):
        atoms = ase.Atoms(
            self.symbols,
            positions=state.positions_nm * 10.0,
            cell=state.edges_nm * 10.0,
            pbc=True,
            masses=self.masses_amu,
        )
        atoms.set_velocities(state.velocities_nm_ps * NM_PS)
        atoms.calc = self.calculator
        return atoms

    def _with_places(self, error, cell, sane_A, folder):
        """The error, told where its last sane configuration and the frames so far lie."""
        path = folder / "failed.extxyz"
        sane = ase.Atoms(self.symbols, positions=sane_A, cell=cell, pbc=True)
        ase.io.write(path, sane, format="extxyz")
        return SimulationError(
            f"{error} The configuration before that step is in {path}, the frames so far in "
            f"{folder / 'frames.xtc'}."
        )


def masses_amu(topology: app.Topology, hydrogen_mass_amu: float | None) -> NDArray[np.float64]:
    """Masses of the atoms; hydrogen takes what it lacks from the atom that it is bound to."""
    masses = np.array([atom.element.mass._value for atom in topology.atoms()])
    if hydrogen_mass_amu is None:
        return masses
    for bond in topology.bonds():
        heavy, hydrogen = sorted(bond, key=lambda atom: atom.element.symbol == "H")
        if hydrogen.element.symbol == "H" and heavy.element.symbol != "H":
            masses[heavy.index] -= hydrogen_mass_amu - masses[hydrogen.index]
            masses[hydrogen.index] = hydrogen_mass_amu
    return masses


def state_of(atoms: ase.Atoms) -> State:
    """The `State` of ASE's atoms."""
    return State(
        atoms.get_positions() / 10.0, atoms.get_velocities() / NM_PS, atoms.cell.lengths() / 10.0
    )


def temperature_K(atoms: ase.Atoms) -> float:
    """Temperature of the motion without that of the centre of mass."""
    n_freedom = 3 * len(atoms) - 3
    return 2.0 * atoms.get_kinetic_energy() / (n_freedom * units.kB)


def thermo_row(atoms: ase.Atoms, time_ps: float) -> tuple[float, float, float, float]:
    """Time in ps, temperature in K, potential energy in kJ/mol, volume in A3."""
    potential = atoms.get_potential_energy() * EV_IN_KJ_MOL
    return time_ps, temperature_K(atoms), potential, atoms.get_volume()
