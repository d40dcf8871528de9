"""The force field against a calculation by hand, and against GROMACS.

The reference energies come from the XML file and the templates by plain numpy: bonds, angles
and torsions are found by walking the bonds, Coulomb is a direct Ewald sum.
"""

import copy
import itertools
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import numpy as np
import openmm
import pytest
from openmm import unit
from scipy.special import erf, erfc

from ionshift.config.electrolyte import System
from ionshift.config.md import MD
from ionshift.core.errors import InputError
from ionshift.md import stages
from ionshift.md.engines import gromacs
from ionshift.systems import electrolyte as boxes
from ionshift.systems import forcefield, packing

SMALL = System(counts={"LI": 2, "FSI": 2, "DME": 8}, density_g_cm3=0.8)
SETTINGS = MD(cutoff_A=5.5)
COULOMB_KJ_MOL_NM = 138.935456
CHARGE_SCALE = 0.8


@pytest.fixture(scope="module")
def box(electrolyte, tmp_path_factory):
    """Topology and positions in nm of a packed box, slightly distorted."""
    path = tmp_path_factory.mktemp("box") / "packed.pdb"
    packing.pack_box(electrolyte, SMALL, seed=1, out_pdb=path)
    topology = boxes.build_topology(electrolyte, SMALL.counts)
    positions_nm = boxes.read_pdb_positions(path) / 10.0
    positions_nm += np.random.default_rng(1).normal(scale=0.002, size=positions_nm.shape)
    topology.setPeriodicBoxVectors(np.diag(boxes.read_pdb_box(path) / 10.0))
    return topology, positions_nm


def energy(system, positions_nm, force_type=None):
    """Potential energy in kJ/mol of a System, or of its forces of one type."""
    groups = 0
    for number, force in enumerate(system.getForces()):
        force.setForceGroup(number)
        if force_type is None or isinstance(force, force_type):
            groups |= 1 << number
    reference = openmm.Platform.getPlatformByName("Reference")
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), reference)
    context.setPositions(positions_nm)
    state = context.getState(energy=True, groups=groups)
    return state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)


@pytest.fixture(scope="module")
def system(electrolyte, box):
    """All bonds flexible, no tail correction, a tight Ewald sum."""
    built = forcefield.build_system(
        box[0], electrolyte, SETTINGS, constrain_hydrogens=False, dispersion_correction=False
    )
    forcefield.find_force(built, openmm.NonbondedForce).setEwaldErrorTolerance(1e-6)
    return built


def lennard_jones_energy(system, positions_nm):
    """Energy in kJ/mol of the Lennard-Jones terms alone, 1-4 pairs left out."""
    bare = copy.deepcopy(system)
    nonbonded = forcefield.find_force(bare, openmm.NonbondedForce)
    for i in range(nonbonded.getNumParticles()):
        _, sigma, epsilon = nonbonded.getParticleParameters(i)
        nonbonded.setParticleParameters(i, 0.0, sigma, epsilon)
    for k in range(nonbonded.getNumExceptions()):
        i, j, *_ = nonbonded.getExceptionParameters(k)
        nonbonded.setExceptionParameters(k, i, j, 0.0, 1.0, 0.0)
    return energy(bare, positions_nm, openmm.NonbondedForce)


# ---------------------------------------------------------------- the calculation by hand


