"""Is a force field whole for the molecules that it is used for?

OpenMM passes over bonds, angles and torsions that no line of the file matches. Here a System of
one molecule of each species is made and its terms are counted. In it lines of zero strength,
which OpenMM leaves out, are kept: such a line says that a term is meant to be zero.
"""

import copy
import itertools
import xml.etree.ElementTree as ElementTree  # nosec B405 # of files that forcefield_file has read
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import openmm
from openmm import app

from ionshift.core.errors import InputError
from ionshift.systems import electrolyte, forcefield_file

BOX_CHARGE_TOLERANCE_E = 0.01
"""Of a whole box, whose molecules may each be off by `electrolyte.CHARGE_TOLERANCE_E`."""
MOST_SHOWN = 5
"""Kinds of missing terms that a message lists."""
ZERO_LINES = (
    "HarmonicAngleForce/Angle",
    "PeriodicTorsionForce/Proper",
    "PeriodicTorsionForce/Improper",
)
# Forces of OpenMM by their number of atoms, with the method that reads a term.
TERMS = {
    2: (
        (openmm.HarmonicBondForce, "Bond"),
        (openmm.CustomBondForce, "Bond"),
    ),
    3: (
        (openmm.HarmonicAngleForce, "Angle"),
        (openmm.CustomAngleForce, "Angle"),
    ),
    4: (
        (openmm.PeriodicTorsionForce, "Torsion"),
        (openmm.RBTorsionForce, "Torsion"),
        (openmm.CustomTorsionForce, "Torsion"),
    ),
}
GROMACS_FORCES = (
    openmm.HarmonicBondForce,
    openmm.HarmonicAngleForce,
    openmm.PeriodicTorsionForce,
    openmm.NonbondedForce,
    openmm.CMMotionRemover,
)


def check(el: Any, compositions: Mapping[str, Mapping[str, int]]) -> None:
    """Raise `InputError` unless the force field is whole and gives each box no net charge.

    Parameters
    ----------
    el : config.Electrolyte
    compositions : number of molecules by species, by the name of a box for the message
    """
    whole = _one_of_each(el, species(compositions))
    _check_bonds_and_angles(el.forcefield, whole)
    charges_e = _charges_e(whole)
    for name, charge_e in charges_e.items():
        _check_charge(el, name, charge_e)
    for box, counts in compositions.items():
        _check_box_charge(el, box, counts, charges_e)


def torsions_without_line(el: Any, compositions: Mapping[str, Mapping[str, int]]) -> list[str]:
    """A sentence for each species some of whose proper torsions no line of the file matches."""
    whole = _one_of_each(el, species(compositions))
    found = whole.terms(4)
    missing = [atoms for atoms in whole.expected(4) if atoms not in found]
    return [
        f"{el.forcefield}: no line for {shown}, left without a torsional barrier; add a "
        '<Proper> line where the force field has one (k1="0" where none is meant)'
        for shown in whole.describe(missing, "proper torsion")
    ]


def check_gromacs(el: Any, compositions: Mapping[str, Mapping[str, int]]) -> None:
    """Raise `InputError` if the force field has a force that is not written for GROMACS."""
    check_gromacs_forces(el.forcefield, _one_of_each(el, species(compositions)).system)


def check_gromacs_forces(path: str, system: openmm.System) -> None:
    """Raise `InputError` if a System has a force that is not written for GROMACS."""
    for force in system.getForces():
        if not isinstance(force, GROMACS_FORCES):
            known = ", ".join(kind.__name__ for kind in GROMACS_FORCES[:-1])
            raise InputError(
                f"md.engine: gromacs cannot take {force.getName()} of {path}, only {known}; take "
                "md.engine: openmm or write the file with these"
            )


@dataclass(frozen=True)
class Whole:
    """One molecule of each species, as the force field makes it."""

    topology: app.Topology
    system: openmm.System
    types: dict  # (residue name, atom name) -> type
    classes: dict  # type -> class

    def expected(self, n_atoms: int) -> list[tuple[int, ...]]:
        """Bonds, angles or proper torsions as tuples of atom indices, the lower end first."""
        neighbours: dict[int, set[int]] = {atom.index: set() for atom in self.topology.atoms()}
        for a, b in self.topology.bonds():
            neighbours[a.index].add(b.index)
            neighbours[b.index].add(a.index)
        chains: set[tuple[int, ...]] = {(i,) for i in neighbours}
        for _ in range(n_atoms - 1):
            chains = {(*c, i) for c in chains for i in neighbours[c[-1]] if i not in c}
        return sorted(chain for chain in chains if chain[0] < chain[-1])

    def terms(self, n_atoms: int) -> set[tuple[int, ...]]:
        """The same for what has a term."""
        found = set()
        for force in self.system.getForces():
            for kind, word in TERMS[n_atoms]:
                if type(force) is kind:
                    read = getattr(force, f"get{word}Parameters")
                    for number in range(getattr(force, f"getNum{word}s")()):
                        found.add(_ordered(read(number)[:n_atoms]))
        return found

    def constrained(self) -> set[tuple[int, ...]]:
        """Pairs of atoms at a fixed distance."""
        return {
            _ordered(self.system.getConstraintParameters(number)[:2])
            for number in range(self.system.getNumConstraints())
        }

    def describe(self, terms: Iterable[tuple[int, ...]], word: str) -> list[str]:
        """Terms of each residue as text: how many, and one of each kind with its classes."""
        atoms = list(self.topology.atoms())
        by_residue: dict[str, dict[tuple, list]] = {}
        for term in terms:
            residue = atoms[term[0]].residue.name
            names = [atoms[i].name for i in term]
            types = [self.types[residue, name] for name in names]
            kind = min(tuple(types), tuple(reversed(types)))
            by_residue.setdefault(residue, {}).setdefault(kind, []).append((names, types))
        numbers = {residue: sum(map(len, kinds.values())) for residue, kinds in by_residue.items()}
        return [
            f"{number} {word}{'s' * (number > 1)} of {residue}: {self._shown(by_residue[residue])}"
            for residue, number in numbers.items()
        ]

    def _shown(self, kinds):
        shown = []
        for found in itertools.islice(kinds.values(), MOST_SHOWN):
            names, types = found[0]
            classes = "-".join(self.classes[one] or "none" for one in types)
            shown.append(f"{'-'.join(names)} (classes {classes}, types {'-'.join(types)})")
        left = len(kinds) - MOST_SHOWN
        return ", ".join(shown) + (f" and {left} more kinds" if left > 0 else "")


