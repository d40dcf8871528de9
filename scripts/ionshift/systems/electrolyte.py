"""Species and composition of an electrolyte, and its boxes as topology and PDB file.

A system is a mapping from residue name to number of molecules. Molecules are always written
species by species, in the order of that mapping, so atom indices are known without a file.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openmm
from numpy.typing import NDArray
from openmm import app, unit

from ionshift.config.electrolyte import Electrolyte, System
from ionshift.config.md import MD
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.systems import forcefield_file

# Molecules per cubic Angstrom of a one molar solution: 6.02214076e23 / 1e27.
PER_A3_IN_ONE_MOLAR = 6.02214076e-4
# Mass in g of one atomic mass unit, times 1e24 A3 per cm3.
AMU_PER_A3_IN_G_CM3 = 1.66053906660
CHARGE_TOLERANCE_E = 1e-4


@dataclass(frozen=True)
class Molecule:
    """One species as its template gives it.

    positions_A has the shape (atoms, 3); bonds are pairs of atom indices, lower one first.
    """

    name: str
    role: str
    charge: int
    atom_names: tuple
    elements: tuple
    masses_amu: tuple
    positions_A: np.ndarray
    bonds: tuple

    @property
    def n_atoms(self) -> int:
        return len(self.atom_names)

    @property
    def molar_mass_g_mol(self) -> float:
        return sum(self.masses_amu)


@dataclass(frozen=True)
class ResidueDefinition:
    """What the force field file says of a residue; bonds are sets of two atom names."""

    atom_names: tuple
    charge_e: float
    bonds: frozenset


def load_templates(el: Electrolyte) -> dict[str, Molecule]:
    """Read the template of every species of the electrolyte.

    Returns a dict from residue name to Molecule. Raises InputError when a file is missing,
    is no PDB file, holds no atoms or more than one residue, or an atom lacks its element.
    """
    return {name: _load_template(name, species) for name, species in el.species.items()}


def elements(el: Electrolyte) -> list[str]:
    """Sorted element symbols of all species."""
    return sorted({e for molecule in load_templates(el).values() for e in molecule.elements})


def _load_template(name, species):
    key = f"electrolyte.species.{name}.template"
    path = Path(species.template)
    if not path.is_file():
        raise InputError(
            f"{key}: no file {path}; give the path of a PDB file of one {name} with CONECT records"
        )
    try:
        pdb = app.PDBFile(str(path))
    except Exception as error:
        raise InputError(f"{key}: {path} cannot be read as PDB ({error})") from error
    residues = list(pdb.topology.residues())
    if len(residues) != 1 or residues[0].name != name:
        found = ", ".join(r.name for r in residues[:5]) or "none"
        raise InputError(
            f"{key}: {path} must hold one residue named {name}, found {found}; "
            "rename the residue in the file or the species in the configuration"
        )
    atoms = list(pdb.topology.atoms())
    for atom in atoms:
        if atom.element is None:
            raise InputError(
                f"{key}: atom {atom.name} of {path} has no element; fill columns 77-78"
            )
    bonds = sorted(tuple(sorted((b[0].index, b[1].index))) for b in pdb.topology.bonds())
    return Molecule(
        name=name,
        role=str(getattr(species.role, "value", species.role)),
        charge=int(species.charge),
        atom_names=tuple(a.name for a in atoms),
        elements=tuple(a.element.symbol for a in atoms),
        masses_amu=tuple(a.element.mass.value_in_unit(unit.dalton) for a in atoms),
        positions_A=np.array(pdb.getPositions(asNumpy=True).value_in_unit(unit.angstrom)),
        bonds=tuple(bonds),
    )


# ---------------------------------------------------------------- quantities of a composition


def molar_mass(el: Electrolyte, name: str) -> float:
    """Molar mass in g/mol of the species `name`."""
    return load_templates(el)[name].molar_mass_g_mol


def mass_amu(el: Electrolyte, counts: Mapping[str, int]) -> float:
    """Mass in atomic mass units of a box with these numbers of molecules."""
    molecules = load_templates(el)
    return sum(n * molecules[name].molar_mass_g_mol for name, n in counts.items())


def density_g_cm3(el: Electrolyte, counts: Mapping[str, int], volume_A3: float) -> float:
    """Mass density in g/cm3 of a box with these numbers of molecules."""
    return mass_amu(el, counts) / volume_A3 * AMU_PER_A3_IN_G_CM3


def volume_A3(el: Electrolyte, counts: Mapping[str, int], density: float) -> float:
    """Volume in A3 at which the molecules have the density (g/cm3)."""
    return mass_amu(el, counts) / density * AMU_PER_A3_IN_G_CM3


def box_edge_A(el: Electrolyte, sy: System) -> float:
    """Edge in A of the cubic box of a system at its expected density."""
    return volume_A3(el, sy.counts, sy.density_g_cm3) ** (1 / 3)


def molarity_M(el: Electrolyte, counts: Mapping[str, int], volume_A3: float) -> float:
    """Cations (formula units of salt) in mol per litre of solution."""
    cations = sum(n for name, n in counts.items() if _role(el, name) == "cation")
    return cations / volume_A3 / PER_A3_IN_ONE_MOLAR


def _role(el, name):
    role = el.species[name].role
    return str(getattr(role, "value", role))


def ion_names(el: Electrolyte) -> list[str]:
    """Residue names of all cations and anions."""
    return [name for name in el.species if _role(el, name) in ("cation", "anion")]


# ---------------------------------------------------------------- checks before any job


def check(el: Electrolyte, sy: System, md: MD | None = None) -> None:
    """Raise InputError when composition, templates and force field do not fit together.

    With `md` given, the cutoff is also compared with half the box at the expected density.
    """
    check_composition(el, sy.counts)
    molecules = load_templates(el)
    residues = read_residues(el.forcefield)
    for name in sy.counts:
        check_residue(molecules[name], residues, el.forcefield)
    if md is not None:
        check_cutoff(el, sy, md)


def check_composition(el: Electrolyte, counts: Mapping[str, int]) -> None:
    """Known species, positive counts, no net charge."""
    if not counts:
        raise InputError("counts: no molecules; give the number of each species")
    for name, number in counts.items():
        if name not in el.species:
            known = ", ".join(el.species)
            raise InputError(f"counts.{name}: no such species; electrolyte.species has {known}")
        if number < 1:
            raise InputError(f"counts.{name}: {number} given; at least 1, or leave the key out")
    net = sum(n * el.species[name].charge for name, n in counts.items())
    if net != 0:
        parts = ", ".join(
            f"{n} {name} ({el.species[name].charge:+d})" for name, n in counts.items()
        )
        raise InputError(f"counts: net charge {net:+d} from {parts}; make the charges add to zero")


def read_residues(path: str | Path) -> dict[str, ResidueDefinition]:
    """Residue definitions of an OpenMM force field XML, by residue name."""
    root = forcefield_file.parse(path)
    return {str(r.get("name")): _residue_definition(r) for r in root.findall("Residues/Residue")}


def _residue_definition(element):
    atoms = element.findall("Atom")
    names = tuple(a.get("name") for a in atoms)
    bonds = set()
    for bond in element.findall("Bond"):
        if bond.get("atomName1") is not None:
            bonds.add(frozenset((bond.get("atomName1"), bond.get("atomName2"))))
        else:
            bonds.add(frozenset((names[int(bond.get("from"))], names[int(bond.get("to"))])))
    charge = sum(float(a.get("charge", "nan")) for a in atoms)
    return ResidueDefinition(names, charge, frozenset(bonds))


def check_residue(
    molecule: Molecule, residues: Mapping[str, ResidueDefinition], forcefield: str | Path
) -> None:
    """The template and the force field's residue have the same atoms, bonds and charge."""
    name = molecule.name
    if name not in residues:
        raise InputError(
            f"electrolyte.species.{name}: {forcefield} has no residue {name}, only "
            f"{', '.join(residues)}; add the residue or rename the species"
        )
    residue = residues[name]
    if sorted(molecule.atom_names) != sorted(residue.atom_names):
        raise InputError(
            f"electrolyte.species.{name}: atom names differ; the template has "
            f"{' '.join(molecule.atom_names)}, {forcefield} has {' '.join(residue.atom_names)}; "
            "make them the same"
        )
    bonds = {frozenset(molecule.atom_names[i] for i in pair) for pair in molecule.bonds}
    if bonds != residue.bonds:
        raise InputError(
            f"electrolyte.species.{name}: bonds differ; only in the template: "
            f"{_show_bonds(bonds - residue.bonds)}; only in {forcefield}: "
            f"{_show_bonds(residue.bonds - bonds)}; correct the CONECT records or the XML"
        )
    if math.isnan(residue.charge_e):
        raise InputError(
            f"electrolyte.species.{name}: a charge is missing in {forcefield}; "
            "every Atom of the residue needs one"
        )
    if abs(residue.charge_e - molecule.charge) > CHARGE_TOLERANCE_E:
        raise InputError(
            f"electrolyte.species.{name}.charge: {molecule.charge:+d} declared, but the charges "
            f"in {forcefield} add to {residue.charge_e:+.4f}; correct one of them"
        )


