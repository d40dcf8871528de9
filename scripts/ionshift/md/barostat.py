"""Monte Carlo barostat for any calculator: it needs energies alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ase import units

from ionshift.md.molecules import scale_box
from ionshift.md.stages import State

if TYPE_CHECKING:
    from ase import Atoms

FIRST_SHARE, LARGEST_SHARE = 0.01, 0.3
ATTEMPTS_BETWEEN_CHANGES = 10
# A size that never settles would favour some volumes.
ATTEMPTS_TO_ADAPT = 200
CHANGE = 1.1
FEWEST_ACCEPTED, MOST_ACCEPTED = 0.25, 0.75
BAR = 1e5 * units.Pascal


class MonteCarloBarostat:
    """Isotropic changes of the volume in which molecules move but keep their shape.

    The rule of acceptance is that of K.-H. Chow and D. M. Ferguson, Comput. Phys. Commun. 91, 283
    (1995), as in OpenMM. The size of the trial changes follows the accepted share at first, then
    it stays.

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
        self.size_A3 = None
        self.n_tried = self.n_accepted = 0

    def attempt(self, atoms: Atoms) -> bool:
        """Try one change of the volume; returns whether it was accepted.

        A refused change leaves positions and cell as they were, but not the calculator's results.
        """
        volume_A3 = atoms.get_volume()
        if self.size_A3 is None:
            self.size_A3 = FIRST_SHARE * volume_A3
        # The size does not follow the volume, else the way back would have another probability.
        change_A3 = self.size_A3 * self.rng.uniform(-1.0, 1.0)
        accepted = change_A3 > -volume_A3 and self._try(atoms, volume_A3, change_A3)
        self._adapt(accepted, volume_A3)
        return accepted

    def _try(self, atoms, volume_A3, change_A3):
        positions_A, cell_A = atoms.get_positions(), atoms.cell.copy()
        ratio = 1.0 + change_A3 / volume_A3
        work = self.pressure * change_A3 - self.n_molecules * self.kT * np.log(ratio)
        work -= atoms.get_potential_energy()
        state = State(positions_A / 10.0, None, np.diag(cell_A) / 10.0)
        scaled = scale_box(self.topology, state, ratio ** (1 / 3))
        atoms.set_cell(scaled.edges_nm * 10.0)
        atoms.set_positions(scaled.positions_nm * 10.0)
        work += atoms.get_potential_energy()
        if self.rng.random() < np.exp(min(0.0, -work / self.kT)):
            return True
        atoms.set_cell(cell_A)
        atoms.set_positions(positions_A)
        return False

    def _adapt(self, accepted, volume_A3):
        self.n_tried += 1
        self.n_accepted += accepted
        if self.n_tried > ATTEMPTS_TO_ADAPT or self.n_tried % ATTEMPTS_BETWEEN_CHANGES:
            return
        share = self.n_accepted / ATTEMPTS_BETWEEN_CHANGES
        self.n_accepted = 0
        if share < FEWEST_ACCEPTED:
            self.size_A3 /= CHANGE
        elif share > MOST_ACCEPTED:
            self.size_A3 = min(LARGEST_SHARE * volume_A3, self.size_A3 * CHANGE)