class ByHand:
    """Energies of a box from the XML file and the bonds, in kJ/mol."""

    def __init__(self, path, topology, positions_nm, ions=("LI", "FSI")):
        self.root = ElementTree.parse(path).getroot()
        self.x = positions_nm
        self.edges = np.diag(topology.getPeriodicBoxVectors().value_in_unit(unit.nanometer))
        self.atoms = list(topology.atoms())
        types = {
            (residue.get("name"), atom.get("name")): atom
            for residue in self.root.find("Residues")
            for atom in residue.findall("Atom")
        }
        found = [types[atom.residue.name, atom.name] for atom in self.atoms]
        classes = {t.get("name"): t.get("class") for t in self.root.find("AtomTypes")}
        lj = {a.get("type"): a for a in self.root.findall("NonbondedForce/Atom")}
        self.classes = [classes[atom.get("type")] for atom in found]
        self.charges = np.array(
            [
                float(t.get("charge")) * (CHARGE_SCALE if a.residue.name in ions else 1.0)
                for t, a in zip(found, self.atoms, strict=True)
            ]
        )
        self.sigma = np.array([float(lj[t.get("type")].get("sigma")) for t in found])
        self.epsilon = np.array([float(lj[t.get("type")].get("epsilon")) for t in found])
        self.neighbours = {i: set() for i in range(len(self.atoms))}
        for bond in topology.bonds():
            self.neighbours[bond[0].index].add(bond[1].index)
            self.neighbours[bond[1].index].add(bond[0].index)
        self.distance_in_bonds = self._distances_in_bonds()

    def _distances_in_bonds(self):
        reach = {}
        for start in self.neighbours:
            layer = {start}
            for length in range(1, 4):
                layer = set().union(*(self.neighbours[i] for i in layer)) if layer else set()
                for other in layer:
                    if other != start:
                        reach.setdefault((start, other), length)
        return reach

    def vector(self, i, j):
        step = self.x[j] - self.x[i]
        return step - self.edges * np.round(step / self.edges)

    def _parameters(self, tag, indices):
        names = [self.classes[i] for i in indices]
        for entry in self.root.find(tag):
            wanted = [entry.get(f"class{n + 1}") for n in range(len(names))]
            if wanted in (names, names[::-1]):
                return entry
        return None

    def bonds(self):
        total = 0.0
        for i in self.neighbours:
            for j in self.neighbours[i]:
                if i < j:
                    entry = self._parameters("HarmonicBondForce", (i, j))
                    stretch = np.linalg.norm(self.vector(i, j)) - float(entry.get("length"))
                    total += 0.5 * float(entry.get("k")) * stretch**2
        return total

    def angles(self):
        total = 0.0
        for j in self.neighbours:
            for i, k in itertools.combinations(sorted(self.neighbours[j]), 2):
                entry = self._parameters("HarmonicAngleForce", (i, j, k))
                a, b = self.vector(j, i), self.vector(j, k)
                angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
                total += 0.5 * float(entry.get("k")) * (angle - float(entry.get("angle"))) ** 2
        return total

    def torsions(self):
        total = 0.0
        for j in self.neighbours:
            for k in self.neighbours[j]:
                if j > k:
                    continue
                for i in self.neighbours[j] - {k}:
                    for m in self.neighbours[k] - {j}:
                        total += self._torsion(i, j, k, m)
        return total

    def _torsion(self, i, j, k, m):
        entry = self._parameters("PeriodicTorsionForce", (i, j, k, m))
        if entry is None:
            return 0.0
        a, b, c = self.vector(i, j), self.vector(j, k), self.vector(k, m)
        n1, n2 = np.cross(a, b), np.cross(b, c)
        phi = np.arctan2(np.linalg.norm(b) * (a @ n2), n1 @ n2)
        total, n = 0.0, 1
        while entry.get(f"k{n}") is not None:
            k_n, phase = float(entry.get(f"k{n}")), float(entry.get(f"phase{n}"))
            total += k_n * (1.0 + np.cos(int(entry.get(f"periodicity{n}")) * phi - phase))
            n += 1
        return total

    def pairs(self):
        """(i, j, r, bonds between, or None) of all pairs at the nearest image."""
        for i, j in itertools.combinations(range(len(self.x)), 2):
            yield i, j, np.linalg.norm(self.vector(i, j)), self.distance_in_bonds.get((i, j))

    def _lj(self, i, j, r, mixing):
        if mixing == "geometric":
            sigma = np.sqrt(self.sigma[i] * self.sigma[j])
        else:
            sigma = 0.5 * (self.sigma[i] + self.sigma[j])
        epsilon = np.sqrt(self.epsilon[i] * self.epsilon[j])
        return 4.0 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6)

    def lennard_jones(self, cutoff_nm, mixing="geometric"):
        return sum(
            self._lj(i, j, r, mixing)
            for i, j, r, bonds in self.pairs()
            if bonds is None and r < cutoff_nm
        )

    def lennard_jones_14(self, mixing="geometric"):
        return sum(0.5 * self._lj(i, j, r, mixing) for i, j, r, bonds in self.pairs() if bonds == 3)

    def coulomb(self):
        """Direct Ewald sum, whole pairs beyond 1-4, half of them at 1-4, none nearer."""
        alpha = 8.0  # 1/nm: the real-space sum has died off within half of the box
        total = 0.0
        for i, j, r, bonds in self.pairs():
            qq = self.charges[i] * self.charges[j]
            share = 1.0 if bonds is None else 0.5 if bonds == 3 else 0.0
            total += qq * (erfc(alpha * r) if bonds is None else share - erf(alpha * r)) / r
        total -= alpha / np.sqrt(np.pi) * np.sum(self.charges**2)
        return COULOMB_KJ_MOL_NM * (total + self._reciprocal(alpha))

    def _reciprocal(self, alpha):
        n_max = int(np.ceil(2.2 * alpha * self.edges.max() * 6.0 / (2 * np.pi) / 2.0))
        n = np.arange(-n_max, n_max + 1)
        grid = np.stack(np.meshgrid(n, n, n, indexing="ij"), axis=-1).reshape(-1, 3)
        k = 2 * np.pi * grid[np.any(grid != 0, axis=1)] / self.edges
        k_squared = np.sum(k**2, axis=1)
        k, k_squared = k[k_squared < (12 * alpha) ** 2], k_squared[k_squared < (12 * alpha) ** 2]
        structure = np.zeros(len(k), dtype=complex)
        for charge, x in zip(self.charges, self.x, strict=True):
            structure += charge * np.exp(1j * (k @ x))
        weights = np.exp(-k_squared / (4 * alpha**2)) / k_squared
        return 2 * np.pi / np.prod(self.edges) * np.sum(weights * np.abs(structure) ** 2)


