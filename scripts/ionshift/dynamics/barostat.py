"""Monte Carlo barostat for any calculator: it needs energies alone."""

import numpy as np
from ase import units

from ionshift.dynamics.molecules import scale_box
from ionshift.dynamics.stages import State

FIRST_SHARE = 0.01
ATTEMPTS_BETWEEN_CHANGES = 10
CHANGE = 1.1
FEWEST_ACCEPTED, MOST_ACCEPTED = 0.25, 0.75
BAR = 1e5 * units.Pascal


class MonteCarloBarostat:
    """Isotropic changes of the volume in which molecules move but keep their shape.

    The rule of acceptance is that of K.-H. Chow and D. M. Ferguson, Comput. Phys. Commun. 91, 283
    (1995), as in OpenMM. The size of the trial changes follows the share that was accepted.

    Parameters
    ----------
    topology : OpenMM topology
    temperature_K, pressure_bar : float
    rng : numpy Generator
    """

    def __init__(self, topology, temperature_K, pressure_bar, rng):
        self.topology = topology
        self.kT = units.kB * temperature_K
        self.pressure = pressure_bar * BAR
        self.n_molecules = topology.getNumResidues()
        self.rng = rng
        self.share = FIRST_SHARE
        self.tried = self.accepted = 0

    def attempt(self, atoms):
        """Try one change of the volume; returns whether it was accepted.

        A refused change leaves positions and cell as they were, but not the calculator's results.
        """
        positions_A, cell_A = atoms.get_positions(), atoms.cell.copy()
        energy, volume = atoms.get_potential_energy(), atoms.get_volume()
        change = self.share * volume * self.rng.uniform(-1.0, 1.0)
        ratio = 1.0 + change / volume
        state = State(positions_A / 10.0, None, np.diag(cell_A) / 10.0)
        scaled = scale_box(self.topology, state, ratio ** (1 / 3))
        atoms.set_cell(scaled.edges_nm * 10.0)
        atoms.set_positions(scaled.positions_nm * 10.0)
        work = atoms.get_potential_energy() - energy + self.pressure * change
        work -= self.n_molecules * self.kT * np.log(ratio)
        accepted = self.rng.random() < np.exp(min(0.0, -work / self.kT))
        if not accepted:
            atoms.set_cell(cell_A)
            atoms.set_positions(positions_A)
        self._adapt(accepted)
        return accepted

    def _adapt(self, accepted):
        self.tried += 1
        self.accepted += accepted
        if self.tried == ATTEMPTS_BETWEEN_CHANGES:
            share = self.accepted / self.tried
            if share < FEWEST_ACCEPTED:
                self.share /= CHANGE
            elif share > MOST_ACCEPTED:
                self.share *= CHANGE
            self.tried = self.accepted = 0