def _show_bonds(bonds):
    return ", ".join(sorted("-".join(sorted(b)) for b in bonds)) or "none"


def check_cutoff(el: Electrolyte, sy: System, md: MD) -> None:
    """The cutoff is shorter than half the edge of the box at the expected density."""
    edge_A = box_edge_A(el, sy)
    if md.cutoff_A >= edge_A / 2:
        raise InputError(
            f"md.cutoff_A: {md.cutoff_A} is not below half the expected box edge, "
            f"{edge_A / 2:.2f}, of {dict(sy.counts)}; take more molecules or a shorter cutoff"
        )


# ---------------------------------------------------------------- topology and PDB files


def build_topology(el: Electrolyte, counts: Mapping[str, int]) -> app.Topology:
    """OpenMM topology of the box: molecules species by species, bonds from the templates."""
    molecules = load_templates(el)
    topology = app.Topology()
    chain = topology.addChain()
    for name, number in counts.items():
        for _ in range(number):
            _add_molecule(topology, chain, molecules[name])
    return topology


def _add_molecule(topology, chain, molecule):
    residue = topology.addResidue(molecule.name, chain)
    atoms = [
        topology.addAtom(name, app.Element.getBySymbol(symbol), residue)
        for name, symbol in zip(molecule.atom_names, molecule.elements, strict=True)
    ]
    for i, j in molecule.bonds:
        topology.addBond(atoms[i], atoms[j])