@pytest.fixture(scope="module")
def by_hand(electrolyte, box):
    return ByHand(electrolyte.forcefield, *box)


# ---------------------------------------------------------------- term by term


def test_bonds(system, box, by_hand):
    expected = by_hand.bonds()
    assert expected > 10.0
    assert energy(system, box[1], openmm.HarmonicBondForce) == pytest.approx(expected, rel=1e-6)


def test_angles(system, box, by_hand):
    expected = by_hand.angles()
    assert expected > 10.0
    assert energy(system, box[1], openmm.HarmonicAngleForce) == pytest.approx(expected, rel=1e-6)


def test_torsions(system, box, by_hand):
    expected = by_hand.torsions()
    assert abs(expected) > 1.0
    found = energy(system, box[1], openmm.PeriodicTorsionForce)
    assert found == pytest.approx(expected, rel=1e-6)


def test_lennard_jones_is_geometric(system, box, by_hand):
    found = lennard_jones_energy(system, box[1])
    assert found == pytest.approx(by_hand.lennard_jones(0.55), rel=1e-6)
    assert abs(found - by_hand.lennard_jones(0.55, "lorentz-berthelot")) > 1e-3 * abs(found)


def test_coulomb_and_14_terms(system, box, by_hand):
    expected = by_hand.coulomb() + by_hand.lennard_jones_14() + by_hand.lennard_jones(0.55)
    found = energy(system, box[1], openmm.NonbondedForce)
    assert abs(by_hand.lennard_jones_14()) > 10.0
    # Parts of hundreds of kJ/mol cancel to little.
    assert found == pytest.approx(expected, abs=2e-3)


def test_lorentz_berthelot_when_asked_for(electrolyte, box, by_hand):
    mixed = electrolyte.model_copy(update={"mixing": "lorentz-berthelot"})
    built = forcefield.build_system(
        box[0], mixed, SETTINGS, constrain_hydrogens=False, dispersion_correction=False
    )
    nonbonded = forcefield.find_force(built, openmm.NonbondedForce)
    nonbonded.setEwaldErrorTolerance(1e-6)
    assert sum(isinstance(f, openmm.NonbondedForce) for f in built.getForces()) == 1
    rule = "lorentz-berthelot"
    lj = by_hand.lennard_jones(0.55, rule) + by_hand.lennard_jones_14(rule)
    # A cutoff of OpenMM's NonbondedForce is sharp as well; the Coulomb part is the same.
    expected = by_hand.coulomb() + lj
    found = energy(built, box[1], openmm.NonbondedForce)
    assert found == pytest.approx(expected, abs=2e-3)


