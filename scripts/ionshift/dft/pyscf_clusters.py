"""Energy and forces of neutral clusters by PySCF, where no periodic reference is at hand.

A frame of the liquid stands for one cluster of it: a cation, the anions nearest to it that make
it neutral, and the nearest solvents, in vacuum. Neutral ones, because a potential that knows no
total charge cannot tell a charged cluster from the liquid. There is no stress.
"""

import importlib
from collections.abc import Mapping

import numpy as np
from ase import Atoms
from ase.units import Bohr, Hartree
from numpy.typing import NDArray

from ionshift.config.reference import Reference
from ionshift.core.errors import InputError, Unconverged
from ionshift.trajectories.cell import minimum_image

SCF_CONV_HA = 1e-9
DAMPINGS = {"DFTD3(BJ)": "d3bj", "DFTD3": "d3zero"}
"""Damping of our names in the package dftd3."""


def cut(atoms: Atoms, charges: Mapping[str, int], n_atoms: int) -> Atoms:
    """The cluster of a periodic frame.

    Frames of one box take its cations in turn.

    Parameters
    ----------
    atoms : Atoms in a periodic cell of any shape, molecules whole; `molecule` in arrays, `frame`
        in info
    charges : charge in e by formula (`ase.symbols.Symbols.get_chemical_formula`) of a molecule
    n_atoms : the cluster's atoms at most; more only for the ions

    Returns
    -------
    Atoms without periodicity, the cation first; info and `molecule` as in the frame

    Raises
    ------
    InputError
        if a molecule has no charge in `charges`, or the box no neutral cluster.
    """
    molecules = [
        np.flatnonzero(atoms.arrays["molecule"] == i) for i in np.unique(atoms.arrays["molecule"])
    ]
    charge = np.array([_charge_of(atoms.symbols[members], charges) for members in molecules])
    cations = np.flatnonzero(charge > 0)
    if len(cations) == 0:
        raise InputError(f"{atoms.info['frame_id']}: no cation to cut a cluster around")
    centre = cations[atoms.info["frame"] % len(cations)]
    nearest = [_nearest(atoms, molecules[centre], members) for members in molecules]
    order = sorted(
        set(range(len(molecules))) - {centre}, key=lambda one: np.linalg.norm(nearest[one][0])
    )
    chosen = _neutral([centre], order, charge, atoms.info["frame_id"])
    size = sum(len(molecules[one]) for one in chosen)
    for one in order:
        if charge[one] == 0 and size + len(molecules[one]) <= n_atoms:
            chosen.append(one)
            size += len(molecules[one])
    cluster = Atoms(info=atoms.info | {"charge": 0})
    for one in chosen:
        part = atoms[molecules[one]]
        part.positions += nearest[one][1]
        cluster += Atoms(part.numbers, part.positions)
    sizes = [len(molecules[one]) for one in chosen]
    cluster.arrays["molecule"] = np.repeat(np.asarray(chosen), sizes)
    return cluster


def _charge_of(symbols, charges):
    formula = symbols.get_chemical_formula()
    if formula not in charges:
        raise InputError(
            f"potential_training.reference.calculator = 'pyscf': a molecule {formula} of the frame "
            f"is none of the electrolyte's species ({', '.join(sorted(charges))})"
        )
    return charges[formula]


def _nearest(atoms, centre, members):
    """(Shortest vector from the centre to a molecule, the shift that brings it there), in A."""
    steps = atoms.positions[members][None] - atoms.positions[centre][:, None]
    shortest = minimum_image(steps.reshape(-1, 3), atoms.cell[:])
    closest = int(np.argmin(np.linalg.norm(shortest, axis=1)))
    return shortest[closest], shortest[closest] - steps.reshape(-1, 3)[closest]


def _neutral(chosen, order, charge, name):
    """`chosen` with the nearest anions that cancel its charge."""
    chosen = list(chosen)
    for one in order:
        if charge[one] < 0 and charge[chosen].sum() + charge[one] >= 0:
            chosen.append(one)
        if charge[chosen].sum() == 0:
            return chosen
    raise InputError(f"{name}: the anions of the box make no neutral cluster around a cation")


def compute(
    atoms: Atoms, settings: Reference, patient: bool = False
) -> tuple[float, NDArray[np.float64], None]:
    """Density-fitted Kohn-Sham DFT of a molecule or an atom in vacuum, spin-polarised if open.

    Parameters
    ----------
    atoms : Atoms; `charge` and `multiplicity` in info
    settings : config.Reference
    patient : second order from the start, for an SCF that did not converge

    Returns
    -------
    energy in eV, forces (n, 3) in eV/A, None (no stress)

    Raises
    ------
    Unconverged
        if the SCF needs more than `settings.max_cycles`.
    InputError
        if PySCF or the dispersion correction cannot be imported.
    """
    multiplicity = int(atoms.info.get("multiplicity", 1))
    dft, gto = _pyscf()
    mol = gto.M(
        atom=list(zip(atoms.get_chemical_symbols(), atoms.positions, strict=True)),
        basis=settings.gaussian_basis,
        charge=int(atoms.info.get("charge", 0)),
        spin=multiplicity - 1,
        verbose=0,
    )
    kind = dft.RKS if multiplicity == 1 else dft.UKS
    mf = kind(mol, xc=settings.functional).density_fit()
    mf.grids.level = settings.grid_level
    if patient:
        mf = mf.newton()
    mf.conv_tol, mf.max_cycle = SCF_CONV_HA, settings.max_cycles
    mf.kernel()
    if not mf.converged:
        raise Unconverged(f"SCF not converged in {settings.max_cycles} cycles")
    energy_eV = mf.e_tot * Hartree
    forces_eV_A = -mf.nuc_grad_method().kernel() * Hartree / Bohr
    if settings.dispersion:
        correction = _dispersion(atoms, settings)
        energy_eV += correction.get_potential_energy()
        forces_eV_A = forces_eV_A + correction.get_forces()
    return energy_eV, forces_eV_A, None


def _pyscf():
    try:
        return importlib.import_module("pyscf.dft"), importlib.import_module("pyscf.gto")
    except ImportError as error:
        raise InputError(
            f"reference.calculator = 'pyscf': the Python package pyscf cannot be imported "
            f"({error}); install it with pip, or take tblite"
        ) from None


def _dispersion(atoms, settings):
    """A bare copy of `atoms` with Grimme's D3 as its calculator."""
    try:
        module = importlib.import_module("dftd3.ase")
    except ImportError as error:
        raise InputError(
            f"reference.dispersion = '{settings.dispersion}': the Python package dftd3 cannot be "
            f"imported ({error}); install it with pip, or set dispersion: null"
        ) from None
    bare = Atoms(atoms.numbers, atoms.positions)
    bare.calc = module.DFTD3(method=settings.functional, damping=DAMPINGS[settings.dispersion])
    return bare
