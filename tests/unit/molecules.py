"""Molecules of the shipped templates as ASE atoms."""

from pathlib import Path

import ase.io
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
MOLECULES = ROOT / "resources" / "molecules"


def template(name):
    return ase.io.read(MOLECULES / f"{name}.pdb")


def place(name, atom, position_A):
    """A molecule moved so that its atom number `atom` is at `position_A`."""
    molecule = template(name)
    molecule.positions += np.asarray(position_A) - molecule.positions[atom]
    return molecule
