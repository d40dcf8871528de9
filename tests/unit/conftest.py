"""A small box of Li, FSI and DME whose shells are known, as files."""

import sys

import MDAnalysis
import numpy as np
import pytest

from ionshift.config.electrolyte import Electrolyte
from molecules import MOLECULES, ROOT, place, template


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def electrolyte():
    return Electrolyte(
        species={
            "LI": {"role": "cation", "charge": 1, "template": str(MOLECULES / "LI.pdb")},
            "FSI": {"role": "anion", "charge": -1, "template": str(MOLECULES / "FSI.pdb")},
            "DME": {"role": "solvent", "charge": 0, "template": str(MOLECULES / "DME.pdb")},
        },
        forcefield=str(ROOT / "resources/forcefields/lifsi_dme_clp_oplsaa.xml"),
    )


@pytest.fixture
def write_box(tmp_path):
    """Return a function that writes topology and trajectory from (name, positions) and frames."""

    def write(molecules, frames, edge_A=20.0, name="box"):
        names = [residue for residue, _ in molecules]
        symbols = [template(residue).get_chemical_symbols() for residue in names]
        universe = MDAnalysis.Universe.empty(
            sum(map(len, symbols)),
            n_residues=len(names),
            atom_resindex=np.repeat(np.arange(len(names)), [len(s) for s in symbols]),
            trajectory=True,
        )
        flat = [symbol for one in symbols for symbol in one]
        universe.add_TopologyAttr("names", flat)
        universe.add_TopologyAttr("elements", flat)
        universe.add_TopologyAttr("resnames", names)
        universe.add_TopologyAttr("resids", np.arange(1, len(names) + 1))
        topology, trajectory = tmp_path / f"{name}.pdb", tmp_path / f"{name}.xtc"
        universe.dimensions = [edge_A] * 3 + [90.0] * 3
        universe.atoms.positions = frames[0]
        universe.atoms.write(str(topology))
        with MDAnalysis.Writer(str(trajectory), len(flat)) as writer:
            for number, positions in enumerate(frames):
                universe.atoms.positions = positions
                universe.trajectory.ts.frame = number
                universe.trajectory.ts.time = float(number)
                universe.dimensions = [edge_A] * 3 + [90.0] * 3
                writer.write(universe)
        return topology, trajectory

    return write


@pytest.fixture
def known_box(write_box):
    """One Li with a DME (its O at 2.0 A, across the boundary), an FSI (O at 2.1 A) and a far DME.

    The Li sits near the corner, so that both ligands are wrapped atom by atom.
    """
    lithium = np.array([0.3, 0.4, 0.2])
    parts = [
        ("LI", place("LI", 0, lithium)),
        ("DME", place("DME", 1, lithium + [-2.0, 0.0, 0.0])),
        ("FSI", place("FSI", 2, lithium + [0.0, -2.1, 0.0])),
        ("DME", place("DME", 1, lithium + [10.0, 10.0, 10.0])),
    ]
    positions = np.concatenate([part.positions for _, part in parts]) % 20.0
    return write_box(parts, [positions, positions])


@pytest.fixture(scope="module", autouse=True)
def usual_floating_point_numbers():
    """MACE changes torch's default type of numbers for the whole process: not for other tests."""
    yield
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.set_default_dtype(torch.float32)
