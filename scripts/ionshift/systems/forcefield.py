"""The classical force field: an OpenMM System, and the same System written for GROMACS.

OpenMM's NonbondedForce always mixes Lennard-Jones parameters by Lorentz-Berthelot. OPLS-AA and
CL&P are made for geometric means of sigma and epsilon, where the energy of a pair is a difference
of products, a_i a_j / r^12 - b_i b_j / r^6 with a = 2 sqrt(epsilon) sigma^6 and
b = 2 sqrt(epsilon) sigma^3. Lorentz-Berthelot with one sigma for all atoms also gives products
(the means of epsilon are geometric), so two plain NonbondedForces make the geometric rule: with
a huge sigma the r^-6 term vanishes against the r^-12 term, with a tiny sigma the r^-12 term does.
What remains of the terms not wanted is below 1e-8 of the wanted ones. On CPUs this is 1.5 times
as fast as a CustomNonbondedForce.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import openmm
from numpy.typing import NDArray
from openmm import app, unit

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.md import MD
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.systems import forcefield_checks, forcefield_file
from ionshift.systems.electrolyte import ion_names

EWALD_ERROR_TOLERANCE = 5e-4
# Sigma of all atoms in the forces that hold r^-12 and r^-6 alone (see above).
REPULSION_SIGMA_NM = 10.0
ATTRACTION_SIGMA_NM = 0.01
ATTRACTION_NAME = "LennardJonesAttraction"
# GROMACS numbers of the combination rules in [ defaults ].
GROMACS_COMBINATION_RULE = {"lorentz-berthelot": 2, "geometric": 3}


# ---------------------------------------------------------------- the OpenMM System


def build_system(
    topology: app.Topology,
    el: Electrolyte,
    md: MD,
    constrain_hydrogens: bool = True,
    dispersion_correction: bool = True,
) -> openmm.System:
    """OpenMM System of a box whose topology carries periodic box vectors.

    PME with the cutoff `md.cutoff_A`, bonds to hydrogen constrained, hydrogens made heavier at
    the cost of their neighbours (`md.hydrogen_mass_amu`), ion charges scaled by
    `el.ion_charge_scale`, Lennard-Jones mixed as `el.mixing` says, tail corrections on.
    """
    hydrogen_mass = md.hydrogen_mass_amu
    counts = Counter(residue.name for residue in topology.residues())
    forcefield_checks.check(el, {"system": counts})
    system = forcefield_file.create_system(
        el.forcefield,
        forcefield_file.read_text(el.forcefield),
        topology,
        nonbondedMethod=app.PME,
        nonbondedCutoff=md.cutoff_A * unit.angstrom,
        constraints=app.HBonds if constrain_hydrogens else None,
        rigidWater=False,
        removeCMMotion=True,
        hydrogenMass=None if hydrogen_mass is None else hydrogen_mass * unit.dalton,
    )
    nonbonded = find_force(system, openmm.NonbondedForce)
    nonbonded.setEwaldErrorTolerance(EWALD_ERROR_TOLERANCE)
    nonbonded.setUseDispersionCorrection(dispersion_correction)
    scale_charges(nonbonded, topology, ion_names(el), el.ion_charge_scale)
    if el.mixing == "geometric":
        use_geometric_mixing(system, nonbonded, dispersion_correction)
    elif el.mixing != "lorentz-berthelot":
        raise InputError(
            f"electrolyte.mixing: {el.mixing} given; allowed are geometric, lorentz-berthelot"
        )
    return system


def find_force(system: openmm.System, kind: Any, name: str | None = None) -> Any:
    """The first force of the System that is an instance of `kind` (and has the name), or None.

    For NonbondedForce without a name this is the one with charges and exceptions.
    """
    for force in system.getForces():
        if isinstance(force, kind) and name in (None, force.getName()):
            return force
    return None


def scale_charges(
    nonbonded: openmm.NonbondedForce,
    topology: app.Topology,
    residue_names: Collection[str],
    scale: float,
) -> None:
    """Scale the charges of these residues, and their products in the 1-4 exceptions."""
    factors = [scale if a.residue.name in residue_names else 1.0 for a in topology.atoms()]
    for i, factor in enumerate(factors):
        charge, sigma, epsilon = nonbonded.getParticleParameters(i)
        nonbonded.setParticleParameters(i, charge * factor, sigma, epsilon)
    for k in range(nonbonded.getNumExceptions()):
        i, j, product, sigma, epsilon = nonbonded.getExceptionParameters(k)
        product = product * factors[i] * factors[j]
        nonbonded.setExceptionParameters(k, i, j, product, sigma, epsilon)


def use_geometric_mixing(
    system: openmm.System, nonbonded: openmm.NonbondedForce, dispersion_correction: bool = True
) -> None:
    """Make the Lennard-Jones interactions of a System mix geometrically.

    The NonbondedForce keeps the charges, the r^-12 terms and the 1-4 exceptions, whose epsilon
    is a scaled geometric mean already and whose sigma becomes one here. A second NonbondedForce
    takes the r^-6 terms.
    """
    attraction = openmm.NonbondedForce()
    attraction.setName(ATTRACTION_NAME)
    attraction.setNonbondedMethod(openmm.NonbondedForce.CutoffPeriodic)
    attraction.setCutoffDistance(nonbonded.getCutoffDistance())
    attraction.setUseDispersionCorrection(dispersion_correction)
    sigmas_nm = []
    for i in range(nonbonded.getNumParticles()):
        charge, sigma, epsilon = nonbonded.getParticleParameters(i)
        sigma_nm = sigma.value_in_unit(unit.nanometer)
        epsilon_kJ_mol = epsilon.value_in_unit(unit.kilojoule_per_mole)
        sigmas_nm.append(sigma_nm)
        repulsive_kJ_mol = epsilon_kJ_mol * (sigma_nm / REPULSION_SIGMA_NM) ** 12
        attractive_kJ_mol = epsilon_kJ_mol * (sigma_nm / ATTRACTION_SIGMA_NM) ** 6
        nonbonded.setParticleParameters(i, charge, REPULSION_SIGMA_NM, repulsive_kJ_mol)
        attraction.addParticle(0.0, ATTRACTION_SIGMA_NM, attractive_kJ_mol)
    for k in range(nonbonded.getNumExceptions()):
        i, j, product, _, epsilon = nonbonded.getExceptionParameters(k)
        mixed_nm = math.sqrt(sigmas_nm[i] * sigmas_nm[j])
        nonbonded.setExceptionParameters(k, i, j, product, mixed_nm, epsilon)
        attraction.addException(i, j, 0.0, 1.0, 0.0)
    system.addForce(attraction)


def lennard_jones_of(system: openmm.System, i: int) -> tuple[float, float]:
    """Sigma in nm and epsilon in kJ/mol of an atom of a System made by `build_system`."""
    _, sigma, epsilon = find_force(system, openmm.NonbondedForce).getParticleParameters(i)
    attraction = find_force(system, openmm.NonbondedForce, ATTRACTION_NAME)
    if attraction is None:
        return sigma.value_in_unit(unit.nanometer), epsilon.value_in_unit(unit.kilojoule_per_mole)
    attractive = attraction.getParticleParameters(i)[2]
    a2 = epsilon.value_in_unit(unit.kilojoule_per_mole) * REPULSION_SIGMA_NM**12
    b2 = attractive.value_in_unit(unit.kilojoule_per_mole) * ATTRACTION_SIGMA_NM**6
    if b2 == 0.0:
        return 0.0, 0.0
    return (a2 / b2) ** (1 / 6), b2**2 / a2


# ---------------------------------------------------------------- the same System for GROMACS


@dataclass
class MoleculeTerms:
    """Terms of one kind of molecule with atom indices from 0 within it, GROMACS units."""

    name: str
    atoms: list = field(default_factory=list)  # (name, mass_amu, charge_e, sigma_nm, eps)
    bonds: list = field(default_factory=list)  # (i, j, length_nm, k)
    constraints: list = field(default_factory=list)  # (i, j, length_nm)
    angles: list = field(default_factory=list)  # (i, j, k, angle_deg, k)
    dihedrals: list = field(default_factory=list)  # (i, j, k, l, phase_deg, k, periodicity)
    pairs: list = field(default_factory=list)  # (i, j, fudge, charge_i, charge_j, sigma, eps)
    exclusions: list = field(default_factory=list)  # (i, j)


def write_gromacs(
    topology: app.Topology,
    system: openmm.System,
    positions_nm: NDArray[np.float64],
    el: Electrolyte,
    prefix: str | Path,
    velocities_nm_ps: NDArray[np.float64] | None = None,
) -> None:
    """Write `prefix`.top and `prefix`.gro from the OpenMM System itself.

    Every number comes from the System (masses after repartitioning, scaled charges, mixed 1-4
    terms, constraints), so the two engines cannot drift apart. Molecules of the same residue
    name must have the same terms, which holds for what `build_system` makes.
    """
    forcefield_checks.check_gromacs_forces(el.forcefield, system)
    kinds = _molecule_terms(topology, system)
    molecules = [residue.name for residue in topology.residues()]
    lines = _header_lines(kinds, el.mixing)
    for kind in kinds.values():
        lines += _molecule_lines(kind)
    lines += ["[ system ]", "electrolyte", "", "[ molecules ]"]
    lines += [f"{name} {number}" for name, number in _runs(molecules)]
    with atomic_path(f"{prefix}.top") as temporary:
        temporary.write_text("\n".join(lines) + "\n")
    box = topology.getPeriodicBoxVectors().value_in_unit(unit.nanometer)
    edges_nm = [box[0][0], box[1][1], box[2][2]]
    write_gro(topology, positions_nm, edges_nm, f"{prefix}.gro", velocities_nm_ps)


def _runs(names):
    """Consecutive equal names with their numbers: AAB -> (A, 2), (B, 1)."""
    runs = []
    for name in names:
        if runs and runs[-1][0] == name:
            runs[-1][1] += 1
        else:
            runs.append([name, 1])
    return runs


def _molecule_terms(topology, system):
    """Terms of the first molecule of each residue name, in the order of appearance."""
    kinds, place = {}, {}
    for residue in topology.residues():
        if residue.name in kinds:
            continue
        kinds[residue.name] = MoleculeTerms(residue.name)
        for local, atom in enumerate(residue.atoms()):
            place[atom.index] = (residue.name, local)
            kinds[residue.name].atoms.append(_atom_terms(system, atom))
    _collect_bonded(system, kinds, place)
    _collect_exceptions(system, kinds, place)
    return kinds


def _atom_terms(system, atom):
    nonbonded = find_force(system, openmm.NonbondedForce)
    charge = nonbonded.getParticleParameters(atom.index)[0]
    charge_e = charge.value_in_unit(unit.elementary_charge)
    mass_amu = system.getParticleMass(atom.index).value_in_unit(unit.dalton)
    return (atom.name, mass_amu, charge_e, *lennard_jones_of(system, atom.index))


def _locate(place, indices):
    """Molecule name and local indices, or None when the atoms are of a later molecule."""
    if indices[0] not in place:
        return None, None
    name = place[indices[0]][0]
    return name, tuple(place[i][1] for i in indices)


def _collect_bonded(system, kinds, place):
    bond = find_force(system, openmm.HarmonicBondForce)
    for n in range(bond.getNumBonds() if bond else 0):
        i, j, length, k = bond.getBondParameters(n)
        name, local = _locate(place, (i, j))
        if name:
            kinds[name].bonds.append((*local, length._value, k._value))
    for n in range(system.getNumConstraints()):
        i, j, length = system.getConstraintParameters(n)
        name, local = _locate(place, (i, j))
        if name:
            kinds[name].constraints.append((*local, length._value))
    angle = find_force(system, openmm.HarmonicAngleForce)
    for n in range(angle.getNumAngles() if angle else 0):
        i, j, k, theta, strength = angle.getAngleParameters(n)
        name, local = _locate(place, (i, j, k))
        if name:
            kinds[name].angles.append((*local, math.degrees(theta._value), strength._value))
    torsion = find_force(system, openmm.PeriodicTorsionForce)
    for n in range(torsion.getNumTorsions() if torsion else 0):
        *atoms, periodicity, phase, strength = torsion.getTorsionParameters(n)
        name, local = _locate(place, atoms)
        if name:
            row = (*local, math.degrees(phase._value), strength._value, periodicity)
            kinds[name].dihedrals.append(row)


def _collect_exceptions(system, kinds, place):
    nonbonded = find_force(system, openmm.NonbondedForce)
    for n in range(nonbonded.getNumExceptions()):
        i, j, product, sigma, epsilon = nonbonded.getExceptionParameters(n)
        name, local = _locate(place, (i, j))
        if not name:
            continue
        kind = kinds[name]
        kind.exclusions.append(local)
        if product._value == 0.0 and epsilon._value == 0.0:
            continue
        # GROMACS multiplies fudge, charge_i and charge_j; the product is what OpenMM holds.
        kind.pairs.append((*local, 1.0, product._value, 1.0, sigma._value, epsilon._value))


def _header_lines(kinds, mixing):
    rule = GROMACS_COMBINATION_RULE[mixing]
    lines = ["[ defaults ]", "; nbfunc comb-rule gen-pairs fudgeLJ fudgeQQ", f"1 {rule} no 1 1", ""]
    lines += ["[ atomtypes ]", "; name mass charge ptype sigma_nm epsilon_kJ_mol"]
    for kind in kinds.values():
        for name, mass, _, sigma_nm, epsilon in kind.atoms:
            atom_type = f"{kind.name}_{name}"
            lines.append(f"{atom_type} {mass:.6f} 0.0 A {sigma_nm:.9g} {epsilon:.9g}")
    return [*lines, ""]


def _molecule_lines(kind):
    lines = ["[ moleculetype ]", f"{kind.name} 0", "", "[ atoms ]"]
    for n, (name, mass, charge_e, _, _) in enumerate(kind.atoms, start=1):
        atom_type = f"{kind.name}_{name}"
        lines.append(f"{n} {atom_type} 1 {kind.name} {name} {n} {charge_e:.9g} {mass:.6f}")
    sections = (
        ("bonds", 2, 1, kind.bonds),
        ("constraints", 2, 1, kind.constraints),
        ("angles", 3, 1, kind.angles),
        ("dihedrals", 4, 9, kind.dihedrals),
        ("pairs", 2, 2, kind.pairs),
    )
    for title, n_atoms, function, rows in sections:
        lines += _section_lines(title, n_atoms, function, rows)
    if kind.exclusions:
        lines += ["", "[ exclusions ]"] + [f"{i + 1} {j + 1}" for i, j in kind.exclusions]
    return [*lines, ""]


def _section_lines(title, n_atoms, function, rows):
    if not rows:
        return []
    lines = ["", f"[ {title} ]"]
    for row in rows:
        atoms = " ".join(str(i + 1) for i in row[:n_atoms])
        values = " ".join(f"{value:.9g}" for value in row[n_atoms:])
        lines.append(f"{atoms} {function} {values}")
    return lines


def write_gro(
    topology: app.Topology,
    positions_nm: NDArray[np.float64],
    edges_nm: Iterable[float],
    path: str | Path,
    velocities_nm_ps: NDArray[np.float64] | None = None,
) -> None:
    """Write a GROMACS .gro file with six decimals; both arrays have the shape (atoms, 3)."""
    positions_nm = np.asarray(positions_nm)
    lines = ["electrolyte", str(len(positions_nm))]
    for atom, xyz in zip(topology.atoms(), positions_nm, strict=True):
        residue = atom.residue
        line = f"{(residue.index + 1) % 100000:5d}{residue.name:<5s}{atom.name:>5s}"
        line += f"{(atom.index + 1) % 100000:5d}" + "".join(f"{x:11.6f}" for x in xyz)
        if velocities_nm_ps is not None:
            line += "".join(f"{v:11.7f}" for v in velocities_nm_ps[atom.index])
        lines.append(line)
    lines.append(" ".join(f"{edge:.6f}" for edge in edges_nm))
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n")
