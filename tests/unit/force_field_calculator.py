"""The force field itself, with flexible bonds, as a calculator of a user."""

import numpy as np
import openmm
from ase.calculators.calculator import Calculator, all_changes
from openmm import unit

from ionshift.config import electrolyte as config_electrolyte
from ionshift.config import md as config_md
from ionshift.md.watch import EV_IN_KJ_MOL
from ionshift.systems import electrolyte as boxes
from ionshift.systems.forcefield import build_system
from molecules import MOLECULES, ROOT

COUNTS = {"LI": 1, "FSI": 1, "DME": 2}


def electrolyte():
    roles = {"LI": ("cation", 1), "FSI": ("anion", -1), "DME": ("solvent", 0)}
    return config_electrolyte.Electrolyte(
        species={
            name: {"role": role, "charge": charge, "template": str(MOLECULES / f"{name}.pdb")}
            for name, (role, charge) in roles.items()
        },
        forcefield=str(ROOT / "resources/forcefields/lifsi_dme_clp_oplsaa.xml"),
    )


class ForceField(Calculator):
    """Energies of OpenMM's reference platform, which repeats itself bit by bit."""

    implemented_properties = ("energy", "forces")

    def __init__(self, scale=1.0, scale_forces=1.0):
        super().__init__()
        self.scale, self.scale_forces = scale, scale_forces
        topology = boxes.build_topology(electrolyte(), COUNTS)
        topology.setPeriodicBoxVectors(np.eye(3))
        md = config_md.MD(cutoff_A=4.0, hydrogen_mass_amu=None)
        system = build_system(topology, electrolyte(), md, constrain_hydrogens=False)
        platform = openmm.Platform.getPlatformByName("Reference")
        self.context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.context.setPeriodicBoxVectors(*(atoms.cell.array / 10.0))
        self.context.setPositions(atoms.positions / 10.0)
        state = self.context.getState(energy=True, forces=True)
        energy = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
        forces = state.getForces(asNumpy=True).value_in_unit(
            unit.kilojoule_per_mole / unit.angstrom
        )
        self.results = {
            "energy": self.scale * energy / EV_IN_KJ_MOL,
            "forces": self.scale * self.scale_forces * forces / EV_IN_KJ_MOL,
        }