def _ordered(atoms):
    return tuple(atoms) if atoms[0] < atoms[-1] else tuple(reversed(atoms))


def species(compositions: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Names of all species of the boxes."""
    return list(dict.fromkeys(name for counts in compositions.values() for name in counts))


def _one_of_each(el, names):
    root = forcefield_file.parse(el.forcefield)
    if root.find("NonbondedForce") is None:
        raise InputError(
            f"electrolyte.forcefield: {el.forcefield} has no <NonbondedForce>, so no charges and "
            "no Lennard-Jones terms; add one with an <Atom> for every type"
        )
    topology = electrolyte.build_topology(el, dict.fromkeys(names, 1))
    system = forcefield_file.create_system(
        el.forcefield,
        _with_zero_lines(root),
        topology,
        nonbondedMethod=app.NoCutoff,
        constraints=app.HBonds,
        rigidWater=False,
    )
    types = {
        (residue.get("name"), atom.get("name")): atom.get("type")
        for residue in root.findall("Residues/Residue")
        for atom in residue.findall("Atom")
    }
    classes = {one.get("name"): one.get("class") for one in root.findall("AtomTypes/Type")}
    return Whole(topology, system, types, classes)


def _with_zero_lines(root):
    """The file as text in which no angle and no torsion has zero strength."""
    changed = copy.deepcopy(root)
    for line in itertools.chain.from_iterable(map(changed.findall, ZERO_LINES)):
        for key, value in line.attrib.items():
            if key.startswith("k") and float(value) == 0.0:
                line.set(key, "1")
    return ElementTree.tostring(changed, encoding="unicode")


def _check_bonds_and_angles(path, whole):
    fixed = whole.constrained()
    bonds, angles = whole.terms(2) | fixed, whole.terms(3)
    without = [pair for pair in whole.expected(2) if pair not in bonds]
    missing = whole.describe(without, "bond")
    without = [
        angle
        for angle in whole.expected(3)
        if angle not in angles and _ordered((angle[0], angle[2])) not in fixed
    ]
    missing += whole.describe(without, "angle")
    if missing:
        raise InputError(
            f"electrolyte.forcefield: {path} has no term for {'; '.join(missing)}; add a <Bond> "
            'or <Angle> line for them (an <Angle> with k="0" where none is meant)'
        )


def _charges_e(whole):
    """Charge of one molecule of each species in e, as OpenMM takes it."""
    nonbonded = next(f for f in whole.system.getForces() if type(f) is openmm.NonbondedForce)
    sums = Counter()
    for atom in whole.topology.atoms():
        charge = nonbonded.getParticleParameters(atom.index)[0]
        sums[atom.residue.name] += charge.value_in_unit(openmm.unit.elementary_charge)
    return sums


def _check_charge(el, name, charge_e):
    declared = el.species[name].charge
    if abs(charge_e - declared) > electrolyte.CHARGE_TOLERANCE_E:
        raise InputError(
            f"electrolyte.species.{name}.charge = {declared}: with {el.forcefield} OpenMM gives it "
            f"{charge_e:+.4f} e (within {electrolyte.CHARGE_TOLERANCE_E:g} e they must agree); "
            'correct one of them, or add <UseAttributeFromResidue name="charge"/> to its '
            "<NonbondedForce>"
        )


def _check_box_charge(el, box, counts, charges_e):
    ions = electrolyte.ion_names(el)
    net_e = sum(
        number * charges_e[name] * (el.ion_charge_scale if name in ions else 1.0)
        for name, number in counts.items()
    )
    if abs(net_e) > BOX_CHARGE_TOLERANCE_E:
        parts = ", ".join(f"{n} {name} of {charges_e[name]:+.6f} e" for name, n in counts.items())
        raise InputError(
            f"{box}.counts: the box has a net charge of {net_e:+.4f} e with {parts} in "
            f"{el.forcefield} and electrolyte.ion_charge_scale = {el.ion_charge_scale:g}; make the "
            f"charges of each residue add to a whole number (at most {BOX_CHARGE_TOLERANCE_E:g} e "
            "may be left in a box)"
        )
