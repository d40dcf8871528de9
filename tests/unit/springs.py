"""A calculator of a user: covalent bonds as springs, for runs that cost nothing."""

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.data import covalent_radii

STIFFNESS_eV_A2 = 20.0
BONDED_WITHIN = 1.3


class Springs(Calculator):
    """Springs between the atoms that are bonded when it first sees them.

    `fail_at` counts evaluations: from there on the numbers are spoilt as `failure` says.
    """

    implemented_properties = ("energy", "forces")

    def __init__(self, fail_at=None, failure=None, scale_forces=1.0, scale=1.0):
        super().__init__()
        self.fail_at = fail_at
        self.failure = failure
        self.scale_forces = scale_forces
        self.scale = scale
        self.n_calls = 0
        self.pairs = None

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.n_calls += 1
        lengths_A, natural_A, across_A = self._bonds(atoms)
        stretch_A = lengths_A - natural_A
        energy = 0.5 * STIFFNESS_eV_A2 * np.sum(stretch_A**2)
        pull = -STIFFNESS_eV_A2 * (stretch_A / lengths_A)[:, None] * across_A
        forces = np.zeros((len(atoms), 3))
        np.add.at(forces, self.pairs[:, 0], pull)
        np.add.at(forces, self.pairs[:, 1], -pull)
        self.results = {
            "energy": self.scale * energy,
            "forces": self.scale * self.scale_forces * forces,
        }
        if self.fail_at is not None and self.n_calls >= self.fail_at:
            self._fail()

    def _bonds(self, atoms):
        radii_A = covalent_radii[atoms.numbers]
        if self.pairs is None:
            near_A = BONDED_WITHIN * (radii_A[:, None] + radii_A)
            found = np.argwhere(np.triu(atoms.get_all_distances(mic=True) < near_A, k=1))
            self.pairs = found[~np.isin(atoms.numbers[found], 3).any(axis=1)]
        edges_A = atoms.cell.lengths()
        across_A = atoms.positions[self.pairs[:, 0]] - atoms.positions[self.pairs[:, 1]]
        across_A -= edges_A * np.round(across_A / edges_A)
        return np.linalg.norm(across_A, axis=1), radii_A[self.pairs].sum(axis=1), across_A

    def _fail(self):
        match self.failure:
            case "nan":
                self.results["forces"][2, 1] = np.nan
            case "energy":
                self.results["energy"] -= 100.0
            case "energy nan":
                self.results["energy"] = np.nan
            case "kick":
                self.results["forces"][4] += [0.0, 0.0, 1e4]
            case "heat":
                self.results["forces"] *= -1.0
            case "error":
                raise RuntimeError("SCF not converged")


def make(device="nowhere", **options):
    """The calculator; `device` is given by whoever builds it."""
    calculator = Springs(**options)
    calculator.device = device
    return calculator


def make_nothing():
    """No calculator."""
    return "springs"
