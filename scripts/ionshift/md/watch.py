"""What stops a run with a potential before it writes nonsense."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import openmm
from ase import units
from numpy.typing import NDArray
from openmm import unit

from ionshift.md.stages import HOTTEST_RATIO, blown_up
from ionshift.systems.forcefield import find_force

if TYPE_CHECKING:
    from ase import Atoms
    from openmm import app

# Eleven times the root mean square speed of a hydrogen atom at 300 K.
FASTEST_A_FS = 0.3
EV_IN_KJ_MOL = units.mol / units.kJ
REMEDY = (
    "Take a shorter potential_md.timestep_fs, look at this configuration, and train the potential "
    "on configurations like it"
)


class Watch:
    """Looks at every step of a segment; raises SimulationError with step, time, atom and remedy.

    Parameters
    ----------
    job : driver.Job; the bonds are those of its topology, their lengths those of its force field
    stage : stages.Stage
    """

    def __init__(self, job, stage):
        self.job = job
        self.stage = stage
        self.first_eV = None
        self.sane_A = None
        self.names = [atom_name(atom) for atom in job.topology.atoms()]
        self.bonds, self.longest_A = _longest_bonds(job)

    def before(self, positions_A: NDArray[np.float64]) -> None:
        """A step begins from these positions."""
        self.sane_A = positions_A.copy()

    def motion(self, step: int, positions_A: NDArray[np.float64]) -> None:
        """No atom has moved further than any thermal motion takes it in one step."""
        moved_A = np.linalg.norm(positions_A - self.sane_A, axis=1)
        limit_A = FASTEST_A_FS * self.stage.timestep_fs
        if not np.all(moved_A <= limit_A):
            worst = _first_worst(moved_A)
            self._stop(
                step, f"{self.names[worst]} moved by {moved_A[worst]:.3g} A, more than {limit_A:g}"
            )

    def evaluation(self, step: int, energy_eV: float, forces: NDArray[np.float64]) -> None:
        """Energy and forces are finite; the energy is near that of the first evaluation."""
        if not np.all(np.isfinite(forces)):
            worst = int(np.argmin(np.isfinite(forces).all(axis=1)))
            self._stop(step, f"the force on {self.names[worst]} is {forces[worst]}")
        if not np.isfinite(energy_eV):
            self._stop(step, f"the potential energy is {energy_eV}")
        if self.first_eV is None:
            self.first_eV = energy_eV
        change = (energy_eV - self.first_eV) * EV_IN_KJ_MOL / len(forces)
        window = self.job.potential_md.energy_window_kJ_mol_atom
        if abs(change) > window:
            self._stop(
                step,
                f"the potential energy has changed by {change:.3g} kJ/mol an atom since the last "
                f"checkpoint, more than potential_md.energy_window_kJ_mol_atom = {window:g}",
            )

    def temperature(self, step: int, temperature_K: float) -> None:
        """The temperature is not that of a run that has blown up."""
        target_K = self.stage.temperature_K
        if not temperature_K <= HOTTEST_RATIO * target_K:
            self._stop(step, f"the temperature is {temperature_K:.0f} K (wanted {target_K:.0f} K)")

    def bond_lengths(self, step: int, atoms: Atoms) -> None:
        """No covalent bond of the topology is stretched beyond its limit."""
        if not len(self.bonds):
            return
        edges_A = atoms.cell.lengths()
        across_A = np.subtract(*atoms.positions[self.bonds.T])
        lengths_A = np.linalg.norm(across_A - edges_A * np.round(across_A / edges_A), axis=1)
        share = lengths_A / self.longest_A
        if not np.all(share <= 1.0):
            worst = _first_worst(share)
            i, j = self.bonds[worst]
            factor = self.job.potential_md.largest_bond_factor
            self._stop(
                step,
                f"the bond {self.names[i]} - {self.names[j]} is {lengths_A[worst]:.2f} A long, "
                f"more than potential_md.largest_bond_factor = {factor:g} times its "
                f"{self.longest_A[worst] / factor:.2f} A",
                "; where reactions are wanted, set potential_md.largest_bond_factor: null",
            )

    def failure(self, step: int, error: Exception) -> None:
        """The calculator itself gave up."""
        self._stop(step, f"the potential failed ({type(error).__name__}: {error})", cause=error)

    def _stop(self, step, detail, more="", cause=None):
        time_ps = step * self.stage.timestep_ps
        raise blown_up(
            self.stage.name, f"at step {step} ({time_ps:.4f} ps) {detail}", f"{REMEDY}{more}."
        ) from cause


def atom_name(atom: app.topology.Atom) -> str:
    """How an atom of an OpenMM topology is named in messages."""
    return f"atom {atom.index} ({atom.name} of {atom.residue.name} {atom.residue.index + 1})"


def _first_worst(values):
    """Index of the first value that is not a number, else of the largest."""
    return int(np.argmax(np.where(np.isfinite(values), values, np.inf)))


def _longest_bonds(job):
    """Bonds of the topology, shape (n, 2), and the lengths in A that they must not exceed."""
    factor = job.potential_md.largest_bond_factor
    bonds = np.array([(b[0].index, b[1].index) for b in job.topology.bonds()], int).reshape(-1, 2)
    if factor is None or not len(bonds):
        return bonds[:0], np.empty(0)
    known_nm = bond_lengths_nm(job.system)
    return bonds, np.array([10.0 * factor * known_nm[frozenset(map(int, b))] for b in bonds])


def bond_lengths_nm(system: openmm.System) -> dict[frozenset[int], float]:
    """Length that the force field gives each bond: pair of atoms (frozenset) to nm."""
    force = find_force(system, openmm.HarmonicBondForce)
    terms = [force.getBondParameters(k) for k in range(force.getNumBonds())]
    terms += [system.getConstraintParameters(k) for k in range(system.getNumConstraints())]
    return {frozenset((i, j)): r.value_in_unit(unit.nanometer) for i, j, r, *_ in terms}