def test_tail_correction_is_attractive(electrolyte, box):
    def total(correction):
        built = forcefield.build_system(
            box[0], electrolyte, SETTINGS, dispersion_correction=correction
        )
        return energy(built, box[1], openmm.NonbondedForce)

    assert total(True) < total(False) - 1.0


# ---------------------------------------------------------------- charges, masses, constraints


def charges_by_residue(system, topology):
    nonbonded = forcefield.find_force(system, openmm.NonbondedForce)
    sums = {}
    for atom in topology.atoms():
        charge_e = nonbonded.getParticleParameters(atom.index)[0]._value
        key = (atom.residue.name, atom.residue.index)
        sums[key] = sums.get(key, 0.0) + charge_e
    return sums


def test_only_ion_charges_are_scaled(electrolyte, box):
    whole = electrolyte.model_copy(update={"ion_charge_scale": 1.0})
    scaled = electrolyte.model_copy(update={"ion_charge_scale": 0.7})
    systems = [forcefield.build_system(box[0], el, SETTINGS) for el in (whole, scaled)]
    nonbonded = [forcefield.find_force(s, openmm.NonbondedForce) for s in systems]
    for atom in box[0].atoms():
        full, reduced = (n.getParticleParameters(atom.index)[0]._value for n in nonbonded)
        factor = 1.0 if atom.residue.name == "DME" else 0.7
        assert reduced == pytest.approx(factor * full, abs=1e-12)
    for (name, _), charge_e in charges_by_residue(systems[1], box[0]).items():
        assert charge_e == pytest.approx({"LI": 0.7, "FSI": -0.7, "DME": 0.0}[name], abs=1e-9)


def test_repartitioning_keeps_the_mass_of_each_molecule(electrolyte, box):
    heavy = forcefield.build_system(box[0], electrolyte, SETTINGS)
    plain_settings = SETTINGS.model_copy(update={"hydrogen_mass_amu": None})
    plain = forcefield.build_system(box[0], electrolyte, plain_settings)
    masses = np.array(
        [[s.getParticleMass(i)._value for i in range(s.getNumParticles())] for s in (heavy, plain)]
    )
    symbols = np.array([atom.element.symbol for atom in box[0].atoms()])
    molecule = np.array([atom.residue.index for atom in box[0].atoms()])
    assert np.allclose(masses[0][symbols == "H"], 3.0)
    assert np.allclose(masses[1][symbols == "H"], 1.008, atol=1e-3)
    assert np.allclose(np.bincount(molecule, masses[0]), np.bincount(molecule, masses[1]))
    assert np.all(masses[0] > 2.0)


def test_bonds_to_hydrogen_are_constrained(electrolyte, box):
    built = forcefield.build_system(box[0], electrolyte, SETTINGS)
    symbols = [atom.element.symbol for atom in box[0].atoms()]
    for number in range(built.getNumConstraints()):
        i, j, length = built.getConstraintParameters(number)
        assert {symbols[i], symbols[j]} == {"C", "H"}
        assert length._value == pytest.approx(0.109)
    assert built.getNumConstraints() == SMALL.counts["DME"] * 10


def test_unknown_mixing(electrolyte, box):
    wrong = electrolyte.model_copy(update={"mixing": "arithmetic"})
    with pytest.raises(InputError, match=r"electrolyte\.mixing: arithmetic given; allowed are"):
        forcefield.build_system(box[0], wrong, SETTINGS)


# ---------------------------------------------------------------- GROMACS