def read_pdb_positions(path: str | Path) -> NDArray[np.float64]:
    """Coordinates in A, shape (atoms, 3), of the ATOM and HETATM records of a PDB file."""
    with open(path) as file:
        rows = [
            (float(line[30:38]), float(line[38:46]), float(line[46:54]))
            for line in file
            if line.startswith(("ATOM", "HETATM"))
        ]
    return np.array(rows, dtype=float).reshape(-1, 3)


def read_pdb_box(path: str | Path) -> NDArray[np.float64]:
    """Edge lengths in A, shape (3,), of the CRYST1 record; the box must be rectangular."""
    with open(path) as file:
        for line in file:
            if line.startswith("CRYST1"):
                edges = [float(line[i : i + 9]) for i in (6, 15, 24)]
                angles = [float(line[i : i + 7]) for i in (33, 40, 47)]
                if any(abs(angle - 90.0) > 1e-3 for angle in angles):
                    raise InputError(f"{path}: the box angles are {angles}; they must be 90")
                return np.array(edges)
    raise InputError(f"{path}: no CRYST1 record; a periodic box is needed")


def write_pdb(
    topology: app.Topology,
    positions_A: NDArray[np.float64],
    edges_A: float | NDArray[np.float64],
    path: str | Path,
) -> None:
    """Write a PDB file with CRYST1, residue names, elements and CONECT records."""
    edges_nm = np.broadcast_to(np.asarray(edges_A, dtype=float), (3,)) / 10.0
    topology.setPeriodicBoxVectors([openmm.Vec3(*row) for row in np.diag(edges_nm)])
    with atomic_path(path) as temporary, open(temporary, "w") as file:
        app.PDBFile.writeFile(topology, np.asarray(positions_A) * unit.angstrom, file)
