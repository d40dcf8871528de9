"""Implementations from outside of the library, registered by the tests of registries."""

from dataclasses import dataclass

import numpy as np
from ase.calculators.harmonic import SpringCalculator

from ionshift.descriptors.geometry import Geometries
from ionshift.md.segments import SegmentedEngine
from ionshift.md.stages import State


class IdealGas(SegmentedEngine):
    """Molecules fly straight on, none meets another."""

    name = "ideal_gas"

    def __init__(self, job):
        self.job = job
        self.molecule = np.array([atom.residue.index for atom in job.topology.atoms()])

    def versions(self):
        return {"ideal_gas": "1"}

    def _run(self, stage, point, last, record, progress):
        start, step = point.state, point.steps
        velocities = self._of_molecules(start.velocities_nm_ps)
        positions = start.positions_nm
        while step < last:
            step += 1
            positions = positions + velocities * stage.timestep_ps
            state = State(positions, velocities, start.edges_nm)
            if step % stage.thermo_steps == 0:
                time_ps = step * stage.timestep_ps
                record.rows.append((time_ps, stage.temperature_K, 0.0, start.volume_A3))
            if stage.frame_steps and step % stage.frame_steps == 0:
                record.frames.append((step, state))
        progress.update(step * stage.timestep_ps)
        return state

    def _of_molecules(self, velocities):
        """Every atom with the mean velocity of its molecule, so that molecules keep their shape."""
        return np.stack([velocities[self.molecule == own].mean(axis=0) for own in self.molecule])


@dataclass
class Line:
    """A recipe: least squares, a member a fold left out."""

    weights: np.ndarray

    @classmethod
    def fit(cls, X, y, fold, config, log):
        rows = [
            np.linalg.lstsq(_with_one(X[fold != member]), y[fold != member], rcond=None)[0]
            for member in np.unique(fold)
        ]
        return cls(np.stack(rows))

    def predict(self, X):
        return self.weights @ _with_one(X).T

    def state(self):
        return {"weights": self.weights.tolist()}

    @classmethod
    def from_state(cls, state):
        return cls(np.array(state["weights"]))


def _with_one(X):
    X = np.asarray(X, float)
    return np.column_stack([X, np.ones(len(X))])


class Distances:
    """A descriptor: the sum of the distances to each element."""

    def __init__(self, config, species):
        self.species = species

    def describe(self, clusters):
        return np.array([self._one(atoms) for atoms in Geometries.of(clusters).atoms()])

    def _one(self, atoms):
        lengths = np.linalg.norm(atoms.positions - atoms.positions[0], axis=1)
        return [lengths[np.asarray(atoms.symbols) == symbol].sum() for symbol in self.species]


def last_members(n, pool, rng):
    """A sampler: the last of the pool."""
    return list(range(len(pool.classes)))[-n:]


def springs(atoms, settings, attempt):
    """A reference calculator: every atom on a spring of `accuracy` eV/A^2 to the origin."""
    energy = 0.5 * settings.accuracy * np.sum(atoms.positions**2)
    return energy, -settings.accuracy * atoms.positions, None


def spring_family(potential, device):
    """A family of calculators: springs that know hydrogen alone."""
    return SpringCalculator(ideal_positions=np.zeros((1, 3)), k=3.0), ["H"]