def gromacs_energy(folder, topology, system, positions_nm, el, extra):
    """Potential energy in kJ/mol of a single point by GROMACS."""
    forcefield.write_gromacs(topology, system, positions_nm, el, folder / "box")
    text = gromacs.mdp(stages.plan(SETTINGS)[-1], SETTINGS, seed=1)
    # The short cutoff of this small box needs a finer grid than the protocol's.
    grid = {"pme-order": "6", "fourierspacing": "0.06"}
    changes = {"nsteps": "0", "continuation": "yes", **grid, **extra}
    for key, value in changes.items():
        text = re.sub(rf"(?m)^{key} = .*\n", "", text) + f"{key} = {value}\n"
    (folder / "point.mdp").write_text(text)
    steps = (
        "grompp -f point.mdp -c box.gro -p box.top -o point.tpr -po full.mdp",
        "mdrun -deffnm point -ntmpi 1 -ntomp 1 -pin off",
        "energy -f point.edr -o point.xvg -xvg none -dp",
    )
    for step in steps:
        done = subprocess.run(
            ["gmx", "-nobackup", *step.split()],
            cwd=folder, input="Potential\n\n", capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return float((folder / "point.xvg").read_text().split()[1])


@pytest.mark.skipif(shutil.which("gmx") is None, reason="GROMACS is not installed")
@pytest.mark.parametrize("mixing", ["geometric", "lorentz-berthelot"])
def test_gromacs_agrees(mixing, electrolyte, box, tmp_path):
    topology, positions_nm = box
    el = electrolyte.model_copy(update={"mixing": mixing})
    system = forcefield.build_system(topology, el, SETTINGS, dispersion_correction=False)
    found = gromacs_energy(tmp_path, topology, system, positions_nm, el, {"DispCorr": "no"})
    forcefield.find_force(system, openmm.NonbondedForce).setEwaldErrorTolerance(1e-6)
    assert found == pytest.approx(energy(system, positions_nm), rel=1e-4)


@pytest.mark.skipif(shutil.which("gmx") is None, reason="GROMACS is not installed")
def test_gromacs_agrees_with_flexible_bonds(electrolyte, box, system, tmp_path):
    topology, positions_nm = box
    # Free bonds to hydrogen ask for a shorter step than the protocol's.
    options = {"DispCorr": "no", "dt": "0.001"}
    found = gromacs_energy(tmp_path, topology, system, positions_nm, electrolyte, options)
    assert found == pytest.approx(energy(system, positions_nm), rel=1e-4)


@pytest.mark.parametrize("mixing", ["geometric", "lorentz-berthelot"])
def test_parameters_can_be_read_back(mixing, electrolyte, box, by_hand):
    el = electrolyte.model_copy(update={"mixing": mixing})
    system = forcefield.build_system(box[0], el, SETTINGS)
    found = np.array([forcefield.lennard_jones_of(system, i) for i in range(len(box[1]))])
    assert np.allclose(found, np.stack([by_hand.sigma, by_hand.epsilon], axis=1), rtol=1e-9)


@pytest.mark.skipif(shutil.which("gmx") is None, reason="GROMACS is not installed")
def test_tail_correction_is_that_of_gromacs(electrolyte, box, tmp_path):
    """GROMACS leaves excluded pairs out of the mean and the r^-12 tail: a small difference."""
    tails = []
    for correction, word in ((True, "EnerPres"), (False, "no")):
        system = forcefield.build_system(
            box[0], electrolyte, SETTINGS, dispersion_correction=correction
        )
        folder = tmp_path / word
        folder.mkdir()
        options = {"DispCorr": word}
        by_gromacs = gromacs_energy(folder, box[0], system, box[1], electrolyte, options)
        tails.append((energy(system, box[1]), by_gromacs))
    by_openmm, by_gromacs = np.subtract(*tails)
    assert by_openmm < -10.0
    assert by_openmm == pytest.approx(by_gromacs, rel=0.1)


def test_gromacs_topology_lists_the_molecules(electrolyte, box, tmp_path):
    system = forcefield.build_system(box[0], electrolyte, SETTINGS)
    forcefield.write_gromacs(box[0], system, box[1], electrolyte, tmp_path / "box")
    text = (tmp_path / "box.top").read_text()
    assert text.split("[ molecules ]")[1].split() == ["LI", "2", "FSI", "2", "DME", "8"]
    assert re.search(r"\[ defaults \]\n.*\n1 3 no 1 1", text)
